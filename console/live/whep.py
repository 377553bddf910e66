"""Live video to browsers by WHEP (draft-ietf-wish-whep): an SDP offer in, an answer out, one task a viewer.

H.264 goes through as the camera sends it; what a browser can't take that way is refused with the reason, and the page
then shows single pictures. Nothing asks a server outside for addresses, and the viewer's own are not looked for: it
comes to us.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from prometheus_client import Gauge

from console.live.feed import Feed, Feeds
from console.live.offer import Offer, Refused
from console.live.right import Right
from console.live.tap import TapClosed
from console.live.track import CameraTrack, sound_type
from console.problem_kinds import Kind
from ingest.cameras.packets import Media, StreamInfo

MAX_VIEWERS = 64
FIRST_PICTURE_S = 3.0
ORDER_S = 0.5
CONNECT_S = 10.0  # from the answer to the first packet that reaches the viewer
SILENT_S = 12.0  # a viewer that says nothing (reports come every second or so) is gone
LOOK_S = 1.0
ANSWER_S = 8.0
CLOSE_S = 3.0
CLOSED = "closed by the viewer"

log = structlog.get_logger("console")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a viewer is told. `sound` says what becomes of the camera's sound."""

    viewer: str
    sdp: str
    sound: str


class Viewers:
    """Everybody who looks just now."""

    def __init__(self, feeds: Feeds, gauge: Gauge) -> None:
        self._feeds = feeds
        self._gauge = gauge
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    async def join(self, camera: str, tap: str, offer: str, right: Right) -> Answer:
        """A new viewer of `camera`, whose tap is at the path `tap`, shown for as long as the viewer has the right.

        Raises:
            Refused: with the reason.
        """
        if self._closed or len(self._tasks) >= MAX_VIEWERS:
            raise Refused(503, Kind.TOO_MANY_VIEWERS, f"{len(self._tasks)} look already; at most {MAX_VIEWERS} may")
        wanted = Offer.parse(offer)
        viewer = secrets.token_urlsafe(12)
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        showing = self._show(camera, tap, wanted, right, viewer, answered)
        task = asyncio.create_task(showing, name=f"viewer of {camera}")
        self._tasks[camera, viewer] = task
        self._gauge.set(len(self._tasks))
        task.add_done_callback(lambda _: self._forget(camera, viewer))
        try:
            async with asyncio.timeout(ANSWER_S):
                return await answered
        except TimeoutError:
            raise Refused(503, Kind.NO_ANSWER, f"no answer could be made within {ANSWER_S:g} s") from None
        finally:
            if not answered.done() or answered.cancelled() or answered.exception():
                task.cancel()

    async def leave(self, camera: str, viewer: str) -> bool:
        """Ends a viewer; False when there is no such one."""
        task = self._tasks.get((camera, viewer))
        if task is None:
            return False
        task.cancel(CLOSED)
        await asyncio.wait({task}, timeout=CLOSE_S)
        return True

    async def close(self) -> None:
        """Ends all and takes no more: the console stops."""
        self._closed = True
        tasks = set(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_S)

    def _forget(self, camera: str, viewer: str) -> None:
        del self._tasks[camera, viewer]
        self._gauge.set(len(self._tasks))

    async def _show(
        self, camera: str, tap: str, wanted: Offer, right: Right, viewer: str, answered: asyncio.Future[Answer]
    ) -> None:
        """One viewer from its offer to its end."""
        try:
            async with self._feeds.watched(camera, tap) as feed, AsyncExitStack() as stack:
                video = await _showable(feed)
                tracks: dict[Media, MediaStreamTrack] = {}
                for stream in (video, wanted.sound(feed)):
                    if stream is not None:
                        subscription = await stack.enter_async_context(feed.subscription(stream.media))
                        tracks[stream.media] = CameraTrack(subscription, stream)
                connection = await stack.enter_async_context(_connection())
                sdp = await _negotiate(connection, wanted, tracks, feed)
                answered.set_result(Answer(viewer, sdp, wanted.said_of_sound(feed)))
                reason = await _until_gone(connection, tracks[Media.VIDEO], right)
                log.info("viewer gone", camera=camera, reason=reason)
        except Refused as refusal:
            if not answered.done():
                answered.set_exception(refusal)
        except Exception as error:
            log.exception("viewer failed", camera=camera)
            if not answered.done():
                answered.set_exception(error)


async def _showable(feed: Feed) -> StreamInfo:
    """The feed's video, once there is a picture of a kind that browsers take."""
    try:
        await feed.first_picture(FIRST_PICTURE_S)
    except TapClosed as error:
        raise Refused(503, Kind.NO_PICTURE, f"{error}; try again, or ask for its state") from error
    await feed.order_known(ORDER_S)
    video = feed.stream(Media.VIDEO)
    advice = "set the camera to H.264 without B-frames, or take its snapshot"
    if video is None or video.codec != "h264":
        sent = video.codec if video else "no video"
        raise Refused(409, Kind.CAMERA_CODEC, f"the camera sends {sent}, expected h264; {advice}")
    if feed.reordered:
        raise Refused(409, Kind.CAMERA_B_FRAMES, f"the camera sends B-frames, which WebRTC has no order for; {advice}")
    return video


@asynccontextmanager
async def _connection() -> AsyncIterator[RTCPeerConnection]:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        yield connection
    finally:
        # A task of its own: it may be closing already, and must not be broken off when this viewer is cancelled.
        closing = asyncio.create_task(connection.close())
        if not (await asyncio.wait({closing}, timeout=CLOSE_S))[0]:
            log.warning("a connection did not close", within_s=CLOSE_S)


async def _negotiate(
    connection: RTCPeerConnection, wanted: Offer, tracks: dict[Media, MediaStreamTrack], feed: Feed
) -> str:
    """The answer. Codecs are preferred before the offer is set: otherwise the first that the browser names is taken."""
    for media, track in tracks.items():
        stream = feed.stream(media)
        assert stream is not None
        kind = "video/h264" if media is Media.VIDEO else (sound_type(stream) or "").lower()
        fitting = [
            codec
            for codec in RTCRtpSender.getCapabilities(media.value).codecs
            if codec.mimeType.lower() in (kind, "video/rtx")
        ]
        connection.addTransceiver(track, "sendonly").setCodecPreferences(fitting)
    try:
        await connection.setRemoteDescription(RTCSessionDescription(wanted.sdp, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
    except OperationError as error:
        detail = f"no codec in common ({error}); expected H.264 with packetization-mode 1"
        raise Refused(406, Kind.NO_H264, detail) from error
    except (InternalError, InvalidAccessError, InvalidStateError, ValueError) as error:
        raise Refused(422, Kind.INVALID_OFFER, f"the offer can't be answered ({error})") from error
    return connection.localDescription.sdp


async def _until_gone(connection: RTCPeerConnection, track: MediaStreamTrack, right: Right) -> str:
    """Waits as long as the viewer is there and may look, and the camera's packets come; why it ended."""
    changed = asyncio.Event()
    connection.on("connectionstatechange", changed.set)
    track.on("ended", changed.set)
    loop = asyncio.get_running_loop()
    heard, heard_s, limit_s = 0, loop.time(), CONNECT_S
    while True:
        try:
            async with asyncio.timeout(LOOK_S):
                await changed.wait()
        except TimeoutError:
            pass
        changed.clear()
        if connection.connectionState in ("failed", "closed"):
            return f"connection {connection.connectionState}"
        if track.readyState == "ended":
            return "the camera's packets ended"
        if (reason := await right.ended()) is not None:
            return reason
        received = await _bytes_received(connection)
        if connection.connectionState == "connected":
            limit_s = SILENT_S
        if received != heard and connection.connectionState == "connected":
            heard, heard_s = received, loop.time()
        elif loop.time() - heard_s > limit_s:
            return f"silent for {limit_s:g} s"


async def _bytes_received(connection: RTCPeerConnection) -> int:
    report = await connection.getStats()
    return sum(stats.bytesReceived for stats in report.values() if stats.type == "transport")

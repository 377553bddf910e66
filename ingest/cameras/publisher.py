"""One device that publishes by WebRTC: its connection, from its offer to its end."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import structlog
from aiortc import (
    MediaStreamError,
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import OperationError

from ingest.cameras.fanout import Ending
from ingest.cameras.published import Published
from ingest.cameras.reassembly import Piece
from ingest.cameras.undecoded import divert
from ingest.cameras.whip_offer import Offer, Refusal, WhipRefused

CLOSE_S = 3.0
# why a publisher is dismissed
BY_PUBLISHER, STOPPED, REPLACED, SOONER = "ended by the publisher", "stopped", "replaced", "another was sooner"

_ENDINGS = {BY_PUBLISHER: Ending.IN_ORDER, STOPPED: Ending.STOPPED}
_REFUSALS = {
    STOPPED: Refusal.STOPPING,
    REPLACED: Refusal.PUBLISHED_ALREADY,
    SOONER: Refusal.PUBLISHED_ALREADY,
}

log = structlog.get_logger("cameras")


class Publisher:
    """One device that publishes, or is about to. `admitted` is asked when the first of its picture comes, which shows
    that it is there; where it says no, nothing is published."""

    task: asyncio.Task[None]

    def __init__(self, device: str, published: Published, admitted: Callable[["Publisher"], bool]) -> None:
        self.device = device
        self.published = published
        self.is_admitted = False
        self._admitted = admitted
        self.resource = secrets.token_urlsafe(18)
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def dismiss(self, reason: str) -> None:
        """Lets it end. Whoever waits for an answer still is refused at once, for the same reason."""
        if not self.answer.done():
            self.answer.set_exception(WhipRefused(_REFUSALS.get(reason, Refusal.NO_ANSWER), f"{self.device}: {reason}"))
        self.task.cancel(reason)

    async def end(self, reason: str) -> None:
        """Ends it, and returns when it is gone, or stays in spite of it for `CLOSE_S`."""
        self.dismiss(reason)
        await asyncio.wait({self.task}, timeout=CLOSE_S)

    async def run(self, offer: Offer, silent_s: float) -> None:
        """From the offer to the end."""
        ending, reason = Ending.LOST, "failed"
        try:
            async with _connection() as connection:
                try:
                    self.answer.set_result(await self._negotiate(connection, offer))
                    ending, reason = await self._until_gone(connection, silent_s)
                except asyncio.CancelledError as cancelled:
                    reason = str(cancelled)
                    ending = _ENDINGS.get(reason, Ending.LOST)
                    raise
                finally:
                    self.published.end(ending)
        except Exception as error:
            if not self.answer.done():
                self.answer.set_exception(error)
            else:
                log.exception("publisher failed", device=self.device)
        finally:
            self.answer.cancel()
            log.info("publisher gone", device=self.device, reason=reason)

    async def _negotiate(self, connection: RTCPeerConnection, offer: Offer) -> str:
        """The answer. Codecs are preferred before the offer is set: otherwise the first that it names is taken."""
        self._receiver(connection, "video", {"video/h264", "video/rtx"})
        if offer.sound_type is not None:
            self._receiver(connection, "audio", {offer.sound_type})
        try:
            await connection.setRemoteDescription(RTCSessionDescription(offer.adapted.offer, "offer"))
            await connection.setLocalDescription(await connection.createAnswer())
        except OperationError as error:
            detail = f"no codec in common ({error}); expected H.264"
            raise WhipRefused(Refusal.NO_H264, detail) from error
        except Exception as error:  # whatever aiortc may stumble over in foreign text
            raise WhipRefused(Refusal.INVALID_OFFER, f"the offer can't be answered ({error!r:.200})") from error
        return offer.adapted.restored(connection.localDescription.sdp)

    def _receiver(self, connection: RTCPeerConnection, kind: str, types: set[str]) -> None:
        transceiver = connection.addTransceiver(kind, "recvonly")
        known = RTCRtpReceiver.getCapabilities(kind)
        assert known is not None
        transceiver.setCodecPreferences([codec for codec in known.codecs if codec.mimeType.lower() in types])
        published = self.published
        if kind == "video":
            divert(transceiver.receiver, self._take_picture, published.report_picture)
        else:
            divert(transceiver.receiver, published.take_sound, published.report_sound)

    def _take_picture(self, piece: Piece) -> bool:
        if not self.is_admitted:
            self.is_admitted = self._admitted(self)
        return self.is_admitted and self.published.take_picture(piece)

    async def _until_gone(self, connection: RTCPeerConnection, silent_s: float) -> tuple[Ending, str]:
        """Waits as long as pictures come; how that ended, and why they don't any more."""
        changed = asyncio.Event()
        connection.on("connectionstatechange", changed.set)
        tracks = [r.track for r in connection.getReceivers() if r.track and r.track.kind == "video"]
        over = asyncio.create_task(_over(tracks[0], changed), name=f"end of {self.device}")
        loop = asyncio.get_running_loop()
        try:
            while True:
                left_s = self.published.heard_s + silent_s - loop.time()
                if left_s <= 0:
                    return Ending.LOST, f"silent for {silent_s:g} s"
                with suppress(TimeoutError):
                    async with asyncio.timeout(left_s):
                        await changed.wait()
                changed.clear()
                if connection.connectionState == "failed":
                    return Ending.LOST, "connection failed"
                if over.done() or connection.connectionState == "closed":
                    return Ending.IN_ORDER, "said goodbye"
        finally:
            over.cancel()


async def _over(track: MediaStreamTrack, changed: asyncio.Event) -> None:
    """Waits for the end of a track that has no frames, for nothing is decoded."""
    with suppress(MediaStreamError):
        await track.recv()
    changed.set()


@asynccontextmanager
async def _connection() -> AsyncIterator[RTCPeerConnection]:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        yield connection
    finally:
        try:
            async with asyncio.timeout(CLOSE_S):
                await connection.close()
        except TimeoutError:
            log.warning("a connection did not close", within_s=CLOSE_S)
        except Exception as error:  # aiortc stumbles over what a strange offer left half made
            log.warning("a connection did not close", problem=repr(error))

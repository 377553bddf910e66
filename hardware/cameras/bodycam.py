"""A virtual body-worn camera: somebody walks along a street with it, and it publishes by WebRTC (WHIP, RFC 9725).

As a phone does, it makes keyframes when it is asked for one and hardly ever else.
"""

import asyncio
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from fractions import Fraction
from typing import Any, TypeVar
from urllib.parse import urljoin

import av
import cv2
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

from hardware.cameras.figures import DrawnFigure, Look
from hardware.cameras.lens import Lens
from hardware.cameras.picture import Picture, Size, as_picture
from hardware.cameras.places import street
from hardware.cameras.scene import Move, Scene
from hardware.cameras.sound import Tone

SDP = "application/sdp"
ANSWER_S = 10.0
AGAIN_S = 1.0
VIDEO_HZ = 90_000
SOUND_HZ, SOUND_SAMPLES = 48_000, 960
T = TypeVar("T")

_DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # through no proxy


class PublishingRefused(Exception):  # noqa: N818  (an answer)
    """The server takes nothing: `status` is that of HTTP, the message what it said."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status


class Walk:
    """A street with two people in it, as the one who walks along it sees it: swaying, at arm's length of the shops."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng([seed, 11])
        cast = {f"passer-by-{n}": DrawnFigure(Look.citizen(rng), seed * 10 + n) for n in (1, 2)}
        script = [Move(0.0, "passer-by-1", "east"), Move(9.0, "passer-by-2", "west"), Move(20.0, "passer-by-1", "west")]
        start = {"passer-by-1": "west", "passer-by-2": "east"}
        self._scene = Scene(street(seed), cast, start, script, repeat_s=40.0)

    def picture(self, t_s: float, size: Size) -> Picture:
        """What is seen at `t_s` seconds."""
        width, height = size
        wide = as_picture(self._scene.picture(t_s, (width * 3 // 2 // 2 * 2, height * 3 // 2 // 2 * 2)))
        room_x, room_y = wide.shape[1] - width, wide.shape[0] - height
        left = (0.5 + 0.45 * np.sin(0.25 * t_s)) * room_x
        top = (0.5 + 0.10 * np.sin(2 * np.pi * 1.8 * t_s)) * room_y
        moved = np.array([[1, 0, -left], [0, 1, -top]])
        return as_picture(cv2.warpAffine(wide, moved, size, flags=cv2.INTER_LINEAR))


class Bodycam:
    """Publishes to the WHIP endpoint `url` from a thread of its own.

    `codec` is the MIME type of the picture, for a camera that sends another than it should; `token` is what it shows.
    """

    def __init__(
        self,
        url: str,
        *,
        size: Size = (640, 360),
        fps: float = 15.0,
        sound: bool = True,
        codec: str = "video/H264",
        token: str | None = None,
        seed: int = 0,
    ) -> None:
        self._url = url
        self._token = token
        self._size, self._fps, self._sound, self._codec, self._seed = size, fps, sound, codec, seed
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="bodycam", daemon=True)
        self._connection: RTCPeerConnection | None = None
        self._resource: str | None = None

    def start(self) -> None:
        """Publish; returns when the server has answered.

        Raises:
            PublishingRefused: when it takes nothing.
            OSError: when it is not there.
        """
        self._thread.start()
        try:
            self._done(self._publish())
        except BaseException:
            self._finish()
            raise

    def stop(self) -> None:
        """Say goodbye and stop; a second call does nothing."""
        if not self._thread.is_alive():
            return
        try:
            if self._resource is not None:
                self._done(self._end())
        finally:
            self._finish()

    def kill(self) -> None:
        """Vanish without a word, as a camera whose battery is pulled out."""
        self._done(self._vanish())
        self._finish()

    def _done(self, work: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(2 * ANSWER_S)

    def _finish(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        await self._stopping.wait()
        if self._connection is not None:
            await self._connection.close()

    async def _publish(self) -> None:
        self._connection = connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        video = connection.addTransceiver(_Pictures(Walk(self._seed), self._size, self._fps), "sendonly")
        known = RTCRtpSender.getCapabilities("video")
        assert known is not None
        video.setCodecPreferences([codec for codec in known.codecs if codec.mimeType in (self._codec, "video/rtx")])
        if self._sound:
            connection.addTransceiver(_Sounds(), "sendonly")
        await connection.setLocalDescription(await connection.createOffer())
        location, answer = await asyncio.to_thread(_post, self._url, connection.localDescription.sdp, self._token)
        self._resource = urljoin(self._url, location)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def _end(self) -> None:
        assert self._resource is not None
        await asyncio.to_thread(_delete, self._resource)
        self._resource = None

    async def _vanish(self) -> None:
        """Its sockets are closed first, so that the farewells of what is closed after them reach nobody."""
        assert self._connection is not None
        for sender in self._connection.getSenders():
            await sender.transport.transport.stop()

    @property
    def publishing(self) -> bool:
        """Whether the connection stands, or is on its way to."""
        return self._connection is not None and self._connection.connectionState not in ("failed", "closed")


def wear(url: str, stop: threading.Event) -> None:
    """Publish to `url` until `stop` is set: as soon as somebody is there, and anew when the connection is lost."""
    while not stop.is_set():
        camera = Bodycam(url)
        try:
            camera.start()
        except (OSError, PublishingRefused):  # TimeoutError among them
            stop.wait(AGAIN_S)
            continue
        while camera.publishing and not stop.wait(AGAIN_S):
            pass
        camera.stop()


class _Pictures(MediaStreamTrack):
    kind = "video"

    def __init__(self, view: Walk, size: Size, fps: float) -> None:
        super().__init__()
        self._view, self._size, self._fps = view, size, fps
        self._lens = Lens(size, noise=2.0)
        self._pace = _Pace()

    async def recv(self) -> av.VideoFrame:
        t_s = await self._pace.next(1 / self._fps)
        now_s = time.time()
        picture = self._lens.picture(self._view.picture(t_s, self._size), frozenset(), now_s, now_s)
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = round(t_s * VIDEO_HZ), Fraction(1, VIDEO_HZ)
        return frame


class _Sounds(MediaStreamTrack):
    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._tone = Tone()
        self._pace = _Pace()

    async def recv(self) -> av.AudioFrame:
        t_s = await self._pace.next(SOUND_SAMPLES / SOUND_HZ)
        first = round(t_s * SOUND_HZ)
        wave = (self._tone.samples(first, SOUND_SAMPLES, SOUND_HZ) * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_HZ, first, Fraction(1, SOUND_HZ)
        return frame


class _Pace:
    """The moments of a track, in seconds since its first. What was missed is not made up for."""

    def __init__(self) -> None:
        self._began_s: float | None = None
        self._due_s = 0.0

    async def next(self, step_s: float) -> float:
        """Waits for the next moment."""
        now_s = time.monotonic()
        if self._began_s is None:
            self._began_s = now_s
        elif now_s - self._began_s > self._due_s + 1.0:
            self._due_s += round((now_s - self._began_s - self._due_s) / step_s) * step_s
        due_s, self._due_s = self._due_s, self._due_s + step_s
        await asyncio.sleep(self._began_s + due_s - now_s)
        return due_s


def _post(url: str, offer: str, token: str | None) -> tuple[str, str]:
    """Posts an offer; the address of the publication, and the answer."""
    headers = {"content-type": SDP} | ({} if token is None else {"authorization": f"Bearer {token}"})
    request = urllib.request.Request(url, offer.encode(), headers, method="POST")
    try:
        with _DIRECTLY.open(request, timeout=ANSWER_S) as response:
            return response.headers["location"], response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            raise PublishingRefused(error.code, error.read().decode("utf-8", "replace")) from None


def _delete(url: str) -> None:
    """Ends a publication. A farewell that nobody hears changes nothing."""
    with suppress(OSError), _DIRECTLY.open(urllib.request.Request(url, method="DELETE"), timeout=ANSWER_S):
        pass

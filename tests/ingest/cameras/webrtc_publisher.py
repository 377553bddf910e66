"""A publisher that is no camera: aiortc with a picture that is made once, offered to a `Whip` directly."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from ingest.cameras.fanout import Fanout
from ingest.cameras.whip import Whip

FPS = 15


class Stripes(MediaStreamTrack):
    """A moving picture of 192 x 108."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._grey = (np.arange(192)[None, :] * 3 + np.arange(108)[:, None] * 2) % 256

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(1 / FPS)
        grey = ((self._grey + self._count * 9) % 256).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
        frame.pts, frame.time_base = self._count * 90_000 // FPS, Fraction(1, 90_000)
        self._count += 1
        return frame


@contextmanager
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="test's publisher")
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


def lose(transport: Any, one_in: int) -> None:
    """Loses RTP packets, repeated ones too."""
    send, numbers = transport._send_rtp, count(1)

    async def lossy(data: bytes) -> None:
        if next(numbers) % one_in or data[1] & 0x7F in range(72, 80):  # not of RTCP
            await send(data)

    transport._send_rtp = lossy


def lose_for_ever(transport: Any, one_in: int, lost: list[int]) -> None:
    """Loses RTP packets, and whatever is repeated; their numbers are added to `lost`."""
    send, numbers, kinds = transport._send_rtp, count(1), list[int]()

    async def lossy(data: bytes) -> None:
        kind = data[1] & 0x7F
        if kind not in range(72, 80):
            kinds.append(kind)
            if kind != kinds[0]:
                return
            if next(numbers) % one_in == 0:
                lost.append(data[2] << 8 | data[3])
                return
        await send(data)

    transport._send_rtp = lossy


@contextmanager
def publishing(
    whip: Whip, device: str, fanout: Fanout, loses_one_in: int = 0, for_ever: list[int] | None = None
) -> Iterator[str]:
    """Publishes to `whip` as long as the context lasts; gives the id of the publication. With `loses_one_in`, over a
    network that loses packets in an even way; `for_ever`, where that is a list, to which their numbers are added."""
    with offering(lambda sdp: whip.offer(device, sdp, fanout), loses_one_in, for_ever) as resource:
        yield resource


@contextmanager
def publishing_at(path: Path, device: str) -> Iterator[str]:
    """Publishes as long as the context lasts through the socket at `path`."""

    def offer(sdp: str) -> tuple[str, str]:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(str(path))
            client.sendall(json.dumps({"whip": device, "sdp": sdp}).encode() + b"\n")
            answer = json.loads(client.makefile("rb").readline())
        return answer["sdp"], answer["resource"]

    with offering(offer) as resource:
        yield resource


@contextmanager
def offering(
    offer: Callable[[str], tuple[str, str]], loses_one_in: int = 0, for_ever: list[int] | None = None
) -> Iterator[str]:
    """Publishes to whoever answers `offer` with an answer and the id of the publication."""
    with event_loop() as loop:

        def done(work: Any) -> Any:
            future: Future[Any] = asyncio.run_coroutine_threadsafe(work, loop)
            return future.result(60)

        async def offered() -> tuple[RTCPeerConnection, str]:
            connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
            sender = connection.addTransceiver(Stripes(), "sendonly").sender
            if for_ever is not None:
                lose_for_ever(sender.transport, loses_one_in, for_ever)
            elif loses_one_in:
                lose(sender.transport, loses_one_in)
            await connection.setLocalDescription(await connection.createOffer())
            return connection, connection.localDescription.sdp

        connection, sdp = done(offered())
        try:
            answer, resource = offer(sdp)
            done(connection.setRemoteDescription(RTCSessionDescription(answer, "answer")))
            yield resource
        finally:
            done(connection.close())

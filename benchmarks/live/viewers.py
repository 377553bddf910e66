"""Viewers that are no browsers: aiortc's receivers, which here decode nothing, in a process of their own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import httpx
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription

from ingest.cameras.reassembly import Piece
from ingest.cameras.undecoded import divert

_PROCESSES = get_context("spawn")
_SDP = {"content-type": "application/sdp"}
_PICTURE_S = 20.0
_AT_ONCE = 4  # of those who come and go


@dataclass(slots=True)
class Received:
    """What came in a while: RTP packets, bytes in them, packets that were missing, and the waits between pictures."""

    packets: int = 0
    bytes: int = 0
    lost: int = 0
    waits_s: list[float] = field(default_factory=list)

    def __add__(self, other: "Received") -> "Received":
        return Received(
            self.packets + other.packets,
            self.bytes + other.bytes,
            self.lost + other.lost,
            self.waits_s + other.waits_s,
        )


class Viewers:
    """Who looks at one camera. Made by `crowd`."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe

    def look(self, number: int) -> None:
        """From now on so many look; returns when each has had a picture."""
        self._ask("look", number)

    def see(self, pictures: int) -> None:
        """Returns when each of those who look has had so many pictures since it joined."""
        self._ask("see", pictures)

    def come_and_go(self, times: int) -> None:
        """So many join, wait for a picture, and leave, four at a time."""
        self._ask("come_and_go", times)

    def received(self) -> Received:
        """What came to those who look, in sum, since they joined or this was asked last."""
        told: Received = self._ask("received")
        return told

    def _ask(self, *request: object) -> Any:
        self._pipe.send(request)
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def crowd(whep: str) -> Iterator[Viewers]:
    """Viewers of the camera whose WHEP address is `whep`: none at first, none at the end."""
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=_run, args=(whep, theirs))
    process.start()
    theirs.close()
    try:
        yield Viewers(ours)
    finally:
        ours.close()
        process.join(30)
        process.terminate()


class _Viewer:
    """One of them. `leave` when it has seen enough."""

    def __init__(self) -> None:
        self.received = Received()
        self.picture = asyncio.Event()  # the last packet of one came
        self.pictures = 0
        self._last: Piece | None = None
        self._picture_s: float | None = None  # when the last one was whole
        self._location: httpx.URL | None = None
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        transceiver = self._connection.addTransceiver("video", "recvonly")
        codecs = RTCRtpReceiver.getCapabilities("video").codecs
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == "video/H264"])
        divert(transceiver.receiver, self._take, lambda _rtp, _ntp: None)

    async def join(self, client: httpx.AsyncClient, whep: str) -> None:
        await self._connection.setLocalDescription(await self._connection.createOffer())
        answer = await client.post(whep, content=self._connection.localDescription.sdp, headers=_SDP)
        answer.raise_for_status()
        self._location = answer.url.join(answer.headers["location"])
        await self._connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        async with asyncio.timeout(_PICTURE_S):
            await self.picture.wait()

    async def leave(self, client: httpx.AsyncClient) -> None:
        if self._location is not None:
            await client.delete(self._location)
        await self._connection.close()

    def _take(self, piece: Piece) -> bool:
        received, last = self.received, self._last
        received.packets += 1
        received.bytes += len(piece.data)
        if last is not None:
            received.lost += max(0, (piece.sequence - last.sequence + 0x8000) % 0x10000 - 0x8001)
        self._last = piece
        if piece.is_last:
            if self._picture_s is not None:
                received.waits_s.append(piece.arrived_s - self._picture_s)
            self._picture_s = piece.arrived_s
            self.pictures += 1
            self.picture.set()
        return False


class _Crowd:
    def __init__(self, client: httpx.AsyncClient, whep: str) -> None:
        self._client = client
        self._whep = whep
        self._viewers: list[_Viewer] = []

    async def look(self, number: int) -> None:
        while len(self._viewers) > number:
            await self._viewers.pop().leave(self._client)
        while len(self._viewers) < number:
            self._viewers.append(viewer := _Viewer())
            await viewer.join(self._client, self._whep)

    async def see(self, pictures: int) -> None:
        async with asyncio.timeout(_PICTURE_S):
            for viewer in self._viewers:
                while viewer.pictures < pictures:
                    viewer.picture.clear()
                    await viewer.picture.wait()

    async def come_and_go(self, times: int) -> None:
        async def one_after_the_other(number: int) -> None:
            for _ in range(number):
                viewer = _Viewer()
                try:
                    await viewer.join(self._client, self._whep)
                finally:
                    await viewer.leave(self._client)

        shares = [times // _AT_ONCE + (n < times % _AT_ONCE) for n in range(_AT_ONCE)]
        async with asyncio.TaskGroup() as group:
            for share in shares:
                group.create_task(one_after_the_other(share))

    async def received(self) -> Received:
        each = [viewer.received for viewer in self._viewers]
        for viewer in self._viewers:
            viewer.received = Received()
        return sum(each, Received())


def _run(whep: str, pipe: "Connection[Any, Any]") -> None:
    asyncio.run(_obey(whep, pipe))


async def _obey(whep: str, pipe: "Connection[Any, Any]") -> None:
    """Does what is asked until the other side closes."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        viewers = _Crowd(client, whep)
        while True:
            try:
                name, *arguments = await asyncio.to_thread(pipe.recv)
            except (EOFError, OSError):
                await viewers.look(0)
                return
            try:
                pipe.send(await getattr(viewers, name)(*arguments))
            except Exception as error:
                pipe.send(RuntimeError(f"{name}: {error!r}"))

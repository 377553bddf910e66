"""A tap as docs/video.md defines it, served in real time from a clip that the test encodes itself."""

import asyncio
import itertools
import json
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from threading import Event, Thread

import av
import msgspec
import numpy as np

from ingest.cameras.packets import Media, Packet, StreamInfo


@dataclass(frozen=True)
class Clip:
    """A stream and its packets in Annex B; it is looped."""

    info: StreamInfo
    packets: list[av.Packet]
    seconds: float


def encoded(
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (320, 180),
    rate: int = 15,
    seconds: float = 2.0,
    bframes: int = 0,
) -> Clip:
    """A moving bar, a keyframe a second, baseline profile unless there are B-frames."""
    width, height = size
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, rate), Fraction(rate), rate
    encoder.max_b_frames = bframes
    encoder.options = {"preset": "ultrafast", "x265-params": "log-level=none:bframes=0"}
    if codec == "libx264" and not bframes:
        encoder.options |= {"tune": "zerolatency", "profile": "baseline"}
    packets = []
    for n in range(round(rate * seconds)):
        picture = np.full((height, width, 3), 60, np.uint8)
        picture[:, (n * 12) % (width - 20) :][:, :20] = (200, 160, 40)
        picture[height // 2 :, : width // 3] = np.arange(width // 3)[None, :, None] % 255
        frame = av.VideoFrame.from_ndarray(picture, "rgb24")
        frame.pts = n
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    name = {"libx264": "h264", "libx265": "hevc"}[codec]
    info = StreamInfo(
        media=Media.VIDEO,
        codec=name,
        time_base=(1, rate),
        extradata=bytes(encoder.extradata or b""),
        width=width,
        height=height,
    )
    return Clip(info, packets, seconds)


ALAW = StreamInfo(media=Media.AUDIO, codec="pcm_alaw", time_base=(1, 8000), sample_rate=8000, channels=1)
AAC = StreamInfo(media=Media.AUDIO, codec="aac", time_base=(1, 44100), sample_rate=44100, channels=2)


@dataclass
class TapServer:
    """Serves one camera at `path` in a thread of its own. Clear `going` to freeze the camera."""

    path: Path
    clip: Clip
    audio: StreamInfo | None = None
    camera: str = "cam-1"
    going: Event = field(default_factory=Event)
    idle: Event = field(default_factory=Event)  # nobody looks
    clients: set[asyncio.Queue[bytes]] = field(default_factory=set)
    joined: int = 0
    _group: list[bytes] = field(default_factory=list)

    @property
    def looking(self) -> int:
        return len(self.clients)

    def film(self, clip: Clip) -> None:
        """Another picture from now on."""
        self.clip = clip
        self._group = []

    @contextmanager
    def running(self) -> Iterator["TapServer"]:
        """Serves as long as the context lasts."""
        self.going.set()
        self.clients.clear()
        self._group = []
        ready = Event()
        loop = asyncio.new_event_loop()

        async def main() -> None:
            server = await asyncio.start_unix_server(self._serve, self.path)
            camera = asyncio.create_task(self._film())
            ready.set()
            with suppress(asyncio.CancelledError):
                await stopped.wait()
            camera.cancel()
            server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)  # the transports close

        stopped = asyncio.Event()
        thread = Thread(target=loop.run_until_complete, args=(main(),))
        thread.start()
        try:
            assert ready.wait(30)
            yield self
        finally:
            loop.call_soon_threadsafe(stopped.set)
            thread.join(30)
            loop.close()
            self.path.unlink(missing_ok=True)
            assert not thread.is_alive()

    async def _film(self) -> None:
        began_s, step_s = time.monotonic(), float(Fraction(*self.clip.info.time_base))
        for n in itertools.count():
            await asyncio.sleep(max(0.0, began_s + n * step_s - time.monotonic()))
            if not self.going.is_set():
                continue
            taken = self.clip.packets[n % len(self.clip.packets)]
            loops = n // len(self.clip.packets) * len(self.clip.packets)
            packet = self._packet(Media.VIDEO, bytes(taken), loops + taken.pts, loops + taken.dts, taken.is_keyframe)
            if taken.is_keyframe:
                self._group = [packet]
            elif self._group:
                self._group.append(packet)
            self._give(packet)
            if self.audio is not None:
                samples = round(step_s * 8000)
                self._give(self._packet(Media.AUDIO, b"\xd5" * samples, n * samples, n * samples, True))

    def _packet(self, media: Media, data: bytes, pts: int, dts: int, keyframe: bool) -> bytes:
        now = {"arrived_s": time.monotonic(), "arrived_wall_s": time.time()}
        packet = Packet(media=media, data=data, pts=pts, dts=dts, duration=1, is_keyframe=keyframe, **now)
        encoded = msgspec.msgpack.encode(packet)
        return struct.pack(">I", len(encoded)) + encoded

    def _give(self, packet: bytes) -> None:
        for client in self.clients:
            client.put_nowait(packet)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        gone: asyncio.Task[bytes] | None = None
        try:
            asked = json.loads(await reader.readline())
            streams = [self.clip.info, *([self.audio] if self.audio else [])]
            known = asked["camera"] == self.camera
            answer = {"streams": streams} if known else {"error": f"no camera {asked['camera']}"}
            writer.write(msgspec.json.encode(answer) + b"\n")
            self.joined += known
            for packet in self._group if known else []:
                writer.write(packet)
            if known:
                self.clients.add(queue)
                self.idle.clear()
            gone = asyncio.create_task(reader.read(1))
            while known and not gone.done():
                more = asyncio.create_task(queue.get())
                await asyncio.wait({more, gone}, return_when=asyncio.FIRST_COMPLETED)
                if more.done():
                    writer.write(more.result())
                more.cancel()
        except asyncio.CancelledError:
            pass  # the server stops; the streams' own callback of Python 3.11 would complain
        finally:
            self.clients.discard(queue)
            if not self.clients:
                self.idle.set()
            if gone is not None:
                gone.cancel()
            writer.close()

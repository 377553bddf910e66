"""Cameras for the tests: small, quick, on real RTSP; and servers that are none."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import numpy as np

from hardware.cameras import CameraSpec
from hardware.cameras.digest import Credentials
from hardware.cameras.encoder import AudioCodec, VideoCodec
from hardware.cameras.picture import Picture, Size
from ingest.cameras.address import Address
from ingest.cameras.fanout import Closed, Item, Opened, Subscription
from ingest.cameras.packets import Media, Packet
from ingest.cameras.source import Patience

QUICK = Patience(open_s=3.0, stall_s=3.0, keyframe_s=4.0, first_pause_s=0.05, most_pause_s=0.1)
WHO = Credentials("watch", "p@ss:w/rd")


class Square:
    """A white square that walks."""

    def picture(self, t_s: float, size: Size) -> Picture:
        picture = np.full((size[1], size[0], 3), 90, np.uint8)
        left = int(t_s * 40) % (size[0] - 20)
        picture[20:50, left : left + 20] = 255
        return picture


def spec(
    name: str,
    *,
    audio: AudioCodec | None = AudioCodec.PCMA,
    locked: bool = False,
    codec: VideoCodec = VideoCodec.H264,
    b_frames: int = 0,
    delimiters: bool = False,
) -> CameraSpec:
    return CameraSpec(
        name=name,
        view=Square(),
        size=(160, 120),
        fps=10.0,
        codec=codec,
        b_frames=b_frames,
        delimiters=delimiters,
        bitrate_bps=200_000,
        keyframe_every_s=0.5,
        audio=audio,
        credentials=WHO if locked else None,
        noise=0.0,
    )


def address(url: str, *, transport: str = "tcp", locked: bool = False, password: str = WHO.password) -> Address:
    if locked:
        return Address(url=url, username=WHO.user, password=password, transport=transport)
    return Address(url=url, transport=transport)


@contextmanager
def impostor(answer: bytes) -> Iterator[str]:
    """Something that listens, says `answer` to whatever comes, and is no camera."""
    stop = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                while not stop.is_set():
                    connection, _ = server.accept()
                    held.append(connection)
                    connection.sendall(answer)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"rtsp://127.0.0.1:{server.getsockname()[1]}/x"
        stop.set()
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for connection in held:
            connection.close()


@contextmanager
def babbler() -> Iterator[tuple[str, list[float]]]:
    """The URL of a camera that plays, and sends its clock (RTCP) ten times a second, and never a picture; and when it
    was asked to."""
    plays: list[float] = []
    described = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    report = bytes.fromhex("80c80006 00000001 e9000000 00000000 00000000 00000000 00000000")
    listener, stopping = socket.create_server(("127.0.0.1", 0)), Event()

    def answered(asked: str) -> str:
        number = next(line for line in asked.split("\r\n") if line.lower().startswith("cseq"))
        told = f"RTSP/1.0 200 OK\r\n{number}\r\n"
        match asked.split(" ", 1)[0]:
            case "DESCRIBE":
                return f"{told}Content-Type: application/sdp\r\nContent-Length: {len(described)}\r\n\r\n{described}"
            case "SETUP":
                return f"{told}Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"
        return f"{told}Session: 1\r\n\r\n"

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while asked := connection.recv(4096).decode():
                connection.sendall(answered(asked).encode())
                if asked.startswith("PLAY"):
                    plays.append(time.monotonic())
                    break
            while asked and not stopping.wait(0.1):
                connection.sendall(b"$\x01" + len(report).to_bytes(2, "big") + report)

    def accept() -> None:
        with suppress(OSError):
            while True:
                Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    thread = Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x", plays
    finally:
        stopping.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


class Reader:
    """Reads a subscription on a thread of its own."""

    def __init__(self, subscription: Subscription) -> None:
        self.items: list[Item] = []
        self._subscription = subscription
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._subscription.ended:
            self.items += self._subscription.take(0.2)

    def packets(self, media: Media = Media.VIDEO) -> list[Packet]:
        return [item for item in list(self.items) if isinstance(item, Packet) and item.media is media]

    def opened(self) -> list[Opened]:
        return [item for item in list(self.items) if isinstance(item, Opened)]

    def closed(self) -> int:
        return sum(isinstance(item, Closed) for item in list(self.items))

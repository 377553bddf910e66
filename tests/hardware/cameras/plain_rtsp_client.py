"""A plain RTSP client on a socket, that sees what comes on the wire."""

import re
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import av

NTP_EPOCH_S = 2_208_988_800


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class SenderReport:
    ssrc: int
    wall_s: float
    rtp_timestamp: int


@dataclass(frozen=True)
class RtpPacket:
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    payload: bytes


class RtspClient:
    """Speaks to one camera over TCP, packets interleaved: channel 0 and 1 for video, 2 and 3 for sound."""

    def __init__(self, url: str, *, receive_buffer: int | None = None, timeout_s: float = 30.0) -> None:
        host, port = re.search(r"://(?:[^@/]*@)?([\d.]+):(\d+)/", url).groups()
        self.url = re.sub(r"//[^@/]*@", "//", url)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout_s)
        self.socket.connect((host, int(port)))
        self._file = self.socket.makefile("rb")
        self._sequence = 0
        self._session = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def ask(self, method: str, suffix: str = "", **headers: str) -> Answer:
        self._sequence += 1
        lines = [f"{method} {self.url}{suffix} RTSP/1.0", f"CSeq: {self._sequence}"]
        lines += [f"{name.title()}: {value}" for name, value in (self._session | headers).items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while True:
            first = self._exactly(1)
            if first == b"$":
                self._interleaved()
                continue
            return self._answer(first + self._file.readline())

    def _answer(self, first: bytes) -> Answer:
        headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        if "session" in headers:
            self._session = {"session": headers["session"].split(";")[0]}
        body = self._exactly(int(headers.get("content-length", 0)))
        return Answer(int(first.split()[1]), headers, body)

    def play(self, *, tracks: int = 1) -> Answer:
        assert self.ask("DESCRIBE").status == 200
        for track in range(tracks):
            transport = f"RTP/AVP/TCP;unicast;interleaved={2 * track}-{2 * track + 1}"
            assert self.ask("SETUP", f"/trackID={track}", transport=transport).status == 200
        return self.ask("PLAY")

    def receive(self) -> tuple[int, bytes]:
        """The next packet: its channel and its bytes. Raises TimeoutError when none comes, EOFError at the end."""
        first = self._exactly(1)
        assert first == b"$", first
        return self._interleaved()

    def is_closed(self) -> bool:
        """Whether the camera ends the connection, what was still under way read; a TimeoutError when it does not."""
        with suppress(EOFError, ConnectionError):
            while True:
                self.receive()
        return True

    def drain(self, silent_s: float) -> None:
        """Read until nothing has come for a while."""
        self.socket.settimeout(silent_s)
        with suppress(TimeoutError):
            while self.socket.recv(65_536):
                pass

    def rtp(self, channel: int = 0) -> RtpPacket:
        while True:
            came, data = self.receive()
            if came == channel:
                _, second, sequence, timestamp, _ = struct.unpack(">BBHII", data[:12])
                return RtpPacket(bool(second & 0x80), second & 0x7F, sequence, timestamp, data[12:])

    def report(self, channel: int = 1) -> SenderReport:
        while True:
            came, data = self.receive()
            if came == channel and data[1] == 200:
                ssrc, ntp, timestamp = struct.unpack(">IQI", data[4:20])
                return SenderReport(ssrc, ntp / (1 << 32) - NTP_EPOCH_S, timestamp)

    def until_nal_kind(self, kind: int, within_s: float = 60.0) -> None:
        """Read until a NAL unit of this kind comes."""
        until_s = time.monotonic() + within_s
        while kind not in self.nal_kinds(0.1):
            assert time.monotonic() < until_s, f"no NAL unit of kind {kind} within {within_s} s"

    def nal_kinds(self, seconds: float) -> set[int]:
        """The kinds of NAL units that come within a time, fragments as what they are fragments of."""
        kinds, until_s = set(), time.monotonic() + seconds
        while time.monotonic() < until_s:
            payload = self.rtp().payload
            kind = payload[0] & 0x1F
            kinds.add(payload[1] & 0x1F if kind == 28 else kind)
        return kinds

    def _interleaved(self) -> tuple[int, bytes]:
        channel, length = struct.unpack(">BH", self._exactly(3))
        return channel, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise EOFError("the camera closed the connection")
        return data


def depacketised(payloads: list[bytes]) -> list[bytes]:
    """The NAL units that RTP payloads carry (RFC 6184, packetisation mode 1)."""
    units: list[bytearray] = []
    for payload in payloads:
        if payload[0] & 0x1F != 28:
            units.append(bytearray(payload))
        elif payload[1] & 0x80:
            units.append(bytearray([payload[0] & 0xE0 | payload[1] & 0x1F]) + payload[2:])
        else:
            units[-1] += payload[2:]
    return [bytes(unit) for unit in units]


def decoded(payloads: list[bytes]) -> av.VideoFrame:
    """The picture of one access unit with its parameter sets."""
    decoder = av.CodecContext.create("h264", "r")
    data = b"".join(b"\0\0\0\1" + unit for unit in depacketised(payloads))
    frames = decoder.decode(av.Packet(data)) + decoder.decode(None)
    return frames[0]

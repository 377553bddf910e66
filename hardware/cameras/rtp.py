"""RTP and its sender reports (RFC 3550): one stream of packets from a camera to one client."""

import secrets
import struct
from dataclasses import dataclass, field

MOST_PAYLOAD = 1400  # bytes; with headers and a tunnel's a packet still fits an Ethernet frame
NTP_EPOCH_S = 2_208_988_800  # from 1900 to 1970
_SENDER_REPORT, _SOURCE_DESCRIPTION, _BYE = 200, 202, 203
_CNAME = b"camera"


@dataclass(frozen=True, slots=True)
class Payload:
    """What one RTP packet carries; `marker` ends an access unit of video."""

    data: bytes
    marker: bool = False


@dataclass(slots=True)
class RtpStream:
    """Numbers and counts the packets of one stream to one client."""

    payload_type: int
    clock_rate_hz: int
    ssrc: int = field(default_factory=lambda: secrets.randbits(32))
    sequence: int = field(default_factory=lambda: secrets.randbits(16))
    offset: int = field(default_factory=lambda: secrets.randbits(32))
    packets: int = 0
    octets: int = 0

    def timestamp(self, ticks: int) -> int:
        """The RTP timestamp of a moment in ticks of the camera's sampling clock."""
        return (ticks + self.offset) & 0xFFFFFFFF

    def packet(self, payload: Payload, ticks: int) -> bytes:
        """The next packet."""
        second = payload.marker << 7 | self.payload_type
        header = struct.pack(">BBHII", 0x80, second, self.sequence, self.timestamp(ticks), self.ssrc)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.packets += 1
        self.octets += len(payload.data)
        return header + payload.data

    def report(self, ticks: int, wall_s: float) -> bytes:
        """A sender report: the moment `ticks` was `wall_s` (Unix seconds) on the camera's own clock."""
        ntp = int((wall_s + NTP_EPOCH_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
        counts = (self.packets & 0xFFFFFFFF, self.octets & 0xFFFFFFFF)
        sent = struct.pack(">BBHIQIII", 0x80, _SENDER_REPORT, 6, self.ssrc, ntp, self.timestamp(ticks), *counts)
        item = bytes((1, len(_CNAME))) + _CNAME
        chunk = struct.pack(">I", self.ssrc) + item + bytes(4 - len(item) % 4)
        return sent + struct.pack(">BBH", 0x81, _SOURCE_DESCRIPTION, len(chunk) // 4) + chunk

    def bye(self) -> bytes:
        """The end of the stream."""
        return struct.pack(">BBHI", 0x81, _BYE, 1, self.ssrc)

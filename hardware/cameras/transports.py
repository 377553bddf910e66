"""How packets reach a client: within its RTSP connection, or as datagrams."""

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Protocol

from hardware.cameras.rtp import Payload, RtpStream
from hardware.cameras.tracks import Track

_PAIR_TRIES = 20


Way = Callable[[bytes], Sequence[bytes]]
"""What comes of a packet that is sent."""


def _straight(packet: bytes) -> Sequence[bytes]:
    return (packet,)


class Sender(Protocol):
    """Sends one track to one client. `transport` is the header that a client is told."""

    transport: str

    def position(self, now_s: float) -> str: ...
    def send(self, payload: Payload, ticks: int, way: Way = _straight) -> None: ...
    def report(self, now_s: float, wall_s: float, odd: Callable[[bytes], bytes] = bytes) -> None: ...
    def close(self) -> None: ...


class _Stream:
    """The numbering that both ways share."""

    def __init__(self, track: Track) -> None:
        self._rtp = RtpStream(track.payload_type, track.clock_rate_hz)

    def position(self, now_s: float) -> str:
        return f"seq={self._rtp.sequence};rtptime={self._rtp.timestamp(self._ticks(now_s))}"

    def _ticks(self, now_s: float) -> int:
        return round(now_s * self._rtp.clock_rate_hz)


class TcpSender(_Stream):
    """Interleaved in the RTSP connection (RFC 2326, 10.12)."""

    def __init__(self, track: Track, writer: asyncio.StreamWriter, channel: int) -> None:
        super().__init__(track)
        self._writer, self._channel = writer, channel
        self.transport = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1};ssrc={self._rtp.ssrc:08X}"

    def send(self, payload: Payload, ticks: int, way: Way = _straight) -> None:
        for packet in way(self._rtp.packet(payload, ticks)):
            self._write(self._channel, packet)

    def report(self, now_s: float, wall_s: float, odd: Callable[[bytes], bytes] = bytes) -> None:
        self._write(self._channel + 1, odd(self._rtp.report(self._ticks(now_s), wall_s)))

    def close(self) -> None:
        self._write(self._channel + 1, self._rtp.bye())

    def _write(self, channel: int, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(struct.pack(">cBH", b"$", channel, len(data)) + data)


class UdpSender(_Stream):
    """A pair of ports here to a pair of ports there; `hear` is called when the client's reports come."""

    def __init__(self, track: Track, peer: tuple[str, int, int]) -> None:
        super().__init__(track)
        self._to_rtp, self._to_rtcp = (peer[0], peer[1]), (peer[0], peer[2])
        self._sockets: list[asyncio.DatagramTransport] = []
        self.transport = ""

    @classmethod
    async def open(cls, track: Track, host: str, peer: tuple[str, int, int], hear: Callable[[], None]) -> "UdpSender":
        """Bind a pair of ports of `host`, an even one and the next; `peer` is an address and its two ports.

        Raises:
            OSError: there is none.
        """
        made = cls(track, peer)
        loop = asyncio.get_running_loop()
        pair = _bound_pair(host)
        for each in pair:
            transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(hear), sock=each)
            made._sockets.append(transport)
        here = "-".join(str(each.getsockname()[1]) for each in pair)
        there = f"{peer[1]}-{peer[2]}"
        made.transport = f"RTP/AVP;unicast;client_port={there};server_port={here};ssrc={made._rtp.ssrc:08X}"
        return made

    def send(self, payload: Payload, ticks: int, way: Way = _straight) -> None:
        for packet in way(self._rtp.packet(payload, ticks)):
            self._sockets[0].sendto(packet, self._to_rtp)

    def report(self, now_s: float, wall_s: float, odd: Callable[[bytes], bytes] = bytes) -> None:
        self._sockets[1].sendto(odd(self._rtp.report(self._ticks(now_s), wall_s)), self._to_rtcp)

    def close(self) -> None:
        self._sockets[1].sendto(self._rtp.bye(), self._to_rtcp)
        for each in self._sockets:
            each.close()


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, hear: Callable[[], None]) -> None:
        self._hear = hear

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
        self._hear()


def _bound_pair(host: str) -> tuple[socket.socket, socket.socket]:
    for _ in range(_PAIR_TRIES):
        first, second = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        try:
            first.bind((host, 0))
            port = first.getsockname()[1]
            if port % 2 == 0:
                second.bind((host, port + 1))
                return first, second
        except OSError:
            pass
        first.close()
        second.close()
    raise OSError(f"no pair of free UDP ports in {_PAIR_TRIES} tries")

"""Where a camera's packets come by UDP: a pair of ports for each stream, RTP and RTCP (RFC 3550)."""

import secrets
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address

from ingest.cameras.rtsp_proxy import Agreed
from ingest.cameras.states import SourceFault, State

TRIES = 50
BUFFER = 1 << 20  # bytes that the system holds for us
MOST_AT_ONCE = 512  # datagrams
LONGEST = 65_535
MOST_PORT = 65_535
REPORT_S = 5.0  # how often the camera hears that we are there
_RECEIVER_REPORT, _DESCRIPTION = 201, 202


@dataclass(slots=True)
class _Pair:
    """The ports of one stream; RTP comes to the first."""

    sockets: tuple[socket.socket, socket.socket]
    there: list[tuple[str, int]] = field(default_factory=list)  # where the camera sends from, once it was agreed

    def close(self) -> None:
        for each in self.sockets:
            each.close()


class RtpPorts:
    """Of one connection, `camera`."""

    def __init__(self, camera: socket.socket) -> None:
        self._family, self._host = camera.family, camera.getpeername()[0]
        self._pairs: dict[int, _Pair] = {}
        self._from = {self._host}
        self._number = secrets.randbits(32)  # ours, as a receiver

    def bind(self, channel: int) -> tuple[int, int]:
        """A new pair for the stream of `channel`: an even port and the next.

        Raises:
            SourceFault: there is none.
        """
        if channel in self._pairs:  # asked for once more
            self._pairs.pop(channel).close()
        pair = self._pairs[channel] = _Pair(_bound(self._family))
        rtp, rtcp = (each.getsockname()[1] for each in pair.sockets)
        return rtp, rtcp

    def sockets(self) -> list[tuple[socket.socket, int]]:
        """Each socket, and the channel that it stands for."""
        return [(each, channel + n) for channel, pair in self._pairs.items() for n, each in enumerate(pair.sockets)]

    def agree(self, told: Agreed) -> None:
        """The camera said from where it sends: whatever stands between lets that through once we have sent there."""
        source = _address(told.source)
        self._from.add(source or self._host)
        pair = self._pairs[told.channel]
        if told.server_ports is not None and all(0 < port <= MOST_PORT for port in told.server_ports):
            pair.there = [(source or self._host, port) for port in told.server_ports]
            self._send(pair, 0, struct.pack(">BBHII", 0x80, 0, 0, 0, self._number))
            self._send(pair, 1, self._report())

    def report(self) -> None:
        """Tell the camera that somebody is there."""
        for pair in self._pairs.values():
            self._send(pair, 1, self._report())

    def received(self, by: socket.socket) -> list[bytes]:
        """The datagrams that came to one of the sockets from the camera."""
        found: list[bytes] = []
        with suppress(OSError):  # no more of them; or an earlier one of ours found nobody
            for _ in range(MOST_AT_ONCE):
                data, (host, *_rest) = by.recvfrom(LONGEST)
                if host in self._from and len(data) >= 8:
                    found.append(data)
        return found

    def close(self) -> None:
        """Hear nothing more."""
        for pair in self._pairs.values():
            pair.close()

    def _send(self, pair: _Pair, which: int, data: bytes) -> None:
        if pair.there:
            with suppress(OSError):
                pair.sockets[which].sendto(data, pair.there[which])

    def _report(self) -> bytes:
        """A receiver report about nothing, and who we are."""
        name = b"ducha"
        item = bytes((1, len(name))) + name
        chunk = struct.pack(">I", self._number) + item + bytes(4 - len(item) % 4)
        report = struct.pack(">BBHI", 0x80, _RECEIVER_REPORT, 1, self._number)
        return report + struct.pack(">BBH", 0x81, _DESCRIPTION, len(chunk) // 4) + chunk


def _address(source: str | None) -> str | None:
    """An address as the camera wrote it. A name is none: to look it up may take long, for all cameras."""
    try:
        return None if source is None else str(ip_address(source.strip("[]")))
    except ValueError:
        return None


def _bound(family: int) -> tuple[socket.socket, socket.socket]:
    for _ in range(TRIES):
        first, second = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        try:
            first.bind(("", 0))
            port = first.getsockname()[1]
            if port % 2 == 0:
                second.bind(("", port + 1))
                for each in (first, second):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
                    each.setblocking(False)
                return first, second
        except OSError:
            pass
        first.close()
        second.close()
    raise SourceFault(State.LOST, f"no pair of UDP ports is free here in {TRIES} tries; expected one for the stream")

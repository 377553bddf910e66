"""An MQTT connection's bytes, read ahead and cut into packets; publications are understood here, all else is paho's.

paho reads a packet's head byte by byte from the socket and makes half a dozen objects of each publication: that was
three quarters of what ingest had to do. Publications are nearly all that comes, and their form (MQTT 3.1.1, 3.3) is
simple, so they are taken out of the stream in bulk.
"""

import socket
import ssl
from typing import NamedTuple

_AHEAD_BYTES = 1 << 16
_PUBLISH = 3
_MOST_LENGTH_BYTES = 4


class Publication(NamedTuple):
    """A PUBLISH packet of QoS 0 or 1. `number` is its packet identifier, 0 where it has none."""

    topic: bytes
    payload: bytes
    number: int
    qos: int
    is_retained: bool
    is_repeated: bool


class PacketStream:
    """A connected socket as paho sees it: it hands on whole packets, and no publication."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._read = b""
        self._at = 0  # what lies before is handed on
        self._until = 0  # and what lies before here may be
        self._more: list[bytes] = []  # what came since, while the next packet is not whole
        self._more_bytes = 0
        self._missing = 0  # at least so many bytes are missing of it
        self._end: OSError | None = None  # how the connection ended

    def read(self) -> None:
        """Read what has come, without waiting."""
        try:
            more = self._socket.recv(_AHEAD_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self._end = error
            return
        if not more:
            self._end = ConnectionResetError("the broker closed the connection")
        self._more.append(more)
        self._more_bytes += len(more)
        if self._more_bytes >= self._missing:  # a large packet is joined once, not with each of its parts
            self._read = b"".join((self._read[self._at :], *self._more))
            self._at, self._until = 0, self._until - self._at
            self._more, self._more_bytes, self._missing = [], 0, 0

    def publications(self) -> list[Publication]:
        """The whole publications that are next in the stream; they are taken out of it."""
        found: list[Publication] = []
        read, at = self._read, self._at
        if self._until > at:
            return found  # paho has not taken the packet before them
        while (packet := _packet(read, at)) is not None:
            if packet[1] > len(read):
                self._missing = packet[1] - len(read)
                break
            publication = _publication(read, at, *packet)
            if publication is None:
                self._until = packet[1]
                break
            found.append(publication)
            at = packet[1]
        self._at = at
        self._until = max(self._until, at)
        return found

    def recv(self, size: int) -> bytes:
        """At most `size` bytes of the next packet, where it is whole and paho's; none when the connection has ended.

        Raises:
            BlockingIOError: where no such packet has come.
            OSError: how the connection broke.
        """
        if self._at == self._until:
            if isinstance(self._end, ConnectionResetError):
                return b""
            raise self._end or BlockingIOError
        portion = self._read[self._at : min(self._at + size, self._until)]
        self._at += len(portion)
        return portion

    def is_readable(self) -> bool:
        """Whether paho has something to take: a packet, or the end of the connection."""
        return self._at < self._until or self._end is not None

    def pending(self) -> int:
        """Bytes that can be had although `select` does not know of them."""
        decrypted = self._socket.pending() if isinstance(self._socket, ssl.SSLSocket) else 0
        return self._until - self._at + decrypted

    def send(self, data: bytes) -> int:
        """Write what fits; the number of bytes written."""
        return self._socket.send(data)

    def fileno(self) -> int:
        """The socket's, for `select`."""
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:
        """As the socket's."""
        self._socket.setblocking(flag)

    def close(self) -> None:
        """Close the socket; what was read ahead is forgotten with it."""
        self._socket.close()


def _packet(read: bytes, at: int) -> tuple[int, int] | None:
    """Where the packet at `at` has its body, and where it will end; None where its head has not come whole. One whose
    length is none ends after it: paho says what is wrong with it."""
    length, place = 0, at + 1
    for shift in range(0, 7 * _MOST_LENGTH_BYTES, 7):
        if place >= len(read):
            return None
        byte = read[place]
        place += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return place, place + length
    return place, place


def _publication(read: bytes, at: int, body: int, end: int) -> Publication | None:
    """The publication in `read[at:end]`; None where it is another packet, of QoS 2 or malformed."""
    head = read[at]
    qos = head >> 1 & 3
    if head >> 4 != _PUBLISH or qos > 1 or end - body < 2:
        return None
    topic_end = body + 2 + (read[body] << 8 | read[body + 1])
    payload = topic_end + 2 * qos
    if payload > end:
        return None
    number = read[topic_end] << 8 | read[topic_end + 1] if qos else 0
    return Publication(read[body + 2 : topic_end], read[payload:end], number, qos, bool(head & 1), bool(head & 8))

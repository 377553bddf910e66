"""The connection to a camera as one that can be cut by anybody.

Whether FFmpeg should still wait for a camera, it asks a callback only, which PyAV answers with the interpreter's lock
in its hand: three times for each RTP packet of each camera, a sixth of all that recording cost. A connection that is
cut ends the wait at once, and costs nothing before.
"""

import socket
from collections.abc import Sequence
from contextlib import suppress


class Line:
    """The sockets of one connection. There may be none."""

    def __init__(self, sockets: Sequence[socket.socket] = ()) -> None:
        self._sockets = sockets

    def cut(self) -> None:
        """End the connection, now; whoever waits for it hears so. To be called by anybody."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def gather(self, least_bytes: int) -> None:
        """Wake whoever reads only when so many bytes are there, or the connection ends; 1: whenever one comes. Where
        the system can't, it wakes as before."""
        for each in self._sockets:
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, least_bytes)

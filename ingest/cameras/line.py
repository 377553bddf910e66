"""The connection that FFmpeg made to a camera, found among the process's own, so that it can be cut.

FFmpeg waits for a camera for as long as that likes. Whether it still should, it asks a callback only, which PyAV
answers with the interpreter's lock in its hand: three times for each RTP packet of each camera, a sixth of all that
recording cost. A connection that is cut ends the wait at once, and costs nothing before.
"""

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Self, TypeVar
from urllib.parse import urlsplit

from ingest.cameras.address import RTSP_PORT

T = TypeVar("T")
Place = tuple[frozenset[str], int]
"""The addresses of a host, and a port."""

_OPEN_FILES = Path("/proc/self/fd")

_making: dict[Place, Lock] = {}
_lock = Lock()


class Line:
    """The sockets of one connection, shared with FFmpeg. There may be none, where they could not be found."""

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._sockets:
            each.close()


def made_by(connect: Callable[[], T], url: str) -> tuple[T, Line]:
    """What `connect`, which connects to the server of `url`, gives; and the line that it made.

    One at a time connects to the same place, as nothing else tells two connections to it apart.
    """
    place = _place_of(url)
    with _lock:
        making = _making.setdefault(place, Lock())
    with making:
        before = _sockets()
        made = connect()
        new = [handle for name, handle in _sockets().items() if name not in before]
        return made, Line([each for handle in new if (each := _connected(handle, place)) is not None])


def _place_of(url: str) -> Place:
    told = urlsplit(url)
    port = told.port or RTSP_PORT
    try:
        known = socket.getaddrinfo(told.hostname, port, type=socket.SOCK_STREAM)
    except OSError:
        known = []
    return frozenset(str(address[0]) for *_, address in known), port


def _sockets() -> dict[str, int]:
    """This process's sockets: their names, which no two ever share, and a handle of each."""
    found = {}
    with suppress(OSError):
        for file in _OPEN_FILES.iterdir():
            with suppress(OSError):  # closed meanwhile
                name = str(file.readlink())
                if name.startswith("socket:"):
                    found[name] = int(file.name)
    return found


def _connected(handle: int, place: Place) -> socket.socket | None:
    """The socket `handle`, held by us too, if it is connected to `place`."""
    try:
        held = socket.socket(fileno=os.dup(handle))
    except OSError:
        return None
    if held.family in (socket.AF_INET, socket.AF_INET6):  # whatever else this process opens meanwhile
        with suppress(OSError):
            host, port, *_ = held.getpeername()
            if host in place[0] and port == place[1]:
                return held
    held.close()
    return None

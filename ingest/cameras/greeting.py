"""Is there an RTSP server? Asked before FFmpeg is, because the answer is then known by name and can be waited for
while being ready to stop."""

import os
import socket
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from time import monotonic
from urllib.parse import urlsplit

from ingest.cameras.states import SourceFault, State

RTSP_PORT = 554
_LONGEST_ANSWER = 64  # bytes; the first line begins within


def greet(url: str, timeout_s: float, bell: socket.socket, stopped: Callable[[], bool]) -> None:
    """Return when the server at `url` answers OPTIONS in RTSP, or when `bell` rings and `stopped` says so.

    Raises:
        SourceFault: when nobody is there, or nobody who speaks RTSP.
    """
    place = urlsplit(url)
    host, port = place.hostname or "", place.port or RTSP_PORT
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise SourceFault(State.LOST, f"the host's name has no address ({error.strerror}); expected one") from error
    with socket.socket(address[0], socket.SOCK_STREAM) as connection, DefaultSelector() as ready:
        connection.setblocking(False)
        connection.connect_ex(address[4])
        ready.register(bell, EVENT_READ)
        ready.register(connection, EVENT_WRITE)
        until_s = monotonic() + timeout_s
        if not _wait(ready, connection, until_s, stopped):
            if stopped():
                return
            raise SourceFault(
                State.LOST, f"no connection within {timeout_s:g} s; expected an RTSP server on port {port}"
            )
        code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise SourceFault(State.LOST, f"{_words(code)}; expected an RTSP server on port {port}")
        ready.modify(connection, EVENT_READ)
        _ask(ready, connection, f"rtsp://{host}:{port}{place.path or '/'}", until_s, timeout_s, stopped)


def _ask(
    ready: DefaultSelector,
    connection: socket.socket,
    url: str,
    until_s: float,
    timeout_s: float,
    stopped: Callable[[], bool],
) -> None:
    answer = b""
    try:
        connection.sendall(f"OPTIONS {url} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: ducha\r\n\r\n".encode())
        while len(answer) < len(b"RTSP/"):
            if not _wait(ready, connection, until_s, stopped):
                if stopped():
                    return
                raise SourceFault(State.LOST, f"connected, but no answer within {timeout_s:g} s; expected one in RTSP")
            received = connection.recv(_LONGEST_ANSWER)
            if not received:
                break
            answer += received
    except OSError as error:
        raise SourceFault(State.LOST, f"{_words(error.errno or 0)} instead of an answer in RTSP") from error
    if not answer:
        raise SourceFault(State.LOST, "the connection was closed instead of an answer in RTSP")
    if not answer.startswith(b"RTSP/"):
        raise SourceFault(State.UNUSABLE, "answered, but not in RTSP; expected an RTSP server")


def _wait(ready: DefaultSelector, connection: socket.socket, until_s: float, stopped: Callable[[], bool]) -> bool:
    """Whether `connection` became ready before `until_s` and before the bell rang for a stop."""
    while (left_s := until_s - monotonic()) > 0:
        events = ready.select(left_s)
        if stopped():
            return False
        if any(key.fileobj is connection for key, _ in events):
            return True
    return False


def _words(code: int) -> str:
    return os.strerror(code).lower() if code else "no connection"

"""A few questions in RTSP and their answers, over a connection of our own that is waited for while ready to stop."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from time import monotonic
from typing import Self

from ingest.cameras.states import SourceFault, State

MOST_HEADER = 65_536  # bytes of an answer before its body
MOST_BODY = 1 << 20
_PIECE = 16_384


class Stopped(Exception):  # noqa: N818  (a wish of ours)
    """We are to stop; nothing is said of the server."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is 0 where the first line can't be read; names of headers are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()

    def all_of(self, name: str) -> list[str]:
        """The values of a header, which may stand there several times."""
        return [value for known, value in self.headers if known == name]


class Conversation:
    """With the server at `host` and `port`; waits `timeout_s` for each answer, or until `bell` rings and `stopped`.

    Raises:
        SourceFault: when nobody is there, or nobody who speaks RTSP.
        Stopped: in the middle.
    """

    def __init__(
        self, host: str, port: int, timeout_s: float, bell: socket.socket, stopped: Callable[[], bool]
    ) -> None:
        self._port, self._timeout_s, self._stopped = port, timeout_s, stopped
        self._received = b""
        self._asked = 0
        try:
            address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        except (OSError, UnicodeError) as error:
            words = getattr(error, "strerror", None) or "no name"
            raise SourceFault(State.LOST, f"the host's name has no address ({words}); expected one") from error
        self._connection = socket.socket(address[0], socket.SOCK_STREAM)
        self._ready = DefaultSelector()
        try:
            self._ready.register(bell, EVENT_READ)
            self._connect(address[4])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._ready.close()
        self._connection.close()

    def ask(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a request; what it brings besides its headers is left out."""
        self._asked += 1
        told = {"CSeq": str(self._asked), "User-Agent": "ducha", **(headers or {})}
        lines = [f"{method} {url} RTSP/1.0", *(f"{name}: {value}" for name, value in told.items())]
        until_s = monotonic() + self._timeout_s
        try:
            self._connection.sendall("\r\n".join([*lines, "", ""]).encode())
            return self._answer(until_s)
        except OSError as error:
            raise SourceFault(State.LOST, f"{_words(error.errno or 0)} instead of an answer in RTSP") from error

    def _connect(self, address: object) -> None:
        self._connection.setblocking(False)
        self._connection.connect_ex(address)  # type: ignore[arg-type]  # as the system gave it
        self._ready.register(self._connection, EVENT_WRITE)
        if not self._wait(monotonic() + self._timeout_s):
            within = f"no connection within {self._timeout_s:g} s"
            raise SourceFault(State.LOST, f"{within}; expected an RTSP server on port {self._port}")
        code = self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise SourceFault(State.LOST, f"{_words(code)}; expected an RTSP server on port {self._port}")
        self._ready.modify(self._connection, EVENT_READ)

    def _answer(self, until_s: float) -> Answer:
        while True:
            if len(self._received) >= 5 and not self._received.startswith(b"RTSP/"):
                raise SourceFault(State.UNUSABLE, "answered, but not in RTSP; expected an RTSP server")
            head, end, rest = self._received.partition(b"\r\n\r\n")
            if end:
                answer = _parsed(head)
                lengths = answer.all_of("content-length")
                size = int(lengths[0]) if lengths and lengths[0].isdecimal() else 0
                if len(rest) >= min(size, MOST_BODY):
                    self._received = rest[size:]
                    return answer
            elif len(self._received) > MOST_HEADER:
                return Answer(0)
            if not self._receive(until_s):
                return Answer(0)

    def _receive(self, until_s: float) -> bool:
        """Whether more came; not where the server hung up in the middle."""
        if not self._wait(until_s):
            if self._received:
                return False
            within = f"connected, but no answer within {self._timeout_s:g} s"
            raise SourceFault(State.LOST, f"{within}; expected one in RTSP")
        more = self._connection.recv(_PIECE)
        if not more and not self._received:
            raise SourceFault(State.LOST, "the connection was closed instead of an answer in RTSP")
        self._received += more
        return bool(more)

    def _wait(self, until_s: float) -> bool:
        """Whether the connection became ready in time."""
        while (left_s := until_s - monotonic()) > 0:
            events = self._ready.select(left_s)
            if self._stopped():
                raise Stopped
            if any(key.fileobj is self._connection for key, _ in events):
                return True
        return False


def _parsed(head: bytes) -> Answer:
    first, *lines = head.decode("utf-8", "replace").split("\r\n")
    words = first.split(" ", 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdecimal() and len(words[1]) == 3 else 0
    pairs = (line.partition(":") for line in lines)
    return Answer(status, tuple((name.strip().lower(), value.strip()) for name, _, value in pairs))


def _words(code: int) -> str:
    return os.strerror(code).lower() if code else "no connection"

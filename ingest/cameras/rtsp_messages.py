"""What goes over an RTSP connection (RFC 2326): messages, and interleaved frames between them. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from struct import Struct

MOST_HEADER, MOST_BODY = 65_536, 1 << 20  # bytes
MOST_NOISE = 65_536  # bytes in a row: to search them takes long
MOST_LINE = 4_096  # bytes of a message's first line
MOST_AT_ONCE = 256  # messages

SHORTEST = 8  # bytes of a frame's packet: RTCP has no fewer

_FRAME = Struct(">BBH")  # $, channel, length
_END = re.compile(rb"\n\r?\n")
_LINE = re.compile(r"\r?\n")
_BEGINNING = re.compile(rb"\$|RTSP/\d|[A-Z_]{3,20} \S")


class NoRtsp(Exception):  # noqa: N818  (a state of who sends it)
    """What came is no RTSP; says what was expected."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer. `first` is its first line; names of headers are as they came."""

    first: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def is_answer(self) -> bool:
        return self.first.startswith("RTSP/")

    @property
    def status(self) -> int:
        """Of an answer; 0 where it can't be read."""
        words = self.first.split(" ", 2)
        return int(words[1]) if len(words) > 1 and re.fullmatch("[0-9]{3}", words[1]) else 0

    @property
    def method(self) -> str:
        """Of a request."""
        return self.first.partition(" ")[0]

    @property
    def url(self) -> str:
        """Of a request."""
        return (*self.first.split(" ", 2), "")[1]

    def all_of(self, name: str) -> list[str]:
        """The values of a header, which may stand there several times."""
        return [value for known, value in self.headers if known.lower() == name.lower()]

    def header(self, name: str) -> str:
        """The value of a header; empty where there is none."""
        return next(iter(self.all_of(name)), "")

    def told(self, name: str, value: str) -> "Message":
        """With one header set."""
        return replace(self, headers=(*self.without(name).headers, (name, value)))

    def without(self, name: str) -> "Message":
        """With no such header."""
        return replace(self, headers=tuple(each for each in self.headers if each[0].lower() != name.lower()))

    def encoded(self) -> bytes:
        """As it is sent: its end is where every reader finds it."""
        message = self.told("Content-Length", str(len(self.body))) if self.body else self.without("Content-Length")
        lines = [message.first, *(f"{name}: {value}" for name, value in message.headers), "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


Place = tuple[int, int]
"""Where the payload of a frame begins and ends; the frame's own head is the 4 bytes before."""


Joined = list[tuple[bytes, int]]
"""Frames, and of how many packets each is joined."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Interleaved frames that followed one another: their places in `data`, by channel, of each in their order. Frames
    shorter than a packet are not among them: FFmpeg takes what comes after such a one for text."""

    data: bytes
    places: Mapping[int, Sequence[Place]]


def framed(channel: int, *parts: bytes) -> bytes:
    """The frame of a packet that is given in parts."""
    return b"".join((_FRAME.pack(0x24, channel, sum(map(len, parts))), *parts))


class Splitter:
    """Cuts what comes over a connection. What is neither a message nor a frame is left out, as FFmpeg does, within
    bounds."""

    def __init__(self) -> None:
        self._rest = b""
        self._wanted = 0  # how long it must be, at least, to hold the message that it begins with
        self._more: list[bytes] = []  # what came since, as long as it is shorter
        self._noise = 0  # bytes left out since the last message or frame

    def feed(self, data: bytes) -> Iterator[Message | Frames]:
        """What `data` completes.

        Raises:
            NoRtsp: when it is too long to be a message, nothing is one for too long, or too many are.
        """
        if self._wanted:  # who sends byte by byte must not have us read all of it again with each
            self._more.append(data)
            self._wanted -= len(data)
            if self._wanted > 0:
                return
            data = b"".join(self._more)
            self._wanted, self._more = 0, []
        data = self._rest + data if self._rest else data
        at = messages = 0
        while at < len(data):
            if data[at] == 0x24:  # $
                began, (frames, at) = at, _frames(data, at)
                if at == began:
                    break
                self._noise = 0
                yield frames
                continue
            begins = _BEGINNING.search(data, at, at + MOST_NOISE)
            if begins is None:
                kept = max(at, len(data) - 32)  # what a beginning may still come of
                self._leave_out(kept - at)
                at = kept
                break
            self._leave_out(begins.start() - at)
            at = begins.start()
            if data[at] == 0x24:
                continue
            message, after = _message(data, at)
            if after > len(data):
                self._wanted = after - len(data)
                break
            if message is None:
                self._leave_out(after - at)
            else:
                self._noise = 0
                messages += 1
                if messages > MOST_AT_ONCE:
                    raise NoRtsp(f"more than {MOST_AT_ONCE} messages at once; expected packets")
                yield message
            at = after
        self._rest = data[at:]

    def _leave_out(self, size: int) -> None:
        self._noise += size
        if self._noise > MOST_NOISE:
            raise NoRtsp(f"{self._noise} bytes that are neither a message nor a packet; expected RTSP")


def _frames(data: bytes, at: int) -> tuple[Frames, int]:
    """The whole frames from `at` on, and where the next thing begins."""
    size, read, places = len(data), _FRAME.unpack_from, dict[int, list[Place]]()
    while at + 4 <= size:
        dollar, channel, length = read(data, at)
        end = at + 4 + length
        if dollar != 0x24 or end > size:
            break
        if length >= SHORTEST:
            of_channel = places.get(channel)
            if of_channel is None:
                of_channel = places[channel] = []
            of_channel.append((at + 4, end))
        at = end
    return Frames(data, places), at


def _message(data: bytes, at: int) -> tuple[Message | None, int]:
    """The message that begins at `at`, and where it ends; none, and where to look next, where there is none. Where it
    is not whole, that is beyond the data."""
    line = data.find(b"\n", at, at + MOST_LINE)
    if line < 0:
        return None, (at + 1 if len(data) - at >= MOST_LINE else len(data) + 1)
    first = data[at:line].decode("utf-8", "surrogateescape").removesuffix("\r")
    if not first.startswith("RTSP/") and " RTSP/" not in first:
        return None, at + 1
    end = _END.search(data, at)
    if end is None or end.start() - at > MOST_HEADER:
        if len(data) - at > MOST_HEADER:
            raise NoRtsp(f"a header of more than {MOST_HEADER} bytes; expected RTSP")
        return None, len(data) + 1
    lines = _LINE.split(data[line + 1 : end.start()].decode("utf-8", "surrogateescape"))
    pairs = (each.partition(":") for each in lines)
    message = Message(first, tuple((name.strip(), value.strip()) for name, colon, value in pairs if colon))
    length = message.header("Content-Length")
    size = int(length) if re.fullmatch("[0-9]{1,9}", length) else 0
    if size > MOST_BODY:
        raise NoRtsp(f"a body of {size} bytes; expected at most {MOST_BODY}")
    after = end.end() + size
    return replace(message, body=data[end.end() : after]), after

"""RTSP 1.0 messages (RFC 2326): requests read from a stream, responses as bytes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_HEADER, MOST_BODY = 16_384, 65_536  # bytes
_REASONS = {
    200: "OK",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    501: "Not Implemented",
}


class RequestError(Exception):
    """What came is no RTSP request."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def sequence(self) -> str:
        return self.headers.get("cseq", "0")


@dataclass(frozen=True, slots=True)
class Interleaved:
    """Binary data within the connection: the client's own RTCP."""

    channel: int
    data: bytes


async def read(reader: asyncio.StreamReader) -> Request | Interleaved:
    """The next message.

    Raises:
        RequestError: it is none, or too long.
        asyncio.IncompleteReadError: the client has gone.
    """
    first = await reader.readexactly(1)
    if first == b"$":
        channel, high, low = await reader.readexactly(3)
        return Interleaved(channel, await reader.readexactly(high << 8 | low))
    try:
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as e:
        raise RequestError(f"header longer than {MOST_HEADER} bytes") from e
    request = parse(head)
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MOST_BODY:
        raise RequestError(f"Content-Length: {length!r}, expected at most {MOST_BODY}")
    await reader.readexactly(int(length))
    return request


def parse(head: bytes) -> Request:
    """A request from its lines.

    Raises:
        RequestError: the lines are not a request's.
    """
    try:
        first, *lines = head.decode("utf-8").strip("\r\n").split("\r\n")
    except UnicodeDecodeError as e:
        raise RequestError("header is not UTF-8") from e
    words = first.split(" ")
    if len(words) != 3 or words[2] != "RTSP/1.0":
        raise RequestError(f"{first[:80]!r}, expected METHOD URL RTSP/1.0")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise RequestError(f"{line[:80]!r}, expected Name: value")
        headers[name.strip().lower()] = value.strip()
    return Request(words[0], words[1], headers)


def respond(
    code: int, sequence: str, headers: Mapping[str, str | Sequence[str]] | None = None, body: bytes = b""
) -> bytes:
    """A response; a header may have several values."""
    lines = [f"RTSP/1.0 {code} {_REASONS[code]}", f"CSeq: {sequence}"]
    for name, told in (headers or {}).items():
        lines += [f"{name}: {value}" for value in ([told] if isinstance(told, str) else told)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body

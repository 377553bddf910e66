"""Bodies of requests, read whole before a route sees them: bounded in size and time, and JSON that can be stored.

A route then never meets a client that went away in the middle, and text arrives that UTF-8 and PostgreSQL can hold.
"""

import asyncio
from dataclasses import dataclass

import msgspec
from starlette.datastructures import Headers
from starlette.types import Message, Receive

PIECE_S = 10.0  # between two pieces of a body
WHOLE_S = 60.0  # for all of it: who sends a byte now and then holds up nobody for ever

_NUL = "\0"


class BodyError(Exception):
    """A body that no route is to see; the message says what was expected."""


class ClientGone(BodyError):  # noqa: N818
    """The client went away before its body was whole."""


class BodyTooSlow(BodyError):  # noqa: N818
    """The body stopped coming."""


class BodyTooLarge(BodyError):  # noqa: N818
    """The body has more bytes than it may have."""


class BodyUnreadable(BodyError):  # noqa: N818
    """JSON that is none, or holds what can't be stored."""


@dataclass(slots=True)
class Replay:
    """An ASGI `receive` that gives a body which was read already, then what the client does next."""

    body: bytes
    receive: Receive
    given: bool = False

    async def __call__(self) -> Message:
        if self.given:
            return await self.receive()
        self.given = True
        return {"type": "http.request", "body": self.body, "more_body": False}


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises:
        ClientGone: when the client closed the connection.
        BodyTooSlow: when nothing comes for 10 s, or not all of it within a minute.
        BodyTooLarge: when it has more than `limit` bytes.
    """
    pieces: list[bytes] = []
    taken = 0
    try:
        async with asyncio.timeout(WHOLE_S):
            while True:
                async with asyncio.timeout(PIECE_S):
                    message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone("the client went away")
                pieces.append(message.get("body", b""))
                taken += len(pieces[-1])
                if taken > limit:
                    raise BodyTooLarge(f"the body has more than {limit} bytes")
                if not message.get("more_body", False):
                    return b"".join(pieces)
    except TimeoutError:
        detail = f"the body stopped coming after {taken} bytes; expected all of it without a pause of {PIECE_S:.0f} s"
        raise BodyTooSlow(detail) from None


def check_json(headers: Headers, body: bytes) -> None:
    """Refuses a JSON body that is not well-formed, or whose text can't be stored.

    Raises:
        BodyUnreadable: what is wrong, and where.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body or kind != "application/json":  # a plan is read by its own reader, which names its places
        return
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BodyUnreadable(f"body: {error or 'nested too deeply'}; expected JSON in UTF-8") from error
    if b"\\u0000" in body and _holds_nul(document):
        raise BodyUnreadable("body: holds the character U+0000; expected text without it")


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return _NUL in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(_holds_nul(item) for item in value)

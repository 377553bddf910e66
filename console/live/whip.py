"""A client of the camera process for publishers (WHIP): offers go there, answers come back; see console/api/whip.py."""

import asyncio
from typing import Final

import msgspec

from console.live.offer import Refused
from console.problem_kinds import Kind
from ingest.cameras.whip_offer import Refusal
from ingest.cameras.whip_socket import LINE_BYTES, SUFFIX

CONNECT_S = 3.0
ANSWER_S = 10.0  # longer than the camera process allows itself

_STATUS: Final = {
    Refusal.INVALID_OFFER: 400,
    Refusal.NO_H264: 406,
    Refusal.NO_SOUND_CODEC: 406,
    Refusal.PUBLISHED_ALREADY: 409,
    Refusal.TOO_MANY: 503,
    Refusal.NO_SUCH_DEVICE: 404,
    Refusal.WRONG_TOKEN: 401,
    Refusal.NO_SUCH_PUBLICATION: 404,
    Refusal.NO_ANSWER: 503,
    Refusal.STOPPING: 503,
}


class Publication(msgspec.Struct, frozen=True):
    """What a publisher is told: the answer, and the id to end it with."""

    sdp: str
    resource: str


class _Refused(msgspec.Struct):
    error: str
    kind: Refusal


async def publish(tap: str, device: str, offer: str, token: str | None = None) -> Publication:
    """Offers to the camera process whose tap is at the path `tap`, showing the device's `token`.

    Raises:
        Refused: with the reason; 503 where the camera process can't be reached.
    """
    shown = {} if token is None else {"token": token}
    answer = await _ask(tap, {"whip": device, "sdp": offer, **shown})
    try:
        return msgspec.json.decode(answer, type=Publication)
    except msgspec.MsgspecError:
        raise _refusal(answer) from None


async def end(tap: str, resource: str) -> None:
    """Ends a publication.

    Raises:
        Refused: 404 where there is none with this id; 503 where the camera process can't be reached.
    """
    answer = await _ask(tap, {"whip_end": resource})
    if answer != b"{}\n":
        raise _refusal(answer)


def _refusal(answer: bytes) -> Refused:
    try:
        told = msgspec.json.decode(answer, type=_Refused)
    except msgspec.MsgspecError as error:
        return Refused(503, Kind.NO_ANSWER, f"the camera process answered what can't be read: {error}")
    return Refused(_STATUS[told.kind], Kind(told.kind), told.error)


async def _ask(tap: str, request: dict[str, str]) -> bytes:
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_unix_connection(tap + SUFFIX, limit=LINE_BYTES)
    except OSError as error:  # TimeoutError among them
        reason = error.strerror or "no answer"
        raise Refused(503, Kind.NO_ANSWER, f"the camera process can't be reached ({reason})") from error
    try:
        async with asyncio.timeout(ANSWER_S):
            writer.write(msgspec.json.encode(request) + b"\n")
            await writer.drain()
            return await reader.readuntil(b"\n")
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise Refused(503, Kind.NO_ANSWER, "the camera process does not answer") from error
    finally:
        writer.transport.abort()  # nothing of ours is under way

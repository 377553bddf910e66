"""Pages with a cursor: where the last page ended, as opaque text."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import msgspec

from store.errors import InvalidRecord

PAGE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows in order, and the cursor of the rest, or None at the end."""

    items: list[dict[str, Any]]
    next: str | None


def encode_cursor(*key: str) -> str:
    """The cursor behind a row with this sort key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> list[str]:
    """The sort key of a cursor; a forged or foreign one is an `InvalidRecord`."""
    try:
        key = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=list[str])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise InvalidRecord(f"cursor {cursor!r}: expected one that an earlier page gave") from error
    if len(key) != parts:
        raise InvalidRecord(f"cursor {cursor!r}: expected one of this list")
    return key


def bounded(limit: int) -> int:
    """A page size within bounds."""
    return max(1, min(limit, PAGE_LIMIT))

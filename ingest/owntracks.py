"""The OwnTracks JSON that terminals speak, read strictly: one object or an array of them.

The hot path is msgspec straight from bytes into :class:`Location`. Only what it refuses is looked at again, element by
element, to say which one is wrong and to keep the others.
"""

import json
import re
from dataclasses import dataclass
from math import nan
from typing import Any, Literal

import msgspec

from ingest.unread import Unread

MAX_ELEMENTS = 20_000  # a legible element has 55 bytes, so a payload of 1 MiB never holds more
# what the app says beside positions
OTHER_TYPES = frozenset(
    {
        "beacon",
        "card",
        "cmd",
        "configuration",
        "dump",
        "request",
        "status",
        "steps",
        "transition",
        "waypoint",
        "waypoints",
    }
)

_ERRORS = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)


class Location(msgspec.Struct, tag_field="_type", tag="location", frozen=True, gc=False):
    """`_type: location`; `tst` Unix seconds, `vel` km/h, `cog` degrees, `acc` metres; `mock` is our extension.

    `vel`, `cog` and `acc` that can't be (negative, NaN, a course beyond 360) say that the terminal doesn't know them.
    `created_at` is when the message was made, by the device's clock; a message made long after its `tst` is a ping.
    Whatever else stands there is no time, and costs nothing. Without `_type` an object that has these fields is taken
    for a location.
    """

    tst: float
    lat: float
    lon: float
    vel: float | None = nan
    cog: float | None = nan
    acc: float | None = nan
    mock: bool | Literal[0, 1] | None = False
    created_at: Any = None


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The answer to a roll-call: where the device is."""

    id: str
    tst: float
    lat: float
    lon: float
    acc: float | None = nan


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a payload: in which element of an array, in which field."""

    code: Unread
    text: str
    index: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        place = "" if self.index is None else f"[{self.index}]"
        if self.field:
            place += f".{self.field}" if place else self.field
        return f"{place}: {self.text}" if place else self.text


@dataclass(slots=True)
class Content:
    """What a payload holds: locations with their index in the payload, flaws, and whether it is a last will."""

    locations: list[Location]
    indices: list[int]
    flaws: list[Flaw]
    size: int = 1
    several: bool = False
    last_will: bool = False


read_one = msgspec.json.Decoder(Location).decode
read_many = msgspec.json.Decoder(list[Location]).decode
read_answer = msgspec.json.Decoder(Answer).decode


def examine(payload: bytes) -> Content:
    """Everything a payload holds, good and bad. Slow: for what `read_one` and `read_many` refuse."""
    content = Content([], [], [])
    try:
        document = _document(payload)
    except _ERRORS as error:
        content.flaws.append(Flaw(Unread.JSON, f"expected JSON: {_brief(error)}"))
        return content
    content.several = several = isinstance(document, list)
    elements = document if several else [document]
    if len(elements) > MAX_ELEMENTS:
        content.flaws.append(Flaw(Unread.SIZE, f"expected at most {MAX_ELEMENTS} elements, got {len(elements)}"))
        return content
    content.size = len(elements)
    for index, element in enumerate(elements):
        kind = element.get("_type") if isinstance(element, dict) else None
        if kind == "lwt":
            content.last_will = True
        elif not (isinstance(kind, str) and kind in OTHER_TYPES):
            try:
                content.locations.append(msgspec.convert(element, Location))
                content.indices.append(index)
            except _ERRORS as error:
                content.flaws.append(flaw_of(error, index if several else None))
    return content


def _document(payload: bytes) -> Any:
    try:
        return msgspec.json.decode(payload)
    except msgspec.DecodeError:
        # Some terminals write NaN and Infinity, which are not JSON. Read them, so that the element that holds
        # one is refused by its range and the rest of the array still counts.
        return json.loads(payload.decode())


_AT = re.compile(r"^(?P<text>.*?)(?: - at `(?:key in )?\$\.?(?P<path>.*)`)?$", re.DOTALL)


def flaw_of(error: Exception, index: int | None = None) -> Flaw:
    """What msgspec found wrong with a JSON object, in our words."""
    match = _AT.match(_brief(error))
    text, path = (match["text"], match["path"]) if match else (_brief(error), None)
    return Flaw(Unread.TYPE, text[:1].lower() + text[1:], index, path or None)


def _brief(error: Exception) -> str:
    return str(error).replace("\x00", "")[:200]


def in_order(flaws: list[Flaw]) -> list[Flaw]:
    """The flaws of one payload as they stand in it."""
    return sorted(flaws, key=lambda flaw: flaw.index or 0)


def describe(flaws: list[Flaw], total: int, shown: int = 8) -> str:
    """The flaws of one payload of `total` elements, in order, as one bounded line."""
    line = "; ".join(str(flaw) for flaw in flaws[:shown])
    if len(flaws) > shown:
        line += f"; and {len(flaws) - shown} more"
    return line if total <= 1 else f"{len(flaws)} of {total} elements: {line}"

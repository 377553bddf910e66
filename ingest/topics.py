"""Whose message is it: the device, unit and kind of message that an MQTT topic names.

The broker lets a device publish only under its own name, so the topic, never the payload, says who speaks. The name
itself is still foreign text: it is checked for length and alphabet before anything else sees it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

UNIT_EXPECTED = "labels of A-Z a-z 0-9 _ - with dots between them, 64 characters at most"
NAME_EXPECTED = "1 to 64 of A-Z a-z 0-9 . _ : @ -, the first a letter or digit"
OWN = "_ingest"  # a level of a topic on which ingest speaks to itself
CACHED_TOPICS = 65_536  # a device has three topics at most; beyond this the oldest are parsed anew
LONGEST = 160  # no device's topic is longer; MQTT allows 64 KiB

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}")
_UNIT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


class Kind(StrEnum):
    """What a device says on a topic."""

    FIX = "fix"
    STATUS = "status"
    ANSWER = "answer"
    MARK = "mark"  # of an ingest worker, to itself


@dataclass(frozen=True, slots=True)
class Source:
    """Who speaks, from which unit (where the topic names one), and about what."""

    device: str
    unit: str | None
    kind: Kind


@dataclass(frozen=True, slots=True)
class ForeignTopic:
    """A topic that is no device's, and why."""

    reason: str


def is_name(text: str) -> bool:
    """Whether a device, or any user of the broker, can be called so: see `NAME_EXPECTED`."""
    return _NAME.fullmatch(text) is not None


def is_unit(text: str) -> bool:
    """Whether a topic can name such a unit: see `UNIT_EXPECTED`."""
    return len(text) <= 64 and _UNIT.fullmatch(text) is not None


def parse_topic(topic: str) -> Source | ForeignTopic:
    """The source that `topic` names, or why it names none."""
    return _parsed(topic) if len(topic) <= LONGEST else _TOO_LONG


_TOO_LONG = ForeignTopic(f"not a device's topic: expected at most {LONGEST} characters")


@lru_cache(maxsize=CACHED_TOPICS)
def _parsed(topic: str) -> Source | ForeignTopic:
    match topic.split("/"):
        case [*levels] if OWN in levels:
            return Source(OWN, None, Kind.MARK)
        case ["owntracks", device, terminal]:
            unit, kind = None, Kind.FIX
            if not is_name(terminal):
                return ForeignTopic(f"not a device's topic: terminal name: expected {NAME_EXPECTED}")
        case ["ducha", unit, device, ("fix" | "status" | "answer") as word]:
            kind = Kind(word)
            if not is_unit(unit):
                return ForeignTopic(f"not a device's topic: unit: expected {UNIT_EXPECTED}")
        case _:
            return ForeignTopic(
                "not a device's topic: expected owntracks/{user}/{device} or ducha/{unit}/{device}/fix|status|answer"
            )
    if not is_name(device):
        return ForeignTopic(f"not a device's topic: device name: expected {NAME_EXPECTED}")
    return Source(device, unit, kind)

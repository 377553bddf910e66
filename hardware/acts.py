"""Acts: what a script lets a device do wrong, or almost wrong, and the truth that is recorded of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Act(StrEnum):
    """What can be scripted. The first group breaks a rule, the second only nearly."""

    OFF_ROUTE = "off-route"
    OUT_OF_AREA = "out-of-area"
    OVERTIME_STOP = "overtime-stop"
    NOT_ON_PATROL = "not-on-patrol"
    MISSED_CHECKPOINT = "missed-checkpoint"
    OFF_POST = "off-post"
    OFF_STANDBY = "off-standby"
    SIGNAL_LOST = "signal-lost"
    MOCK = "mock"
    FROZEN = "frozen"
    FLAPPING = "flapping"
    SPEEDING = "speeding"

    SHORT_STOP = "short-stop"
    SWING = "swing"
    SHORT_ABSENCE = "short-absence"
    SHORT_SILENCE = "short-silence"
    WILD_FIX = "wild-fix"
    OFFLINE = "offline"
    DISPATCHED = "dispatched"
    DISPATCHED_FAST = "dispatched-fast"

    @property
    def rule(self) -> str:
        """The rule it breaks, or nearly breaks."""
        return _RULES.get(self, self.value)


_RULES = {
    Act.MOCK: "implausible-position",
    Act.FROZEN: "implausible-position",
    Act.FLAPPING: "implausible-position",
    Act.SHORT_STOP: "overtime-stop",
    Act.SWING: "off-route",
    Act.SHORT_ABSENCE: "off-post",
    Act.SHORT_SILENCE: "signal-lost",
    Act.WILD_FIX: "off-route",
    Act.OFFLINE: "signal-lost",
    Act.DISPATCHED: "off-standby",
    Act.DISPATCHED_FAST: "speeding",
}
SIGNAL_ACTS = frozenset({Act.SIGNAL_LOST, Act.MOCK, Act.FROZEN, Act.FLAPPING, Act.SHORT_SILENCE, Act.WILD_FIX})


@dataclass(frozen=True, slots=True)
class Cue:
    """An act that is due from `at_s`; `exact` ones happen then or not at all."""

    act: Act
    at_s: float
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """A device's duty, and the ids of what it is assigned to."""

    id: str
    device: str
    kind: str
    from_s: float
    to_s: float
    unit: str
    place: dict[str, str]

    def document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "device": self.device,
            "kind": self.kind,
            "from": rfc3339(self.from_s),
            "to": rfc3339(self.to_s),
            "unit": self.unit,
        } | self.place


@dataclass(frozen=True, slots=True)
class Deed:
    """What really happened: the truth of an act. Near misses carry the rule that must stay silent."""

    act: str
    rule: str
    device: str
    duty: str
    from_s: float
    to_s: float
    note: str
    side_effect: bool = False

    def document(self) -> dict[str, Any]:
        line: dict[str, Any] = {
            "rule": self.rule,
            "device": self.device,
            "duty": self.duty,
            "from": rfc3339(self.from_s),
            "to": rfc3339(self.to_s),
            "note": self.note,
        }
        return line | {"side_effect": True} if self.side_effect else line


@dataclass(slots=True)
class Record:
    """All that is recorded of one device: deeds, near misses, dispatches, spells indoors, faults of its signal."""

    deeds: list[Deed] = field(default_factory=list)
    near_misses: list[Deed] = field(default_factory=list)
    dispatches: list[tuple[float, float]] = field(default_factory=list)
    indoors: list[tuple[float, float]] = field(default_factory=list)
    faults: list[tuple[Act, float, float]] = field(default_factory=list)


def rfc3339(t_s: float) -> str:
    """RFC 3339 in UTC, to the second."""
    return datetime.fromtimestamp(round(t_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

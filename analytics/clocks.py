"""The clocks of a questioning: how long somebody has been held, how long the session lasts, how long without a rest.

A clock runs against the tiers of its limit: the first holds for everybody, a later one only where its condition is met
and somebody approved it, which is for people to judge. A bound belongs to what it bounds: 8:00:00 is inside, 8:00:01
over. By law the holding begins with the arrival; what is known here is when somebody was signed in, which is later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from analytics.interrogations import Role
from analytics.limits import ClockKind, Limit, Tier, limit_of
from analytics.video.rooms import Procedure

BREAK_S = 600.0  # out of the room for less is no rest: the bureau's word, the law names no number
WARNINGS_S = (3600.0, 900.0)  # before a tier ends


class Standing(StrEnum):
    """How a clock stands to the tier it is in. `over`: beyond the last one."""

    WITHIN = "within"
    SOON = "soon"  # within an hour of the tier's end
    CLOSE = "close"  # within a quarter of an hour of it
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody's time in the room, Unix seconds; `to_s` is None for who is still in."""

    name: str
    role: Role
    from_s: float
    to_s: float | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that runs since `since_s` (Unix seconds); `person` is None for that of the session."""

    kind: ClockKind
    person: str | None
    since_s: float
    limit: Limit

    def held_s(self, now_s: float) -> float:
        """For how long it has run."""
        return max(0.0, now_s - self.since_s)

    def tier(self, now_s: float) -> Tier:
        """The tier it is in: the first that is not over; the last where all are."""
        held_s, tiers = self.held_s(now_s), self.limit.tiers
        return next((tier for tier in tiers if held_s <= tier.limit_s), tiers[-1])

    def standing(self, now_s: float) -> Standing:
        """How it stands."""
        left_s = self.tier(now_s).limit_s - self.held_s(now_s)
        if left_s < 0:
            return Standing.OVER
        hour_s, quarter_s = WARNINGS_S
        return Standing.WITHIN if left_s > hour_s else Standing.SOON if left_s > quarter_s else Standing.CLOSE


def clocks_of(procedure: Procedure, opened_s: float, stays: Sequence[Stay]) -> list[Clock]:
    """The clocks of an open session: for each detainee, in the order of coming, the holding, and for who is in the time
    without a rest; then that of the session. `stays` are in the order of coming."""
    questioned: dict[str, list[Stay]] = {}
    for stay in stays:
        if stay.role is Role.DETAINEE:
            questioned.setdefault(stay.name, []).append(stay)
    running: list[tuple[ClockKind, str | None, float]] = []
    for name, mine in questioned.items():
        running.append((ClockKind.HOLDING, name, mine[0].from_s))  # who leaves the room is still held
        if mine[-1].to_s is None:
            running.append((ClockKind.REST, name, _rested_s(mine)))
    running.append((ClockKind.SESSION, None, opened_s))
    limited = ((limit_of(kind, procedure, since_s), kind, person, since_s) for kind, person, since_s in running)
    return [Clock(kind, person, since_s, limit) for limit, kind, person, since_s in limited if limit is not None]


def _rested_s(stays: Sequence[Stay]) -> float:
    """When somebody who is in came back from the last time out that was long enough for a rest."""
    since_s = stays[0].from_s
    for before, after in pairwise(stays):
        if before.to_s is not None and after.from_s - before.to_s >= BREAK_S:
            since_s = after.from_s
    return since_s

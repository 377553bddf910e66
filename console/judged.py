"""What a replay has judged, said so that a mistake in names or times is seen: a quiet replay is not a good day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import utc_text
from analytics.duties import Duty, DutyTable
from analytics.fixes import DeviceTable, FixBatch
from analytics.planning import Plan

_SHOWN = 10
_LIKENESS = 0.45  # of the nearest name, by difflib's ratio: 7 is near 007


@dataclass(frozen=True, slots=True)
class Unplanned:
    """A device that no plan names: its fixes, and the planned name that is most like its own, if any is."""

    device: str
    fixes: int
    nearest: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """Of `fixes` fixes those `inside` a duty; the devices that no plan names; the duties without a fix.

    `span_s` is the time of the first and the last fix; None where there is none.
    """

    fixes: int
    inside: int
    unplanned: tuple[Unplanned, ...]
    duties: tuple[Duty, ...]
    empty: tuple[Duty, ...]
    span_s: tuple[float, float] | None

    def lines(self) -> Iterator[str]:
        """What there is to be said, a sentence a line."""
        fed = len(self.duties) - len(self.empty)
        of_duties = f"{fed:,} of {len(self.duties):,} duties with fixes"
        yield f"judged: {self.inside:,} of {self.fixes:,} fixes inside a duty, {of_duties}"
        for stranger in self.unplanned[:_SHOWN]:
            near = f"; the nearest name is {stranger.nearest!r}" if stranger.nearest else ""
            yield f"the plan names no device {stranger.device!r} ({stranger.fixes:,} fixes){near}"
        yield from _rest(len(self.unplanned), "devices that the plan doesn't name")
        for duty in self.empty[:_SHOWN]:
            yield f"no fix in duty {duty.id!r} of {duty.device!r}, {_span(duty.from_s, duty.to_s)}"
        yield from _rest(len(self.empty), "duties without a fix")
        if not self.inside:
            yield f"nothing was judged: {self._why()}"

    def _why(self) -> str:
        if self.span_s is None:
            return "the traces hold no fix"
        if not self.duties:
            return "the plan holds no duty"
        planned = {d.device for d in self.duties}
        if all(u.device not in planned for u in self.unplanned) and self.fixes == sum(u.fixes for u in self.unplanned):
            return "the plan names none of the traces' devices"
        times = f"the fixes are of {_span(*self.span_s)}"
        duties = _span(min(d.from_s for d in self.duties), max(d.to_s for d in self.duties))
        return f"no fix falls into a duty of its device; {times}, the duties of {duties}"


class Tally:
    """Counts, batch by batch, the fixes inside duties and those of each device."""

    def __init__(self, plan: Plan, duties: DutyTable, devices: DeviceTable) -> None:
        self._plan, self._duties, self._devices = plan, duties, devices
        self._of_duty = np.zeros(len(duties), np.int64)
        self._of_device: NDArray[np.int64] = np.zeros(len(devices), np.int64)
        self._fixes = self._inside = 0
        self._span_s: tuple[float, float] | None = None

    def add(self, batch: FixBatch) -> None:
        if not len(batch):
            return
        fix, duty = self._duties.active(batch.device, batch.t_s)
        inside = np.zeros(len(batch), bool)
        inside[fix] = True
        self._fixes += len(batch)
        self._inside += int(inside.sum())
        self._of_duty += np.bincount(duty, minlength=len(self._of_duty))
        self._of_device += np.bincount(batch.device, minlength=len(self._of_device))
        first_s, last_s = float(batch.t_s.min()), float(batch.t_s.max())
        self._span_s = (first_s, last_s) if self._span_s is None else (self._span_s[0], max(last_s, self._span_s[1]))

    def judged(self) -> Judged:
        named = {d.id for d in self._plan.devices}
        named |= {d.device for d in self._plan.duties} | {d.device for d in self._plan.dispatches}
        strangers = [
            (name, count)
            for name, count in zip(self._devices.names, self._of_device.tolist(), strict=True)
            if count and name not in named
        ]
        strangers.sort(key=lambda s: (-s[1], s[0]))
        order = sorted(named)
        unplanned = tuple(
            Unplanned(name, count, _nearest(name, order) if i < _SHOWN else None)
            for i, (name, count) in enumerate(strangers)
        )
        duties = self._plan.duties
        empty = tuple(duties[i] for i in np.flatnonzero(self._of_duty == 0).tolist())
        return Judged(self._fixes, self._inside, unplanned, duties, empty, self._span_s)


def _nearest(name: str, names: Sequence[str]) -> str | None:
    folded: dict[str, str] = {}
    for known in names:
        folded.setdefault(known.casefold(), known)
    near = get_close_matches(name.casefold(), list(folded), 1, _LIKENESS)
    return folded[near[0]] if near else None


def _span(from_s: float, to_s: float) -> str:
    return f"{utc_text(from_s)} to {utc_text(to_s)}"


def _rest(count: int, what: str) -> Iterator[str]:
    if count > _SHOWN:
        yield f"and {count - _SHOWN:,} more {what}"

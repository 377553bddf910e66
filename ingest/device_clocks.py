"""Clocks that are far off: a device's, said once with its offset; or our own, where most devices agree against it.

While it is our own, event time goes by what the devices agree on: their fixes are taken in as they come, and nobody is
called silent because our clock ran ahead.
"""

import numpy as np

from analytics.alerts import Alert, AlertChange
from analytics.fixes import FixBatch
from analytics.rulebook import Rulebook
from ingest.arrivals import CLOCK, OWN_CLOCK, SERVER, ArrivalAlerts
from ingest.own_clock import AGREE_S, Floats, OwnClock

ROLLOVER_S = 1024 * 7 * 86_400.0  # the week number of GPS has ten bits: an old receiver is off by multiples of it
ROLLOVER_NEAR_S = 86_400.0
LATELY_S = 60.0  # a device whose fixes were in time so lately sends an old buffer now: its clock is right


class DeviceClocks:
    """The open alerts about clocks, and what our own lacks. What is refused for its time stays a dead letter."""

    def __init__(self, listen_s: float = 0.0) -> None:
        self._off = ArrivalAlerts(CLOCK)
        self._ours = ArrivalAlerts(OWN_CLOCK)
        self._own = OwnClock(listen_s)
        self._suspects: dict[str, tuple[float, float, float]] = {}  # where, and the offset; said once most are heard
        self._on_time_s = np.empty(0)  # when each device last sent a fix in time

    @property
    def offset_s(self) -> float:
        """What our clock lacks, as most devices say; 0 where it is right as far as is known."""
        return self._own.offset_s or 0.0

    @property
    def in_doubt(self) -> bool:
        """Whether our clock was wrong when we stopped, or was set since, and nobody has said yet if it is right."""
        return self._own.in_doubt or (len(self._ours) > 0 and self._own.offset_s is None)

    def begin(self, rules: Rulebook, known: list[Alert]) -> None:
        """Go on with the alerts that are open in the database."""
        self._off.begin(rules, known)
        self._ours.begin(rules, known)

    def judge_ours(self, clock_s: Floats, now_s: float, steady_s: float, *, live: bool) -> bool:
        """Devices said these times now, as of :meth:`OwnClock.see`; whether our clock is taken for another since."""
        changed = self._own.see(clock_s, now_s, steady_s, live=live)
        offset_s = self._own.offset_s
        if offset_s is not None:
            if any(abs(told.detail["offset_s"] - offset_s) > AGREE_S for told in self._ours.opened()):
                self._ours.end(SERVER, now_s)
            detail = {"offset_s": round(offset_s, 1), "devices": self._own.agreeing(now_s)}
            self._ours.raise_once(SERVER, now_s, None, None, **detail)
            if changed:
                self._acquit(offset_s, now_s)
        elif len(self._ours) and (changed or self._own.is_right(now_s)):
            self._ours.end(SERVER, now_s)
            return True
        return changed

    def see(self, fixes: FixBatch, mistimed: FixBatch, names: list[str], now_s: float) -> None:
        """Devices (numbered as in `names`) sent these fixes now: some in time, some not."""
        if more := len(names) - len(self._on_time_s):
            self._on_time_s = np.append(self._on_time_s, np.full(more, -np.inf))
        self._on_time_s[fixes.device] = now_s
        if (len(self._off) or self._suspects) and len(fixes):
            for device in np.unique(fixes.device).tolist():
                self._suspects.pop(names[device], None)
                self._off.end(names[device], now_s)
        if len(mistimed):
            self._suspect(mistimed, names, now_s)
        if self._suspects and self._own.has_listened:
            self._say_suspects(now_s)

    def settle(self) -> tuple[AlertChange, ...]:
        """The changes since the last call."""
        return (*self._off.settle(), *self._ours.settle())

    def _acquit(self, offset_s: float, now_s: float) -> None:
        """Our clock is wrong: who differs from it by as much was right."""
        for alert in self._off.opened():
            if abs(alert.detail["offset_s"] - offset_s) <= AGREE_S:
                self._off.end(alert.device, now_s)
        self._suspects.clear()

    def _suspect(self, mistimed: FixBatch, names: list[str], now_s: float) -> None:
        for device in np.unique(mistimed.device).tolist():
            if now_s - self._on_time_s[device] > LATELY_S:
                newest = _newest(mistimed, device)
                place = round(float(mistimed.lon[newest]), 7), round(float(mistimed.lat[newest]), 7)
                self._suspects[names[device]] = *place, float(mistimed.t_s[newest]) - now_s

    def _say_suspects(self, now_s: float) -> None:
        for device, (lon, lat, offset_s) in self._suspects.items():
            self._off.raise_once(device, now_s, lon, lat, offset_s=round(offset_s, 1), **_rollovers(offset_s))
        self._suspects.clear()


def _newest(fixes: FixBatch, device: int) -> int:
    mine = np.flatnonzero(fixes.device == device)
    return int(mine[np.argmax(fixes.t_s[mine])])


def _rollovers(offset_s: float) -> dict[str, int]:
    """How many times 1024 weeks a clock is behind, where that is what is wrong with it."""
    times = round(-offset_s / ROLLOVER_S)
    near = times > 0 and abs(offset_s + times * ROLLOVER_S) < ROLLOVER_NEAR_S
    return {"rollovers": times} if near else {}

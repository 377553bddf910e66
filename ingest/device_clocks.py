"""Clocks that are far off: a device's, said once with its offset; or our own, where most devices agree against it."""

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Alert, AlertChange
from analytics.fixes import FixBatch
from analytics.rulebook import Rulebook
from ingest.arrivals import CLOCK, OWN_CLOCK, ArrivalAlerts

ROLLOVER_S = 1024 * 7 * 86_400.0  # the week number of GPS has ten bits: an old receiver is off by multiples of it
ROLLOVER_NEAR_S = 86_400.0
LATELY_S = 60.0  # a device whose fixes were in time so lately sends an old buffer now: its clock is right
HEARD_S = 600.0
LEAST = 3  # devices that must agree before it can be our clock
AGREE_S = 60.0  # and within this
SERVER = "ingest"


class DeviceClocks:
    """The open alerts about clocks. What is refused for its time stays a dead letter and can be replayed."""

    def __init__(self) -> None:
        self._off = ArrivalAlerts(CLOCK)
        self._ours = ArrivalAlerts(OWN_CLOCK)
        self._on_time_s = np.empty(0)  # when each device last sent a fix in time

    def begin(self, rules: Rulebook, known: list[Alert]) -> None:
        """Go on with the alerts that are open in the database."""
        self._off.begin(rules, known)
        self._ours.begin(rules, known)

    def see(self, fixes: FixBatch, mistimed: FixBatch, names: list[str], now_s: float) -> None:
        """Devices (numbered as in `names`) sent these fixes now: some in time, some not."""
        if more := len(names) - len(self._on_time_s):
            self._on_time_s = np.append(self._on_time_s, np.full(more, -np.inf))
        self._on_time_s[fixes.device] = now_s
        if self._off and len(fixes):
            for device in np.unique(fixes.device).tolist():
                self._off.end(names[device], now_s)
        if len(mistimed):
            self._see_mistimed(mistimed, names, now_s)
        if len(self._ours) and self._agreed(now_s) is None:
            self._ours.end(SERVER, now_s)

    def settle(self) -> tuple[AlertChange, ...]:
        """The changes since the last call."""
        return (*self._off.settle(), *self._ours.settle())

    def _see_mistimed(self, mistimed: FixBatch, names: list[str], now_s: float) -> None:
        for device in np.unique(mistimed.device).tolist():
            if now_s - self._on_time_s[device] <= LATELY_S:
                continue
            newest = _newest(mistimed, device)
            offset_s = float(mistimed.t_s[newest]) - now_s
            self._off.raise_once(
                names[device],
                now_s,
                round(float(mistimed.lon[newest]), 7),
                round(float(mistimed.lat[newest]), 7),
                offset_s=round(offset_s, 1),
                **_rollovers(offset_s),
            )
        if (offset := self._agreed(now_s)) is not None:
            self._ours.raise_once(SERVER, now_s, None, None, offset_s=round(offset, 1), devices=len(self._off))

    def _agreed(self, now_s: float) -> float | None:
        """By how much most devices say that our clock is wrong; None where they don't."""
        offsets: NDArray[np.float64] = np.array([alert.detail["offset_s"] for alert in self._off.opened()])
        if len(offsets) < LEAST:
            return None
        middle = float(np.median(offsets))
        agree = int((np.abs(offsets - middle) <= AGREE_S).sum())
        against = len(offsets) - agree + int((self._on_time_s > now_s - HEARD_S).sum())
        return middle if agree >= LEAST and agree > against else None


def _newest(fixes: FixBatch, device: int) -> int:
    mine = np.flatnonzero(fixes.device == device)
    return int(mine[np.argmax(fixes.t_s[mine])])


def _rollovers(offset_s: float) -> dict[str, int]:
    """How many times 1024 weeks a clock is behind, where that is what is wrong with it."""
    times = round(-offset_s / ROLLOVER_S)
    near = times > 0 and abs(offset_s + times * ROLLOVER_S) < ROLLOVER_NEAR_S
    return {"rollovers": times} if near else {}

"""What a device sends beyond its rate: kept aside, and taken in when the device is calm.

One terminal can send more fixes than the engine can walk beside everybody else's. So each device has an allowance, like
a bucket that fills at `device_fixes_per_s` and holds `device_burst`. What goes beyond it is set aside in the same
commit, so it is as durable as the rest when the message is acknowledged, and it is taken in a portion a turn once the
device has been calm. An alert says so once.
"""

import time
from collections import deque
from collections.abc import Collection, Iterable

import numpy as np
import structlog
from numpy.typing import NDArray

from analytics.alerts import Alert, AlertChange
from analytics.fixes import FixBatch
from analytics.rulebook import Rulebook
from ingest.arrivals import FLOOD, ArrivalAlerts
from ingest.metrics import Metrics
from ingest.patience import Insist
from store.intake import Intake
from store.records import AsideReason

CALM_S = 2.0  # without surplus for so long, a device is calm
OVER_S = 60.0  # and after so long with nothing waiting, the flood is over
PORTION = 5_000
AT_ONCE = (AsideReason.RETAINED, AsideReason.ACCEPTED)
ASIDE_MOST = 1_000_000  # fixes set aside of one device, or of all that nobody named: eleven days of one a second

log = structlog.get_logger("ingest.surplus")


class Surplus:
    """The allowances of all devices, and what waits beyond them."""

    def __init__(self, ledger: Intake, insist: Insist, metrics: Metrics, rate: float, burst: int) -> None:
        self._ledger = ledger
        self._insist = insist
        self._metrics = metrics
        self._rate = rate
        self._burst = float(burst)
        self._left = np.empty(0)
        self._filled_s = time.monotonic()
        self._waiting: dict[int, int] = {}
        self._exceeded_s: dict[int, float] = {}  # by the monotonic clock: when surplus last came
        self._turns: deque[int] = deque()
        self._kept: deque[tuple[int, AsideReason]] = deque()  # devices with fixes that may be taken in at once
        self._alerts = ArrivalAlerts(FLOOD)

    def begin(self, rules: Rulebook, known: list[Alert], names: list[str]) -> None:
        """Go on with what the database says is waiting."""
        self._waiting = self._insist(lambda: self._ledger.waiting(AsideReason.FLOOD))
        self._turns = deque(self._waiting)
        self._kept.clear()
        for reason in AT_ONCE:
            self.keep(self._insist(lambda r=reason: self._ledger.waiting(r)), reason)  # type: ignore[misc]
        self._alerts.begin(rules, known)
        now_s = time.monotonic()
        open_ones = {number for number, name in enumerate(names) if name in self._alerts}
        self._exceeded_s = dict.fromkeys(open_ones | self._waiting.keys(), now_s)

    def split(
        self, fixes: FixBatch, names: list[str], now_s: float, strangers: Collection[int] = ()
    ) -> tuple[FixBatch, FixBatch]:
        """The fixes to take in now, and the surplus to set aside. Of a device that exceeds its allowance the newest are
        taken in: where it is matters more than where it was. `strangers` are devices that nobody named."""
        self._fill(len(names))
        count = np.bincount(fixes.device, minlength=len(names))
        over = np.flatnonzero(count > self._left)
        if not len(over):
            self._left -= count
            return fixes, FixBatch.empty()
        allowed = np.minimum(count, np.floor(self._left)).astype(np.int64)
        self._left -= allowed
        newest = _newest(fixes, allowed, over)
        # A ping beyond the allowance is dropped: of a device that sends so much nobody doubts that it is there.
        kept, surplus = fixes.take(newest), fixes.take(~newest & ~fixes.is_ping)
        surplus = surplus.take(self._have_room(surplus, over, strangers))
        self._note(surplus, fixes, over, names, now_s)
        return kept, surplus

    def keep(self, devices: Iterable[int], reason: AsideReason) -> None:
        """Take in as soon as there is a turn what these devices have set aside for `reason`."""
        self._kept.extend((device, reason) for device in devices if (device, reason) not in self._kept)

    def draining(self) -> set[int]:
        """Devices that are taken in just now: their history is worth walking when that is done."""
        return {device for device in self._turns if self._is_calm(device)}

    def due_in_s(self) -> float:
        """Seconds until there is something to do; infinite where nothing is."""
        if self._kept:
            return 0.0
        now_s = time.monotonic()
        waits = (max(0.0, self._exceeded_s[device] + CALM_S - now_s) for device in self._turns)
        return min(waits, default=np.inf)

    def take_in(self, names: list[str], now_s: float) -> int | None:
        """Take in a portion of the next calm device; its number, None where none is calm. Ends alerts that are over."""
        for device in [d for d, s in self._exceeded_s.items() if time.monotonic() - s > OVER_S]:
            if device not in self._waiting:
                del self._exceeded_s[device]
                self._alerts.end(names[device], now_s)
        if self._kept:
            device, reason = self._kept.popleft()
            taken, fresh = self._insist(lambda: self._ledger.take_in(device, reason, PORTION))
            self._metrics.fixes.inc(fresh)
            if taken == PORTION:
                self._kept.append((device, reason))
            return device
        for _ in range(len(self._turns)):
            device = self._turns.popleft()
            if not self._is_calm(device):
                self._turns.append(device)
                continue
            taken, fresh = self._insist(lambda d=device: self._ledger.take_in(d, AsideReason.FLOOD, PORTION))  # type: ignore[misc]
            self._metrics.fixes.inc(fresh)
            self._metrics.aside.labels(FLOOD).dec(taken)
            self._waiting[device] -= taken
            if taken == PORTION:
                self._turns.append(device)
            else:
                self._waiting.pop(device)
            return device
        return None

    def settle(self) -> tuple[AlertChange, ...]:
        """The changes of alerts since the last call."""
        return self._alerts.settle()

    def _is_calm(self, device: int) -> bool:
        return time.monotonic() - self._exceeded_s[device] >= CALM_S

    def _fill(self, devices: int) -> None:
        now_s = time.monotonic()
        self._left = np.minimum(self._burst, self._left + self._rate * (now_s - self._filled_s))
        self._filled_s = now_s
        if devices > len(self._left):
            self._left = np.append(self._left, np.full(devices - len(self._left), self._burst))

    def _have_room(self, surplus: FixBatch, over: NDArray[np.intp], strangers: Collection[int]) -> NDArray[np.bool_]:
        room = np.full(int(over.max()) + 1, 0)
        count = np.bincount(surplus.device, minlength=len(room))
        of_strangers = ASIDE_MOST - sum(self._waiting.get(device, 0) for device in strangers)
        for device in over.tolist():
            if device in strangers:
                room[device] = min(int(count[device]), of_strangers)
                of_strangers -= room[device]
            else:
                room[device] = ASIDE_MOST - self._waiting.get(device, 0)
        keep = _rank(surplus.device) < room[surplus.device]
        if not keep.all():
            self._metrics.refused.labels(FLOOD).inc(int((~keep).sum()))
            log.error("too many fixes of one device wait: further ones are dropped", most=ASIDE_MOST)
        return keep

    def _note(self, surplus: FixBatch, fixes: FixBatch, over: NDArray[np.intp], names: list[str], now_s: float) -> None:
        self._metrics.aside.labels(FLOOD).inc(len(surplus))
        for device in over.tolist():
            mine = fixes.device == device
            newest = int(np.flatnonzero(mine)[np.argmax(fixes.t_s[mine])])
            if device not in self._waiting:
                self._turns.append(device)
                log.warning("a device floods", device=names[device], rate=self._rate, burst=self._burst)
            self._waiting[device] = self._waiting.get(device, 0) + int((surplus.device == device).sum())
            self._exceeded_s[device] = time.monotonic()
            self._alerts.raise_once(
                names[device],
                now_s,
                *_place(fixes, newest),
                limit_per_s=self._rate,
                limit_at_once=int(self._burst),
            )


def _place(fixes: FixBatch, at: int) -> tuple[float | None, float | None]:
    if fixes.is_ping[at]:
        return None, None
    return round(float(fixes.lon[at]), 7), round(float(fixes.lat[at]), 7)


def _rank(group: NDArray[np.integer]) -> NDArray[np.int64]:
    """For each element its place among those of its group, from 0, in the order in which they stand."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    first = np.searchsorted(ordered, ordered, side="left")
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - first
    return rank


def _newest(fixes: FixBatch, allowed: NDArray[np.int64], over: NDArray[np.intp]) -> NDArray[np.bool_]:
    """The `allowed` (by device) newest fixes of each device that is `over`, and all of the others."""
    keep = np.ones(len(fixes), bool)
    concerned = np.flatnonzero(np.isin(fixes.device, over))
    order = concerned[np.argsort(-fixes.t_s[concerned], kind="stable")]
    keep[order] = _rank(fixes.device[order]) < allowed[fixes.device[order]]
    return keep

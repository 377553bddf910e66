"""Devices whose stored history must be walked anew, because a fix came too late for memory.

A rebuild costs as much as the device's history is long, so it is bounded three ways: a device is rebuilt once a second
at most, and after a long rebuild not before nine times what that one took; history is walked page by page, the devices
in turn; and no turn of the worker spends more than its budget. Until its rebuild a device goes on with the state that
it has; what waits is noted in the database with the commit that brought it, so a restart forgets nothing.
"""

import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray

from analytics.alerts import Alert, AlertChange
from analytics.engine import Engine
from analytics.fixes import FixBatch
from analytics.outcome import Crossing
from ingest.arrivals import of_engine
from ingest.metrics import Metrics
from ingest.patience import Insist
from store.intake import Intake

RUN_UP_S = 600.0  # history read before the first duty concerned, so that its states begin as they did
EVERY_S = 1.0
REST = 9.0  # times what a rebuild took: a device has a tenth of the worker at most
AT_ONCE = 8
PAGE = 5_000
AFTER_FAILURE_S = 60.0

log = structlog.get_logger("ingest.rebuilding")


@dataclass(slots=True)
class _Walk:
    """A rebuild under way: its history is read up to `cursor_s`."""

    device: int
    cursor_s: float
    took_s: float = 0.0
    fixes: int = 0


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a turn of rebuilding found, and the devices whose history is walked to its end."""

    changes: tuple[AlertChange, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    walked: tuple[int, ...] = ()


class Rebuilds:
    """The rebuilds that are due and under way. `rules` are those whose alerts a rebuild may change; `strangers` devices
    that nobody named, of which a terminal may make many: they have half of the turns, and the others go first."""

    def __init__(self, ledger: Intake, insist: Insist, metrics: Metrics, rules: Collection[str]) -> None:
        self._ledger = ledger
        self._insist = insist
        self._metrics = metrics
        self._rules = rules
        self.strangers: Collection[int] = frozenset()
        self._due: dict[int, float] = {}  # event time of the earliest fix not walked, by device
        self._rested_s: dict[int, float] = {}  # by the monotonic clock: not before
        self._walks: deque[_Walk] = deque()
        self._cursor_s = np.empty(0)

    def begin(self, devices: NDArray[np.intp] | None = None) -> dict[int, float]:
        """Start over with what the database says is due, of all devices or of some."""
        self._walks.clear()
        self._cursor_s = np.empty(0)
        numbers = None if devices is None else devices.tolist()
        self._due = self._insist(lambda: self._ledger.late_history(numbers))
        self._set_cursors(self._due, -np.inf)
        return self._due

    def note(self, late: Mapping[int, float]) -> None:
        """Devices with stored fixes that the engine has not walked, by the event time of the earliest."""
        for device, since_s in late.items():
            self._due[device] = min(since_s, self._due.get(device, np.inf))

    def has(self, device: int) -> bool:
        """Whether the device's rebuild is due or under way."""
        return device in self._due or any(walk.device == device for walk in self._walks)

    def missed(self, fixes: FixBatch) -> NDArray[np.bool_]:
        """Which of these unwalked fixes no rebuild under way will still come to."""
        if not len(fixes):
            return np.empty(0, bool)
        self._set_cursors((), 0.0, int(fixes.device.max()) + 1)
        return fixes.t_s <= self._cursor_s[fixes.device]

    def due_in_s(self) -> float:
        """Seconds until there is something to do; infinite where nothing is due."""
        if self._walks:
            return 0.0
        now_s = time.monotonic()
        return min((max(0.0, self._rested_s.get(device, 0.0) - now_s) for device in self._due), default=np.inf)

    def work(
        self,
        engine: Engine,
        now_s: float,
        budget_s: float,
        *,
        but: Collection[int] = (),
    ) -> Rebuilt:
        """Walk pages of the devices in turn, but not of some, until nothing is left or the budget is spent."""
        changes: list[AlertChange] = []
        crossings: list[Crossing] = []
        walked: list[int] = []
        began_s = time.monotonic()
        self._start(engine, but)
        while self._walks and time.monotonic() - began_s < budget_s:
            walk = self._walks.popleft()
            page_s = time.monotonic()
            page = self._insist(lambda w=walk: self._ledger.history_page(w.device, w.cursor_s, PAGE))  # type: ignore[misc]
            crossings += engine.feed_rebuild(walk.device, page)
            walk.fixes += len(page)
            if len(page):
                walk.cursor_s = self._cursor_s[walk.device] = float(page.t_s[-1])
            walk.took_s += time.monotonic() - page_s
            if len(page) == PAGE:
                self._walks.append(walk)
                continue
            outcome = engine.end_rebuild(walk.device, now_s)
            changes += outcome.changes
            crossings += outcome.crossings
            self._finish(walk)
            if walk.device not in self._due:
                walked.append(walk.device)
        return Rebuilt(tuple(changes), tuple(crossings), tuple(walked))

    def fail(self) -> None:
        """What is under way could not be rebuilt: it is tried again later, and does not stop the others."""
        for walk in self._walks:
            self._rested_s[walk.device] = time.monotonic() + AFTER_FAILURE_S

    def _start(self, engine: Engine, but: Collection[int]) -> None:
        now_s = time.monotonic()
        for device in self._ready(now_s, but):
            since_s = self._due.pop(device)
            name = engine.devices.names[device]
            starts = [d.from_s for d in engine.plan.duties if d.device == name and d.to_s >= since_s]
            first_s = min([since_s, *starts]) - RUN_UP_S
            walk = _Walk(device, first_s)
            self._walks.append(walk)
            self._set_cursors([device], first_s)
            engine.begin_rebuild(device, self._known(name, first_s), first_s)
            walk.took_s = time.monotonic() - now_s
            self._metrics.too_late.inc()

    def _ready(self, now_s: float, but: Collection[int]) -> Iterator[int]:
        under_way = {walk.device for walk in self._walks}
        strangers = sum(device in self.strangers for device in under_way)
        for device in sorted(self._due, key=self.strangers.__contains__):
            if len(self._walks) >= AT_ONCE or (device in self.strangers and strangers >= AT_ONCE // 2):
                return
            if device not in under_way and device not in but and self._rested_s.get(device, 0.0) <= now_s:
                strangers += device in self.strangers
                yield device

    def _known(self, name: str, first_s: float) -> list[Alert]:
        return of_engine(self._insist(lambda: self._ledger.alerts_known(first_s, self._rules, [name])))

    def _finish(self, walk: _Walk) -> None:
        self._cursor_s[walk.device] = np.inf
        self._rested_s[walk.device] = time.monotonic() + max(EVERY_S, REST * walk.took_s)
        self._metrics.rebuild.observe(walk.took_s)
        log.info("late history", device=walk.device, fixes=walk.fixes, took_s=round(walk.took_s, 3))

    def _set_cursors(self, devices: Collection[int], cursor_s: float, room: int = 0) -> None:
        more = max(room, *(device + 1 for device in devices), 0) - len(self._cursor_s)
        if more > 0:
            self._cursor_s = np.append(self._cursor_s, np.full(more, np.inf))
        self._cursor_s[list(devices)] = cursor_s

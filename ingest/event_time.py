"""Event time: what it is now, and up to when the input is complete."""

from collections.abc import Callable

import numpy as np
import structlog
from numpy.typing import NDArray

from ingest.config import WorkerSettings
from ingest.device_clocks import DeviceClocks
from ingest.marks import Marks
from ingest.metrics import Metrics

LIVE_S = 10.0  # how old the newest mark may be while what comes did not wait in the broker

log = structlog.get_logger("ingest.time")


class EventTime:
    """Our clock, or what most devices agree on where that is wrong. `heard_for_s` is how long the broker has been heard
    by now; `is_idle` whether nothing received waits; `steady` is a clock that nobody sets."""

    def __init__(
        self,
        clock: Callable[[], float],
        steady: Callable[[], float],
        marks: Marks,
        heard_for_s: Callable[[], float],
        is_idle: Callable[[], bool],
        clocks: DeviceClocks,
        settings: WorkerSettings,
        metrics: Metrics,
    ) -> None:
        self._clock = clock
        self._steady = steady
        self._marks = marks
        self._heard_for_s = heard_for_s
        self._is_idle = is_idle
        self._clocks = clocks
        self._settle_s = settings.settle_s
        self._metrics = metrics
        self._complete_s = -np.inf
        self._unmarked = False

    def begin(self, complete_s: float) -> None:
        """The engine begins, at this time."""
        self._complete_s = complete_s

    def now_s(self) -> float:
        return self._clock() + self._clocks.offset_s

    def hear(self, clock_s: NDArray[np.float64], numbers: NDArray[np.int32], devices: int) -> bool:
        """Of `devices` devices those with these `numbers` (-1: of none) showed these times just now. Whether our own
        clock is taken for another since."""
        known = numbers >= 0
        of_all = np.full(devices, np.nan)
        of_all[numbers[known]] = clock_s[known]
        live = self._unmarked or self._marks.behind_s() <= LIVE_S
        return self._clocks.judge_ours(of_all, self._clock(), self._steady(), live=live)

    def complete_s(self) -> float:
        """The time up to which the input is complete; silence after it proves nothing. It never goes back by itself.

        While the broker is not heard, and shortly after, it stands still; else it is what our own marks say. Where the
        broker drops these, it is the clock, and a message that waits long may be taken for a silence. After a restart
        with a clock that was wrong, and after our clock was set, it stands still until devices say what is right.
        """
        if self._heard_for_s() > self._settle_s and not self._clocks.in_doubt:
            self._say_whether_marked()
            complete_s = np.inf if self._unmarked and self._is_idle() else self._marks.complete_s()
            self._complete_s = max(self._complete_s, min(self._clock(), complete_s) + self._clocks.offset_s)
        return self._complete_s

    def _say_whether_marked(self) -> None:
        missing = self._marks.missing()
        if missing and not self._unmarked:
            log.error(
                "the broker does not return our marks: silence is judged without them; allow ingest to publish and "
                "subscribe to topics with the level _ingest"
            )
        self._unmarked = missing
        self._metrics.unmarked.set(missing)

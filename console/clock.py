"""The clock of a simulated county: the wall clock, or one that runs faster."""

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Unix seconds that were `since_s` when the wall clock said `wall_s`, and run `speed` times as fast since."""

    since_s: float
    wall_s: float
    speed: float = 1.0

    def __call__(self) -> float:
        return self.since_s + (time.time() - self.wall_s) * self.speed

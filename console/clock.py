"""The clock of a simulated county: the wall clock, or one that runs faster."""

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Unix seconds that were `since_s` when the wall clock said `wall_s`, and run `speed` times as fast since."""

    since_s: float
    wall_s: float
    speed: float = 1.0

    @property
    def is_the_wall_clock(self) -> bool:
        """Whether it shows the same, but for a second."""
        return self.speed == 1.0 and abs(self.since_s - self.wall_s) < 1.0

    def __call__(self) -> float:
        return self.since_s + (time.time() - self.wall_s) * self.speed

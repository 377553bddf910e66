"""What one step of the engine brings forth, and what it needs to go on after a restart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import AlertChange


@dataclass(frozen=True, slots=True)
class Crossing:
    """A path that left the duty's area between two fixes that both lie inside. Times in Unix seconds."""

    device: str
    duty: str
    from_s: float
    to_s: float
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The changes of alerts, in the order in which they are to be stored; the crossings seen; and the devices (numbers)
    of which a fix came that is older than what memory holds: their stored history is to be fed to `Engine.rebuild`."""

    changes: tuple[AlertChange, ...]
    crossings: tuple[Crossing, ...]
    too_late: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Engine state so old that no late fix can change it. To resume, feed every stored fix with t > `since_s`."""

    payload: bytes
    since_s: float

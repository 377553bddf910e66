"""The way from a terminal to the server: delay, loss, buffers uploaded late, duplicates, arrays out of order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware import plane
from hardware.acts import Act
from hardware.plane import Floats
from hardware.receiver import Observed

_LOST, _DOUBLED, _SHUFFLED = 0.015, 0.002, 0.3


@dataclass(frozen=True, slots=True)
class Trace:
    """Fixes of one device as they arrive; those of one `arrival` are one message. Degrees, m/s, metres."""

    arrival: Floats
    t: Floats
    lon: Floats
    lat: Floats
    speed: Floats
    heading: Floats
    accuracy: Floats
    mock: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.t)


def send(seen: Observed, faults: Sequence[tuple[Act, float, float]], live_s: float, rng: np.random.Generator) -> Trace:
    """The fixes as they arrive. All of before `live_s` comes as one buffer then."""
    seen = seen.take(rng.random(len(seen.t)) >= _LOST)
    arrival = np.round(seen.t + rng.uniform(0.15, 0.9, len(seen.t)), 3)
    order = np.arange(len(seen.t), dtype=np.float64)
    for act, from_s, to_s in faults:
        if act != Act.OFFLINE:
            continue
        kept = np.flatnonzero((seen.t >= from_s) & (seen.t < to_s))
        arrival[kept] = round(to_s + float(rng.uniform(0.2, 2.0)), 3)
        if rng.random() < _SHUFFLED:
            order[kept] = rng.permutation(order[kept])
    history = seen.t < live_s
    arrival[history] = round(live_s + float(rng.uniform(0.0, 2.0)), 3)
    index = np.arange(len(seen.t))
    twice = np.flatnonzero((rng.random(len(seen.t)) < _DOUBLED) & ~history)
    index = np.concatenate([index, twice])
    arrival = np.concatenate([arrival, np.round(arrival[twice] + rng.uniform(1.0, 15.0, len(twice)), 3)])
    by_arrival = np.lexsort((np.concatenate([order, order[twice]]), arrival))
    index, arrival = index[by_arrival], arrival[by_arrival]
    degrees = np.round(plane.lonlat(seen.xy[index]), 7)
    return Trace(
        arrival,
        seen.t[index],
        degrees[:, 0],
        degrees[:, 1],
        np.round(seen.speed[index], 2),
        np.round(seen.heading[index], 0) % 360,
        np.round(seen.accuracy[index], 1),
        seen.mock[index],
    )

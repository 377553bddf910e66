"""What a satellite receiver makes of the truth: drift, noise, reflections in town, worse indoors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.acts import Act
from hardware.plane import Floats

Bools = NDArray[np.bool_]

DRIFT_M, DRIFT_S, WHITE_M = 5.0, 60.0, 1.2
_INDOOR_FACTOR = 2.6
_REFLECTION = {True: 0.0035, False: 0.0004}  # chance a fix, in town and outside


@dataclass(frozen=True, slots=True)
class Observed:
    """Fixes in the order of their times: metres, m/s, degrees, metres, marked as simulated."""

    t: Floats
    xy: Floats
    speed: Floats
    heading: Floats
    accuracy: Floats
    mock: Bools

    def take(self, index: NDArray[np.integer] | Bools) -> "Observed":
        return Observed(
            self.t[index],
            self.xy[index],
            self.speed[index],
            self.heading[index],
            self.accuracy[index],
            self.mock[index],
        )


def observe(
    t: Floats,
    path: tuple[Floats, Floats],
    indoors: Sequence[tuple[float, float]],
    in_town: Callable[[Floats], Bools],
    rng: np.random.Generator,
) -> Observed:
    """Fixes at the times `t` of something that moves along `path` (times and places)."""
    n, dt = len(t), float(t[1] - t[0]) if len(t) > 1 else 5.0
    true, ahead, behind = (_places(path, t + d) for d in (0.0, 1.0, -1.0))
    step = (ahead - behind) / 2.0
    true_speed = np.hypot(step[:, 0], step[:, 1])
    indoor = _within(t, indoors)
    scale = np.where(indoor, _INDOOR_FACTOR, 1.0)
    drift = np.column_stack([_drift(n, dt, rng), _drift(n, dt, rng)])
    white = rng.normal(0, WHITE_M, (n, 2))
    jump = _reflections(n, in_town(true), rng)
    size = np.hypot(jump[:, 0], jump[:, 1])
    accuracy = np.clip(rng.normal(7.0, 1.3, n), 3.5, 14) * scale + np.where(indoor, rng.uniform(2, 12, n), 0.0)
    admitted = np.where(rng.random(n) < 0.6, rng.uniform(0.25, 0.9, n), 0.0)
    moving = true_speed > 0.3
    speed = np.where(moving, true_speed + rng.normal(0, 0.25, n), np.abs(rng.normal(0, 0.12, n)))
    return Observed(
        t,
        true + (drift + white) * scale[:, None] + jump,
        np.maximum(speed, 0.0),
        _headings(step, moving, rng),
        np.maximum(accuracy, size * admitted),
        np.zeros(n, bool),
    )


def _places(path: tuple[Floats, Floats], t: Floats) -> Floats:
    return np.column_stack([np.interp(t, path[0], path[1][:, i]) for i in (0, 1)])


def _within(t: Floats, spans: Sequence[tuple[float, float]]) -> Bools:
    inside = np.zeros(len(t), bool)
    for from_s, to_s in spans:
        inside |= (t >= from_s) & (t < to_s)
    return inside


def _drift(n: int, dt: float, rng: np.random.Generator) -> Floats:
    """A first-order autoregression, summed by doubling: pass k adds what 2^k steps ago still counts."""
    keep = float(np.exp(-dt / DRIFT_S))
    y = rng.normal(0, DRIFT_M * np.sqrt(1 - keep**2), n)
    if n:
        y[0] = rng.normal(0, DRIFT_M)
    reach = 1
    while reach < n and keep**reach > 1e-4:
        y[reach:] = y[reach:] + keep**reach * y[:-reach]
        reach *= 2
    return y


def _reflections(n: int, town: Bools, rng: np.random.Generator) -> Floats:
    jump = np.zeros((n, 2))
    chance = np.where(town, _REFLECTION[True], _REFLECTION[False])
    for i in np.flatnonzero(rng.random(n) < chance).tolist():
        angle, size = rng.uniform(0, 2 * np.pi), rng.uniform(30, 150)
        jump[i : i + int(rng.integers(1, 4))] = size * np.array([np.cos(angle), np.sin(angle)])
    return jump


def _headings(step: Floats, moving: Bools, rng: np.random.Generator) -> Floats:
    heading = np.degrees(np.arctan2(step[:, 0], step[:, 1])) + rng.normal(0, 3, len(step))
    last = np.maximum.accumulate(np.where(moving, np.arange(len(step)), -1))
    held = np.where(last >= 0, heading[np.maximum(last, 0)], 0.0)
    return np.mod(held, 360.0)


def spoil(seen: Observed, faults: Sequence[tuple[Act, float, float]], rng: np.random.Generator) -> Observed:
    """What a faulty or manipulated terminal reports instead."""
    xy, speed, mock, keep = seen.xy.copy(), seen.speed.copy(), seen.mock.copy(), np.ones(len(seen.t), bool)
    for act, from_s, to_s in faults:
        at = np.flatnonzero((seen.t >= from_s) & (seen.t < to_s))
        if act == Act.WILD_FIX:
            at = np.flatnonzero((seen.t >= from_s) & (seen.t < from_s + 30))[:1]
        if not len(at):
            continue
        if act in (Act.SIGNAL_LOST, Act.SHORT_SILENCE):
            keep[at] = False
        elif act == Act.MOCK:
            mock[at] = True
        elif act == Act.FROZEN:
            xy[at], speed[at] = xy[at[0]], max(float(speed[at[0]]), 4.0)
        elif act == Act.WILD_FIX:
            xy[at] += _far(1000, 3000, rng)
        elif act == Act.FLAPPING:
            i, away = 0, _far(3000, 8000, rng)
            while i < len(at):
                run = int(rng.integers(1, 3))
                xy[at[i : i + run]] += away
                i += run + int(rng.integers(1, 3))
    return Observed(seen.t, xy, speed, seen.heading, seen.accuracy, mock).take(keep)


def _far(low_m: float, high_m: float, rng: np.random.Generator) -> Floats:
    angle, size = rng.uniform(0, 2 * np.pi), rng.uniform(low_m, high_m)
    return size * np.array([np.cos(angle), np.sin(angle)])

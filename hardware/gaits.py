"""How cars drive and officers walk along a track: speeds, lights, slow corners."""

from dataclasses import dataclass

import numpy as np

from hardware.plane import Floats
from hardware.roads import USUAL_MPS
from hardware.track import KLASSES, Track


@dataclass(frozen=True, slots=True)
class Gait:
    """Metres per second by road class, and how often and how long one waits at junctions."""

    mps: tuple[float, ...]
    spread: float
    light: float
    light_s: tuple[float, float]


CAR = Gait(tuple(USUAL_MPS[k] for k in KLASSES), 0.10, 0.22, (5.0, 45.0))
FOOT = Gait((1.2, 1.2, 1.2, 1.2), 0.06, 0.12, (5.0, 25.0))
_SLOW_TURN = 0.75


def travel(track: Track, gait: Gait, rng: np.random.Generator, fixed_mps: float | None = None) -> tuple[Floats, Floats]:
    """The corners of one trip along `track`: seconds from its start, and places.

    With `fixed_mps` it is one steady dash that stops nowhere.
    """
    gaps = np.diff(track.at_m)
    if fixed_mps is not None:
        return np.cumsum(gaps / fixed_mps), track.xy[1:]
    speed = np.array(gait.mps)[track.klass] * np.clip(rng.normal(0.97, gait.spread), 0.75, 1.13)
    speed = speed * np.clip(rng.normal(1.0, 0.05, len(gaps)), 0.85, 1.08)
    junction = track.node[1:] >= 0
    speed = np.where(junction & (track.klass > 0), speed * _SLOW_TURN, speed)
    slow_road = track.klass > 0
    held = junction & slow_road & (rng.random(len(gaps)) < gait.light)
    wait_s = np.where(held, rng.uniform(*gait.light_s, len(gaps)), 0.0)
    wait_s[-1] = 0.0
    arrive = np.cumsum(gaps / speed) + np.concatenate([[0.0], np.cumsum(wait_s)[:-1]])
    times = np.column_stack([arrive, arrive + wait_s]).ravel()
    places = np.repeat(track.xy[1:], 2, axis=0)
    keep = np.ones(len(times), bool)
    keep[1::2] = wait_s > 0
    return times[keep], places[keep]


def usual_s(track: Track, gait: Gait) -> Floats:
    """The usual seconds from the track's start to each vertex, waits included."""
    gaps = np.diff(track.at_m)
    cost = gaps / (np.array(gait.mps)[track.klass] * 0.93)
    cost = cost + np.where((track.node[1:] >= 0) & (track.klass > 0), gait.light * sum(gait.light_s) / 2, 0.0)
    return np.concatenate([[0.0], np.cumsum(cost)])

"""Stories that take time of their own: stops and excursions. What follows happens later, the duty ends later."""

from collections.abc import Sequence

import numpy as np
import shapely

from benchmarks.judge.displace import Told
from benchmarks.judge.frame import Floats
from benchmarks.judge.measure import beyond, longest, longest_stay
from benchmarks.judge.noise import drift, standing, times, with_multipath
from benchmarks.judge.scene import Scene
from benchmarks.judge.sources import Stretch
from benchmarks.judge.window import STOP_M, Duty, Story

_EDGE_S = 150
_SLOW_S = 110.0


def stop(scene: Scene, rng: np.random.Generator, *, minutes: int) -> Told | None:
    """A stop with drift and multipath, reached and left on the move: it begins where it begins."""
    at = _on_the_move(scene, rng)
    if at is None:
        return None
    length = minutes * 60
    path = np.tile(scene.truth[at], (length, 1))
    t = times(length, scene.cadence_s)
    error = with_multipath(t, drift(t, rng), rng)
    told = scene.inserted(at, path, t, error)
    if longest_stay(told.truth) > length + _SLOW_S:
        return None  # so slow before or after that nobody could say when it began
    near = np.linalg.norm(told.truth - scene.truth[at], axis=1) <= STOP_M
    grid = np.arange(len(near), dtype=np.float64)
    began, ended = longest(grid, near)
    if minutes >= 10:
        return told, Story("stop-14min", "act", "overtime-stop", float(at), ended)
    return told, Story("stop-8min", "near", None, began, ended)


def _on_the_move(scene: Scene, rng: np.random.Generator) -> int | None:
    """A second whose place was more than 50 m away 45 s before and 45 s after."""
    seconds = np.arange(_EDGE_S, scene.length_s - _EDGE_S)
    here = scene.truth[seconds]
    before = np.linalg.norm(scene.truth[seconds - 45] - here, axis=1)
    after = np.linalg.norm(scene.truth[seconds + 45] - here, axis=1)
    moving = seconds[(before > STOP_M + 5) & (after > STOP_M + 5)]
    return int(rng.choice(moving)) if len(moving) else None


def excursion(scene: Scene, duty: Duty, stays: Sequence[Stretch], rng: np.random.Generator) -> Told | None:
    """Over the nearest border, 200 to 300 m beyond it, 4 to 6 minutes outside in all, and back."""
    ring = duty.geometry.exterior
    seconds = rng.integers(_EDGE_S, max(_EDGE_S + 1, scene.length_s - _EDGE_S), 40)
    far = shapely.distance(ring, shapely.points(scene.truth[seconds]))
    at = int(seconds[int(np.argmin(far))])
    here = scene.truth[at]
    if not 3.0 < float(far.min()) < 700.0:
        return None
    border = np.asarray(ring.interpolate(ring.project(shapely.Point(here))).coords[0])
    out = (border - here) / np.linalg.norm(border - here)
    reach, outside_s = float(rng.uniform(200.0, 300.0)), float(rng.uniform(250.0, 350.0))
    # as fast as before, but fast enough to spend at least a third of the time out there
    usual = np.linalg.norm(scene.truth[max(0, at - 60) + 1 : at + 60] - scene.truth[max(0, at - 60) : at + 59], axis=1)
    pace = float(np.clip(np.median(usual), 3.2 * reach / outside_s, 12.0))
    along_s = outside_s - 2 * reach / pace
    turn = border + reach * out
    tangent = np.array([-out[1], out[0]])
    strolled = turn + tangent * min(pace * along_s / 2, 150.0)
    legs = np.array([here, border, turn, strolled, turn, border, here])
    metres = np.linalg.norm(np.diff(legs, axis=0), axis=1)
    seconds_per_leg = metres / pace
    seconds_per_leg[2:4] = along_s / 2
    clock = np.concatenate(([0.0], np.cumsum(seconds_per_leg)))
    grid = np.arange(1, int(clock[-1]) + 1, dtype=np.float64)
    path: Floats = np.column_stack([np.interp(grid, clock, legs[:, k]) for k in (0, 1)])
    t = times(len(path), scene.cadence_s)
    real = standing(stays, len(path) + 5, rng)
    error = np.column_stack([np.interp(t, real.t, real.error[:, k]) for k in (0, 1)])
    told = scene.inserted(at, path, t, error)
    depth = beyond(duty, told.truth)
    began, ended = longest(np.arange(len(depth), dtype=np.float64), depth > 0.0)
    deep = float(np.median(depth[int(began) : int(ended) + 1])) >= 120.0 and float(depth.max()) >= 195.0
    if not deep or not 235.0 <= ended - began <= 365.0:
        return None
    return told, Story("excursion", "act", "out-of-area", began, ended)

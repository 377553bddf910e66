"""How far a window goes beyond its duty, measured on the noise-free truth: the judge's own definition of the rules."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from benchmarks.judge.frame import Floats
from benchmarks.judge.scene import Scene
from benchmarks.judge.sources import runs
from benchmarks.judge.window import CORRIDOR_M, POST_M, STOP_M, Duty, Window

_STEP_S = 5


def beyond(duty: Duty, xy: Floats) -> Floats:
    """Metres by which each place exceeds the duty's shape (0 or less: it is where it should be)."""
    places: Any = shapely.points(xy)
    distance: Floats = np.asarray(shapely.distance(duty.geometry, places), dtype=np.float64)
    if duty.shape == "route":
        return distance - CORRIDOR_M
    if duty.shape == "post":
        return distance - POST_M
    return distance


def longest(t: Floats, outside: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[float, float]:
    """From and to of the longest run of True, in the units of `t`; (0, 0) if there is none."""
    spans = [(float(t[a]), float(t[b])) for a, b in runs(outside)]
    return max(spans, key=lambda s: s[1] - s[0], default=(0.0, 0.0))


def longest_stay(truth: Floats, reach_m: float = STOP_M) -> float:
    """The longest time within a circle of `reach_m` around the place where it began, or around its middle."""
    sampled = truth[::_STEP_S]
    best = 0
    start = 0
    # two pointers over the bounding box: half its longer side is the smallest radius that could hold the stay
    for end in range(len(sampled)):
        while True:
            part = sampled[start : end + 1]
            if (part.max(axis=0) - part.min(axis=0)).max() / 2 <= reach_m:
                break
            start += 1
        best = max(best, end - start)
    return best * float(_STEP_S)


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures that the rules compare with their limits."""

    outside_s: float  # longest time beyond corridor, border or post
    depth_m: float  # median depth of that time
    stay_s: float  # longest time within 50 m (patrols)
    silence_s: float  # longest time without a fix
    unvisited: int  # checkpoints that the true path never came near
    onset_s: float  # when the longest time outside began
    end_s: float


def measure(scene: Scene, duty: Duty, fixes_t: Floats) -> Measured:
    """The figures of one window; `fixes_t` are the times of the fixes that came through."""
    depth = beyond(duty, scene.truth)
    grid = np.arange(len(depth), dtype=np.float64)
    onset, end = longest(grid, depth > 0.0)
    held = depth[int(onset) : int(end) + 1]
    heard = np.concatenate(([0.0], fixes_t, [float(scene.length_s)]))
    unvisited = 0
    for place in duty.checkpoints:
        unvisited += bool(np.linalg.norm(scene.truth - place, axis=1).min() > 50.0)
    return Measured(
        outside_s=end - onset,
        depth_m=float(np.median(held)) if end > onset else 0.0,
        stay_s=0.0 if duty.shape == "post" else longest_stay(scene.truth),
        silence_s=float(np.diff(heard).max()),
        unvisited=unvisited,
        onset_s=onset,
        end_s=end,
    )


_GAP_S = 100.0  # a longer hole that nobody planted is left to nobody's judgement


def _natural_gap(window: Window) -> float:
    """The longest time without a fix, apart from the silence that the story tells."""
    t = np.concatenate(([0.0], window.t, [float(window.length_s)]))
    gaps = np.diff(t)
    if "silence" in window.story.kind:
        gaps = gaps[(t[1:] <= window.story.onset_s) | (t[:-1] >= window.story.end_s)]
    return float(gaps.max(initial=0.0))


_LIMITS = {"off-route": 60.0, "out-of-area": 60.0, "off-post": 300.0, "overtime-stop": 600.0, "signal-lost": 180.0}
_BREAKS_BY = 1.25  # an act exceeds its limit by at least this,
_KEEPS_BY = 0.93  # everything else stays below this share of each limit


def objection(window: Window) -> str | None:
    """Why the truth of this window isn't what its story says; None if it is."""
    found = measure(window.scene, window.duty, window.t)
    outside_rule = {"route": "off-route", "area": "out-of-area", "post": "off-post"}[window.duty.shape]
    figures = {outside_rule: found.outside_s, "overtime-stop": found.stay_s, "signal-lost": found.silence_s}
    broken = window.story.rule
    for rule, figure in figures.items():
        if rule == broken:
            if figure < _BREAKS_BY * _LIMITS[rule]:
                return f"{rule}: {figure:.0f} s is too little"
        elif figure > _KEEPS_BY * _LIMITS[rule] and not (window.story.nature == "grey" and rule == outside_rule):
            return f"{rule}: {figure:.0f} s is too much"
    if _natural_gap(window) > _GAP_S:
        return "a natural gap"
    if found.unvisited != (1 if broken == "missed-checkpoint" else 0):
        return "checkpoints"
    if broken == outside_rule and abs(found.onset_s - window.story.onset_s) > 1.0:
        return "another onset"
    return None

"""Stories that move the course aside: detours, offsets, walks off a post, and their shorter near misses."""

import numpy as np
import shapely

from benchmarks.judge.frame import Floats
from benchmarks.judge.measure import beyond, longest
from benchmarks.judge.scene import Scene
from benchmarks.judge.window import CORRIDOR_M, POST_M, Duty, Story

_EDGE_S = 150  # no story in the first and last minutes
_DIRECTIONS = 24

Told = tuple[Scene, Story]


def detour(scene: Scene, duty: Duty, rng: np.random.Generator, *, abrupt: bool) -> Told | None:
    """Five minutes 200 m aside, reached within 20 to 40 s or from one fix to the next."""
    ramp = 0 if abrupt else int(rng.integers(20, 41))
    aside = _aside(scene, duty, rng, length_s=300, ramp_s=ramp, reach_m=200.0)
    if aside is None:
        return None
    moved, began, ended = aside
    return moved, Story("detour-abrupt" if abrupt else "detour", "act", "off-route", began, ended)


def short_detour(scene: Scene, duty: Duty, rng: np.random.Generator, *, abrupt: bool) -> Told | None:
    """75 s aside. With its way out and back it is beyond the corridor for less than the rule's minute.

    The abrupt one is beyond it for all 75 s: the catalogue names it a near miss, its figures do not.
    """
    aside = _aside(scene, duty, rng, length_s=75, ramp_s=0 if abrupt else 30, reach_m=200.0)
    if aside is None:
        return None
    moved, began, ended = aside
    if abrupt:
        return moved, Story("detour-75s-abrupt", "grey", None, began, ended)
    return moved, Story("detour-75s", "near", None, began, ended)


def offset(scene: Scene, duty: Duty, rng: np.random.Generator) -> Told | None:
    """Ten minutes 28 m aside: a parallel road, or a receiver's bias, within the corridor."""
    at = _moment(scene, 600, rng)
    if at is None:
        return None
    angle = rng.uniform(0.0, 2 * np.pi)
    moved = scene.moved(np.outer(_profile(scene, at, 600, 30), 28.0 * _unit(angle)))
    if beyond(duty, moved.truth).max() > 50.0 - CORRIDOR_M:
        return None
    _, ran = longest(moved.t, beyond(duty, moved.seen()) > -5.0)
    return None if ran > 30.0 + at + 600 else (moved, Story("offset-28m", "near", None, at, at + 600.0))


def walk_off(scene: Scene, _duty: Duty, rng: np.random.Generator) -> Told | None:
    """260 m off the post and back in 9 to 12 minutes, on foot."""
    return _walk(scene, rng, "walk-off", reach_m=260.0, away_s=int(rng.integers(540, 721)), pace_mps=1.25)


def step_away(scene: Scene, _duty: Duty, rng: np.random.Generator) -> Told | None:
    """Outside the post's circle for three minutes."""
    reach = float(rng.uniform(130.0, 170.0))
    pace = 1.3
    inside_s = 2 * POST_M / pace
    return _walk(scene, rng, "away-3min", reach_m=reach, away_s=round(180 + inside_s), pace_mps=pace)


def _walk(
    scene: Scene, rng: np.random.Generator, kind: str, *, reach_m: float, away_s: int, pace_mps: float
) -> Told | None:
    at = _moment(scene, away_s, rng)
    if at is None:
        return None
    out_s = reach_m / pace_mps
    k = np.arange(len(scene.truth)) - float(at)
    way = np.clip(np.minimum(k, away_s - k) / out_s, 0.0, 1.0)
    distance = reach_m * way
    moved = scene.moved(np.outer(distance, _unit(rng.uniform(0.0, 2 * np.pi))))
    grid = np.arange(len(distance), dtype=np.float64)
    began, ended = longest(grid, distance > POST_M)
    if kind == "walk-off":
        return moved, Story(kind, "act", "off-post", began, ended)
    return moved, Story(kind, "near", None, began, ended)


def _aside(
    scene: Scene, duty: Duty, rng: np.random.Generator, *, length_s: int, ramp_s: int, reach_m: float
) -> tuple[Scene, float, float] | None:
    """The course moved `reach_m` to the side that leads away from the whole route, if there is one."""
    at = _moment(scene, length_s, rng)
    if at is None:
        return None
    plateau = scene.truth[at + ramp_s : at + length_s - ramp_s + 1]
    best: tuple[float, Floats] | None = None
    for angle in np.linspace(0.0, 2 * np.pi, _DIRECTIONS, endpoint=False) + rng.uniform(0.0, 0.26):
        away = reach_m * _unit(float(angle))
        distance = shapely.distance(duty.geometry, shapely.points(plateau[::3] + away))
        least = float(np.percentile(distance, 5))
        if best is None or least > best[0]:
            best = (least, away)
    if best is None or best[0] < 120.0:
        return None
    moved = scene.moved(np.outer(_profile(scene, at, length_s, ramp_s), best[1]))
    grid = np.arange(len(moved.truth), dtype=np.float64)
    depth = beyond(duty, moved.truth)
    began, ended = longest(grid, depth > 0.0)
    if not at <= began <= at + ramp_s + 1 or (depth[int(began) : int(ended)] > 0).mean() < 1.0:
        return None
    return moved, began, ended


def _profile(scene: Scene, at: int, length_s: int, ramp_s: int) -> Floats:
    """0 before and after, 1 between, a smooth step of `ramp_s` at either end."""
    k = np.arange(len(scene.truth)) - float(at)
    way = np.minimum(k, length_s - k)
    u = np.clip(way / ramp_s, 0.0, 1.0) if ramp_s else (way >= 0).astype(np.float64)
    profile: Floats = u * u * (3 - 2 * u)
    return profile


def _moment(scene: Scene, length_s: int, rng: np.random.Generator) -> int | None:
    latest = scene.length_s - _EDGE_S - length_s
    return int(rng.integers(_EDGE_S, latest)) if latest > _EDGE_S else None


def _unit(angle: float) -> Floats:
    return np.array([np.cos(angle), np.sin(angle)])

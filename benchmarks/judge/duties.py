"""Duties drawn around what the device really did."""

import numpy as np
import shapely

from benchmarks.judge.frame import Floats
from benchmarks.judge.measure import beyond, longest
from benchmarks.judge.scene import Scene
from benchmarks.judge.window import Duty, no_places

_TOLERANCE_M = 10.0
_HULL_MARGINS_M = (10.0, 20.0, 40.0, 100.0)
_RIBBON_M = (120.0, 250.0)


def route_along(scene: Scene, rng: np.random.Generator) -> Duty | None:
    """The line of the trace itself, drawn from the fixes or (half of them) from the smoothed course."""
    course = scene.truth[::2] if rng.random() < 0.5 else scene.seen()
    line = shapely.LineString(course).simplify(_TOLERANCE_M)
    if line.length < 800.0:
        return None
    duty = Duty("route", line, no_places())
    return duty if _kept(scene, duty, slack_m=-12.0) else None


def area_around(scene: Scene, rng: np.random.Generator) -> Duty | None:
    """A hull of the course with a narrow or a wide margin, or a ribbon along it without its holes."""
    course = shapely.LineString(scene.truth[::2])
    if rng.random() < 0.6:
        ring = course.convex_hull.buffer(float(rng.choice(_HULL_MARGINS_M)), quad_segs=4).simplify(1.0)
    else:
        ribbon = course.simplify(10.0).buffer(float(rng.uniform(*_RIBBON_M)), quad_segs=4)
        ring = shapely.Polygon(ribbon.exterior).simplify(5.0)
    duty = Duty("area", ring, no_places())
    return duty if _kept(scene, duty, slack_m=5.0) else None


def post_at(scene: Scene) -> Duty | None:
    """The place where the device stood."""
    duty = Duty("post", shapely.Point(scene.truth[0]), no_places())
    return duty if _kept(scene, duty, slack_m=-10.0, run_s=100.0) else None


def _kept(scene: Scene, duty: Duty, *, slack_m: float, run_s: float = 30.0) -> bool:
    """The recorded fixes keep to the duty but for moments: what they really did breaks nothing, nor nearly."""
    outside = beyond(duty, scene.seen()) > slack_m
    began, ended = longest(scene.t, outside)
    return ended - began <= run_s and float(outside.mean()) < 0.05


def checkpoints_on(
    scene: Scene, t: Floats, xy: Floats, rng: np.random.Generator, *, avoid: tuple[float, float] | None
) -> Floats:
    """Three to six places on the course where a fix came through, none near the story's time or place."""
    true = scene.at(t)
    usable = np.linalg.norm(xy - true, axis=1) < 20.0
    if avoid is not None:
        usable &= (t < avoid[0] - 60.0) | (t > avoid[1] + 60.0)
        scenery = scene.truth[int(avoid[0]) : int(avoid[1]) + 1 : 5]
    else:
        scenery = np.empty((0, 2))
    chosen: list[Floats] = []
    for i in rng.permutation(np.flatnonzero(usable)).tolist():
        place = true[i]
        others = [*chosen, *scenery]
        if others and np.linalg.norm(np.array(others) - place, axis=1).min() < 160.0:
            continue
        chosen.append(place)
        if len(chosen) == 6:
            break
    wanted = int(rng.integers(3, 7))
    return np.array(chosen[:wanted]) if chosen else no_places()

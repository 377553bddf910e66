"""Two plain deciders to compare with: one that believes each fix, and one that takes a median and waits."""

from collections.abc import Iterator

import numpy as np
import shapely

from benchmarks.judge.frame import Floats
from benchmarks.judge.measure import beyond
from benchmarks.judge.sources import runs
from benchmarks.judge.window import CHECKPOINT_M, STOP_M, Raised, Window

_OUTSIDE = {"route": "off-route", "area": "out-of-area", "post": "off-post"}
_CONFIRM_S = {"off-route": 60.0, "out-of-area": 60.0, "off-post": 300.0}
_MEDIAN_S = 50.0


def one_fix(window: Window) -> list[Raised]:
    """As the open systems do it: one fix outside is an exit, one fix inside is a return."""
    nearest_m = np.array([np.linalg.norm(window.xy - place, axis=1).min() for place in window.duty.checkpoints])
    return list(_decide(window, window.xy, dict.fromkeys(_CONFIRM_S, 0.0), nearest_m))


def median(window: Window) -> list[Raised]:
    """The median place of the last 50 s, the rule's own time before anything is said, a straight way between fixes."""
    way = shapely.LineString(window.xy)
    nearest_m = np.asarray(shapely.distance(way, shapely.points(window.duty.checkpoints)), dtype=np.float64)
    return list(_decide(window, _running_median(window.t, window.xy), _CONFIRM_S, nearest_m))


def _decide(window: Window, xy: Floats, confirm_s: dict[str, float], nearest_m: Floats) -> Iterator[Raised]:
    t = window.t
    for rule, began, ended, noticed in (
        *_outside(window, t, xy, confirm_s),
        *_stops(window, t, xy),
        *_silences(t),
        *_missed(window, nearest_m),
    ):
        at = window.start_s
        yield Raised(rule, window.device, at + began, at + ended, at + noticed)


_Found = tuple[str, float, float, float]


def _outside(window: Window, t: Floats, xy: Floats, confirm_s: dict[str, float]) -> Iterator[_Found]:
    rule = _OUTSIDE[window.duty.shape]
    for first, last in runs(beyond(window.duty, xy) > 0.0):
        if t[last] - t[first] >= confirm_s[rule]:
            sure = int(np.searchsorted(t, t[first] + confirm_s[rule]))
            yield rule, float(t[first]), float(t[last]), float(t[sure])


def _stops(window: Window, t: Floats, xy: Floats) -> Iterator[_Found]:
    if window.duty.shape == "post":
        return
    anchor = 0
    for i in range(1, len(t) + 1):
        if i < len(t) and np.hypot(*(xy[i] - xy[anchor])) <= STOP_M:
            continue
        if t[i - 1] - t[anchor] >= 600.0:
            yield "overtime-stop", float(t[anchor]), float(t[i - 1]), float(t[anchor]) + 600.0
        anchor = i


def _silences(t: Floats) -> Iterator[_Found]:
    for i in np.flatnonzero(np.diff(t) > 180.0):
        yield "signal-lost", float(t[i]), float(t[i + 1]), float(t[i]) + 180.0


def _missed(window: Window, nearest_m: Floats) -> Iterator[_Found]:
    for _ in np.flatnonzero(nearest_m > CHECKPOINT_M):
        yield "missed-checkpoint", 0.0, float(window.length_s), float(window.length_s)


def _running_median(t: Floats, xy: Floats) -> Floats:
    first = np.searchsorted(t, t - _MEDIAN_S)
    return np.array([np.median(xy[max(0, min(a, i - 2)) : i + 1], axis=0) for i, a in enumerate(first.tolist())])

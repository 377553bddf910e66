"""Stories told by what is missing: silence, checkpoints passed unseen or never passed, fixes that lie."""

from dataclasses import replace

import numpy as np
import shapely

from benchmarks.judge.displace import Told
from benchmarks.judge.frame import Floats
from benchmarks.judge.scene import Scene
from benchmarks.judge.window import CHECKPOINT_M, Duty, Story

_EDGE_S = 150
_TRIES = 60

Planted = tuple[Duty, Story]


def silence(scene: Scene, rng: np.random.Generator, kind: str, *, length_s: int) -> Told | None:
    """No fix for `length_s`; `as_heard` settles when it began for those who listen."""
    latest = scene.length_s - _EDGE_S - length_s
    if latest <= _EDGE_S:
        return None
    at = float(rng.integers(_EDGE_S, latest))
    silent = scene.silenced(at, at + length_s)
    if length_s >= 180:
        return silent, Story(kind, "act", "signal-lost", at, at + length_s)
    return silent, Story(kind, "near", None, at, at + length_s)


def as_heard(story: Story, t: Floats) -> Story:
    """The silence as it is heard after thinning: from the last fix before it to the first one after."""
    middle = (story.onset_s + story.end_s) / 2
    return replace(story, onset_s=float(t[t < middle].max()), end_s=float(t[t > middle].min()))


def unvisited(heard: Scene, duty: Duty, story: Story, rng: np.random.Generator) -> Planted | None:
    """A checkpoint 250 to 400 m aside, which between no two fixes could have been reached at the pace shown."""
    for _ in range(_TRIES):
        here = heard.truth[int(rng.integers(len(heard.truth)))]
        angle, reach = rng.uniform(0.0, 2 * np.pi), rng.uniform(260.0, 400.0)
        place = here + reach * np.array([np.cos(angle), np.sin(angle)])
        if np.linalg.norm(heard.truth - place, axis=1).min() >= 250.0 and not _reachable(heard, place):
            length = float(heard.length_s)
            added = np.vstack((duty.checkpoints, place))
            told = Story(story.kind, story.nature, story.rule, 0.0, length)
            return Duty(duty.shape, duty.geometry, added), told
    return None


def _reachable(heard: Scene, place: Floats) -> bool:
    """Whether the way over `place` between some two fixes asks for no more than 1.5 times the pace shown.

    The pace is that of the quicker fixes around, or of the quickest tenth of the whole window if that is more.
    """
    seen = heard.seen()
    away = np.linalg.norm(seen - place, axis=1)
    elapsed = np.diff(heard.t)
    needed = (away[:-1] + away[1:] - 2 * CHECKPOINT_M) / elapsed
    pace = np.linalg.norm(np.diff(seen, axis=0), axis=1) / elapsed
    usual = np.array([np.percentile(pace[max(0, i - 8) : i + 9], 75) for i in range(len(pace))])
    usual = np.maximum(usual, max(2.0, float(np.percentile(pace, 90))))
    return bool((needed < 1.5 * usual).any())


def between_fixes(heard: Scene, duty: Duty, story: Story, rng: np.random.Generator) -> Planted | None:
    """A checkpoint on the true path, where the path bends between two fixes: no fix and no chord comes near."""
    seen = heard.seen()
    found: list[tuple[float, Floats, float]] = []
    for i in range(len(heard.t) - 1):
        a, b = int(heard.t[i]), int(heard.t[i + 1])
        if not _EDGE_S < a < b < heard.length_s - _EDGE_S or b - a > 75:
            continue
        chord = shapely.LineString(seen[i : i + 2])
        bend = heard.truth[a : b + 1]
        off = shapely.distance(chord, shapely.points(bend))
        k = int(np.argmax(off))
        if off[k] > 35.0 and np.linalg.norm(seen - bend[k], axis=1).min() > CHECKPOINT_M + 10:
            found.append((float(off[k]), bend[k], float(a + k)))
    if not found:
        return None
    _, place, at = found[int(rng.integers(len(found)))]
    added = np.vstack((duty.checkpoints, place))
    return Duty(duty.shape, duty.geometry, added), Story(story.kind, "near", None, at - 30.0, at + 30.0)


def in_silence(heard: Scene, duty: Duty, story: Story, rng: np.random.Generator) -> Planted | None:
    """A checkpoint on the true path in the middle of the silence, near no fix."""
    at = int((story.onset_s + story.end_s) / 2 + rng.integers(-20, 21))
    place = heard.truth[at]
    if np.linalg.norm(heard.seen() - place, axis=1).min() < CHECKPOINT_M + 10:
        return None
    return Duty(duty.shape, duty.geometry, np.vstack((duty.checkpoints, place))), story


def wild_fixes(t: Floats, xy: Floats, rng: np.random.Generator) -> tuple[Floats, Story]:
    """One to four single fixes 1 to 3 km away, never two together."""
    wild = xy.copy()
    chosen: list[int] = []
    for i in rng.permutation(np.arange(3, len(t) - 3)).tolist():
        if all(abs(i - other) > 3 for other in chosen):
            chosen.append(i)
        if len(chosen) == 4:
            break
    for i in chosen[: int(rng.integers(1, 5))]:
        angle, reach = rng.uniform(0.0, 2 * np.pi), rng.uniform(1000.0, 3000.0)
        wild[i] += reach * np.array([np.cos(angle), np.sin(angle)])
    return wild, Story("wild-fixes", "near", None, 0.0, float(t[-1]))

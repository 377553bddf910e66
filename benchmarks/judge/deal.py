"""Deals the windows: which shape, which story, from which trace; only what the truth bears out is kept."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks.judge import displace, insert, omit
from benchmarks.judge.displace import Told
from benchmarks.judge.duties import area_around, checkpoints_on, post_at, route_along
from benchmarks.judge.measure import objection
from benchmarks.judge.noise import standing
from benchmarks.judge.scene import Scene
from benchmarks.judge.sources import SHORTEST_S, Sources, Stretch
from benchmarks.judge.window import Duty, Shape, Story, Window

_LONGEST_S = 90 * 60
_INTERVALS_S = ((1, 2, 3, 5), (10,), (30,))
_LOSS = 0.02
_DAY_S = 1767571200.0  # 2026-01-05T00:00:00Z: all windows lie on one day, as the duties of one county would
_SPREAD_S = 6 * 3600
_TRIES = 600

PRISTINE: tuple[tuple[str, Shape], ...] = (
    ("pristine", "route"),
    ("pristine", "area"),
    ("pristine", "route"),
    ("pristine", "post"),
)
NEAR: tuple[tuple[str, Shape], ...] = (
    ("detour-75s", "route"),
    ("offset-28m", "route"),
    ("stop-8min", "route"),
    ("silence-2min", "area"),
    ("wild-fixes", "route"),
    ("away-3min", "post"),
    ("checkpoint-between-fixes", "route"),
    ("checkpoint-in-silence", "route"),
    ("wild-fixes", "area"),
    ("silence-2min", "post"),
    ("detour-75s-abrupt", "route"),
    ("stop-8min", "area"),
    ("wild-fixes", "post"),
    ("silence-2min", "route"),
    ("away-3min", "post"),
)
ACTS: tuple[tuple[str, Shape], ...] = (
    ("detour", "route"),
    ("excursion", "area"),
    ("stop-14min", "route"),
    ("walk-off", "post"),
    ("unvisited", "route"),
    ("detour-abrupt", "route"),
    ("silence", "area"),
    ("excursion", "area"),
    ("stop-14min", "area"),
    ("silence", "route"),
    ("walk-off", "post"),
    ("unvisited", "route"),
    ("silence", "post"),
)


class Exhausted(Exception):  # noqa: N818 - the name says what happened
    """No trace bears the story that was asked for."""


def deal(sources: Sources, seed: int, count: int) -> list[Window]:
    """`count` windows: a third pristine, a third near misses, a third acts. The same seed deals the same windows."""
    return [_window(sources, seed, number) for number in range(count)]


def _window(sources: Sources, seed: int, number: int) -> Window:
    turn, third = divmod(number, 3)
    kinds = (PRISTINE, NEAR, ACTS)[third]
    kind, shape = kinds[turn % len(kinds)]
    rng = np.random.default_rng([seed, number])
    for _ in range(_TRIES):
        window = _attempt(sources, f"w{seed}-{number:04d}", kind, shape, rng)
        if window is not None:
            return window
    raise Exhausted(f"no real trace bears a window of kind {kind} on a {shape}")


def _attempt(sources: Sources, device: str, kind: str, shape: Shape, rng: np.random.Generator) -> Window | None:
    stretch = _stretch(sources, shape, rng)
    interval = int(rng.choice(_INTERVALS_S[int(rng.integers(3))]))
    if kind == "checkpoint-between-fixes":
        interval = 30
    duty = _draw_duty(stretch.scene, shape, rng)
    if duty is None:
        return None
    told = _tell(kind, stretch.scene, duty, sources, rng)
    if told is None:
        return None
    scene, story = told
    heard = scene.thinned(interval, _LOSS, rng)
    t, xy = heard.t, heard.seen()
    if len(t) < 12:
        return None
    if kind in _SILENCES:
        story = omit.as_heard(story, t)
    avoid = (story.onset_s, story.end_s) if story.end_s > story.onset_s else None
    if shape == "route":
        duty = replace(duty, checkpoints=checkpoints_on(scene, t, xy, rng, avoid=avoid))
    if kind in _CHECKPOINT_STORIES:
        planted = _CHECKPOINT_STORIES[kind](heard, duty, story, rng)
        if planted is None:
            return None
        duty, story = planted
    if kind == "wild-fixes":
        xy, story = omit.wild_fixes(t, xy, rng)
    start = _DAY_S + float(rng.integers(_SPREAD_S))
    window = Window(device, stretch.name, stretch.frame, start, interval, scene, duty, story, t, xy)
    return None if objection(window) else window


def _stretch(sources: Sources, shape: Shape, rng: np.random.Generator) -> Stretch:
    if shape == "post":
        length = int(rng.integers(SHORTEST_S, _LONGEST_S + 1))
        stay = sources.stays[int(rng.integers(len(sources.stays)))]
        if stay.scene.length_s >= SHORTEST_S and rng.random() < 0.5:
            return replace(stay, scene=_part(stay.scene, length, rng))
        return Stretch("standing", stay.frame, standing(sources.stays, length, rng))
    weights = np.array([s.scene.length_s for s in sources.journeys], dtype=np.float64)
    journey = sources.journeys[int(rng.choice(len(weights), p=weights / weights.sum()))]
    return replace(journey, scene=_part(journey.scene, int(rng.integers(SHORTEST_S, _LONGEST_S + 1)), rng))


def _part(scene: Scene, length_s: int, rng: np.random.Generator) -> Scene:
    start = int(rng.integers(max(1, scene.length_s - length_s + 1)))
    return scene.cut(start, min(scene.length_s, start + length_s))


def _draw_duty(scene: Scene, shape: Shape, rng: np.random.Generator) -> Duty | None:
    if shape == "route":
        return route_along(scene, rng)
    return area_around(scene, rng) if shape == "area" else post_at(scene)


def _tell(kind: str, scene: Scene, duty: Duty, sources: Sources, rng: np.random.Generator) -> Told | None:
    tellers: dict[str, Callable[[], Told | None]] = {
        "pristine": lambda: (scene, Story("pristine", "pristine")),
        "wild-fixes": lambda: (scene, Story("wild-fixes", "near")),
        "unvisited": lambda: (scene, Story("unvisited", "act", "missed-checkpoint")),
        "checkpoint-between-fixes": lambda: (scene, Story(kind, "near")),
        "checkpoint-in-silence": lambda: omit.silence(scene, rng, kind, length_s=120),
        "silence-2min": lambda: omit.silence(scene, rng, kind, length_s=120),
        "silence": lambda: omit.silence(scene, rng, kind, length_s=360),
        "detour": lambda: displace.detour(scene, duty, rng, abrupt=False),
        "detour-abrupt": lambda: displace.detour(scene, duty, rng, abrupt=True),
        "detour-75s": lambda: displace.short_detour(scene, duty, rng, abrupt=False),
        "detour-75s-abrupt": lambda: displace.short_detour(scene, duty, rng, abrupt=True),
        "offset-28m": lambda: displace.offset(scene, duty, rng),
        "walk-off": lambda: displace.walk_off(scene, duty, rng),
        "away-3min": lambda: displace.step_away(scene, duty, rng),
        "stop-14min": lambda: insert.stop(scene, rng, minutes=14),
        "stop-8min": lambda: insert.stop(scene, rng, minutes=8),
        "excursion": lambda: insert.excursion(scene, duty, sources.stays, rng),
    }
    return tellers[kind]()


_SILENCES = ("silence", "silence-2min", "checkpoint-in-silence")
_CHECKPOINT_STORIES = {
    "unvisited": omit.unvisited,
    "checkpoint-between-fixes": omit.between_fixes,
    "checkpoint-in-silence": omit.in_silence,
}

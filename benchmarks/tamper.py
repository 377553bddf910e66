"""How surely tampering with a camera is told, and how seldom what is none: every act over every scene, seeded.

Scenes are drawn places with people in them and, where they lie beside the project, the clips of
`../shared/data/footage` (`DUCHA_FOOTAGE` names another folder). An act counts as told when from its second picture on
each is told to be what the act makes it.
"""

import copy
import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from numpy.random import Generator

from analytics.catalogue import video_rules
from analytics.video.detection import Detector, Picture
from analytics.video.picture import PictureState
from analytics.video.tamper import Tamper, examine
from analytics.video.watcher import Outlook, Watcher
from benchmarks.acts import Act, Change, harmless, tampering
from benchmarks.figures import Figure
from hardware.cameras.county import demo_cameras
from hardware.cameras.lens import Lens
from ingest.cameras.detectors import default_detector

FOOTAGE = Path(os.environ.get("DUCHA_FOOTAGE", Path(__file__).resolve().parents[2] / "shared" / "data" / "footage"))
SIZE = (480, 270)
BEFORE = (2, 5)  # pictures before the act
LASTS = 3
UNTOUCHED = 24
_DRAWN = ("win-1", "room-1", "hall-1", "street-1")
_FILMS = {".gif", ".mp4", ".mkv", ".avi"}


@dataclass(frozen=True, slots=True)
class View:
    """A camera that nobody touches: the picture of each second."""

    name: str
    picture: Callable[[int, Generator], Picture]


@dataclass(slots=True)
class Tally:
    """Of so many acts or pictures, how many were told, and which were told wrongly."""

    told: int = 0
    of: int = 0
    wrong: list[str] = field(default_factory=list)


def measure(*, quick: bool = False) -> list[Figure]:
    views, detector = [*drawn(), *filmed()][:: 3 if quick else 1], default_detector()
    acts: dict[str, Tally] = defaultdict(Tally)
    alarms: dict[str, Tally] = defaultdict(Tally)
    for view in views:
        _add(acts, told(view, detector, tampering()))
        _add(alarms, falsely_told(view, detector, harmless()))
    took = cost_ms(views)
    return [
        *(Figure(f"tampering: {kind}", f"{t.told} of {t.of}", "all", t.told == t.of) for kind, t in acts.items()),
        *(Figure(f"none: {kind}", f"{t.told} of {t.of} pictures", "0", not t.told) for kind, t in alarms.items()),
        Figure(
            "judging a picture", f"{np.mean(took):.1f} ms, at most {max(took):.0f}", "≤ 6", float(np.mean(took)) <= 6
        ),
    ]


def drawn() -> list[View]:
    specs = {spec.name: spec for spec in demo_cameras(1, size=SIZE).specs}
    lens = Lens(SIZE, 2.0)

    def view(name: str) -> View:
        scene = specs[name].view
        return View(name, lambda n, _random: lens.picture(scene.picture(float(n), SIZE), frozenset(), 1e9 + n, 1e9 + n))

    return [view(name) for name in _DRAWN]


def filmed() -> list[View]:
    files = sorted(FOOTAGE.iterdir()) if FOOTAGE.is_dir() else []
    return [clip(file) for file in files if file.suffix in _FILMS]


def clip(file: Path) -> View:
    """Forth and back, with the noise of a camera, which a GIF has lost."""
    with av.open(str(file)) as container:
        pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    forth = pictures[:: max(1, min(12, len(pictures) // 4))][:40]
    loop = forth + forth[-2:0:-1]

    def picture(n: int, random: Generator) -> Picture:
        noise = random.normal(0, 1.2, pictures[0].shape)
        return np.clip(loop[n % len(loop)] + noise, 0, 255).astype(np.uint8)

    return View(file.stem, picture)


def told(view: View, detector: Detector, acts: list[Act]) -> dict[str, Tally]:
    """Of each kind of act, how often it was told."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    watcher, random = Watcher(Outlook(view.name), detector, video_rules()), np.random.default_rng(1)
    for n in range(max(BEFORE) + 1):
        for number, act in enumerate(acts if n in BEFORE else []):
            seen = _under(view, act, copy.copy(watcher), n, np.random.default_rng([n, number]))
            tally = tallies[act.kind]
            tally.of += 1
            tally.told += set(seen[1:]) == {act.makes}
            if set(seen[1:]) != {act.makes}:
                tally.wrong.append(f"{act.name} after {n}: {','.join(seen)}")
        _seen(watcher, view.picture(n, random), n)
    return tallies


def falsely_told(view: View, detector: Detector, changes: dict[str, Change]) -> dict[str, Tally]:
    """Of each thing that is no tampering, how many pictures were told to be tampered with."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for number, (name, change) in enumerate(changes.items()):
        watcher, random = Watcher(Outlook(view.name), detector, video_rules()), np.random.default_rng([2, number])
        tally = tallies[name]
        for n in range(UNTOUCHED):
            picture = view.picture(n, random)
            seen = _seen(watcher, picture if n < max(BEFORE) else change(picture, n - max(BEFORE), random), n)
            tally.of += 1
            tally.told += seen is not PictureState.OK
            if seen is not PictureState.OK:
                tally.wrong.append(f"{n}: {seen}")
    return tallies


def cost_ms(views: list[View]) -> list[float]:
    """The time that judging each picture takes, without the people in it."""
    took = []
    for view in views:
        random, state = np.random.default_rng(3), Tamper()
        for n in range(30):
            picture = view.picture(n, random)
            began_s = time.process_time()
            state = examine(state, picture, float(n))
            took.append(1e3 * (time.process_time() - began_s))
    return took


def _under(view: View, act: Act, watcher: Watcher, start: int, random: Generator) -> list[PictureState]:
    """What each picture is told to be from when the act begins."""
    times = range(start, start + LASTS)
    return [_seen(watcher, act.change(view.picture(n, random), n - start, random), n) for n in times]


def _seen(watcher: Watcher, picture: Picture, n: int) -> PictureState:
    state = watcher.sample(picture, float(n)).picture
    assert state is not None
    return state


def _add(sums: dict[str, Tally], more: dict[str, Tally]) -> None:
    for kind, tally in more.items():
        sums[kind].told += tally.told
        sums[kind].of += tally.of
        sums[kind].wrong += tally.wrong

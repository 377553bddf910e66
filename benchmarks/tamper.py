"""How surely tampering with a camera is told, and how seldom what is none: every act over every scene, seeded.

Scenes are drawn places with people in them and, where they lie beside the project, the clips of `../shared/data/footage`
(`DUCHA_FOOTAGE` names another folder). An act counts as found when from its second picture on, to the last but
one at most, the picture is told to be what the act makes it.
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
STARTS = (2, 5, 20)  # samples before the act
LASTS = 4
UNTOUCHED = 24
_DRAWN = ("win-1", "win-2", "room-1", "hall-1", "street-1")


@dataclass(frozen=True, slots=True)
class View:
    """A camera that nobody touches: the picture of each second."""

    name: str
    picture: Callable[[int, Generator], Picture]


@dataclass(slots=True)
class Tally:
    right: int = 0
    told: int = 0  # as tampering of whatever kind
    of: int = 0
    wrong: list[str] = field(default_factory=list)


def drawn() -> list[View]:
    specs = {spec.name: spec for spec in demo_cameras(1, size=SIZE).specs}
    lens = Lens(SIZE, 2.0)

    def view(name: str) -> View:
        scene = specs[name].view
        return View(
            name, lambda n, _random: lens.picture(scene.picture(float(n), SIZE), frozenset(), 1.7e9 + n, 1.7e9 + n)
        )

    return [view(name) for name in _DRAWN]


def filmed() -> list[View]:
    """Clips, forth and back, with the noise of a camera that they have lost."""
    return (
        [_clip(file) for file in sorted(FOOTAGE.glob("*.*")) if file.suffix in {".gif", ".mp4", ".avi"}]
        if FOOTAGE.is_dir()
        else []
    )


def _clip(file: Path) -> View:
    with av.open(str(file)) as container:
        pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    step = max(1, min(12, len(pictures) // 4))
    forth = pictures[::step][:40]
    loop = forth + forth[-2:0:-1]

    def picture(n: int, random: Generator) -> Picture:
        noise = random.normal(0, 1.2, pictures[0].shape)
        return np.clip(loop[n % len(loop)] + noise, 0, 255).astype(np.uint8)

    return View(file.stem.removeprefix("intel_"), picture)


def watch(view: View, act: Act, start: Watcher, at: int, seed: list[int]) -> list[PictureState]:
    """What each picture under the act is told to be, after `at` untouched ones that `start` has seen."""
    watcher, random = copy.copy(start), np.random.default_rng(seed)
    return [_told(watcher, act.change(view.picture(n, random), n - at, random), n) for n in range(at, at + LASTS)]


def _told(watcher: Watcher, picture: Picture, n: int) -> PictureState:
    told = watcher.sample(picture, float(n)).picture
    assert told is not None
    return told


def found(view: View, detector: Detector, acts: list[Act], starts: tuple[int, ...] = STARTS) -> dict[str, Tally]:
    """Of each kind of act, how often it was told."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    watcher, random = Watcher(Outlook(view.name), detector, video_rules()), np.random.default_rng(1)
    for n in range(max(starts) + 1):
        if n in starts:
            for number, act in enumerate(acts):
                told = watch(view, act, watcher, n, [n, number])
                tally = tallies[act.kind]
                tally.of += 1
                tally.right += sum(t is act.makes for t in told[1:]) >= LASTS - 2
                tally.told += sum(t is not PictureState.OK for t in told[1:]) >= LASTS - 2
                if sum(t is act.makes for t in told[1:]) < LASTS - 2:
                    tally.wrong.append(f"{act.name}@{n}:" + ",".join(t.value[:2] for t in told))
        _told(watcher, view.picture(n, random), n)
    return tallies


def false(view: View, detector: Detector, changes: dict[str, Change]) -> dict[str, Tally]:
    """Of each thing that is no tampering, in how many samples it was told as such."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for number, (name, change) in enumerate(changes.items()):
        watcher, random = Watcher(Outlook(view.name), detector, video_rules()), np.random.default_rng([2, number])
        tally = tallies[name]
        for n in range(UNTOUCHED):
            picture = view.picture(n, random)
            told = _told(watcher, picture if n < 10 else change(picture, n - 10, random), n)
            tally.of += 1
            tally.told += told is not PictureState.OK
            if told is not PictureState.OK:
                tally.wrong.append(f"{n}:{told.value[:2]}")
    return tallies


def cost_ms(views: list[View]) -> list[float]:
    """The time that judging one picture takes, without the people in it."""
    took = []
    for view in views:
        random, state = np.random.default_rng(3), Tamper()
        pictures = [view.picture(n, random) for n in range(30)]
        for n, picture in enumerate(pictures):
            began_s = time.process_time()
            state = examine(state, picture, float(n))
            took.append(1e3 * (time.process_time() - began_s))
    return took


def measure(*, quick: bool = False) -> list[Figure]:
    views, detector = drawn() + filmed(), default_detector()
    acts, changes = tampering(), harmless()
    hits: dict[str, Tally] = defaultdict(Tally)
    alarms: dict[str, Tally] = defaultdict(Tally)
    for view in views[:: 3 if quick else 1]:
        for into, some in ((hits, found(view, detector, acts)), (alarms, false(view, detector, changes))):
            for kind, tally in some.items():
                into[kind].of += tally.of
                into[kind].right += tally.right
                into[kind].told += tally.told
    took = cost_ms(views)
    figures = [
        Figure(f"tampering told, {kind}", f"{t.right} of {t.of}", "all", t.right == t.of) for kind, t in hits.items()
    ]
    figures += [
        Figure(f"told as tampering, {kind}", f"{t.told} of {t.of} samples", "none", not t.told)
        for kind, t in alarms.items()
    ]
    return [
        *figures,
        Figure(
            "judging a picture",
            f"{np.mean(took):.1f} ms, at most {max(took):.0f} ms",
            "≤ 6 ms",
            bool(np.mean(took) <= 6),
        ),
    ]

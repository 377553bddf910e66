"""Tampering with the picture: every kind is told, and nothing that is none."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import av
import numpy as np
import pytest
from drawn_pictures import Room, blurred, covered, covered_with, lit, lit_from_one_side, moved, noisy, swaying
from labelled_footage import FOOTAGE

from analytics.video.detection import Person, Picture
from analytics.video.picture import PictureState
from analytics.video.tamper import ACCEPT_AFTER_S, FROZEN_AFTER_S, Tamper, examine, with_people

RANDOM = np.random.default_rng(7)
Change = Callable[[Picture], Picture]

TAMPERING: dict[str, tuple[PictureState, Change]] = {
    "black": (PictureState.BLACK, lambda p: lit(p, 0.02)),
    "covered by three fifths": (PictureState.COVERED, lambda p: covered(p, 0.6, RANDOM)),
    "covered altogether": (PictureState.COVERED, lambda p: covered(p, 1.0, RANDOM)),
    "covered by three fifths with print": (PictureState.COVERED, lambda p: covered_with(4, p, 0.6, RANDOM)),
    "covered by three fifths with cloth": (PictureState.COVERED, lambda p: covered_with(30, p, 0.6, RANDOM)),
    "covered altogether with cloth": (PictureState.COVERED, lambda p: covered_with(30, p, 1.0, RANDOM)),
    "out of focus": (PictureState.DEFOCUSED, blurred),
    "shifted by a twentieth": (PictureState.MOVED, lambda p: moved(p, shift=0.05)),
    "shifted by a third": (PictureState.MOVED, lambda p: moved(p, shift=0.33)),
    "turned by three degrees": (PictureState.MOVED, lambda p: moved(p, turn_deg=3)),
    "turned by thirty degrees": (PictureState.MOVED, lambda p: moved(p, turn_deg=30)),
    "turned upside down": (PictureState.MOVED, lambda p: moved(p, turn_deg=180)),
}
HARMLESS: dict[str, Change] = {
    "a lamp goes out": lambda p: lit(p, 0.3),
    "a lamp goes on": lambda p: lit(p, 1.4),
    "light from one side": lit_from_one_side,
    "a noisy night": lambda p: noisy(lit(p, 0.3), RANDOM, 8.0),
}
CLIPS = sorted(FOOTAGE.glob("*.gif")) if FOOTAGE.is_dir() else []
# in the corridor two people walk who fill the picture: there is hardly anything else to be seen, moved or not
ROOMS = [clip for clip in CLIPS if "walking" not in clip.name]
PEOPLE = {
    "intel_head-pose-face-detection-female-and-male": [
        Person(0.05, 0.18, 0.45, 1.0, 0.9),
        Person(0.52, 0.13, 0.93, 1.0, 0.9),
    ],
    "intel_head-pose-face-detection-male": [Person(0.27, 0.07, 0.75, 1.0, 0.9)],
}
needs_footage = pytest.mark.skipif(not CLIPS, reason="needs the footage in ../shared/data/footage")


def states(
    pictures: Iterator[Picture] | list[Picture],
    state: Tamper | None = None,
    start_s: float = 0.0,
    people: Sequence[Person] = (),
) -> list[str]:
    """What each of the pictures, a second apart, is found to be; `people` are found in those that are looked at."""
    found = []
    state = state or Tamper()
    for second, picture in enumerate(pictures):
        state = examine(state, picture, start_s + second)
        if state.picture is PictureState.OK or state.doubted is not None:
            state = with_people(state, people)
        found.append(state.picture.value)
    return found


def footage(clip: object, seconds: int) -> list[Picture]:
    """A clip forth and back, with the noise of a camera that a GIF has lost."""
    with av.open(str(clip)) as container:
        pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    forth = pictures[:: max(1, len(pictures) // 12)]
    return [noisy(p, RANDOM, 1.5) for p in islice(cycle(forth + forth[-2:0:-1]), seconds)]


@pytest.mark.parametrize("kind", TAMPERING)
def test_tampering_with_a_drawn_room_is_told_at_once_or_with_the_next_picture(kind: str) -> None:
    room, (state, change) = Room(), TAMPERING[kind]
    found = states([*(room.picture() for _ in range(10)), *(change(room.picture()) for _ in range(10))])
    assert set(found[:10]) == {"ok"}
    assert set(found[11:]) == {state.value}


@pytest.mark.parametrize("kind", HARMLESS)
def test_another_light_is_no_tampering(kind: str) -> None:
    room, change = Room(), HARMLESS[kind]
    found = states([*(room.picture() for _ in range(20)), *(change(room.picture()) for _ in range(40))])
    assert set(found) == {"ok"}


def test_dusk_and_dawn_are_no_tampering() -> None:
    room = Room()
    light = [1 - 0.8 * abs(np.sin(second / 40)) for second in range(126)]
    assert set(states([lit(room.picture(), each) for each in light])) == {"ok"}


def test_somebody_walking_before_the_camera_is_no_tampering() -> None:
    room = Room()
    walk = [room.picture([(x, 0.05, x + 0.3, 1.0)]) for x in np.linspace(0, 0.7, 30)]
    assert set(states([*(room.picture() for _ in range(10)), *walk])) == {"ok"}


def test_somebody_who_stands_close_to_the_camera_is_no_cover_and_something_as_large_is() -> None:
    room, close = Room(), (0.1, 0.0, 0.85, 1.0)
    before = [room.picture() for _ in range(10)]
    hidden = [room.picture([swaying(close, second)]) for second in range(10)]
    assert set(states([*before, *hidden], people=[Person(*close, score=0.9)])) == {"ok"}
    assert set(states([*before, *hidden])[11:]) == {"covered"}
    assert set(states([*before, *hidden], people=[Person(*close, score=0.4)])[11:]) == {"covered"}, "as cloth may look"
    still = [room.picture([close]) for _ in range(10)]
    assert set(states([*before, *still], people=[Person(*close, score=0.9)])[11:]) == {"covered"}, "nobody is so still"


def test_a_cloth_is_no_more_alive_for_somebody_who_moves_below_it() -> None:
    room, below, empty = Room(), ((0.0, 0.6, 0.18, 1.0), (0.19, 0.6, 0.37, 1.0)), Tamper()
    for second in range(10):
        empty = with_people(examine(empty, room.picture(), float(second)), ())
    hidden = [covered_with(30, room.picture([below[second % 2]]), 0.6, RANDOM) for second in range(10)]
    seen = [Person(0.0, 0.6, 0.37, 1.0, 0.9), Person(0.38, 0.0, 1.0, 1.0, 0.6)]  # the other one is the cloth
    assert set(states(hidden, empty, 10.0, seen)[1:]) == {"covered"}


@pytest.mark.parametrize("kind", TAMPERING)
def test_two_pictures_are_enough_to_tell_tampering_by(kind: str) -> None:
    room, (state, change) = Room(), TAMPERING[kind]
    found = states([room.picture(), room.picture(), *(change(room.picture()) for _ in range(3))])
    assert found[:2] == ["ok", "ok"]
    assert set(found[3:]) == {state.value}


def test_somebody_who_sits_down_for_long_and_leaves_is_no_tampering() -> None:
    room = Room()
    sitting = [(0.3, 0.1, 0.65, 1.0)]
    pictures = [room.picture(), *(room.picture(sitting) for _ in range(200)), *(room.picture() for _ in range(60))]
    assert set(states(pictures)) == {"ok"}


def test_a_picture_that_stays_exactly_the_same_is_frozen_after_half_a_minute() -> None:
    room = Room()
    still = room.picture()
    state, since_s = Tamper(), []
    for second in range(60):
        state = examine(state, room.picture() if second < 20 else still, float(second))
        since_s.append((state.picture, state.since_s))
    told = [second for second, (picture, _) in enumerate(since_s) if picture is PictureState.FROZEN]
    assert told == list(range(20 + int(FROZEN_AFTER_S), 60))
    assert since_s[-1][1] == 20.0, "it is frozen since the picture first stood still"


def test_a_camera_whose_clock_stands_still_is_frozen() -> None:
    room, state = Room(), Tamper()
    for second in range(60):
        state = examine(state, room.picture(), float(second), media_s=min(second, 10.0))
    assert state.picture is PictureState.FROZEN


def test_a_camera_that_comes_back_with_a_new_clock_is_not_frozen() -> None:
    room, state = Room(), Tamper()
    for second in range(60):
        state = examine(state, room.picture(), float(second), media_s=1000.0 + second)
    for second in range(120, 130):
        state = examine(state, room.picture(), float(second), media_s=second - 120.0)
        assert state.picture is PictureState.OK


def test_a_camera_that_stays_moved_is_at_last_taken_to_look_that_way() -> None:
    room = Room()
    state = Tamper()
    for second in range(10):
        state = examine(state, room.picture(), float(second))
    for step in range(10):
        state = examine(state, moved(room.picture(), shift=0.2), 10 + step * ACCEPT_AFTER_S / 5)
    assert state.picture is PictureState.OK


def test_a_picture_that_comes_late_changes_nothing() -> None:
    room = Room()
    state = examine(examine(Tamper(), room.picture(), 0.0), room.picture(), 1.0)
    assert examine(state, lit(room.picture(), 0.0), 1.0) is state


@needs_footage
@pytest.mark.parametrize("clip", CLIPS, ids=lambda c: c.stem)
def test_untouched_footage_is_ok(clip: Path) -> None:
    assert set(states(footage(clip, 60), people=PEOPLE.get(clip.stem, ()))) == {"ok"}


@needs_footage
@pytest.mark.parametrize("clip", CLIPS, ids=lambda c: c.stem)
def test_footage_in_another_light_is_ok(clip: Path) -> None:
    pictures = footage(clip, 50)
    for change in HARMLESS.values():
        seen = [*pictures[:20], *(change(p) for p in pictures[20:])]
        assert set(states(seen, people=PEOPLE.get(clip.stem, ()))) == {"ok"}


@needs_footage
@pytest.mark.parametrize("clip", ROOMS, ids=lambda c: c.stem)
def test_tampering_with_footage_is_told(clip: Path) -> None:
    pictures = footage(clip, 40)
    before = Tamper()
    for second, picture in enumerate(pictures[:20]):
        before = with_people(examine(before, picture, float(second)), PEOPLE.get(clip.stem, ()))
    for kind, (state, change) in TAMPERING.items():
        found = Counter(states([change(p) for p in pictures[20:]], before, start_s=20))
        assert found[state.value] >= 14, (kind, found)


def bared(picture: Picture) -> Picture:
    """The wall that is seen when the man before it has left: from the one side of him to the other."""
    left, right = int(0.24 * picture.shape[1]), int(0.8 * picture.shape[1])
    wall = picture.astype(np.float32)
    share = np.linspace(0, 1, right - left)[None, :, None]
    beside = [wall[:, at : at + 6].mean(axis=1, keepdims=True) for at in (left - 6, right)]
    wall[:, left:right] = beside[0] * (1 - share) + beside[1] * share
    return noisy(wall, RANDOM, 1.5)


@needs_footage
def test_a_man_who_bares_the_wall_by_leaving_is_no_tampering_and_whoever_covers_him_is() -> None:
    pictures = footage(FOOTAGE / "intel_head-pose-face-detection-male.gif", 40)
    state, man = Tamper(), Person(0.25, 0.05, 0.78, 1.0, 0.9)
    for second, picture in enumerate(pictures[:20]):
        state = with_people(examine(state, picture, float(second)), [man])
    assert set(states([bared(p) for p in pictures[20:]], state, start_s=20)) == {"ok"}
    hidden = [covered(p, 0.65, RANDOM) for p in pictures[20:]]
    assert states(hidden, state, start_s=20) == ["ok", *["covered"] * 19], "somebody who passes is seen once"
    assert examine(examine(state, hidden[0], 20.0), hidden[1], 21.0).since_s == 20.0


def snowed(picture: Picture) -> Picture:
    """Noise that changes with every picture, over the upper three fifths."""
    behind = picture.copy()
    behind[: int(0.6 * picture.shape[0])] = RANDOM.integers(0, 256, behind[: int(0.6 * picture.shape[0])].shape)
    return behind


def test_snow_that_looks_like_people_to_the_detector_is_a_cover() -> None:
    room, phantom = Room(), [Person(0.0, 0.0, 1.0, 0.6, 0.6)]
    pictures = [*(room.picture() for _ in range(10)), *(snowed(room.picture()) for _ in range(5))]
    assert states(pictures, people=phantom)[11:] == ["covered"] * 4


def test_a_cloth_that_moves_over_the_head_of_somebody_who_sits_there_is_a_cover() -> None:
    room, man = Room(), (0.2, 0.05, 0.85, 1.0)
    pictures = [room.picture([swaying(man, second)]) for second in range(15)]
    for second, picture in enumerate(pictures[10:]):
        cloth = covered_with(40, picture, 1.0, RANDOM)
        picture[:162] = np.roll(cloth, 6 * second, axis=1)[:162]
    assert states(pictures, people=[Person(*man, score=0.9)])[11:] == ["covered"] * 4


class Proof:
    """That the camera moved, where a test says that it can be seen."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_seen = False
        monkeypatch.setattr("analytics.video.tamper.is_moved", lambda *_: self.is_seen)


def test_a_moved_camera_is_moved_while_people_hide_the_proof_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    room, proof, state = Room(), Proof(monkeypatch), Tamper()
    for second in range(5):
        state = examine(state, room.picture(), float(second))
    found = []
    for second in range(8):
        picture = moved(room.picture(), shift=0.3)
        left = int((0.1 + 0.05 * second) * picture.shape[1])
        picture[30:, left : left + 100] = 60
        proof.is_seen = second == 0
        state = examine(state, picture, 5.0 + second)
        found.append(state.picture.value)
    assert found == ["ok"] + ["moved"] * 7
    covers = [covered(room.picture(), 1.0, RANDOM) for _ in range(3)]
    assert states(covers, state, start_s=13.0)[1:] == ["covered"] * 2


def test_what_once_looks_like_a_motion_in_a_cover_is_still_a_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    room, proof, state = Room(), Proof(monkeypatch), Tamper()
    for second in range(5):
        state = examine(state, room.picture(), float(second))
    found = []
    for second in range(8):
        proof.is_seen = second in (3, 6, 7)
        state = examine(state, covered_with(30, room.picture(), 1.0, RANDOM), 5.0 + second)
        found.append(state.picture.value)
    assert found == ["ok"] + ["covered"] * 6 + ["moved"], "twice in a row, as a move is always told"

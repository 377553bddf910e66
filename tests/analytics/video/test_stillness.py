"""A sensor that hangs behind an encoder that goes on, and a live one before which nothing happens."""

import numpy as np
import pytest

from analytics.video.picture import PictureState
from analytics.video.stillness import Memory, hangs_since, remembered, tiles_of
from analytics.video.tamper import Tamper, examine
from benchmarks.stillness import GRAINS, Clock, Coding, falsely_told, film, judged, quality, told_after_s, x264, x265
from hardware.cameras.sensor import Grain

SMALL = (480, 272)
LATEST_S = 40.0
RANDOM = np.random.default_rng(3)
HUNG = [
    (x264("ultrafast", 64), Clock.ABOVE),
    (x264("ultrafast", 256), Clock.MIDDLE),
    (x264("ultrafast", 2000), Clock.BELOW),
    (x264("ultrafast", 128, gop_s=2.0), Clock.WANDERING),
    (x264("veryfast", 1000), Clock.FACE),
    (x265(256), Clock.BELOW),
]
LIVE = [
    x264("ultrafast", 64),
    x264("ultrafast", 1000),
    x264("ultrafast", 64, gop_s=10.0),
    quality("veryfast", "crf", 35),
]


@pytest.mark.parametrize(("coding", "clock"), HUNG, ids=lambda each: getattr(each, "name", each))
def test_a_hung_sensor_is_told_while_its_encoder_and_its_clock_go_on(coding: Coding, clock: Clock) -> None:
    told_s = told_after_s(coding, Grain(), clock, SMALL)
    assert told_s is not None
    assert 0 < told_s <= LATEST_S


@pytest.mark.parametrize("grain", GRAINS.values(), ids=GRAINS)
@pytest.mark.parametrize("coding", LIVE, ids=lambda coding: f"{coding.name} {coding.kbps} {coding.gop_s:.0f}")
def test_a_live_sensor_before_which_nothing_happens_is_not_frozen(coding: Coding, grain: Grain) -> None:
    assert falsely_told(coding, grain, 80.0, SMALL) == 0


def test_a_live_sensor_is_not_frozen_in_h265() -> None:
    assert falsely_told(x265(64), Grain(), 50.0, SMALL) == 0


def test_a_sensor_that_lives_again_is_ok_within_a_quarter_of_a_minute() -> None:
    coding = x264("ultrafast", 256)
    hung = [picture for _, picture in film(coding, Grain(), Clock.ABOVE, 50.0, SMALL, hangs_s=2.0)]
    lives = [picture for _, picture in film(coding, Grain(), Clock.ABOVE, 30.0, SMALL)]
    states = [state for _, state in judged(enumerate(map(np.copy, hung + lives)), coding)]
    assert states[49] is PictureState.FROZEN
    assert set(states[66:]) == {PictureState.OK}


def test_the_hang_is_dated_by_the_first_picture_that_came_again() -> None:
    coding, state = x264("ultrafast", 256), Tamper()
    for t_s, picture in film(coding, Grain(), Clock.BELOW, 60.0, SMALL, hangs_s=15.0):
        state = examine(state, picture, t_s)
    assert state.picture is PictureState.FROZEN
    assert 15.0 <= state.since_s <= 25.0


def test_a_tile_is_known_by_all_its_pixels() -> None:
    picture = RANDOM.integers(0, 255, (64, 96, 3), dtype=np.uint8)
    touched = picture.copy()
    touched[37, 50] += 1
    assert np.argwhere(tiles_of(picture) != tiles_of(touched)).tolist() == [[2, 3]]


def test_pictures_of_another_size_or_hardly_any_are_no_repetition() -> None:
    memory: Memory = ()
    for second in range(40):
        height = 8 if second % 2 else 32
        memory = remembered(memory, np.zeros((height, 40, 3), np.uint8), float(second))
    assert hangs_since(memory) is None


def test_what_an_encoder_copies_between_keyframes_is_no_repetition() -> None:
    memory: Memory = ()
    pictures = [RANDOM.integers(0, 255, (160, 160, 3), dtype=np.uint8) for _ in range(5)]
    for second in range(100):
        memory = remembered(memory, pictures[second // 20], float(second), group_s=20.0)
        assert hangs_since(memory) is None

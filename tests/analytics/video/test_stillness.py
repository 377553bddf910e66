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
    (x264("veryfast", 128), Clock.ABOVE),
    (x264("veryfast", 256), Clock.BELOW),
    (x264("medium", 256), Clock.BELOW),
    (quality("veryfast", "crf", 35), Clock.ABOVE),
    (x265(256), Clock.BELOW),
]
LIVE = [
    x264("ultrafast", 64),
    x264("veryfast", 128),
    x264("ultrafast", 64, gop_s=10.0),
    quality("veryfast", "crf", 35),
    quality("ultrafast", "qp", 51),
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


@pytest.mark.parametrize("coding", [x264("ultrafast", 256), x264("veryfast", 128)], ids=lambda coding: coding.name)
def test_a_sensor_that_lives_again_is_ok_within_eight_seconds(coding: Coding) -> None:
    hung = [picture for _, picture in film(coding, Grain(), Clock.ABOVE, 50.0, SMALL, hangs_s=2.0)]
    lives = [picture for _, picture in film(coding, Grain(), Clock.ABOVE, 30.0, SMALL)]
    states = [state for _, state in judged(enumerate(map(np.copy, hung + lives)), coding)]
    assert states[49] is PictureState.FROZEN
    assert set(states[57:]) == {PictureState.OK}


def test_a_hung_sensor_is_told_by_keyframes_ten_seconds_apart() -> None:
    coding, state = x264("ultrafast", 128, gop_s=10.0), Tamper()
    for t_s, picture in film(coding, Grain(), Clock.BELOW, 15.0 + LATEST_S, hangs_s=15.0):
        if t_s % coding.gop_s == 0:
            state = examine(state, picture, t_s)
    assert state.picture is PictureState.FROZEN


def test_a_frozen_picture_stays_frozen_as_long_as_it_is() -> None:
    coding = x264("veryfast", 128)
    hung = judged(film(coding, Grain(), Clock.ABOVE, 100.0, SMALL, hangs_s=5.0), coding)
    states = [state for t_s, state in hung if t_s >= 5.0 + LATEST_S]
    assert set(states) == {PictureState.FROZEN}


def test_the_hang_is_dated_by_the_first_picture_that_came_again() -> None:
    coding, state = x264("ultrafast", 256), Tamper()
    for t_s, picture in film(coding, Grain(), Clock.BELOW, 60.0, SMALL, hangs_s=15.0):
        state = examine(state, picture, t_s)
    assert state.picture is PictureState.FROZEN
    assert 15.0 <= state.since_s <= 25.0


def test_a_tile_is_known_by_all_its_pixels_but_those_an_encoder_smooths_with_the_next() -> None:
    picture = RANDOM.integers(0, 255, (64, 96, 3), dtype=np.uint8)
    touched = picture.copy()
    touched[37, 50] += 1  # inside
    touched[15, 20] += 1  # at the lower edge of another
    touched[20, 79] += 1  # at the right edge of a third
    assert np.argwhere(tiles_of(picture).sums != tiles_of(touched).sums).tolist() == [[2, 3]]


def test_a_tile_has_detail_where_no_edge_could_predict_it() -> None:
    rows, columns = np.mgrid[:16, :16]
    tiles = [np.full((16, 16), 90), rows * 9, columns * 9, rows * 4 + columns * 4, RANDOM.integers(0, 255, (16, 16))]
    picture = np.hstack(tiles).astype(np.uint8)[:, :, None].repeat(3, axis=2)
    assert tiles_of(picture).detailed.tolist() == [[False, False, False, False, True]]


def test_a_live_picture_half_of_which_is_a_still_is_not_frozen() -> None:
    memory: Memory = ()
    still = RANDOM.integers(0, 255, (320, 160, 3), dtype=np.uint8)
    for second in range(60):
        live = RANDOM.integers(0, 255, (320, 160, 3), dtype=np.uint8)
        memory = remembered(memory, np.hstack([still, live]), float(second))
        assert hangs_since(memory) is None


def test_black_in_which_something_lives_is_not_frozen() -> None:
    memory: Memory = ()
    for second in range(60):
        picture = np.zeros((320, 320, 3), np.uint8)
        picture[120:200, 130:210] = RANDOM.integers(0, 255, (80, 80, 3), dtype=np.uint8)
        memory = remembered(memory, picture, float(second))
        assert hangs_since(memory) is None


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

"""A demo that is started again goes on with its shift."""

from pathlib import Path

import pytest

from console.clock import ScaledClock
from console.demo_shift import FILE, Cast, clock_of

NOW_S = 1_790_000_000.0
CAST = Cast(seed=1, cars=24, officers=36, minutes=480, speed=1.0)


def test_a_new_shift_begins_now_by_the_wall_clock(tmp_path: Path) -> None:
    clock = clock_of(tmp_path, CAST, NOW_S - 3600, NOW_S)
    assert clock == ScaledClock(NOW_S, NOW_S, 1.0)
    assert clock.is_the_wall_clock


@pytest.mark.parametrize("speed", [1.0, 8.0])
def test_a_later_run_goes_on_with_it_until_it_is_over(tmp_path: Path, speed: float) -> None:
    cast = Cast(1, 24, 36, 480, speed)
    begun = clock_of(tmp_path, cast, None, NOW_S)
    lasts_s = 480 * 60 / speed
    for later_s in (1.0, 0.5 * lasts_s, lasts_s - 61 / speed):
        assert clock_of(tmp_path, cast, NOW_S + later_s * speed, NOW_S + later_s) == begun
    assert clock_of(tmp_path, cast, None, NOW_S + lasts_s) == ScaledClock(NOW_S + lasts_s, NOW_S + lasts_s, speed)


def test_another_cast_and_a_clock_that_was_set_back_begin_anew(tmp_path: Path) -> None:
    clock_of(tmp_path, CAST, None, NOW_S)
    assert clock_of(tmp_path, Cast(2, 24, 36, 480, 1.0), None, NOW_S + 60).since_s == NOW_S + 60
    assert clock_of(tmp_path, CAST, None, NOW_S - 60).since_s == NOW_S - 60


@pytest.mark.parametrize("text", ["", "{", '{"cast": 1}'])
def test_what_can_not_be_read_is_as_if_it_were_not_there(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert clock_of(tmp_path, CAST, None, NOW_S).since_s == NOW_S


def test_after_a_faster_run_that_left_later_times_behind_time_goes_on_from_there(tmp_path: Path) -> None:
    clock = clock_of(tmp_path, CAST, NOW_S + 7200, NOW_S)
    assert clock.since_s > NOW_S + 7200
    assert not clock.is_the_wall_clock

"""Whose clock is wrong: what most devices say against ours, and what is only a backlog."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.own_clock import OwnClock

NOW_S = 1_767_600_000.0


class Fleet:
    """Devices that speak every `every_s` to an `OwnClock`; our clock is `wrong_s` ahead of the truth."""

    def __init__(self, devices: int, wrong_s: float = 0.0, every_s: float = 10.0, listen_s: float = 0.0) -> None:
        self.clock = OwnClock(listen_s)
        self.wrong_s, self.steady_s, self._every_s = wrong_s, 1000.0, every_s
        self._devices = devices

    @property
    def truth_s(self) -> float:
        return NOW_S + self.steady_s

    def say(self, late_s: object = 0.0, *, live: bool = True) -> bool:
        """Each device sends what its clock shows, `late_s` ago; NaN of those that are silent."""
        self.steady_s += self._every_s
        shown_s = np.broadcast_to(self.truth_s - np.asarray(late_s, np.float64), (self._devices,))
        return self.clock.see(shown_s, self.truth_s + self.wrong_s, self.steady_s, live=live)

    def rounds(self, count: int, late_s: object = 0.0, *, live: bool = True) -> None:
        for _ in range(count):
            self.say(late_s, live=live)


@pytest.mark.parametrize("behind_s", [130.0, 3600.0, 40 * 86_400.0])
def test_a_clock_behind_is_known_at_the_first_word_of_most_devices(behind_s: float) -> None:
    fleet = Fleet(4, wrong_s=-behind_s)
    assert fleet.say([0.0, 1.0, 2.0, 0.5])
    assert fleet.clock.offset_s == pytest.approx(behind_s, abs=3)


@pytest.mark.parametrize("ahead_s", [130.0, 300.0, 3600.0, 29 * 86_400.0])
def test_a_clock_ahead_is_known_when_the_lateness_of_most_devices_stands_still(ahead_s: float) -> None:
    fleet = Fleet(5, wrong_s=ahead_s)
    fleet.rounds(4, [0.0, 1.0, 2.0, 0.5, 3.0])
    assert fleet.clock.offset_s == pytest.approx(-ahead_s, abs=5)
    assert fleet.clock.agreeing(fleet.truth_s + ahead_s) == 5


def test_two_devices_are_too_few_and_a_minority_is_no_majority() -> None:
    assert not Fleet(2, wrong_s=-3600).say()
    fleet = Fleet(7)
    fleet.rounds(10, [3600.0] * 3 + [0.0] * 4)
    assert fleet.clock.offset_s is None
    assert fleet.clock.is_right(fleet.truth_s)


def test_what_waited_in_the_broker_says_nothing_of_a_clock_ahead() -> None:
    fleet = Fleet(5, wrong_s=3600)
    fleet.rounds(10, live=False)
    assert fleet.clock.offset_s is None


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    outage_s=st.floats(150, 3600),
    faster=st.floats(1.5, 200),
    every_s=st.sampled_from([2.0, 5.0, 10.0, 30.0]),
    devices=st.integers(3, 40),
    seed=st.integers(0, 2**32 - 1),
)
def test_an_outages_backlog_of_all_devices_is_no_wrong_clock(
    outage_s: float, faster: float, every_s: float, devices: int, seed: int
) -> None:
    fleet, random = Fleet(devices, every_s=every_s), np.random.default_rng(seed)
    fleet.rounds(5, random.uniform(0, 3, devices))
    fleet.steady_s += outage_s
    late_s = outage_s
    while late_s > 0:
        fleet.say(late_s + random.uniform(0, 3, devices))
        assert fleet.clock.offset_s is None
        late_s -= every_s * (faster - 1)


def test_some_wander_back_and_some_are_silent_and_it_is_still_our_clock() -> None:
    fleet = Fleet(6, wrong_s=900)
    fleet.rounds(6, [0.0, 1.0, np.nan, 2.0, 400.0, 0.0])
    assert fleet.clock.offset_s == pytest.approx(-900, abs=5)
    fleet.rounds(3, np.nan)
    assert fleet.clock.offset_s == pytest.approx(-900, abs=5), "where nobody is heard it stays as it is"


@pytest.mark.parametrize("wrong_s", [3600.0, -3600.0])
def test_that_it_was_mended_is_known_at_once_and_without_a_word(wrong_s: float) -> None:
    fleet = Fleet(5, wrong_s=wrong_s)
    fleet.rounds(4)
    assert fleet.clock.offset_s == pytest.approx(-wrong_s, abs=5)
    fleet.wrong_s = 0.0
    assert fleet.say(np.nan)
    assert fleet.clock.offset_s is None


def test_devices_that_come_back_to_our_time_were_wrong_themselves() -> None:
    fleet = Fleet(4)
    fleet.say(-3600.0)
    assert fleet.clock.offset_s == pytest.approx(3600)
    fleet.say([0.0, np.nan, np.nan, np.nan])
    assert fleet.clock.offset_s is not None
    fleet.say([0.0, 0.0, 0.0, np.nan], live=False)
    assert fleet.clock.offset_s is None


def test_a_clock_mended_by_half_is_known_anew() -> None:
    fleet = Fleet(5, wrong_s=7200)
    fleet.rounds(4)
    fleet.wrong_s = 1800
    fleet.rounds(6)
    assert fleet.clock.offset_s == pytest.approx(-1800, abs=5)


WEEKS_1024_S = 1024 * 7 * 86_400.0


def silent_but(devices: int, *, late_s: float, of: int = 3) -> list[float]:
    """Of all devices the first few speak."""
    return [late_s] * of + [np.nan] * (devices - of)


@pytest.mark.parametrize("live", [True, False])
def test_the_first_few_to_speak_after_a_start_turn_nothing(live: bool) -> None:
    fleet = Fleet(124, listen_s=20)
    fleet.rounds(2, silent_but(124, late_s=-8 * 3600.0), live=live)
    assert fleet.clock.offset_s is None, "most were not heard yet"
    fleet.rounds(20, [-8 * 3600.0] * 3 + [0.0] * 121)
    assert fleet.clock.offset_s is None
    assert fleet.clock.is_right(fleet.truth_s)


def test_a_few_that_are_ahead_turn_nothing_while_what_all_others_said_waits_in_the_broker() -> None:
    fleet = Fleet(124, listen_s=20)
    fleet.rounds(20, [-8 * 3600.0] * 3 + [0.0] * 121)
    fleet.steady_s += 1800
    for late_s in range(1800, 100, -100):
        fleet.say([-8 * 3600.0] * 3 + [float(late_s)] * 121, live=False)
        assert fleet.clock.offset_s is None
    fleet.rounds(20, [-8 * 3600.0] * 3 + [0.0] * 121)
    assert fleet.clock.offset_s is None


def test_a_fleet_of_receivers_whose_weeks_rolled_over_is_no_wrong_clock_of_ours() -> None:
    fleet = Fleet(124)
    fleet.rounds(20, [WEEKS_1024_S] * 124)
    assert fleet.clock.offset_s is None
    fleet.rounds(1, [WEEKS_1024_S] * 123 + [0.0])
    assert fleet.clock.is_right(fleet.truth_s), "they have no say"


@settings(max_examples=60, derandomize=True, deadline=None)
@given(shown_s=st.one_of(st.floats(), st.floats(1e12, 1e300), st.floats(-1e12, 1.7e9)))
def test_what_no_clock_can_show_turns_nothing(shown_s: float) -> None:
    clock = OwnClock()
    for second in range(0, 60, 5):
        clock.see(np.full(5, shown_s), NOW_S + second, 100.0 + second, live=True)
    assert clock.offset_s is None or 1_735_689_600 <= NOW_S + clock.offset_s <= 4_102_444_800


@pytest.mark.parametrize("step_s", [3600.0, -3600.0, 130.0])
def test_a_right_clock_that_is_set_wrong_is_in_doubt_until_devices_say_what_it_lacks(step_s: float) -> None:
    fleet = Fleet(20, listen_s=20)
    fleet.rounds(10)
    fleet.wrong_s = step_s
    fleet.say(silent_but(20, late_s=0.0, of=2))
    assert fleet.clock.in_doubt
    assert fleet.clock.offset_s is None
    fleet.rounds(5)
    assert not fleet.clock.in_doubt
    assert fleet.clock.offset_s == pytest.approx(-step_s, abs=2)


def test_a_wrong_clock_that_is_set_right_is_in_doubt_until_devices_say_so() -> None:
    fleet = Fleet(20, wrong_s=-3600.0, listen_s=20)
    fleet.say(np.nan)
    fleet.wrong_s = 0.0
    fleet.say()
    assert fleet.clock.in_doubt
    fleet.rounds(3)
    assert not fleet.clock.in_doubt
    assert fleet.clock.offset_s is None


def test_doubt_ends_where_nobody_speaks_any_more() -> None:
    fleet = Fleet(5, listen_s=20)
    fleet.rounds(5)
    fleet.wrong_s = 3600.0
    fleet.rounds(30, np.nan)
    assert fleet.clock.in_doubt
    fleet.rounds(40, np.nan)
    assert not fleet.clock.in_doubt

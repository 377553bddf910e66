"""Presence in a region, and the count of a room: laws."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from analytics.video.headcount import Headcount, headcount_after
from analytics.video.presence import Presence, Seen, presence_after

SOMEBODY, NOBODY, UNSEEN = 0.9, 0.0, None
scores = st.sampled_from([SOMEBODY, NOBODY, 0.3, UNSEEN])


def follow(readings: list[float | None], presence: Presence | None = None) -> list[Presence]:
    """What is known after each reading, a second apart."""
    known = []
    presence = presence or Presence()
    start_s = 0.0 if presence.at_s is None else presence.at_s + 1
    for second, score in enumerate(readings):
        presence = presence_after(presence, score, start_s + second)
        known.append(presence)
    return known


def seen(readings: list[float | None]) -> list[Seen]:
    return [presence.seen for presence in follow(readings)]


@given(st.lists(scores, min_size=1, max_size=40))
def test_where_nothing_was_seen_it_is_unknown_and_nowhere_else(readings: list[float | None]) -> None:
    assert [known is Seen.UNKNOWN for known in seen(readings)] == [score is UNSEEN for score in readings]


@given(st.integers(1, 30), st.lists(scores, max_size=5))
def test_a_time_in_which_nothing_was_seen_is_never_counted_as_absence(blind: int, before: list[float | None]) -> None:
    known = follow([*before, *[UNSEEN] * blind, *[NOBODY] * 4])
    again_s = float(len(before) + blind)
    assert known[-1].seen is Seen.ABSENT
    assert known[-1].since_s is not None
    assert known[-1].since_s >= again_s


@given(st.integers(3, 20), st.integers(0, 20), st.booleans())
def test_one_false_or_missed_detection_changes_nothing(length: int, at: int, attended: bool) -> None:
    right, wrong = (SOMEBODY, NOBODY) if attended else (NOBODY, SOMEBODY)
    readings: list[float | None] = [right] * (length + 2)
    readings[2 + at % length] = wrong
    assert set(seen(readings)) == {Seen.PRESENT if attended else Seen.ABSENT}


@given(st.lists(st.sampled_from([SOMEBODY, NOBODY]), min_size=0, max_size=6), st.booleans())
def test_two_readings_in_a_row_are_believed(before: list[float | None], attended: bool) -> None:
    known = seen([*before, *[SOMEBODY if attended else NOBODY] * 2])
    assert known[-1] is (Seen.PRESENT if attended else Seen.ABSENT)


@given(st.lists(scores, min_size=1, max_size=3), st.lists(scores, max_size=5))
def test_of_readings_of_the_same_time_the_order_makes_no_difference(
    together: list[float | None], before: list[float | None]
) -> None:
    start = follow(before)[-1] if before else Presence()
    outcomes = set()
    for order in permutations(together):
        presence = start
        for score in order:
            presence = presence_after(presence, score, 100.0)
        outcomes.add((presence.seen, presence.since_s, presence.votes))
    assert len(outcomes) == 1


@given(st.lists(scores, min_size=1, max_size=9), scores)
def test_a_reading_that_comes_late_changes_nothing(readings: list[float | None], late: float | None) -> None:
    presence = follow(readings)[-1]
    assert presence_after(presence, late, -1.0) is presence


def test_the_clock_of_absence_starts_at_the_last_reading_of_somebody() -> None:
    known = follow([SOMEBODY] * 5 + [NOBODY] * 3)
    assert [k.seen for k in known[5:]] == [Seen.PRESENT, Seen.ABSENT, Seen.ABSENT]
    assert known[-1].since_s == 4.0


def test_somebody_is_back_since_he_was_first_seen() -> None:
    known = follow([NOBODY] * 5 + [SOMEBODY] * 3)
    assert known[-1].seen is Seen.PRESENT
    assert known[-1].since_s == 5.0


def test_it_takes_less_to_stay_than_to_enter() -> None:
    assert set(seen([0.3] * 5)) == {Seen.ABSENT}
    assert set(seen([SOMEBODY] * 2 + [0.3] * 5)) == {Seen.PRESENT}


def test_after_a_long_silence_nothing_of_before_counts() -> None:
    presence = presence_after(follow([SOMEBODY] * 5)[-1], NOBODY, 500.0)
    assert (presence.seen, presence.since_s) == (Seen.ABSENT, 500.0)


def people(counts: list[int | None]) -> list[int | None]:
    state, believed = Headcount(), []
    for count in counts:
        state = headcount_after(state, count)
        believed.append(state.people)
    return believed


@given(st.integers(0, 8), st.integers(3, 20), st.integers(0, 20), st.sampled_from([-1, 1]))
def test_one_miscount_changes_nothing(true: int, length: int, at: int, error: int) -> None:
    counts: list[int | None] = [true] * (length + 2)
    counts[2 + at % length] = max(0, true + error)
    assert set(people(counts)) == {true}


def test_a_low_count_is_believed_when_it_lasts() -> None:
    assert people([3, 3, 3, 2, 2, 2, 2, 2, 2])[3:] == [3, 3, 3, 2, 2, 2]


def test_a_higher_count_is_believed_with_the_second() -> None:
    assert people([1, 1, 1, 2, 2])[3:] == [1, 2]


def test_nobody_knows_the_count_of_a_picture_that_shows_nothing() -> None:
    assert people([2, 2, None, 2, None, None, None, 1]) == [2, 2, None, 2, None, None, None, 1]

"""A state lasts before it counts: laws of one subject's verdicts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from analytics.video.lasting import Lasting, Patience, Turn, Verdict, follow

BREACH, FINE, UNKNOWN = Verdict.BREACH, Verdict.FINE, Verdict.UNKNOWN
PATIENCE = Patience(need_s=10.0, clear_s=3.0, gap_s=30.0)
verdicts = st.lists(st.sampled_from(list(Verdict)), max_size=80)


def turns(verdicts: list[Verdict], patience: Patience = PATIENCE) -> list[tuple[int, Turn]]:
    """When something began or ended, the verdicts being a second apart."""
    state, told = Lasting(), []
    for second, verdict in enumerate(verdicts):
        state, turn = follow(state, verdict, float(second), patience)
        if turn is not None:
            told.append((second, turn))
    return told


@given(verdicts)
def test_what_begins_ends_before_it_begins_again(sequence: list[Verdict]) -> None:
    told = [turn for _, turn in turns(sequence)]
    assert told == [Turn.BEGAN, Turn.ENDED] * (len(told) // 2) + [Turn.BEGAN] * (len(told) % 2)


@given(verdicts)
def test_nothing_begins_before_it_was_seen_long_enough(sequence: list[Verdict]) -> None:
    for second, turn in turns(sequence):
        if turn is Turn.BEGAN:
            until = sequence[: second + 1]
            seen_s = sum(a is b is BREACH for a, b in pairwise(until))
            assert seen_s >= PATIENCE.need_s


@given(st.integers(0, 60), st.integers(0, 60))
def test_what_nobody_saw_never_counts(seen: int, unseen: int) -> None:
    told = turns([*[BREACH] * seen, *[UNKNOWN] * unseen])
    assert bool(told) == (seen > PATIENCE.need_s)


@given(st.integers(1, 60))
def test_what_nobody_saw_never_ends_a_state(unseen: int) -> None:
    assert turns([*[BREACH] * 15, *[UNKNOWN] * unseen, *[BREACH] * 5]) == [(10, Turn.BEGAN)]


@given(verdicts, verdicts)
def test_samples_that_come_late_change_nothing(sequence: list[Verdict], late: list[Verdict]) -> None:
    state = Lasting()
    for second, verdict in enumerate(sequence):
        state, _ = follow(state, verdict, float(second), PATIENCE)
    for verdict in late:
        assert follow(state, verdict, -1.0, PATIENCE)[0] is state or not sequence


@given(st.integers(0, 400))
def test_frames_are_few_and_begin_and_end_with_the_state(samples: int) -> None:
    state = Lasting()
    patience = Patience(need_s=1e9)
    for second in range(samples + 1):
        state, _ = follow(state, BREACH, float(second), patience)
    assert len(state.frames) <= 16
    assert (state.frames[0], state.frames[-1]) == (0.0, float(samples))


def test_a_short_time_unseen_pauses_the_waiting_and_a_long_one_starts_it_anew() -> None:
    assert turns([*[BREACH] * 6, *[UNKNOWN] * 9, *[BREACH] * 6]) == [(20, Turn.BEGAN)]
    assert turns([*[BREACH] * 6, *[UNKNOWN] * 40, *[BREACH] * 9]) == []


def test_a_state_is_over_when_its_end_has_lasted() -> None:
    assert turns([*[BREACH] * 11, FINE, FINE, BREACH, *[FINE] * 4]) == [(10, Turn.BEGAN), (17, Turn.ENDED)]


def test_a_moment_that_looks_fine_is_noise_where_the_rule_says_so() -> None:
    flicker = [*[BREACH] * 6, FINE, *[BREACH] * 7]
    assert turns(flicker) == []
    assert turns(flicker, Patience(need_s=10.0, flaps=1)) == [(12, Turn.BEGAN)]

"""The clocks of a questioning against the limits of the law."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.clocks import BREAK_S, Clock, Standing, Stay, clocks_of
from analytics.interrogations import Role
from analytics.limits import HOUR_S, LIMITS, ClockKind, Limit, limit_of
from analytics.video.rooms import Procedure

T0 = datetime.fromisoformat("2026-01-05T16:00:00+08:00").timestamp()
HELD = st.floats(0, 30 * HOUR_S)


def holding(procedure: Procedure, since: str = "2026-01-05T16:00:00+08:00") -> Clock:
    since_s = datetime.fromisoformat(since).timestamp()
    limit = limit_of(ClockKind.HOLDING, procedure, since_s)
    assert limit is not None
    return Clock(ClockKind.HOLDING, "李某", since_s, limit)


def hours(limit: Limit) -> list[float]:
    return [tier.limit_s / HOUR_S for tier in limit.tiers]


@pytest.mark.parametrize(
    ("procedure", "since", "expected", "basis"),
    [
        (Procedure.ADMINISTRATIVE, "2026-01-01T00:00:00+08:00", [8, 12, 24], "第 97 条"),
        (Procedure.ADMINISTRATIVE, "2025-12-31T23:59:59+08:00", [8, 24], "第 69 条"),
        (Procedure.CRIMINAL, "2026-01-05T16:00:00+08:00", [12, 24], "第 119 条"),
    ],
)
def test_the_law_of_the_day_on_which_it_began_holds(
    procedure: Procedure, since: str, expected: list[float], basis: str
) -> None:
    limit = holding(procedure, since).limit
    assert hours(limit) == expected
    assert basis in limit.basis.zh
    assert [tier.condition is None for tier in limit.tiers] == [True] + [False] * (len(expected) - 1)


def test_of_one_kind_and_procedure_one_limit_is_in_force_at_a_time_and_its_tiers_rise() -> None:
    for limit in LIMITS:
        assert hours(limit) == sorted(set(hours(limit)))
        for other in LIMITS:
            if limit is not other and (limit.kind, limit.procedure) == (other.kind, other.procedure):
                assert limit.effective_to <= other.effective_from or other.effective_to <= limit.effective_from


def test_a_limit_nobody_knows_is_no_clock() -> None:
    before = datetime.fromisoformat("2025-06-01T12:00:00+08:00").timestamp()
    assert limit_of(ClockKind.REST, Procedure.ADMINISTRATIVE, before) is None
    kinds = [clock.kind for clock in clocks_of(Procedure.ADMINISTRATIVE, before, [Stay("李", Role.DETAINEE, before)])]
    assert kinds == [ClockKind.HOLDING, ClockKind.SESSION]


@pytest.mark.parametrize(
    ("held_s", "limit_h", "standing"),
    [
        (0, 8, Standing.WITHIN),
        (7 * HOUR_S - 1, 8, Standing.WITHIN),
        (7 * HOUR_S, 8, Standing.SOON),
        (7.75 * HOUR_S, 8, Standing.CLOSE),
        (8 * HOUR_S, 8, Standing.CLOSE),  # the bound is inside
        (8 * HOUR_S + 1, 12, Standing.WITHIN),
        (24 * HOUR_S, 24, Standing.CLOSE),
        (24 * HOUR_S + 1, 24, Standing.OVER),
    ],
)
def test_it_warns_before_each_tier_and_is_over_beyond_the_last(
    held_s: float, limit_h: float, standing: Standing
) -> None:
    clock = holding(Procedure.ADMINISTRATIVE)
    now_s = clock.since_s + held_s
    assert (clock.tier(now_s).limit_s / HOUR_S, clock.standing(now_s)) == (limit_h, standing)


@given(HELD, HELD)
def test_the_tier_never_goes_back(one: float, other: float) -> None:
    clock = holding(Procedure.ADMINISTRATIVE)
    early, late = sorted((clock.since_s + one, clock.since_s + other))
    assert clock.tier(early).limit_s <= clock.tier(late).limit_s
    assert clock.standing(early) is not Standing.OVER or clock.standing(late) is Standing.OVER


def test_a_clock_ahead_of_the_present_has_not_begun() -> None:
    assert holding(Procedure.CRIMINAL).held_s(T0 - 5) == 0.0


def running(*stays: Stay) -> list[tuple[str, str | None, float]]:
    return [(c.kind.value, c.person, c.since_s - T0) for c in clocks_of(Procedure.CRIMINAL, T0, stays)]


def test_officers_have_no_clocks_of_their_own() -> None:
    assert running(Stay("张", Role.OFFICER, T0)) == [("session", None, 0)]


def test_who_leaves_the_room_is_still_held() -> None:
    assert running(Stay("李", Role.DETAINEE, T0 + 5, T0 + 60)) == [("holding", "李", 5), ("session", None, 0)]


def test_each_detainee_is_counted_from_the_first_sign_in() -> None:
    told = running(Stay("李", Role.DETAINEE, T0 + 5), Stay("赵", Role.DETAINEE, T0 + 90))
    assert told[:4] == [("holding", "李", 5), ("rest", "李", 5), ("holding", "赵", 90), ("rest", "赵", 90)]


@pytest.mark.parametrize(("out_s", "since_s"), [(BREAK_S, 100 + BREAK_S), (BREAK_S - 1, 0)])
def test_a_rest_is_time_out_of_the_room_that_is_long_enough(out_s: float, since_s: float) -> None:
    stays = Stay("李", Role.DETAINEE, T0, T0 + 100), Stay("李", Role.DETAINEE, T0 + 100 + out_s)
    assert running(*stays)[:2] == [("holding", "李", 0), ("rest", "李", since_s)]

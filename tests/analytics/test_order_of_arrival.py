"""The law: the alerts are those of the sorted stream, in whatever order, pieces and multiplicity the fixes come."""

from collections.abc import Sequence

import hypothesis
import numpy as np
import pytest
from analytics_examples import T0, Ledger, Track, cut, duty, fixes_of, plan_of, rules_of
from county_day import county_plan, county_tracks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.engine import LATENESS_S, Engine
from analytics.fixes import DeviceTable, FixBatch

PLAN = county_plan()
RULES = rules_of(PLAN)
NAMES = [d.device for d in PLAN.duties]
FIXES = fixes_of(county_tracks(), DeviceTable(NAMES))
BEGAN_S = float(FIXES.t_s.min())
END_S = float(FIXES.t_s.max()) + LATENESS_S


def engine(lateness_s: float) -> Engine:
    return Engine(PLAN, RULES, DeviceTable(NAMES), lateness_s=lateness_s, began_s=BEGAN_S)


def sorted_stream(at: Sequence[int] = (), lateness_s: float = 0.0) -> Ledger:
    """The alerts of the stream in order of time, cut into batches."""
    ledger, live = Ledger(), engine(lateness_s)
    for batch in cut(FIXES, at):
        ledger.apply(live.advance(batch, float(batch.t_s[-1])).changes)
    ledger.apply(live.tick(END_S).changes)
    return ledger


SORTED = sorted_stream()
TRUTH = SORTED.told()


def disordered(random: np.random.Generator, doubled: float) -> FixBatch:
    """Every fix up to the allowed lateness late, and some again, and again."""
    twice = np.flatnonzero(random.random(len(FIXES)) < doubled)
    thrice = twice[random.random(len(twice)) < 0.3]
    index = np.concatenate([np.arange(len(FIXES)), twice, thrice])
    arrival_s = FIXES.t_s[index] + random.uniform(0, LATENESS_S, len(index))
    return FIXES.take(index[np.argsort(arrival_s, kind="stable")])


def live(stream: FixBatch, at: Sequence[int], ahead_s: Sequence[float]) -> Ledger:
    """The alerts of a live engine whose clock runs `ahead_s` of the latest fix."""
    ledger, it, clock_s = Ledger(), engine(LATENESS_S), -np.inf
    for i, batch in enumerate(cut(stream, at)):
        clock_s = max(clock_s, float(batch.t_s.max()) + ahead_s[i % len(ahead_s)])
        outcome = it.advance(batch, clock_s)
        assert not len(outcome.too_late), "within the allowed lateness nothing is too late"
        ledger.apply(outcome.changes)
    ledger.apply(it.tick(END_S).changes)
    return ledger


def test_the_county_day_has_something_to_find_for_every_rule() -> None:
    lines = [line for alert in TRUTH for line in alert["detail"].get("joined", ())]
    assert {a["rule"] for a in TRUTH} | {line["rule"] for line in lines} == set(RULES.rules)
    assert {line["rule"] for line in lines} >= {"not-on-patrol", "missed-checkpoint", "signal-lost"}


@pytest.mark.parametrize("eighth", range(8))
def test_disorder_and_duplicates_within_the_allowed_lateness_change_no_alert(eighth: int) -> None:
    """Of 800 examples."""

    @hypothesis.seed(eighth)
    @settings(max_examples=100, database=None, suppress_health_check=list(HealthCheck))
    @given(
        seed=st.integers(0, 2**32 - 1),
        batches=st.integers(1, 16),
        doubled=st.sampled_from([0.0, 0.1, 0.5]),
        ahead_s=st.lists(st.floats(0, 5), min_size=1, max_size=4),
    )
    def holds(seed: int, batches: int, doubled: float, ahead_s: list[float]) -> None:
        random = np.random.default_rng(seed)
        stream = disordered(random, doubled)
        at = random.integers(1, len(stream), batches - 1).tolist()

        ledger = live(stream, at, ahead_s)

        assert ledger.told() == TRUTH

    holds()


@settings(max_examples=60, derandomize=True)
@given(at=st.lists(st.integers(1, len(FIXES) - 1), max_size=40), lateness_s=st.sampled_from([0.0, LATENESS_S]))
def test_any_cut_of_the_sorted_stream_gives_the_same_alerts(at: list[int], lateness_s: float) -> None:
    assert sorted_stream(at, lateness_s).told() == TRUTH


def test_fix_by_fix_gives_the_same_alerts_and_crossings() -> None:
    whole = engine(0.0).advance(FIXES, END_S)
    single, crossings, ledger = engine(0.0), [], Ledger()
    for batch in cut(FIXES, range(1, len(FIXES))):
        outcome = single.advance(batch, float(batch.t_s[-1]))
        ledger.apply(outcome.changes)
        crossings += outcome.crossings
    ledger.apply(single.tick(END_S).changes)
    assert ledger.told() == TRUTH
    assert len(crossings) == 1
    assert crossings == list(whole.crossings)


def test_a_clock_that_ticks_between_batches_changes_no_alert() -> None:
    ledger, ticking = Ledger(), engine(LATENESS_S)
    for batch in cut(FIXES, range(10, len(FIXES), 10)):
        ledger.apply(ticking.advance(batch, float(batch.t_s[-1])).changes)
        ledger.apply(ticking.tick(float(batch.t_s[-1]) + 2).changes)
    ledger.apply(ticking.tick(END_S).changes)
    assert ledger.told() == TRUTH


def test_a_second_delivery_of_everything_is_no_news() -> None:
    twice = engine(LATENESS_S)
    recent = FIXES.take(FIXES.t_s >= float(FIXES.t_s[0]) + 600)
    twice.advance(FIXES, float(FIXES.t_s[-1]))
    assert twice.advance(recent, float(FIXES.t_s[-1])).changes == ()


def test_steady_disorder_does_not_make_the_engine_remember_more_and_more() -> None:
    plan = plan_of(duty("car-1", "r1", 600))
    track = Track("car-1", every_s=10)
    for _ in range(30):
        track.drive((6000, 0)).drive((0, 0))
    fixes = fixes_of([track], DeviceTable(["car-1"]))
    random = np.random.default_rng(1)
    stream = fixes.take(np.argsort(fixes.t_s + random.uniform(0, LATENESS_S, len(fixes)), kind="stable"))
    steady = Engine(plan, rules_of(plan), DeviceTable(["car-1"]), began_s=T0)
    for batch in cut(stream, range(3, len(stream), 3)):
        steady.advance(batch, float(batch.t_s.max()))
        remembered_s = steady.head_s[0] - steady.older_s[0]
        assert remembered_s <= 5 * LATENESS_S or steady.head_s[0] - T0 <= 5 * LATENESS_S

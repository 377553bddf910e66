"""Pings: a sign of life is no new place. Without either, nobody knows where the device is."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from analytics_examples import LON, T0, Ledger, Track, cut, duty, fixes_of, lonlat, plan_of, replay, rules_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics.alerts import Alert, Grade
from analytics.engine import LATENESS_S, Engine
from analytics.fixes import DeviceTable, FixBatch
from analytics.outcome import Checkpoint

POST, PATROL = duty("off-1", "p1", 60), duty("car-1", "r1", 60)
AT_POST = (0.0, -2000.0)


def officer(start: float = 0.0) -> Track:
    return Track("off-1", AT_POST, start=start, every_s=20.0)


def test_pings_are_signs_of_life() -> None:
    pinged = officer().stay(300).ping(600).stay(300)
    assert replay(plan_of(POST), pinged).alerts == []
    (lost,) = replay(plan_of(POST), officer().stay(300).silent(600).stay(300)).alerts
    assert lost.rule == "signal-lost"


def test_a_silence_counts_from_the_last_ping_and_says_how_old_the_place_is() -> None:
    track = officer().stay(300).ping(300)
    (lost,) = replay(plan_of(POST), track, until=20).alerts
    assert lost.detail["reason"] == "silent"
    assert lost.start_s == lost.detail["last_ping"] == T0 + 580
    assert lost.detail["last_fix"] == T0 + 280
    assert (lost.lon, lost.lat) == pytest.approx(lonlat(AT_POST), abs=2e-4)


@pytest.mark.parametrize("live", [False, True])
def test_who_only_pings_is_somewhere_nobody_knows(live: bool) -> None:
    track = officer().stay(300).ping(1200).stay(60)
    alerts = clocked(track) if live else replay(plan_of(POST), track).alerts
    (unplaced,) = alerts
    assert (unplaced.rule, unplaced.grade, unplaced.detail["reason"]) == ("signal-lost", Grade.C, "no-position")
    assert (unplaced.start_s, unplaced.end_s) == (T0 + 280, T0 + 1500)
    assert unplaced.noticed_s == pytest.approx(T0 + 280 + 900, abs=20)
    assert unplaced.detail["limit_s"] == 900
    assert (unplaced.lon, unplaced.lat) == pytest.approx(lonlat(AT_POST), abs=2e-4)


def clocked(track: Track) -> list[Alert]:
    """The alerts of an engine that is given a fix at a time, and whose clock ticks in between."""
    devices = DeviceTable([track.device])
    engine, ledger = Engine(plan_of(POST), rules_of(plan_of(POST)), devices, began_s=T0), Ledger()
    fixes = fixes_of([track], devices)
    for batch in cut(fixes, range(1, len(fixes))):
        ledger.apply(engine.advance(batch, float(batch.t_s[-1])).changes)
        ledger.apply(engine.tick(float(batch.t_s[-1]) + 10).changes)
    return list(ledger.alerts.values())


def test_who_never_had_a_position_is_told_from_the_beginning_of_the_duty() -> None:
    (unplaced,) = replay(plan_of(POST), officer().ping(1200), until=20).alerts
    assert (unplaced.detail["reason"], unplaced.start_s) == ("no-position", T0)
    assert unplaced.detail["last_fix"] is None
    assert unplaced.lon == pytest.approx(LON)


def test_a_silence_of_who_only_pings_is_a_line_of_that_alert() -> None:
    track = officer().stay(60).ping(1000).silent(400).ping(100).stay(60)
    (unplaced,) = replay(plan_of(POST), track).alerts
    assert unplaced.detail["reason"] == "no-position"
    assert [line["detail"]["reason"] for line in unplaced.detail["joined"]] == ["silent"]


def test_the_time_that_is_let_pass_is_a_parameter_and_a_break_is_none() -> None:
    track = officer().stay(300).ping(500).stay(100)
    rules = {"signal-lost": {"place_minutes": 5}}
    (unplaced,) = replay(plan_of(POST, rules=rules), track).alerts
    assert unplaced.detail["limit_s"] == 300
    rest = POST | {"breaks": [{"from": T0 + 500, "to": T0 + 900}]}
    assert replay(plan_of(rest, rules=rules), track).alerts == []


def test_nobody_stands_still_too_long_who_only_pings() -> None:
    track = Track("car-1", every_s=20.0).drive((3000, 0)).stay(300).ping(800).drive((6000, 0))
    assert replay(plan_of(PATROL), track).alerts == []


def test_an_absence_that_lasts_is_neither_ended_nor_lengthened_by_pings() -> None:
    away = officer().stay(120).leap((400, -2000)).stay(420)
    (alone,) = replay(plan_of(POST), away, until=10).of("off-post")
    (pinged,) = replay(plan_of(POST), away.ping(300), until=14).of("off-post")
    assert alone.end_s is pinged.end_s is None
    assert alone.detail == pinged.detail


# --- the laws ---

_PLAN = plan_of(POST, PATROL)
_DEVICES = ("off-1", "car-1")
_TRACKS = (
    officer().stay(200).leap((300, -2000)).stay(500).silent(400).leap(AT_POST).stay(300),
    Track("car-1", every_s=20.0).drive((3000, 0)).stay(700).silent(300).drive((6000, 0)),
)
_FIXES = fixes_of(_TRACKS, DeviceTable(_DEVICES))
_END_S = float(_FIXES.t_s.max()) + LATENESS_S
_PLACES = {"device": ("last", "way", "speeding", "implausible-position"), "duty": ("last", "samples", "arrived")}


def with_pings(times: Sequence[tuple[int, int]]) -> FixBatch:
    device = np.array([device for device, _ in times], np.int32)
    pings = FixBatch.pings(device, T0 + np.array([t for _, t in times], np.float64))
    both = FixBatch.concatenate([_FIXES, pings])
    return both.take(np.argsort(both.t_s, kind="stable"))


def walked(stream: FixBatch, at: Sequence[int]) -> tuple[Engine, Ledger]:
    ledger, clock_s = Ledger(), -np.inf
    engine = Engine(_PLAN, rules_of(_PLAN), DeviceTable(_DEVICES), began_s=T0)
    for batch in cut(stream, at):
        clock_s = max(clock_s, float(batch.t_s.max()))
        ledger.apply(engine.advance(batch, clock_s).changes)
    ledger.apply(engine.tick(_END_S).changes)
    return engine, ledger


def same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two state tables hold the same, the unknown counted as equal."""
    if one.dtype.names:
        return all(same(one[name], other[name]) for name in one.dtype.names)
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


PINGS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1500)), max_size=40)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(pings=PINGS, at=st.lists(st.integers(1, 60), max_size=6))
def test_pings_among_the_fixes_leave_every_place_as_it_is(pings: list[tuple[int, int]], at: list[int]) -> None:
    alone, _ = walked(_FIXES, [])
    among, _ = walked(with_pings(pings), at)
    for kind, names in _PLACES.items():
        for name in names:
            expected, found = (getattr(e, f"{kind}_tables")[name].head for e in (alone, among))
            assert same(expected, found), name


@settings(max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(pings=PINGS, seed=st.integers(0, 2**32 - 1), batches=st.integers(1, 12))
def test_disorder_and_duplicates_of_pings_change_no_alert(
    pings: list[tuple[int, int]], seed: int, batches: int
) -> None:
    stream, random = with_pings(pings), np.random.default_rng(seed)
    twice = np.concatenate([np.arange(len(stream)), random.integers(0, len(stream), 20)])
    arrival_s = stream.t_s[twice] + random.uniform(0, LATENESS_S, len(twice))
    disordered = stream.take(twice[np.argsort(arrival_s, kind="stable")])
    _, truth = walked(stream, [])
    _, told = walked(disordered, random.integers(1, len(disordered), batches - 1).tolist())
    assert told.told() == truth.told()


@settings(max_examples=30, derandomize=True, deadline=None)
@given(pings=PINGS, part=st.floats(0.1, 0.9))
def test_an_engine_goes_on_from_its_checkpoint_and_what_was_said_since(
    pings: list[tuple[int, int]], part: float
) -> None:
    stream = with_pings(pings)
    cut_at = max(1, int(part * len(stream)))
    _, truth = walked(stream, [])
    ledger, devices = Ledger(), DeviceTable(_DEVICES)
    first = Engine(_PLAN, rules_of(_PLAN), devices, began_s=T0)
    now_s = float(stream.t_s[cut_at - 1])
    ledger.apply(first.advance(stream.take(slice(cut_at)), now_s).changes)
    checkpoint: Checkpoint = first.checkpoint()
    since = stream.take(slice(cut_at)).take(stream.t_s[:cut_at] > checkpoint.since_s)
    known = list(ledger.alerts.values())
    second, outcome = Engine.resume(_PLAN, rules_of(_PLAN), DeviceTable(_DEVICES), checkpoint, since, known, now_s)
    ledger.apply(outcome.changes)
    ledger.apply(second.advance(stream.take(slice(cut_at, None)), float(stream.t_s[-1])).changes)
    ledger.apply(second.tick(_END_S).changes)
    assert ledger.told() == truth.told()

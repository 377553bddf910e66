"""A killed engine goes on from its checkpoint and the stored fixes; a fix too late for memory rebuilds its device."""

import numpy as np
import pytest
from analytics_examples import T0, Ledger, cut, fixes_of, plan_of, rules_of
from county_day import RULES as SETTINGS
from county_day import county_plan, county_tracks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.alerts import Change
from analytics.engine import LATENESS_S, Engine
from analytics.fixes import DeviceTable, FixBatch
from analytics.outcome import Checkpoint
from analytics.planning import Plan

PLAN = county_plan()
RULES = rules_of(PLAN)
NAMES = [d.device for d in PLAN.duties]
FIXES = fixes_of(county_tracks(), DeviceTable(NAMES))
BEGAN_S = float(FIXES.t_s.min())
END_S = float(FIXES.t_s.max()) + LATENESS_S


class Life:
    """An engine that lives with a store: what it was given, what it told, its last checkpoint."""

    def __init__(self) -> None:
        self.engine = Engine(PLAN, RULES, DeviceTable(NAMES), began_s=BEGAN_S)
        self.stored = FixBatch.empty()
        self.ledger = Ledger()
        self.kept: Checkpoint | None = None
        self.now_s = -np.inf

    def take(self, batch: FixBatch) -> None:
        self.now_s = max(self.now_s, float(batch.t_s.max()))
        self.stored = FixBatch.concatenate([self.stored, batch])
        self.ledger.apply(self.engine.advance(batch, self.now_s).changes)

    def keep(self) -> None:
        self.kept = self.engine.checkpoint()

    def die_and_rise(self, plan: Plan = PLAN) -> list[Change]:
        """Start anew as a store would: fixes since the checkpoint, alerts open or noticed since it."""
        since_s = self.kept.since_s if self.kept else -np.inf
        known = [a for a in self.ledger.alerts.values() if a.end_s is None or max(a.end_s, a.noticed_s) >= since_s]
        self.engine, outcome = Engine.resume(
            plan,
            rules_of(plan),
            DeviceTable(NAMES),
            self.kept,
            self.stored.take(self.stored.t_s > since_s),
            known,
            self.now_s,
        )
        self.ledger.apply(outcome.changes)
        return [c.change for c in outcome.changes]

    def finish(self) -> list[dict[str, object]]:
        self.ledger.apply(self.engine.tick(END_S).changes)
        return self.ledger.told()


def disordered(seed: int) -> FixBatch:
    random = np.random.default_rng(seed)
    return FIXES.take(np.argsort(FIXES.t_s + random.uniform(0, LATENESS_S, len(FIXES)), kind="stable"))


def truth() -> list[dict[str, object]]:
    life = Life()
    life.take(FIXES)
    return life.finish()


TRUTH = truth()
BATCHES = 24


@settings(max_examples=80, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 999), kept=st.integers(0, BATCHES - 1), more=st.integers(0, 8))
def test_killed_after_any_batch_the_alerts_are_as_if_nothing_had_happened(seed: int, kept: int, more: int) -> None:
    stream = disordered(seed)
    life = Life()
    for i, batch in enumerate(
        cut(stream, np.linspace(0, len(stream), BATCHES, endpoint=False)[1:].astype(int).tolist())
    ):
        life.take(batch)
        if i == kept:
            life.keep()
        if i == min(kept + more, BATCHES - 1):
            assert life.die_and_rise() == [], "what is known is no news"

    assert life.finish() == TRUTH


def test_killed_again_and_again_the_alerts_are_as_if_nothing_had_happened() -> None:
    life = Life()
    for batch in cut(disordered(5), range(20, len(FIXES), 20)):
        life.take(batch)
        life.keep()
        assert life.die_and_rise() == []
    assert life.finish() == TRUTH


def test_what_was_committed_but_not_told_before_the_kill_is_told_after_it() -> None:
    life = Life()
    life.take(FIXES.take(FIXES.t_s < T0 + 400))
    life.keep()
    rest = FIXES.take(FIXES.t_s >= T0 + 400)
    life.stored = FixBatch.concatenate([life.stored, rest])
    life.now_s = float(rest.t_s.max())
    assert Change.RAISED in life.die_and_rise()
    assert life.finish() == TRUTH


def test_a_checkpoint_of_other_rules_is_left_aside() -> None:
    life = Life()
    life.take(FIXES.take(FIXES.t_s < T0 + 800))
    life.keep()
    stricter = plan_of(rules=SETTINGS | {"off-route": {"seconds": 30}})
    _, outcome = Engine.resume(
        stricter, rules_of(stricter), DeviceTable(NAMES), life.kept, FixBatch.empty(), [], life.now_s
    )
    assert not [c for c in outcome.changes if c.change is not Change.RAISED]


def test_an_open_alert_of_a_duty_that_is_no_longer_planned_is_ended() -> None:
    life = Life()
    life.take(FIXES.take(FIXES.t_s < T0 + 330))
    still_open = [a for a in life.ledger.alerts.values() if a.end_s is None and a.duty is not None]
    assert still_open
    life.keep()
    life.die_and_rise(plan_of(rules=SETTINGS))
    ends = [life.ledger.alerts[a.id] for a in still_open]
    assert {a.detail.get("ended_because") for a in ends} == {"plan"}


@pytest.mark.parametrize("after_s", [330, 800])
def test_a_rule_that_is_switched_off_ends_what_is_open_under_it_and_takes_nothing_back(after_s: float) -> None:
    life = Life()
    life.take(FIXES.take(FIXES.t_s < T0 + after_s))
    told = list(life.ledger.alerts.values())
    assert told
    life.keep()
    off = {alert.rule: {"enabled": False} for alert in told}
    life.die_and_rise(county_plan(SETTINGS | off))
    for alert in told:
        ended = alert.ended(life.now_s, ended_because="rule-off") if alert.end_s is None else alert
        assert life.ledger.alerts[alert.id] == ended


@pytest.mark.parametrize("device", ["off-route", "stop", "silent", "odd", "out", "post", "standby"])
def test_a_device_rebuilt_after_a_fix_too_late_for_memory_has_the_alerts_of_the_sorted_stream(device: str) -> None:
    number = NAMES.index(device)
    of_device = np.flatnonzero(FIXES.device == DeviceTable(NAMES).index(device))
    number = DeviceTable(NAMES).index(device)
    late = of_device[8:20]
    life = Life()
    for batch in cut(FIXES.take(np.delete(np.arange(len(FIXES)), late)), range(40, len(FIXES) - 60, 40)):
        life.take(batch)

    outcome = life.engine.advance(FIXES.take(late), life.now_s)
    assert outcome.too_late.tolist() == [number]
    life.ledger.apply(outcome.changes)
    known = [a for a in life.ledger.alerts.values() if a.device == device]
    life.ledger.apply(life.engine.rebuild(number, FIXES.take(of_device), known, life.now_s).changes)

    assert life.finish() == TRUTH


def test_a_rebuild_that_finds_nothing_new_changes_nothing() -> None:
    life = Life()
    life.take(FIXES)
    for device in set(NAMES):
        number = DeviceTable(NAMES).index(device)
        known = [a for a in life.ledger.alerts.values() if a.device == device]
        mine = FIXES.take(FIXES.device == number)
        if len(mine):
            assert life.engine.rebuild(number, mine, known, life.now_s).changes == ()


@pytest.mark.parametrize("page", [1, 7, 1000])
def test_a_rebuild_page_by_page_while_the_others_go_on_gives_the_alerts_of_the_sorted_stream(page: int) -> None:
    number = DeviceTable(NAMES).index("off-route")
    mine = FIXES.device == number
    late = np.flatnonzero(mine)[8:20]
    early = np.delete(np.arange(len(FIXES)), late)
    life = Life()
    first, rest = FIXES.take(early[:-100]), FIXES.take(early[-100:])
    for batch in cut(first, range(40, len(first), 40)):
        life.take(batch)
    assert life.engine.unwalkable(FIXES.take(late)).all()

    known = [a for a in life.ledger.alerts.values() if a.device == "off-route"]
    life.engine.begin_rebuild(number, known, BEGAN_S)
    of_others = [rest.take(rest.device != number)]
    history = FIXES.take(mine)
    for start in range(0, len(history), page):
        if of_others:
            life.take(of_others.pop())
        assert not any(c.alert.device == "off-route" for c in life.engine.tick(life.now_s).changes)
        life.engine.feed_rebuild(number, history.take(slice(start, start + page)))
    life.ledger.apply(life.engine.end_rebuild(number, life.now_s).changes)

    assert life.finish() == TRUTH


def test_a_device_whose_rebuild_was_still_to_come_is_left_alone_by_a_restart_until_it_is_rebuilt() -> None:
    number = DeviceTable(NAMES).index("off-route")
    mine = FIXES.device == number
    late = np.flatnonzero(mine)[8:20]
    life = Life()
    life.take(FIXES.take(np.delete(np.arange(len(FIXES)), late)))
    life.keep()
    life.engine.begin_rebuild(number, [], BEGAN_S)
    life.engine.feed_rebuild(number, FIXES.take(np.flatnonzero(mine)[:4]))
    known = list(life.ledger.alerts.values())
    life.engine, outcome = Engine.resume(
        PLAN, RULES, DeviceTable(NAMES), life.kept, FIXES, known, life.now_s, apart=[number]
    )
    assert outcome.changes == ()

    mine_known = [a for a in known if a.device == "off-route"]
    life.ledger.apply(life.engine.rebuild(number, FIXES.take(mine), mine_known, life.now_s).changes)

    assert life.finish() == TRUTH

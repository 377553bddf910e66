"""Alerts as they are told live: raised, ended, amended by late fixes, withdrawn when they never were."""

import numpy as np
from analytics_examples import LON, T0, Ledger, Track, duty, fixes_of, plan_of, rules_of

from analytics.alerts import Alert, Change, Grade, alert_id, contract_form
from analytics.engine import Engine
from analytics.fixes import DeviceTable, FixBatch
from analytics.outcome import Outcome


class Live:
    """A live engine that one car reports to."""

    def __init__(self, track: Track) -> None:
        self.plan = plan_of(duty("car-1", "r1", 60))
        self.devices = DeviceTable(["car-1"])
        self.fixes = fixes_of([track], self.devices)
        self.engine = Engine(self.plan, rules_of(self.plan), self.devices, began_s=T0)
        self.ledger = Ledger()

    def between(self, from_s: float, to_s: float) -> FixBatch:
        return self.fixes.take((self.fixes.t_s >= T0 + from_s) & (self.fixes.t_s < T0 + to_s))

    def take(self, fixes: FixBatch, now: float) -> list[Change]:
        return self._told(self.engine.advance(fixes, T0 + now))

    def tick(self, now: float) -> list[Change]:
        return self._told(self.engine.tick(T0 + now))

    def _told(self, outcome: Outcome) -> list[Change]:
        self.ledger.apply(outcome.changes)
        return [c.change for c in outcome.changes]


def driving() -> Live:
    return Live(Track("car-1").drive((6000, 0)).drive((0, 0)))


def test_a_silence_is_told_by_the_clock_and_ended_by_the_next_fix() -> None:
    live = driving()
    live.take(live.between(0, 100), 100)
    assert live.tick(269) == []
    assert live.tick(271) == [Change.RAISED]
    assert live.tick(300) == [], "one state is one alert"
    assert live.take(live.between(400, 420), 420) == [Change.ENDED]
    [alert] = live.ledger.alerts.values()
    assert (alert.start_s, alert.end_s, alert.noticed_s) == (T0 + 90, T0 + 400, T0 + 270)


def test_a_buffer_uploaded_after_a_lost_signal_withdraws_it() -> None:
    live = driving()
    live.take(live.between(0, 100), 100)
    live.tick(280)
    assert live.take(live.between(100, 290), 290) == [Change.WITHDRAWN]
    assert live.ledger.alerts == {}


def test_a_late_fix_that_shortens_a_silence_amends_it() -> None:
    live = driving()
    live.take(live.between(0, 100), 100)
    live.tick(300)
    assert live.take(live.between(100, 120), 301) in ([Change.AMENDED], [Change.WITHDRAWN, Change.RAISED])
    [alert] = live.ledger.alerts.values()
    assert alert.start_s == T0 + 110


def test_an_amended_alert_keeps_the_identity_that_people_know_it_by() -> None:
    track = Track("car-1").drive((1500, 0)).leap((1500, 400)).stay(300).leap((1500, 0)).drive((3000, 0))
    live = Live(track)
    live.take(live.between(0, 140), 140)
    live.take(live.between(200, 300), 300)
    [known] = [a for a in live.ledger.alerts.values() if a.rule == "off-route"]

    live.take(live.between(140, 200), 301)

    [amended] = [a for a in live.ledger.alerts.values() if a.rule == "off-route"]
    assert amended.id == known.id
    assert amended.start_s == T0 + 140
    assert amended.start_s < known.start_s or amended.noticed_s < known.noticed_s
    change = live.ledger.history[-1]
    assert (change.change, change.before) == (Change.AMENDED, known)


def test_a_fix_older_than_memory_is_reported_as_too_late_and_changes_nothing() -> None:
    live = driving()
    for start in range(0, 900, 30):
        live.take(live.between(start, start + 30), start + 30)
    wild = FixBatch.build([0], [T0 + 55.0], [LON], [31.0])
    outcome = live.engine.advance(wild, T0 + 900)
    assert outcome.too_late.tolist() == [0]
    assert outcome.changes == ()


def test_fixes_that_all_fall_outside_any_duty_are_taken_in() -> None:
    live = Live(Track("car-1", start=120).drive((6000, 0)))
    assert live.take(live.fixes, 8000) == [Change.RAISED, Change.ENDED], "the duty before was silent, and is over"
    stranger = FixBatch.build([live.devices.index("unplanned")], [T0 + 7300.0], [LON], [30.0])
    assert live.take(stranger, 8001) == []


def test_of_two_fixes_of_one_instant_the_first_that_came_counts() -> None:
    live = driving()
    live.take(live.between(0, 200), 200)
    elsewhere = live.between(100, 110)
    elsewhere.lat[:] += 0.5
    assert live.take(elsewhere, 200) == []


def test_one_state_has_one_identity_whoever_finds_it() -> None:
    assert alert_id("off-route", "car-1", "d1", 5.0) == alert_id("off-route", "car-1", "d1", 5.0004)
    assert len({alert_id(*key) for key in [("a", "b", "c", 1.0), ("a", "b", None, 1.0), ("a", "b", "c", 2.0)]}) == 3


def test_the_contract_form_tells_times_in_utc_and_the_notice_among_the_figures() -> None:
    alert = Alert("off-route", 2, Grade.B, "car-1", "d1", T0, None, T0 + 60.25, 120.1, 30.2, {"distance_m": 80.0})
    assert contract_form(alert) == {
        "rule": "off-route",
        "rule_version": 2,
        "grade": "B",
        "device": "car-1",
        "duty": "d1",
        "from": "2026-01-05T00:00:00Z",
        "to": None,
        "lon": 120.1,
        "lat": 30.2,
        "detail": {"distance_m": 80.0, "noticed": "2026-01-05T00:01:00.250Z"},
    }


def test_memory_of_recent_fixes_keeps_every_figure_of_each() -> None:
    live = driving()
    sent = live.between(0, 100)
    live.take(sent, 100)
    held = live.engine.recent.all(np.full(1, -np.inf))
    for name in FixBatch.__slots__:
        np.testing.assert_array_equal(getattr(held, name), getattr(sent, name))

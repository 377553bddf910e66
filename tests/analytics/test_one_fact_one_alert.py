"""A state that an open alert explains is a line of that alert, and told by itself only where it outlasts it."""

from typing import Any

import numpy as np
import pytest
from analytics_examples import T0, Ledger, Seen, Track, cut, duty, fixes_of, plan_of, replay, rules_of, told

from analytics.alerts import Alert, Change, utc_text
from analytics.engine import Engine
from analytics.fixes import DeviceTable


def lines(alert: Alert) -> list[dict[str, Any]]:
    return list(alert.detail.get("joined", ()))


def one(seen: Seen, rule: str) -> Alert:
    assert len(seen.of(rule)) == 1, [a.rule for a in seen.alerts]
    return seen.of(rule)[0]


def patrol() -> Track:
    return Track("car-1").drive((2200, 0))


def on_route(track: Track, **more: Any) -> Seen:
    return replay(plan_of(duty("car-1", "r1", track.minute), **more), track)


def test_idle_inside_an_overtime_stop_is_a_line_of_it_that_ends_with_it() -> None:
    seen = on_route(patrol().stay(1800).drive((6000, 0)).drive((1000, 0)))
    stop = one(seen, "overtime-stop")
    [line] = lines(stop)
    assert seen.of("not-on-patrol") == []
    assert (line["rule"], line["grade"], line["detail"]["reason"]) == ("not-on-patrol", "B", "idle")
    assert utc_text(T0 + 120) <= line["from"] <= utc_text(T0 + 300)
    assert line["to"] is None, "it lasted as long as the stop"


def test_a_line_that_ends_before_its_alert_says_when() -> None:
    track = Track("car-1").drive((2200, 0)).drive((2200, 400), 20).stay(960).drive((2300, 0), 20)
    rules = {"overtime-stop": {"enabled": False}, "not-on-patrol": {"motion_m": 10}}
    seen = on_route(track.drive((6000, 0)).drive((1000, 0)), rules=rules)
    [line] = lines(one(seen, "off-route"))
    assert line["rule"] == "not-on-patrol"
    assert seen.of("not-on-patrol") == []


def test_what_outlasts_the_alert_is_told_by_itself_from_there_on() -> None:
    track = patrol().stay(1200).drive((2440, 0), 0.5)
    seen = on_route(track.drive((6000, 0)).drive((1000, 0)))
    stop, idle = one(seen, "overtime-stop"), one(seen, "not-on-patrol")
    assert [line["rule"] for line in lines(stop)] == ["not-on-patrol"]
    assert idle.start_s == stop.end_s
    assert idle.end_s == pytest.approx(T0 + 220 + 1680, abs=45)
    assert stop.end_s is not None
    assert stop.end_s + 180 <= idle.noticed_s <= stop.end_s + 300
    assert lines(idle) == []


def test_idle_without_any_other_alert_is_told_by_itself() -> None:
    seen = on_route(Track("car-1").drive((3000, 0)).stay(1800).drive((6000, 0)))
    assert one(seen, "not-on-patrol").detail["reason"] == "idle", "a checkpoint is an allowed place to stand at"
    assert seen.of("overtime-stop") == []


def imprecise(track: Track, seconds: float) -> Track:
    track.accuracy_m = 2000
    track.stay(seconds)
    track.accuracy_m = 5
    return track


def test_a_silence_among_positions_too_coarse_is_a_line_of_their_alert() -> None:
    track = imprecise(imprecise(patrol(), 400).silent(300), 400).drive((6000, 0))
    seen = on_route(track)
    alert = one(seen, "signal-lost")
    [line] = lines(alert)
    assert (alert.detail["reason"], line["rule"], line["detail"]["reason"]) == ("imprecise", "signal-lost", "silent")
    assert (line["from"], line["to"]) == (utc_text(T0 + 610), utc_text(T0 + 920))
    assert alert.end_s == pytest.approx(T0 + 220 + 1100, abs=20)


def test_the_silences_of_a_device_that_is_heard_rarely_and_coarsely_become_lines_of_one_alert() -> None:
    track = patrol()
    for _ in range(10):
        imprecise(track.silent(290), 10)
    seen = on_route(track)
    assert len(seen.of("signal-lost")) <= 4, "until its positions are known to be too coarse it is merely silent"
    assert sum(len(lines(a)) for a in seen.of("signal-lost")) >= 6


def test_a_checkpoint_that_may_have_been_passed_in_the_silence_at_the_end_is_a_line_of_the_silence() -> None:
    track = Track("car-1").drive((2500, 0))
    plan = plan_of(duty("car-1", "r1", track.minute + 4))
    seen = replay(plan, track, until=track.minute + 10)
    [line] = lines(one(seen, "signal-lost"))
    assert seen.of("missed-checkpoint") == []
    assert (line["rule"], line["detail"]["missed"], line["detail"]["unknown"]) == ("missed-checkpoint", [], ["c2"])


def test_a_checkpoint_out_of_reach_of_the_silence_is_missed_and_told_by_itself() -> None:
    track = Track("car-1").drive((1000, 0)).drive((1100, 200)).drive((1900, 200)).drive((2000, 0)).drive((6000, 0))
    plan = plan_of(duty("car-1", "r1", track.minute + 3.1))  # at 10 m/s it gets 2,700 m in that time
    seen = replay(plan, track, until=track.minute + 10)
    assert one(seen, "missed-checkpoint").detail["missed"] == ["c1"]
    assert lines(one(seen, "signal-lost")) == []


STORIES = {
    "stop": patrol().stay(1200).drive((2440, 0), 0.5).drive((6000, 0)),
    "coarse": imprecise(imprecise(patrol(), 400).silent(300), 400).leap((2200, 0)).drive((6000, 0)),
    "leap": patrol().leap((900_000, 0)).stay(300).leap((2200, 400)).stay(400).leap((2200, 0)).drive((6000, 0)),
    "aside": patrol().leap((2200, 500)).stay(1500).leap((2200, 0)).stay(500).drive((6000, 0)),
}


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("seed", range(4))
def test_late_fixes_and_restarts_change_no_line(name: str, seed: int) -> None:
    track = STORIES[name]
    plan = plan_of(duty("car-1", "r1", track.minute + 2))
    rules, random = rules_of(plan), np.random.default_rng(seed)
    fixes = fixes_of([track], DeviceTable(["car-1"]))
    expected = told(replay(plan, track, until=track.minute + 5).alerts)
    assert any(a["detail"].get("joined") for a in expected) or name == "leap"
    stream = fixes.take(np.argsort(fixes.t_s + random.uniform(0, 100, len(fixes)), kind="stable"))
    engine, ledger = Engine(plan, rules, DeviceTable(["car-1"]), began_s=T0), Ledger()
    now_s, taken, kept = T0, 0, None
    for batch in cut(stream, random.integers(1, len(stream), 30).tolist()):
        now_s = max(now_s, float(batch.t_s.max()) + float(random.uniform(0, 3)))
        ledger.apply(engine.advance(batch, now_s).changes)
        taken += len(batch)
        if random.random() < 0.3:
            kept = engine.checkpoint()
        if random.random() < 0.2 and kept is not None:
            stored = stream.take(slice(0, taken))
            known = [a for a in ledger.alerts.values() if a.end_s is None or max(a.end_s, a.noticed_s) >= kept.since_s]
            engine, outcome = Engine.resume(
                plan,
                rules,
                DeviceTable(["car-1"]),
                kept,
                stored.take(stored.t_s > kept.since_s),
                known,
                now_s,
            )
            assert outcome.changes == (), "what is known is no news"
    ledger.apply(engine.tick(T0 + 60 * (track.minute + 5)).changes)
    assert ledger.told() == expected


def test_a_line_reaches_those_who_watch_as_a_change_of_its_alert() -> None:
    track = patrol().stay(1800)
    fixes = fixes_of([track], DeviceTable(["car-1"]))
    plan = plan_of(duty("car-1", "r1", 60))
    live, ledger = Engine(plan, rules_of(plan), DeviceTable(["car-1"]), began_s=T0), Ledger()
    for batch in cut(fixes, range(1, len(fixes))):
        ledger.apply(live.advance(batch, float(batch.t_s[-1])).changes)
    assert [c.change for c in ledger.history] == [Change.RAISED, Change.JOINED]
    assert len(ledger.alerts) == 1

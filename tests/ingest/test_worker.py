"""The whole way of a fix, from a real broker into a real database."""

import threading
import time

import numpy as np
import psycopg
import pytest
from ingest_examples import Terminal, location, wait_until
from running_ingest import AWAY, POST, Clock, Ingest, at, post_plan, walk

from analytics.alerts import Alert, AlertChange, Change, Grade
from analytics.fixes import FixBatch
from ingest.broker import EmbeddedBroker
from ingest.metrics import Metrics
from ingest.service import serve
from store.intake import Intake
from store.lease import shards
from store.ledger import Ledger


def test_fixes_statuses_and_dead_letters_are_stored(ingest: Ingest, terminal: Terminal) -> None:
    now_s = time.time()
    with ingest.running() as metrics:
        terminal.publish("owntracks/off-12/phone", location(tst=int(now_s), lon=120.5, lat=30.5))
        terminal.publish("ducha/west/car-07/fix", [location(tst=int(now_s) - i, lat=30) for i in range(20)])
        terminal.publish("ducha/west/car-07/status", "online", retain=True)
        terminal.publish("ducha/west/car-07/fix", [location(tst=int(now_s) + 1), location(lat=91)])
        terminal.publish("ducha/west/car-07/fix", b"\x00 not json")
        wait_until(lambda: ingest.count("fixes") == 22 and ingest.count("dead_letters") == 2)
        wait_until(lambda: metrics.registry.get_sample_value("ducha_ingest_fixes_total") == 22)

    assert ingest.rows("SELECT name, unit::text, status FROM devices ORDER BY name") == [
        ("car-07", "west", "online"),
        ("off-12", None, None),
    ]
    position = "SELECT lon, lat FROM positions JOIN devices ON id = device WHERE name = 'off-12'"
    assert ingest.rows(position) == [(120.5, 30.5)]
    reasons = [reason for (reason,) in ingest.rows("SELECT reason FROM dead_letters ORDER BY size")]
    assert reasons[0].startswith("expected JSON")
    assert reasons[1].startswith("1 of 2 elements: [1].")


def test_a_state_is_one_alert_through_restarts_and_redelivery(ingest: Ingest, terminal: Terminal) -> None:
    now_s = time.time()
    ingest.save_plan(post_plan(now_s))
    away_s = int(now_s - 1200)
    track = walk(now_s - 1800, away_s, POST) + walk(away_s, now_s, AWAY)
    parts = [track[i : i + 12] for i in range(0, len(track), 12)]
    for part in parts:
        with ingest.running():
            terminal.publish("owntracks/off-12/phone", part)
            terminal.publish("owntracks/off-12/phone", part)
            expected = part[-1]["tst"]
            wait_until(lambda t=expected: ingest.rows("SELECT max(extract(epoch FROM t)) FROM fixes") == [(t,)])

    (alert,) = ingest.alerts("off-post")
    assert alert[0] == "off-12"
    assert alert[1] == pytest.approx(away_s, abs=30)
    assert alert[2:] == (True, False)
    assert ingest.count("fixes") == len(track)


def test_fixes_that_come_too_late_for_memory_still_count(ingest: Ingest, terminal: Terminal) -> None:
    now_s = time.time()
    ingest.save_plan(post_plan(now_s))
    early, late = walk(now_s - 1800, now_s - 1500, POST), walk(now_s - 600, now_s, POST)
    between = walk(now_s - 1500, now_s - 600, AWAY)
    clock = Clock(now_s)
    with ingest.running(clock) as metrics:
        stored = 0
        for part in (early, late[:20], late[20:40], late[40:]):
            clock.t_s = part[-1]["tst"]
            terminal.publish("owntracks/off-12/phone", part)
            stored += len(part)
            wait_until(lambda n=stored: ingest.count("fixes") == n)
        assert ingest.alerts("off-post") == []
        terminal.publish("owntracks/off-12/phone", between)
        wait_until(lambda: ingest.alerts("off-post"))
        terminal.publish("owntracks/off-12/phone", between)
        terminal.publish("owntracks/off-12/phone", location(tst=int(now_s) + 10))
        wait_until(lambda: ingest.count("fixes") == len(early) + len(between) + len(late) + 1)
        wait_until(lambda: metrics.registry.get_sample_value("ducha_ingest_too_late_devices_total") == 1)

    (alert,) = ingest.alerts("off-post")
    assert alert[1] == pytest.approx(now_s - 1500, abs=30)
    assert alert[2] is False


def test_silence_is_noticed_when_nothing_comes(ingest: Ingest, terminal: Terminal) -> None:
    began_s = int(time.time())
    ingest.save_plan(post_plan(began_s))
    clock = Clock(began_s)
    with ingest.running(clock):
        terminal.publish("owntracks/off-12/phone", location(tst=began_s + 5, lon=POST[0], lat=POST[1]))
        wait_until(lambda: ingest.count("fixes") == 1)
        assert ingest.alerts("signal-lost") == []
        clock.t_s += 400
        wait_until(lambda: ingest.alerts("signal-lost"))
        terminal.publish("owntracks/off-12/phone", location(tst=began_s + 400, lon=POST[0], lat=POST[1]))
        wait_until(lambda: ingest.alerts("signal-lost")[0][2] is False)
    assert ingest.alerts("signal-lost") == [("off-12", began_s + 5, False, False)]


def test_what_waited_in_the_broker_while_ingest_was_away_is_no_silence(ingest: Ingest, terminal: Terminal) -> None:
    began_s = int(time.time())
    ingest.save_plan(post_plan(began_s))
    clock = Clock(began_s)
    with ingest.running(clock):
        terminal.publish("owntracks/off-12/phone", location(tst=began_s, lon=POST[0], lat=POST[1]))
        wait_until(lambda: ingest.count("fixes") == 1)
    for second in range(10, 900, 10):
        terminal.send("owntracks/off-12/phone", location(tst=began_s + second, lon=POST[0], lat=POST[1]))
    clock.t_s += 900
    with ingest.running(clock, batch_messages=1):
        wait_until(lambda: ingest.count("fixes") == 90)
        clock.t_s += 400
        wait_until(lambda: ingest.alerts("signal-lost"))
    assert ingest.alerts("signal-lost") == [("off-12", began_s + 890, True, False)], "the true one, and no other before"


def test_what_waited_while_the_database_was_busy_is_no_silence(ingest: Ingest, terminal: Terminal) -> None:
    began_s = int(time.time())
    ingest.save_plan(post_plan(began_s))
    clock = Clock(began_s)
    with ingest.running(clock, batch_messages=1) as metrics:
        terminal.publish("owntracks/off-12/phone", location(tst=began_s, lon=POST[0], lat=POST[1]))
        wait_until(lambda: ingest.count("fixes") == 1)
        with psycopg.connect(ingest.uri) as busy:
            busy.execute("LOCK TABLE positions IN ACCESS EXCLUSIVE MODE")
            for second in range(10, 400, 10):
                terminal.publish("owntracks/off-12/phone", location(tst=began_s + second, lon=POST[0], lat=POST[1]))
            clock.t_s += 400
            wait_until(lambda: (metrics.registry.get_sample_value("ducha_ingest_messages_total") or 0) > 39)
        wait_until(lambda: ingest.count("fixes") == 40)
    assert ingest.alerts("signal-lost") == []


def test_while_the_broker_is_not_heard_nobody_is_called_silent(ingest: Ingest, terminal: Terminal) -> None:
    began_s = int(time.time())
    ingest.save_plan(post_plan(began_s))
    clock = Clock(began_s)
    with ingest.running(clock, settle_s=3600.0) as metrics:
        terminal.publish("owntracks/off-12/phone", location(tst=began_s + 5, lon=POST[0], lat=POST[1]))
        wait_until(lambda: ingest.count("fixes") == 1)
        clock.t_s += 400
        terminal.publish("owntracks/elsewhere/phone", location(tst=began_s))
        wait_until(lambda: ingest.count("fixes") == 2)
        wait_until(lambda: (metrics.registry.get_sample_value("ducha_ingest_commit_seconds_count") or 0) >= 5)
    assert ingest.alerts("signal-lost") == []


def test_a_new_plan_is_in_force_at_once_and_looks_back(ingest: Ingest, terminal: Terminal) -> None:
    now_s = time.time()
    with ingest.running():
        track = walk(now_s - 1800, now_s, AWAY)
        terminal.publish("owntracks/off-12/phone", track)
        wait_until(lambda: ingest.count("fixes") == len(track))
        assert ingest.alerts("off-post") == []
        ingest.save_plan(post_plan(now_s))
        wait_until(lambda: ingest.alerts("off-post"))
        other = post_plan(now_s, device="off-13")
        other["duties"][0]["id"] = "d2"
        ingest.save_plan(other)
        wait_until(lambda: ingest.alerts("off-post")[0][2] is False)
    assert len(ingest.alerts("off-post")) == 1


def test_a_program_with_other_states_goes_on_from_all_of_the_duty(
    ingest: Ingest, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = time.time()
    ingest.save_plan(post_plan(now_s))
    with ingest.running():
        terminal.publish("owntracks/off-12/phone", walk(now_s - 1800, now_s, AWAY))
        wait_until(lambda: ingest.alerts("off-post"))
    told = ingest.alerts("off-post")
    monkeypatch.setattr("analytics.checkpoint._FORMAT", "another program's")
    with ingest.running():
        terminal.publish("owntracks/off-12/phone", walk(now_s, now_s + 20, AWAY))
        wait_until(lambda: ingest.count("fixes") == 182)
    assert ingest.alerts("off-post") == told, "it began when it did, and lasts"


def test_what_a_terminal_had_saved_up_is_judged_the_same_after_a_kill_before_the_next_checkpoint(
    ingest: Ingest, terminal: Terminal
) -> None:
    now_s = int(time.time())
    plan = post_plan(now_s)
    duty = plan["duties"][0] | {"from": at(now_s - 4 * 3600)}
    ingest.save_plan(plan | {"duties": [duty, duty | {"id": "d2", "device": "off-13"}]})
    hours_s = [now_s - 3600 * hours for hours in (3, 2, 1, 0)]
    with ingest.running():
        terminal.publish("owntracks/off-12/phone", walk(hours_s[0], now_s - 30, POST))
        terminal.publish("owntracks/off-13/phone", walk(hours_s[0], hours_s[1], POST))
        wait_until(lambda: ingest.count("fixes") == 1077 + 360)
    with ingest.running(checkpoint_s=3600.0):
        saved = walk(hours_s[1], hours_s[1] + 1800, AWAY), walk(hours_s[1] + 1800, hours_s[2], POST)
        terminal.publish("owntracks/off-13/phone", [*saved[0], *saved[1], *walk(hours_s[2], now_s, AWAY)])
        wait_until(lambda: ingest.count("fixes") == 1077 + 1080 and len(ingest.alerts("off-post")) == 2)
        told, killed = ingest.alerts("off-post"), ingest.as_if_killed()
    killed()
    with ingest.running():
        terminal.publish("owntracks/off-12/phone", walk(now_s - 30, now_s - 10, POST))
        wait_until(lambda: ingest.count("fixes") == 1077 + 1082 and ingest.count("late_history") == 0)
    assert ingest.alerts("off-post") == told
    assert [alert for alert in ingest.alerts("signal-lost") if not alert[3]] == []


def test_open_alerts_of_cameras_are_left_to_the_cameras(ingest: Ingest, terminal: Terminal) -> None:
    now_s = time.time()
    nobody = Alert("post-unattended", 1, Grade.B, "win-1", None, now_s - 400, None, now_s - 90, 120.0, 30.0)
    with Ledger(ingest.uri) as ledger:
        ledger.commit(FixBatch.empty(), [AlertChange(Change.RAISED, nobody)], received_s=now_s)
    ingest.save_plan(post_plan(now_s))
    for place, device in enumerate(("off-12", "off-13")):
        with ingest.running():
            terminal.publish(f"owntracks/{device}/phone", location(tst=int(now_s), lon=120.0 + place, lat=30.0))
            wait_until(lambda n=place: ingest.count("fixes") == n + 1)
    assert ingest.alerts("post-unattended") == [("win-1", pytest.approx(now_s - 400, abs=0.01), True, False)]
    positions = "SELECT name, lon FROM positions JOIN devices ON id = device ORDER BY name"
    assert ingest.rows(positions) == [("off-12", 120.0), ("off-13", 121.0)]


def test_a_plan_that_can_not_be_used_leaves_the_one_in_force(ingest: Ingest, terminal: Terminal) -> None:
    now_s = time.time()
    ingest.save_plan(post_plan(now_s))
    with ingest.running():
        ingest.save_plan(post_plan(now_s, **{"no-such-rule": {}}))
        terminal.publish("owntracks/off-12/phone", walk(now_s - 1800, now_s, AWAY))
        wait_until(lambda: ingest.alerts("off-post"))
    assert ingest.rows("SELECT max(version) FROM plans") == [(2,)]


def test_metrics_tell_what_was_done(ingest: Ingest, terminal: Terminal) -> None:
    now_s = int(time.time())
    with ingest.running() as metrics:
        value = metrics.registry.get_sample_value
        terminal.publish("owntracks/a/phone", location(tst=now_s))
        wait_until(lambda: value("ducha_ingest_fixes_total") == 1)
        terminal.publish("owntracks/a/phone", location(tst=now_s))
        terminal.publish("owntracks/a/phone", location(tst=now_s - 30))
        terminal.publish("owntracks/a/phone", location(tst=now_s, lon=200))
        wait_until(lambda: value("ducha_ingest_messages_total") == 4 and value("ducha_ingest_fixes_total") == 2)
        wait_until(lambda: value("ducha_ingest_dead_letters_total", {"reason": "longitude"}) == 1)
    assert value("ducha_ingest_duplicate_fixes_total") == 1
    assert value("ducha_ingest_late_fixes_total") == 1
    assert value("ducha_ingest_latency_seconds_count") == 4
    assert value("ducha_ingest_last_message_timestamp_seconds") == pytest.approx(now_s, abs=10)


def test_fixes_older_than_what_is_kept_are_dropped_by_whole_days(ingest: Ingest) -> None:
    now_s = time.time()
    with Ledger(ingest.uri) as ledger:
        ledger.register(["car-01"])
        days = now_s - 86_400.0 * np.array([50, 45, 3, 0])
        ledger.commit(FixBatch.build([0] * 4, days, [120.0] * 4, [30.0] * 4), received_s=now_s)
    with ingest.running(keep_days=40):
        wait_until(lambda: ingest.count("fixes") == 2, what="two old days are dropped")


def test_the_plan_is_read_when_it_changed_and_not_to_see_whether(
    ingest: Ingest, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[float] = []
    read = Intake.plan
    monkeypatch.setattr(Intake, "plan", lambda self: (reads.append(time.monotonic()), read(self))[1])
    now_s = time.time()
    ingest.save_plan(post_plan(now_s))
    with ingest.running(plan_poll_s=0.02) as metrics:
        terminal.publish("owntracks/off-12/phone", location(tst=int(now_s), lon=POST[0], lat=POST[1]))
        wait_until(lambda: (metrics.registry.get_sample_value("ducha_ingest_commit_seconds_count") or 0) >= 3)
        assert len(reads) == 1
        ingest.save_plan(post_plan(now_s, **{"off-post": {"minutes": 7}}))
        wait_until(lambda: len(reads) == 2)


def test_of_two_workers_of_a_shard_one_works_and_the_other_goes_on_when_it_ends(
    ingest: Ingest, terminal: Terminal
) -> None:
    now_s = int(time.time())
    held = "ducha_ingest_lease_held"
    with ingest.running() as first:
        stop, second = threading.Event(), Metrics()
        standby = threading.Thread(target=serve, args=(ingest.settings(), stop), kwargs={"metrics": second})
        standby.start()
        try:
            wait_until(lambda: shards(ingest.uri)[0].waiting, what="the second waits")
            terminal.publish("owntracks/off-12/phone", location(tst=now_s))
            wait_until(lambda: ingest.count("fixes") == 1)
            assert first.registry.get_sample_value(held) == 1
            assert not second.registry.get_sample_value(held)
            assert not second.registry.get_sample_value("ducha_ingest_broker_connections_total")
            with psycopg.connect(ingest.uri, autocommit=True) as connection:
                connection.execute("UPDATE shard_leases SET epoch = epoch + 1")  # as if a third had had it
            terminal.publish("owntracks/off-12/phone", location(tst=now_s - 1))
            wait_until(lambda: ingest.count("fixes") == 2, what="whoever holds the shard takes in what the other left")
        finally:
            stop.set()
            standby.join(60)
        terminal.publish("owntracks/off-12/phone", location(tst=now_s - 2))
        wait_until(lambda: ingest.count("fixes") == 3)


def test_a_retained_position_is_no_sign_of_life_and_a_retained_status_no_news(
    ingest: Ingest, terminal: Terminal
) -> None:
    now_s = int(time.time())
    terminal.publish("owntracks/off-12/phone", location(tst=now_s - 3000, lon=POST[0], lat=POST[1]), retain=True)
    terminal.publish("ducha/west/off-12/status", "offline", retain=True)
    with ingest.running():
        wait_until(lambda: ingest.count("fixes") == 1)
        wait_until(lambda: ingest.rows("SELECT status, status_at FROM devices") == [("offline", None)])
        assert ingest.rows("SELECT received_at = t FROM positions") == [(True,)]
        terminal.publish("ducha/west/off-12/status", "online", retain=True)
        wait_until(lambda: ingest.rows("SELECT status FROM devices") == [("online",)])
        (said_at,) = ingest.rows("SELECT status_at FROM devices")
    with ingest.running():
        terminal.publish("owntracks/off-12/phone", location(tst=now_s, lon=POST[0], lat=POST[1]))
        wait_until(lambda: ingest.count("fixes") == 2)
    assert ingest.rows("SELECT status_at FROM devices") == [said_at], "a restart hears it again, and it is no news"


def test_each_of_two_shards_judges_the_devices_of_its_own_units_alone(
    postgres_uri: str, broker: EmbeddedBroker, terminal: Terminal
) -> None:
    began_s = int(time.time())
    west, east = Ingest(postgres_uri, broker), Ingest(postgres_uri, broker)
    plan = post_plan(began_s)
    plan["devices"] = [{"id": f"car-{side}", "kind": "car", "unit": f"county.{side}"} for side in ("west", "east")]
    plan["duties"] = [plan["duties"][0] | {"id": side, "device": f"car-{side}"} for side in ("west", "east")]
    west.save_plan(plan)
    clock = Clock(began_s)
    both = {side: {"shard": side, "units": (f"county.{side}",)} for side in ("west", "east")}

    def say(side: str, second: int) -> None:
        body = location(tst=began_s + second, lon=POST[0], lat=POST[1], vel=0)
        terminal.publish(f"ducha/county.{side}/car-{side}/fix", body)

    with west.running(clock, **both["west"]), east.running(clock, **both["east"]):
        say("west", 0)
        say("east", 0)
        wait_until(lambda: west.count("fixes") == 2)
    with west.running(clock, **both["west"]), east.running(clock, **both["east"]):
        clock.t_s += 600
        say("west", 600)
        wait_until(lambda: west.alerts("signal-lost"))
        wait_until(lambda: west.count("fixes") == 3)
        say("east", 600)
        wait_until(lambda: west.count("fixes") == 4)
        wait_until(lambda: not any(still_open for _, _, still_open, _ in west.alerts("signal-lost")))
    raised = {(device, withdrawn) for device, _, _, withdrawn in west.alerts("signal-lost")}
    assert raised <= {("car-west", False), ("car-east", False)}
    assert len(west.alerts("signal-lost")) == len(raised)

"""A terminal that sends more than its share: what is too much waits, and is judged as if it had come in time."""

import time
from typing import Any

import numpy as np
from ingest_examples import Terminal, location, wait_until
from running_ingest import AWAY, BEFORE_S, POST, Clock, Ingest, post_plan, walk

from analytics.alerts import contract_form
from analytics.catalogue import default_rules
from analytics.engine import Engine
from analytics.fixes import DeviceTable
from analytics.planning import parse_plan
from store.ledger import Ledger

FLOODED = {"device_burst": 200, "device_fixes_per_s": 5.0}


def disorderly(now_s: float, count: int) -> list[dict[str, Any]]:
    """`count` fixes of two days in any order, all at the post."""
    times = np.random.default_rng(3).permutation(np.arange(count)) * (2 * 86_400 / count)
    return [location(tst=round(now_s - 5 - t, 1), lon=POST[0], lat=POST[1], vel=0, acc=5) for t in times.tolist()]


def test_a_flood_of_one_terminal_waits_in_the_database_and_holds_up_nobody(ingest: Ingest, terminal: Terminal) -> None:
    now_s = time.time()
    ingest.save_plan(post_plan(now_s, device="off-13"))
    flood = disorderly(now_s, 6_000)
    with ingest.running(**FLOODED):
        for start in range(0, len(flood), 50):
            terminal.send("owntracks/off-12/phone", flood[start : start + 50])
        terminal.publish("owntracks/off-13/phone", location(tst=int(now_s), lon=POST[0], lat=POST[1]))
        of_13 = "SELECT count(*) FROM positions JOIN devices ON id = device WHERE name = 'off-13'"
        wait_until(lambda: ingest.rows(of_13) == [(1,)])
        assert ingest.count("fixes") <= len(flood), "and did not wait for all of the flood"
        wait_until(lambda: ingest.count("fixes") == len(flood) + 1, 120, "the surplus is taken in")
        wait_until(lambda: ingest.count("late_history") == 0, 120, "and walked")
    assert ingest.count("set_aside") == 0
    assert ingest.alerts("signal-lost") == []
    told = ingest.rows("SELECT device, detail->>'reason', detail->'limit_at_once' FROM alerts")
    assert told == [("off-12", "flood", 200)]


def test_a_flood_taken_in_after_a_restart_gives_the_alerts_of_its_replay(ingest: Ingest, terminal: Terminal) -> None:
    now_s = float(int(time.time()))
    plan = post_plan(now_s)
    ingest.save_plan(plan)
    track = (
        walk(now_s - 3500, now_s - 2500, POST) + walk(now_s - 2500, now_s - 900, AWAY) + walk(now_s - 900, now_s, POST)
    )
    shuffled = [track[i] for i in np.random.default_rng(5).permutation(len(track)).tolist()]
    clock = Clock(now_s)
    with ingest.running(clock, device_burst=20, device_fixes_per_s=0.1):
        terminal.publish("owntracks/off-12/phone", shuffled)
        wait_until(lambda: ingest.count("fixes") + ingest.count("set_aside") == len(track))
    with ingest.running(clock, device_burst=20, device_fixes_per_s=0.1):
        wait_until(lambda: ingest.count("fixes") == len(track))
        wait_until(lambda: ingest.count("late_history") == 0)
        wait_until(lambda: ingest.alerts("off-post"))
    engine = Engine(
        parse_plan(plan), default_rules(), DeviceTable(["off-12"]), lateness_s=0.0, began_s=now_s - BEFORE_S
    )
    with Ledger(ingest.uri, name="reader") as ledger:
        changes = engine.advance(ledger.fixes_since(0.0), now_s).changes
        replayed = {c.alert.id: c.alert for c in changes}
        live = [a for a in ledger.alerts_known(0.0, default_rules().rules) if a.detail.get("reason") != "flood"]
    assert {a.id: contract_form(a) for a in live} == {i: contract_form(a) for i, a in replayed.items()}

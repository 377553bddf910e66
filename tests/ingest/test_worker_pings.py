"""Pings on their way from a real broker into a real database."""

import time
from typing import Any

from ingest_examples import Terminal, location, wait_until
from running_ingest import POST, Clock, Ingest, asked, post_plan, walk

from store import positions


def ping(made_s: float, tst: float) -> dict[str, Any]:
    return location(tst=tst, created_at=made_s, t="p", lon=POST[0], lat=POST[1])


def test_a_ping_is_a_sign_of_life_and_no_new_place_through_restarts(ingest: Ingest, terminal: Terminal) -> None:
    began_s = int(time.time())
    ingest.save_plan(post_plan(began_s))
    clock = Clock(began_s)
    heard = "SELECT extract(epoch FROM heard_at)::float8, extract(epoch FROM t)::float8 FROM positions"
    terminal_topic = "owntracks/off-12/phone"
    with ingest.running(clock):
        terminal.publish(terminal_topic, location(tst=began_s, lon=POST[0], lat=POST[1]))
        wait_until(lambda: ingest.count("fixes") == 1)
    for minute in range(2, 9, 2):
        clock.t_s = began_s + 60 * minute
        with ingest.running(clock):
            for _ in range(2):
                terminal.publish(terminal_topic, ping(clock.t_s, began_s))
            wait_until(lambda: ingest.rows(heard) == [(clock.t_s, began_s)])
    assert ingest.count("fixes") == 1
    assert ingest.count("signs_of_life") == 4
    assert ingest.alerts("signal-lost") == []
    (row,) = asked(ingest.uri, lambda pool: positions.latest(pool, clock.t_s))
    assert row["status"] == "online"
    with ingest.running(clock):
        clock.t_s += 400
        wait_until(lambda: ingest.alerts("signal-lost"))
    assert ingest.alerts("signal-lost") == [("off-12", began_s + 480, True, False)]
    assert ingest.rows("SELECT (detail->>'last_fix')::float8 FROM alerts") == [(began_s,)]


def test_a_retained_ping_and_one_of_a_clock_far_ahead_are_no_signs_of_life(ingest: Ingest, terminal: Terminal) -> None:
    now_s = int(time.time())
    terminal.publish("owntracks/off-12/phone", ping(now_s, now_s - 600), retain=True)
    with ingest.running():
        wait_until(lambda: ingest.count("fixes") == 1)
        terminal.publish("owntracks/off-13/phone", ping(now_s + 7200, now_s - 600))
        wait_until(lambda: ingest.count("fixes") == 2)
    assert ingest.count("signs_of_life") == 0
    assert ingest.rows("SELECT heard_at FROM positions") == [(None,), (None,)]


def test_pings_that_come_late_are_walked_from_the_stored_history(ingest: Ingest, terminal: Terminal) -> None:
    began_s = int(time.time())
    ingest.save_plan(post_plan(began_s, **{"signal-lost": {"place_minutes": 240}}))
    clock = Clock(began_s)
    with ingest.running(clock):
        terminal.publish("owntracks/off-12/phone", location(tst=began_s, lon=POST[0], lat=POST[1]))
        wait_until(lambda: ingest.count("fixes") == 1)
        clock.t_s += 1200
        wait_until(lambda: ingest.alerts("signal-lost"))
        terminal.publish("owntracks/off-12/phone", walk(began_s + 600, began_s + 1200, POST))
        wait_until(lambda: ingest.count("fixes") == 61)
        terminal.publish("owntracks/off-12/phone", [ping(began_s + t, began_s) for t in range(60, 600, 60)])
        wait_until(lambda: all(withdrawn for *_, withdrawn in ingest.alerts("signal-lost")))
        wait_until(lambda: ingest.count("late_history") == 0)
    assert ingest.count("signs_of_life") == 9

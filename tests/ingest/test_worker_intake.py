"""What ingest can't take in, or not yet: it stops nothing, and is kept for whoever sees to it."""

import secrets
import time

import psycopg
from ingest_examples import Terminal, location, wait_until
from running_ingest import POST, Ingest, asked, post_plan, walk

from ingest.unknown import Unknown
from store import unknown


def test_a_message_that_the_database_refuses_stops_nothing(ingest: Ingest, terminal: Terminal) -> None:
    now_s = int(time.time())
    with psycopg.connect(ingest.uri, autocommit=True) as connection:
        connection.execute("ALTER TABLE positions ADD CHECK (lat <> 66)")
    with ingest.running(gather_s=0.2):
        for lat in (10, 66, 11):
            terminal.send(f"owntracks/at-{lat}/phone", location(tst=now_s, lat=lat))
        wait_until(lambda: ingest.count("positions") == 2 and ingest.count("dead_letters") == 1)
    assert ingest.rows("SELECT topic FROM dead_letters") == [("owntracks/at-66/phone",)]
    assert "refused by the database" in ingest.rows("SELECT reason FROM dead_letters")[0][0]


def test_a_topic_longer_than_an_index_can_hold_stops_nothing(ingest: Ingest, terminal: Terminal) -> None:
    with ingest.running():
        terminal.publish("owntracks/x/" + secrets.token_hex(2_000), location(tst=int(time.time())))
        terminal.publish("owntracks/off-12/phone", location(tst=int(time.time())))
        wait_until(lambda: ingest.count("positions") == 1 and ingest.count("dead_letters") == 1)


def test_an_unknown_device_is_held_and_accepting_it_loses_nothing(ingest: Ingest, terminal: Terminal) -> None:
    now_s = int(time.time())
    track = walk(now_s - 300, now_s, POST)
    with ingest.running(unknown=Unknown.HOLD):
        terminal.publish("ducha/west/off-12/fix", track[:20])
        terminal.publish("ducha/west/off-12/fix", track[20:])
        heard = "SELECT name, unit::text, seen FROM unknown_devices"
        wait_until(lambda: ingest.rows(heard) == [("off-12", "west", 30)])
        assert ingest.count("devices") == ingest.count("fixes") == ingest.count("dead_letters") == 0
        (row,) = asked(ingest.uri, unknown.devices)
        assert (row["device"], row["fixes"], row["lon"]) == ("off-12", 30, POST[0])
        asked(ingest.uri, lambda pool: unknown.accept(pool, "off-12"))
        wait_until(lambda: ingest.count("fixes") == 30, what="what was kept is taken in")
        terminal.publish("ducha/west/off-12/fix", location(tst=now_s))
        wait_until(lambda: ingest.count("fixes") == 31)
    assert ingest.rows("SELECT name, unit::text FROM devices") == [("off-12", "west")]
    assert ingest.count("unknown_devices") == ingest.count("unknown_fixes") == ingest.count("set_aside") == 0


def test_of_the_devices_that_nobody_named_so_many_are_accepted_and_further_ones_held(
    ingest: Ingest, terminal: Terminal
) -> None:
    now_s = int(time.time())
    ingest.save_plan(post_plan(now_s))
    with ingest.running(unknown=Unknown.ACCEPT, accept_most=2):
        for number in range(4):
            terminal.publish(f"ducha/west/name-{number}/fix", location(tst=now_s))
        terminal.publish("owntracks/off-12/phone", location(tst=now_s))
        wait_until(lambda: ingest.count("fixes") == 3 and ingest.count("unknown_devices") == 2)
        only_heard = "SELECT name FROM devices WHERE NOT introduced ORDER BY id"
        assert ingest.rows(only_heard) == [("name-0",), ("name-1",)]
        ingest.save_plan(post_plan(now_s, device="name-0"))
        wait_until(lambda: ingest.rows(only_heard) == [("name-1",)])

        def one_more() -> bool:
            terminal.publish("ducha/west/name-4/fix", location(tst=now_s))
            return ingest.rows(only_heard) == [("name-1",), ("name-4",)]

        wait_until(one_more, what="there is room for another, once ingest knows the plan")


def test_a_refused_device_is_counted_and_not_kept(ingest: Ingest, terminal: Terminal) -> None:
    with ingest.running(unknown=Unknown.REFUSE) as metrics:
        terminal.publish("owntracks/off-12/phone", location(tst=int(time.time())))
        refused = {"reason": "unknown"}
        wait_until(lambda: metrics.registry.get_sample_value("ducha_ingest_refused_fixes_total", refused) == 1)
    assert ingest.count("devices") == ingest.count("fixes") == ingest.count("unknown_devices") == 0


def test_a_dead_letter_is_read_again_when_somebody_wants_it(ingest: Ingest, terminal: Terminal) -> None:
    now_s = int(time.time())
    with ingest.running(past_days=1.0):
        terminal.publish("owntracks/off-12/phone", location(tst=now_s - 2 * 86_400))
        terminal.publish("owntracks/off-12/phone", b"never JSON")
        wait_until(lambda: ingest.count("dead_letters") == 2)
    with ingest.running():
        asked(ingest.uri, lambda pool: unknown.replay_all(pool, now_s=time.time()))
        wait_until(lambda: ingest.count("fixes") == 1, what="what can be read now is taken in")
        wait_until(lambda: ingest.rows("SELECT count(wanted_at) FROM dead_letters") == [(0,)])
    assert ingest.rows("SELECT payload FROM dead_letters") == [(b"never JSON",)]

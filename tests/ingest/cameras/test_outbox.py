"""What waits for the database: nothing of it is lost, doubled or out of order, and nobody waits with it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from analytics.alerts import Alert, AlertChange, Change, Grade
from analytics.catalogue import all_rules
from ingest.cameras.outbox import WAITING, Outbox
from store.errors import StoreUnavailable
from store.ledger import Ledger
from store.records import Sight

NOW_S = 1_790_000_000.0
EACH = 40
NOWHERE = "postgresql://127.0.0.1:1/nowhere"
CAMERAS = ("win-1", "win-2", "win-3")


@pytest.fixture
def ledger(postgres_uri: str) -> Iterator[Ledger]:
    """Of a database that knows the rules and three cameras."""
    with Ledger(postgres_uri) as ledger, psycopg.connect(postgres_uri, autocommit=True) as connection:
        ledger.seed_rules(all_rules(), now_s=NOW_S)
        for camera in CAMERAS:
            connection.execute(
                "INSERT INTO cameras (id, name, kind, recorder, folder, tap, state, since, recorded, seen_at)"
                " VALUES (%s, '', 'window', 'r', '', '', 'live', now(), false, now())",
                (camera,),
            )
        yield ledger


def empty_window(camera: str, number: int, rule: str = "post-unattended") -> Alert:
    start_s = NOW_S + 600 * number
    return Alert(rule, 1, Grade.B, camera, None, start_s, None, start_s + 300, None, None, {"number": number})


def raised(alert: Alert) -> AlertChange:
    return AlertChange(Change.RAISED, alert)


def ended(alert: Alert) -> AlertChange:
    return AlertChange(Change.ENDED, alert.ended(alert.start_s + 400), alert)


def stored(uri: str) -> list[tuple[str, int, bool]]:
    with psycopg.connect(uri) as connection:
        return connection.execute(
            "SELECT device, (detail->>'number')::int, ended IS NOT NULL FROM alerts ORDER BY device, began"
        ).fetchall()


def test_what_could_not_be_stored_is_stored_before_what_came_after_it(ledger: Ledger, postgres_uri: str) -> None:
    outbox = Outbox()
    outbox.found(raised(empty_window("win-1", 0)))
    with Ledger(NOWHERE) as away, pytest.raises(StoreUnavailable):
        outbox.store(away, NOW_S)
    outbox.found(ended(empty_window("win-1", 0)))
    outbox.store(ledger, NOW_S)
    assert stored(postgres_uri) == [("win-1", 0, True)], "were its end stored first, it would be open again"


def test_what_several_threads_find_while_the_database_comes_and_goes_is_stored_once_and_in_order(
    ledger: Ledger, postgres_uri: str
) -> None:
    outbox = Outbox()

    def find(camera: str) -> None:
        for number in range(EACH):
            outbox.found(raised(empty_window(camera, number)))
            outbox.found(ended(empty_window(camera, number)))

    finders = [threading.Thread(target=find, args=(camera,)) for camera in CAMERAS]
    for finder in finders:
        finder.start()
    with Ledger(NOWHERE) as away:
        while any(finder.is_alive() for finder in finders):
            with suppress(StoreUnavailable):
                outbox.store(away, NOW_S)
            outbox.store(ledger, NOW_S)
    outbox.store(ledger, NOW_S)
    assert outbox.waiting == 0
    assert stored(postgres_uri) == [(camera, number, True) for camera in CAMERAS for number in range(EACH)]


def test_nobody_who_looks_waits_while_the_database_does_not_answer() -> None:
    outbox = Outbox()
    outbox.found(raised(empty_window("win-1", 0)))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failures: list[StoreUnavailable] = []

        def store() -> None:
            with Ledger(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/silent") as ledger:
                try:
                    outbox.store(ledger, NOW_S)
                except StoreUnavailable as error:
                    failures.append(error)

        storing = threading.Thread(target=store)
        storing.start()
        connection, _ = silent.accept()
        with connection:
            for number in range(1, 100):
                outbox.found(raised(empty_window("win-1", number)))
                outbox.saw(Sight("win-1", number, "ok", NOW_S), changed=True)
            assert storing.is_alive(), "it still waits"
            storing.join(30)
    assert len(failures) == 1
    assert outbox.waiting == 100, "the one that was being stored waits again"


def test_of_what_a_camera_showed_the_last_is_stored_when_the_database_is_back(
    ledger: Ledger, postgres_uri: str
) -> None:
    outbox = Outbox()
    with Ledger(NOWHERE) as away:
        for people in (1, 2):
            outbox.saw(Sight("win-1", people, "ok", NOW_S + people), changed=False)
            outbox.saw(Sight("win-2", 7, "black", NOW_S), changed=False)
            with pytest.raises(StoreUnavailable):
                outbox.store(away, NOW_S)
    outbox.store(ledger, NOW_S)
    with psycopg.connect(postgres_uri) as connection:
        shown = connection.execute("SELECT id, people, picture FROM cameras ORDER BY id").fetchall()
    assert shown == [("win-1", 2, "ok"), ("win-2", 7, "black"), ("win-3", None, None)]


def test_an_alert_that_the_database_refuses_keeps_no_other_from_it(ledger: Ledger, postgres_uri: str) -> None:
    outbox = Outbox()
    outbox.found(raised(empty_window("win-1", 0, rule="no\0rule")))
    outbox.found(raised(empty_window("win-2", 1)))
    outbox.store(ledger, NOW_S)
    assert stored(postgres_uri) == [("win-2", 1, False)]


def test_more_than_can_wait_loses_the_oldest(ledger: Ledger, postgres_uri: str) -> None:
    outbox = Outbox()
    for number in range(WAITING + 3):
        outbox.found(raised(empty_window("win-1", number)))
    assert outbox.waiting == WAITING
    with Ledger(NOWHERE) as away, pytest.raises(StoreUnavailable):
        outbox.store(away, NOW_S)
    outbox.store(ledger, NOW_S)
    assert [number for _, number, _ in stored(postgres_uri)] == list(range(3, WAITING + 3))

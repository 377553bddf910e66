"""The event stream over a real socket."""

import time
from typing import Any, Literal

import httpx
import pytest
from console_examples import drive, plan, raised, stop
from event_stream import stream, until
from serving import metric
from waiting import at_best, wait_until

from analytics.fixes import FixBatch
from console.api.hub import QUEUE_EVENTS, Hub, TooManyClients
from console.api.metrics import Metrics
from store.ledger import Ledger
from store.records import DeviceStatus

WORDS: tuple[Literal["online", "offline"], ...] = ("offline", "online", "offline")


def clients(address: str) -> float:
    return metric(address, "ducha_console_event_clients")


def test_a_committed_alert_arrives_within_a_second(ledger: Ledger, address: str) -> None:
    told: list[dict[str, Any]] = []

    def takes_s() -> float:
        alerts = [stop(f"car-{n}", start_s=time.time()) for n in range(3)]
        began_s = time.monotonic()
        ledger.commit(FixBatch.empty(), raised(*alerts), received_s=time.time())
        rows = [until(events, "alert") for _ in alerts]
        took_s = time.monotonic() - began_s
        assert {row["id"] for row in rows} == {alert.id for alert in alerts}
        told.extend(rows)
        return took_s

    with stream(address) as events:
        assert at_best(takes_s, 1.0) < 1.0
    assert told[0]["state"] == "NEW"
    assert told[0].items() <= httpx.get(f"{address}/api/v1/alerts/{told[0]['id']}").json().items()
    assert metric(address, "ducha_console_alert_push_seconds_count") == len(told)
    assert metric(address, 'ducha_console_alert_push_seconds_bucket{le="1.0"}') >= 3


def test_what_a_person_does_is_told_to_the_others(ledger: Ledger, address: str) -> None:
    alert = stop()
    ledger.commit(FixBatch.empty(), raised(alert), received_s=time.time())
    with stream(address) as one, stream(address) as other:
        httpx.post(f"{address}/api/v1/alerts/{alert.id}/ack", json={})
        assert until(one, "alert")["state"] == until(other, "alert")["state"] == "ACKED"


def test_only_positions_that_changed_are_pushed(ledger: Ledger, address: str) -> None:
    now_s = time.time() - 60
    with stream(address) as events:
        ledger.commit(drive(1, 1, start_s=now_s), received_s=time.time())
        ledger.commit(drive(2, 1, start_s=now_s), received_s=time.time())
        seen: dict[str, list[Any]] = {}
        while len(seen) < 2:
            items = until(events, "positions")["items"]
            assert not seen.keys() & {item[0] for item in items}
            seen |= {item[0]: item for item in items}
    assert seen["car-1"] == ["car-1", pytest.approx(now_s, abs=1e-3), 113.0, 22.0, 5.0, 5.0, 5.0]


def test_what_a_device_says_of_itself_is_pushed_at_once(ledger: Ledger, address: str) -> None:
    now_s = time.time()
    ledger.commit(drive(1, 1, start_s=now_s - 60), received_s=now_s - 60)
    with stream(address) as events:
        for second, word in enumerate(WORDS):
            said = DeviceStatus("car-1", word, now_s + second)
            ledger.commit(FixBatch.empty(), statuses=[said], received_s=now_s + second)
            while (told := until(events, "positions"))["statuses"] != {"car-1": word}:
                assert set(told["statuses"]) <= {"car-1"}


def test_the_system_is_told_again_and_again(address: str) -> None:
    with stream(address) as events:
        states: list[dict[str, Any]] = []

        def takes_s() -> float:
            began_s = time.monotonic()
            states.append(until(events, "system"))
            return time.monotonic() - began_s

        assert at_best(takes_s, 4.0) < 4.0
    assert {part["id"] for part in states[-1]["components"]} == {"database", "ingest", "console"}


def test_a_client_that_left_is_forgotten(address: str) -> None:
    with stream(address):
        assert clients(address) == 1
    wait_until(lambda: clients(address) == 0, 30, "the client is forgotten")


def test_a_new_plan_ends_the_streams_so_that_all_is_fetched_anew(address: str) -> None:
    with stream(address) as events:
        httpx.put(f"{address}/api/v1/plan", json=plan())
        assert [name for name, _ in events][-1] == "refetch"


def test_a_client_that_does_not_keep_up_is_told_to_fetch_anew() -> None:
    metrics = Metrics()
    hub = Hub(metrics)
    with hub.client() as slow, hub.client() as quick:
        for n in range(QUEUE_EVENTS + 10):
            hub.push("alert", {"n": n})
            quick._queue.get_nowait()
        waiting = [slow._queue.get_nowait() for _ in range(slow._queue.qsize())]
        assert waiting == [b"event: refetch\ndata: {}\n\n", None]
        assert not quick.dropped
    assert "event_clients_dropped_total 1.0" in metrics.exposition().decode()


def test_there_are_only_so_many_streams() -> None:
    hub = Hub(Metrics())
    hub.close()
    with pytest.raises(TooManyClients), hub.client():
        pass

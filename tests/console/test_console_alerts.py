"""The queue and the workflow of alerts over HTTP."""

from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest
from console_examples import KEPT, NOW, raised, stop

from analytics.alerts import Grade
from analytics.fixes import FixBatch
from store.ledger import Ledger
from store.workflow import State

Console = Callable[..., Any]


def commit(ledger: Ledger, *alerts: Any) -> list[str]:
    ledger.commit(FixBatch.empty(), raised(*alerts), received_s=NOW)
    return [alert.id for alert in alerts]


def test_the_queue_is_read_in_pages_without_gap_or_double(ledger: Ledger, console: Console) -> None:
    wanted = commit(ledger, *(stop(f"car-{n}") for n in range(7)))

    async def read(client: httpx.AsyncClient) -> list[str]:
        seen, cursor = [], None
        while True:
            query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/api/v1/alerts", params=query)).json()
            seen += [row["id"] for row in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return seen

    seen = console(read)
    assert sorted(seen) == sorted(wanted)
    assert len(seen) == 7


@pytest.mark.parametrize(
    ("query", "devices"),
    [
        ("grade=A", {"car-2"}),
        ("device=car-1", {"car-1"}),
        ("rule=off-route", set()),
        ("since=2026-01-05T09:00:00Z", {"car-2"}),
        ("until=2026-01-05T16:30:00%2B08:00", {"car-1"}),
        ("state=ACKED", set()),
        ("state=all", {"car-1", "car-2"}),
    ],
)
def test_the_queue_is_filtered(kept_console: Console, query: str, devices: set[str]) -> None:
    answer = kept_console(lambda client: client.get(f"/api/v1/alerts?{query}"))
    assert {row["device"] for row in answer.json()["items"]} == devices


def test_an_alert_goes_its_way_over_http(ledger: Ledger, console: Console) -> None:
    (alert,) = commit(ledger, stop())
    steps: list[tuple[str, dict[str, Any] | None, str]] = [
        ("ack", None, "ACKED"),
        ("note", {"note": "called by radio"}, "ACKED"),
        ("dispatch", {}, "DISPATCHED"),
        ("explain", {"note": "a flat tyre"}, "EXPLAINED"),
        ("resolve", {"finding": "excused", "note": "seen"}, "CLOSED"),
        ("reopen", {"note": "another look"}, "NEW"),
        ("shelve", {"minutes": 30, "reason": "tyre is being changed"}, "SHELVED"),
        ("false-alarm", {"code": "authorised"}, "FALSE"),
    ]

    async def walk(client: httpx.AsyncClient) -> dict[str, Any]:
        for action, body, state in steps:
            answer = await client.post(f"/api/v1/alerts/{alert}/{action}", json=body)
            assert answer.status_code == 200, answer.text
            assert answer.json()["state"] == state
        return dict((await client.get(f"/api/v1/alerts/{alert}")).json())

    detail = console(walk)
    assert [line["action"] for line in detail["history"]] == [action for action, _, _ in steps]
    assert {line["actor"] for line in detail["history"]} == {"desk"}
    assert detail["rule_row"]["title"]["zh"]
    assert detail["false_code"] == "authorised"
    assert detail["from"] == "2026-01-05T08:00:00Z"
    assert detail["detail"]["noticed"] == "2026-01-05T08:10:00Z"
    assert detail["duty_row"] is None
    assert detail["previous"] == detail["amendments"] == []


@pytest.mark.parametrize(
    ("action", "body", "status", "where"),
    [
        ("dispatch", {}, 409, None),
        ("resolve", {"finding": "guilty", "note": "x"}, 422, "finding"),
        ("explain", {}, 422, "note"),
        ("note", {"note": " "}, 422, "note"),
        ("note", {"note": "a\0b"}, 422, "body"),
        ("false-alarm", {"code": "other"}, 422, "note"),
        ("shelve", {"minutes": 0, "reason": "x"}, 422, "minutes"),
        ("shelve", {"minutes": 5, "reason": ""}, 422, "reason"),
        ("ack", {"nota": "x"}, 422, "nota"),
    ],
)
def test_what_is_not_possible_is_a_problem(
    kept_console: Console, action: str, body: dict[str, Any], status: int, where: str | None
) -> None:
    alert = KEPT[0].id
    answer = kept_console(lambda client: client.post(f"/api/v1/alerts/{alert}/{action}", json=body))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["instance"] == f"/api/v1/alerts/{alert}/{action}"
    assert problem.get("where") == where


def test_an_alert_of_grade_a_is_not_shelved(kept_console: Console) -> None:
    alert = KEPT[1].id
    body = {"minutes": 5, "reason": "x"}
    answer = kept_console(lambda client: client.post(f"/api/v1/alerts/{alert}/shelve", json=body))
    assert answer.status_code == 422
    assert "grade A" in answer.json()["detail"]


BODIES: dict[str, dict[str, Any]] = {
    "ack": {},
    "dispatch": {},
    "explain": {"note": "x"},
    "resolve": {"finding": "excused", "note": "x"},
    "reopen": {"note": "x"},
    "shelve": {"minutes": 5, "reason": "x"},
    "false-alarm": {"code": "gps-drift"},
    "note": {"note": "x"},
}


@pytest.mark.parametrize("withdrawn", [False, True])
@pytest.mark.parametrize("grade", [Grade.A, Grade.B])
@pytest.mark.parametrize("state", State)
def test_what_an_alert_offers_is_done_and_nothing_else(
    ledger: Ledger, console: Console, postgres_uri: str, state: State, grade: Grade, withdrawn: bool
) -> None:
    if (state, grade) == (State.SHELVED, Grade.A):
        pytest.skip("an alert of grade A can't be shelved")
    identities = commit(ledger, *(stop(f"car-{n}", grade=grade) for n in range(len(BODIES))))
    with psycopg.connect(postgres_uri, autocommit=True) as connection:
        shelf = ("NEW", "2026-01-05 09:00Z") if state is State.SHELVED else (None, None)
        connection.execute(
            "UPDATE alerts SET state = %s, withdrawn = %s, shelved_from = %s, shelved_until = %s",
            (state.value, withdrawn, *shelf),
        )

    async def work(client: httpx.AsyncClient) -> tuple[set[str], set[str], dict[str, int]]:
        row = (await client.get("/api/v1/alerts", params={"state": "all", "limit": 1})).json()["items"][0]
        detail = (await client.get(f"/api/v1/alerts/{row['id']}")).json()
        statuses = {}
        for alert, (action, body) in zip(identities, BODIES.items(), strict=True):
            statuses[action] = (await client.post(f"/api/v1/alerts/{alert}/{action}", json=body)).status_code
        return set(row["actions"]), set(detail["actions"]), statuses

    listed, detailed, statuses = console(work)
    assert listed == detailed == {action for action, status in statuses.items() if status == 200}
    assert set(statuses.values()) <= {200, 409, 422}
    assert "note" in listed


@pytest.mark.parametrize("alert", ["no-uuid", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_alert_is_not_found(kept_console: Console, alert: str) -> None:
    assert kept_console(lambda client: client.get(f"/api/v1/alerts/{alert}")).status_code == 404
    assert kept_console(lambda client: client.post(f"/api/v1/alerts/{alert}/ack", json={})).status_code == 404


@pytest.mark.parametrize("query", ["state=gone", "cursor=x", "cursor=WyJ4IiwieSJd", "limit=0", "since=noon", "grade=D"])
def test_a_query_that_can_not_be_read_is_refused(kept_console: Console, query: str) -> None:
    answer = kept_console(lambda client: client.get(f"/api/v1/alerts?{query}"))
    assert answer.status_code == 422
    assert answer.json()["detail"]

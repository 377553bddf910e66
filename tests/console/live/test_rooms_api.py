"""Rooms over HTTP: what is known of each, and what nobody knows said so."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from camera_rows import write_camera, write_segment
from console_examples import NOW, raised, stop
from event_stream import stream, until

from analytics.alerts import Grade
from analytics.catalogue import all_rules
from analytics.fixes import FixBatch
from store.ledger import Ledger
from store.times import rfc3339

Console = Callable[..., Any]
LONG_AGO = timedelta(minutes=5)


def ask(console: Console, *, now_s: float = NOW) -> list[dict[str, Any]]:
    answer: httpx.Response = console(lambda client: client.get("/api/v1/rooms"), clock=lambda: now_s)
    assert answer.status_code == 200
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def post(console: Console, path: str, body: Any, *, now_s: float = NOW) -> Any:
    return console(lambda client: client.post(f"/api/v1/sessions{path}", json=body), clock=lambda: now_s).json()


def open_session(console: Console, room: str = "r2", **changes: Any) -> str:
    return str(post(console, "", {"room": room, "kind": "criminal"} | changes)["id"])


def test_without_cameras_and_sessions_there_are_no_rooms(console: Console) -> None:
    assert ask(console) == []


def test_a_room_is_what_cameras_look_into_or_a_session_is_open_in(console: Console, postgres_uri: str) -> None:
    write_camera(postgres_uri, "cam-1", room="讯问室 10")
    write_camera(postgres_uri, "cam-2", room="讯问室 2", kind="waiting")
    write_camera(postgres_uri, "cam-3", room=None, kind="window")
    open_session(console, "医院")
    rooms = ask(console)
    assert [(r["room"], [c["id"] for c in r["cameras"]]) for r in rooms] == [
        ("医院", []),
        ("讯问室 2", ["cam-2"]),
        ("讯问室 10", ["cam-1"]),
    ]
    assert [r["session"] is not None for r in rooms] == [True, False, False]
    assert (rooms[0]["headcount"], rooms[0]["recording"]) == (None, [])


def test_a_session_tells_who_is_in_and_how_many_have_to_be(console: Console, postgres_uri: str) -> None:
    write_camera(postgres_uri)
    session = open_session(console, case_number="0417")
    post(console, f"/{session}/sign-in", {"name": "张", "role": "officer"})
    post(console, f"/{session}/sign-in", {"name": "李某", "role": "detainee"}, now_s=NOW + 60)
    (room,) = ask(console, now_s=NOW + 600)
    assert (room["session"]["id"], room["session"]["case_number"]) == (session, "0417")
    assert [(p["name"], p["role"]) for p in room["session"]["people"]] == [("张", "officer"), ("李某", "detainee")]
    assert room["required"] == {"detainees": 1, "officers": 2, "officers_if_recorded": 2}
    assert [(c["kind"], c["person"], c["held_s"], c["limit_s"], c["standing"]) for c in room["clocks"]] == [
        ("holding", "李某", 540.0, 43_200.0, "within"),
        ("rest", "李某", 540.0, 14_400.0, "within"),
        ("session", None, 600.0, 14_400.0, "within"),
    ]
    holding = room["clocks"][0]
    assert (holding["since"], holding["ends_at"]) == ("2026-01-05T08:01:00Z", "2026-01-05T20:01:00Z")
    assert holding["tiers"][0]["condition"] is None
    assert holding["tiers"][1]["condition"]["en"].startswith("where")


def test_one_officer_may_do_in_a_standard_place_that_is_recorded(console: Console, ledger: Ledger) -> None:
    open_session(console, kind="administrative", standard_place=True)
    (room,) = ask(console)
    assert room["required"] == {"detainees": 0, "officers": 2, "officers_if_recorded": 1}
    ledger.seed_rules(all_rules(), now_s=NOW)
    edit = {"parameters": {"administrative": 3}}
    assert console(lambda client: client.put("/api/v1/rules/single-officer", json=edit)).status_code == 200
    assert ask(console)[0]["required"]["officers"] == 3


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("people", "looked_s", "state"), [(3, 1, "counted"), (None, 1, "unseen"), (3, 300, "old"), (None, None, "never")]
)
def test_a_count_is_worth_what_its_age_is(
    console: Console, postgres_uri: str, people: int | None, looked_s: float | None, state: str
) -> None:
    looked_at = None if looked_s is None else ago(looked_s)
    write_camera(postgres_uri, people=people, looked_at=looked_at)
    (room,) = ask(console)
    assert room["headcount"] == {
        "camera": "cam-1",
        "people": people,
        "at": None if looked_at is None else rfc3339(looked_at),
        "state": state,
    }


def test_of_two_cameras_the_one_that_sees_most_is_believed(console: Console, postgres_uri: str) -> None:
    write_camera(postgres_uri, "cam-1", people=2, looked_at=ago(1))
    write_camera(postgres_uri, "cam-2", people=3, looked_at=ago(2))
    write_camera(postgres_uri, "cam-3", people=9, looked_at=ago(300))
    (room,) = ask(console)
    assert (room["headcount"]["camera"], room["headcount"]["people"]) == ("cam-2", 3)


def recording(console: Console) -> dict[str, dict[str, Any]]:
    (room,) = ask(console)
    return {stream["media"]: stream for stream in room["recording"]}


def test_what_is_recorded_and_what_never_was(console: Console, postgres_uri: str) -> None:
    write_camera(postgres_uri)
    write_segment(postgres_uri, 0, ago(2))
    told = recording(console)
    assert told["video"]["state"] == "recorded"
    assert (told["audio"]["state"], told["audio"]["until"]) == ("none", None)


def test_a_gap_tells_since_when_and_why(console: Console, postgres_uri: str) -> None:
    write_camera(postgres_uri)
    end = ago(25)
    write_segment(postgres_uri, 0, end - timedelta(seconds=1))
    for n in range(1, 3):  # one gap is told leaf by leaf
        begins = end + timedelta(seconds=10 * (n - 1))
        write_segment(postgres_uri, n, begins, seconds=10, type="gap", reason="source-lost")
    told = recording(console)["video"]
    assert (told["state"], told["until"], told["reason"]) == ("gap", rfc3339(end), "source-lost")


def test_a_recording_of_which_nothing_is_heard_is_not_said_to_go_on(console: Console, postgres_uri: str) -> None:
    write_camera(postgres_uri)
    write_segment(postgres_uri, 0, datetime.now(UTC) - LONG_AGO)
    assert recording(console)["video"]["state"] == "silent"


def test_the_open_alerts_of_its_cameras_are_told(console: Console, ledger: Ledger, postgres_uri: str) -> None:
    write_camera(postgres_uri)
    mine, other = stop("cam-1", grade=Grade.A), stop("car-1")
    ledger.commit(FixBatch.empty(), raised(mine, other), received_s=NOW)
    (room,) = ask(console)
    assert [alert["id"] for alert in room["alerts"]] == [mine.id]
    code = {"code": "device-fault"}
    console(lambda client: client.post(f"/api/v1/alerts/{mine.id}/false-alarm", json=code))
    assert ask(console)[0]["alerts"] == []


def test_whoever_is_signed_in_is_called_out(address: str) -> None:
    with stream(address) as events:
        httpx.post(f"{address}/api/v1/sessions", json={"room": "r2", "kind": "criminal"})
        until(events, "rooms")

"""Interrogations over HTTP: opened once a room, people in and out, closed for good."""

from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest
from console_examples import NOW

from analytics.interrogations import Role
from analytics.video.rooms import Procedure
from store.ledger import Ledger

Console = Callable[..., Any]
OPENING = {"room": "讯问室 2", "kind": "criminal", "case_number": "0417"}


def post(console: Console, path: str, body: Any = None, **options: Any) -> httpx.Response:
    answer: httpx.Response = console(lambda client: client.post(f"/api/v1/sessions{path}", json=body), **options)
    return answer


@pytest.fixture
def session(console: Console) -> str:
    """An open session in room 2."""
    answer = post(console, "", OPENING)
    assert answer.status_code == 201
    return str(answer.json()["id"])


def test_a_session_tells_who_was_in_from_when_to_when(console: Console, session: str) -> None:
    post(console, f"/{session}/sign-in", {"name": "张", "role": "officer"})
    post(console, f"/{session}/sign-in", {"name": "李某", "role": "detainee"}, clock=lambda: NOW + 60)
    post(console, f"/{session}/sign-out", {"name": "张"}, clock=lambda: NOW + 120)
    told = post(console, f"/{session}/close", clock=lambda: NOW + 180).json()
    assert (told["opened_at"], told["closed_at"]) == ("2026-01-05T08:00:00Z", "2026-01-05T08:03:00Z")
    assert [(p["name"], p["role"], p["signed_in"][14:19], p["signed_out"][14:19]) for p in told["people"]] == [
        ("张", "officer", "00:00", "02:00"),
        ("李某", "detainee", "01:00", "03:00"),
    ]
    assert {(p["signed_in_by"], p["signed_out_by"]) for p in told["people"]} == {("desk", "desk")}


def test_who_is_still_in_was_signed_out_by_nobody(console: Console, session: str) -> None:
    (person,) = post(console, f"/{session}/sign-in", {"name": "张", "role": "officer"}).json()["people"]
    assert (person["signed_in_by"], person["signed_out_by"]) == ("desk", None)


def test_a_room_has_one_open_session_at_a_time(console: Console, session: str) -> None:
    refused = post(console, "", OPENING)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:ducha:problem:session-open")
    post(console, f"/{session}/close")
    assert post(console, "", OPENING).status_code == 201


def test_nobody_is_in_twice_or_leaves_without_having_come(console: Console, session: str) -> None:
    officer = {"name": "张", "role": "officer"}
    assert post(console, f"/{session}/sign-in", officer).status_code == 200
    assert post(console, f"/{session}/sign-in", officer).status_code == 409
    assert post(console, f"/{session}/sign-out", {"name": "王"}).status_code == 409


def test_a_closed_session_takes_nobody_in(console: Console, session: str) -> None:
    post(console, f"/{session}/close")
    assert post(console, f"/{session}/sign-in", {"name": "张", "role": "officer"}).status_code == 409
    assert post(console, f"/{session}/close").status_code == 409


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {"room": " ", "kind": "criminal"}, 422),
        ("", {"room": "r", "kind": "civil"}, 422),
        ("", {"room": "r" * 81, "kind": "criminal"}, 422),
        ("", {"room": "r", "kind": "criminal", "colour": "red"}, 422),
        ("/no-uuid/close", None, 404),
        ("/6f1c2a52-5b7e-4c58-9a0e-0d0c4a8e7d11/close", None, 404),
    ],
)
def test_what_is_wrong_is_said(console: Console, path: str, body: Any, status: int) -> None:
    answer = post(console, path, body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_sessions_are_listed_by_room_and_page(console: Console) -> None:
    for n in range(3):
        post(console, "", OPENING | {"room": f"r{n}"}, clock=lambda n=n: NOW + n)

    def get(query: str) -> Any:
        return console(lambda client: client.get(f"/api/v1/sessions?{query}")).json()

    first = get("limit=2")
    assert [s["room"] for s in first["items"]] == ["r2", "r1"]
    assert [s["room"] for s in get(f"limit=2&cursor={first['next']}")["items"]] == ["r0"]
    assert [s["room"] for s in get("room=r1&open=true")["items"]] == ["r1"]


def test_the_rules_are_told_the_roles_of_those_who_are_in(console: Console, session: str, postgres_uri: str) -> None:
    for name, role in (("张", "officer"), ("王", "officer"), ("李某", "detainee")):
        post(console, f"/{session}/sign-in", {"name": name, "role": role})
    post(console, f"/{session}/sign-out", {"name": "王"})
    with Ledger(postgres_uri) as ledger:
        told = ledger.interrogations()["讯问室 2"]
    assert (told.id, told.procedure, told.present) == (session, Procedure.CRIMINAL, (Role.OFFICER, Role.DETAINEE))


@pytest.mark.usefixtures("session")
def test_no_session_can_be_deleted(postgres_uri: str) -> None:
    with psycopg.connect(postgres_uri) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("DELETE FROM interrogations")

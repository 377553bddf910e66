"""What every request passes, and what every answer carries."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

Console = Callable[..., Any]
ACK = "/api/v1/alerts/00000000-0000-0000-0000-000000000000/ack"
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@pytest.mark.parametrize("path", ["/wall", "/api/v1/alerts", "/api/v1/nothing", "/healthz"])
def test_every_answer_carries_the_security_headers(kept_console: Console, path: str) -> None:
    headers = kept_console(lambda client: client.get(path)).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("[::1]:8080", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:8080", 421),
        ("localhost.", 421),
        ("", 421),
    ],
)
def test_a_foreign_name_is_refused(kept_console: Console, host: str, status: int) -> None:
    answer = kept_console(lambda client: client.get("/api/v1/alerts", headers={"host": host}))
    assert answer.status_code == status


def test_every_name_is_answered_where_that_is_wanted(kept_console: Console) -> None:
    headers = {"host": "ducha.example"}
    assert kept_console(lambda client: client.get("/healthz", headers=headers), hosts=None).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"}, 404),
        ({}, 404),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
def test_a_change_is_only_taken_from_our_own_pages(kept_console: Console, headers: dict[str, str], status: int) -> None:
    answer = kept_console(lambda client: client.post(ACK, json={}, headers=headers))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_has_a_limit_declared_or_not(kept_console: Console) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 8192

    headers = {"content-type": "application/json"}
    declared = kept_console(lambda client: client.post(ACK, content=b" " * 70_000, headers=headers))
    streamed = kept_console(lambda client: client.post(ACK, content=chunks(), headers=headers))
    plan = kept_console(lambda client: client.put("/api/v1/plan", content=b" " * 20_000_001, headers=headers))
    assert [answer.status_code for answer in (declared, streamed, plan)] == [413, 413, 413]


def test_without_a_database_the_answer_is_503(kept_console: Console) -> None:
    async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
        return [await client.get(path) for path in ("/healthz", "/readyz", "/api/v1/system")]

    healthy, ready, system = kept_console(ask, dsn=NOWHERE)
    assert healthy.status_code == 200
    assert (ready.status_code, ready.headers["retry-after"]) == (503, "2")
    assert "nobody" not in ready.text
    database = system.json()["components"][0]
    assert (database["id"], database["state"]) == ("database", "down")


def test_the_pages_are_one_document_for_every_screen(kept_console: Console, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>督察</title>", encoding="utf-8")
    (tmp_path / "assets" / "worker-1.mjs").write_text("export {}")

    async def ask(client: httpx.AsyncClient) -> dict[str, httpx.Response]:
        paths = ("/", "/wall", "/desk", "/desk/track/car-1", "/assets/worker-1.mjs", "/assets/../index.html")
        return {path: await client.get(path) for path in (*paths, "/assets/gone.js", "/nothing")}

    answers = kept_console(ask, static=tmp_path)
    for path in ("/", "/wall", "/desk", "/desk/track/car-1"):
        assert "督察" in answers[path].text
    assert answers["/assets/worker-1.mjs"].headers["content-type"].startswith("text/javascript")
    assert "immutable" in answers["/assets/worker-1.mjs"].headers["cache-control"]
    assert answers["/assets/gone.js"].status_code == answers["/nothing"].status_code == 404


def test_a_page_that_is_not_there_says_so_in_the_page_and_a_program_is_told_as_ever(
    kept_console: Console, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>督察</title>", encoding="utf-8")

    async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
        browser = {"accept": "text/html,*/*"}
        return [
            await client.get("/nothing", headers=browser),
            await client.get("/nothing"),
            await client.get("/api/v1/nothing", headers=browser),
            await client.post("/nothing", headers=browser | {"origin": "http://127.0.0.1:8080"}),
        ]

    page, *told = kept_console(ask, static=tmp_path)
    assert (page.status_code, "督察" in page.text) == (404, True)
    assert [answer.headers["content-type"] for answer in told] == ["application/problem+json"] * 3
    assert [answer.status_code for answer in told] == [404] * 3


def test_pages_that_are_not_built_say_so(kept_console: Console) -> None:
    answer = kept_console(lambda client: client.get("/wall"))
    assert answer.status_code == 503
    assert "npm run build" in answer.text

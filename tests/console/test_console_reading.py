"""Positions, tracks, plans, rules, the map and the system over HTTP."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from console_examples import NOW, drive, plan, self_crossing

from analytics.outcome import Crossing
from store.ledger import Ledger
from store.records import DeadLetter

Console = Callable[..., Any]


def get(console: Console, path: str, **options: Any) -> httpx.Response:
    answer: httpx.Response = console(lambda client: client.get(path), **options)
    return answer


def put(console: Console, path: str, body: Any) -> httpx.Response:
    answer: httpx.Response = console(lambda client: client.put(path, json=body))
    return answer


def test_positions_tell_status_and_duty(ledger: Ledger, console: Console) -> None:
    ledger.save_plan(plan(), "desk", now_s=NOW)
    ledger.commit(drive(1, 3), received_s=NOW)
    told = get(console, "/api/v1/positions").json()
    assert told["at"] == "2026-01-05T08:00:00Z"
    (row,) = told["items"]
    assert (row["device"], row["status"], row["duty"], row["duty_kind"]) == ("car-1", "online", "d1", "patrol")
    assert row["t"] == "2026-01-05T08:00:10Z"
    assert get(console, "/api/v1/devices").json()["items"][1]["device"] == "car-1"


def test_a_track_is_columns_cut_at_its_limit(ledger: Ledger, console: Console) -> None:
    ledger.commit(drive(1, 10), received_s=NOW)
    span = "from=2026-01-05T16:00:00%2B08:00&to=2026-01-05T09:00:00Z"
    track = get(console, f"/api/v1/devices/car-1/track?{span}").json()
    assert (len(track["t"]), track["truncated"], track["t"][0]) == (10, False, NOW)
    assert get(console, f"/api/v1/devices/car-1/track?{span}&limit=4").json()["truncated"]
    assert get(console, f"/api/v1/devices/nobody/track?{span}").status_code == 404
    assert get(console, "/api/v1/devices/car-1/track?from=2026-01-05T09:00:00Z").json()["where"] == "to"
    turned = "from=2026-01-05T09:00:00Z&to=2026-01-05T08:00:00Z"
    assert get(console, f"/api/v1/devices/car-1/track?{turned}").status_code == 422


def test_a_plan_is_saved_and_read_back(console: Console) -> None:
    assert get(console, "/api/v1/plan").status_code == 204
    assert put(console, "/api/v1/plan", plan()).json() == {"version": 1}
    answer = get(console, "/api/v1/plan")
    assert answer.json() == plan()
    etag = {"if-none-match": answer.headers["etag"]}
    assert console(lambda client: client.get("/api/v1/plan", headers=etag)).status_code == 304
    for path, ids in (
        ("routes", ["r1"]),
        ("areas", ["a1"]),
        ("posts", ["p1"]),
        ("duties", ["d1", "d2"]),
        ("duties?at=2026-01-05T09:00:00Z", ["d1"]),
    ):
        page = get(console, f"/api/v1/{path}").json()
        assert [row["id"] for row in page["items"]] == ids
        assert page["next"] is None
    assert [unit["path"] for unit in get(console, "/api/v1/units").json()["items"]] == ["county.east"]


def test_a_plan_that_crosses_itself_is_refused_by_name(kept_console: Console) -> None:
    answer = put(kept_console, "/api/v1/plan", self_crossing())
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["where"] == "feature 'bow-tie', geometry"
    assert "does not cross itself" in answer.json()["expected"]
    assert get(kept_console, "/api/v1/plan").status_code == 204


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b"[]", b"null", b'{"type": NaN}'])
def test_a_body_that_is_no_plan_is_refused(kept_console: Console, body: bytes) -> None:
    headers = {"content-type": "application/geo+json"}
    answer = kept_console(lambda client: client.put("/api/v1/plan", content=body, headers=headers))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:ducha:problem:invalid-plan")


def test_a_plan_with_an_unknown_rule_or_unit_is_refused(kept_console: Console) -> None:
    answer = put(kept_console, "/api/v1/plan", plan() | {"rules": {"off-rout": {"seconds": 60}}})
    assert (answer.status_code, answer.json()["where"]) == (422, "rules.off-rout")
    unit = plan() | {"devices": [{"id": "car-1", "unit": "east side!"}]}
    assert put(kept_console, "/api/v1/plan", unit).status_code == 422


@pytest.mark.parametrize("name", ["car 1", "car/1", "+", "车一", "x" * 65])
@pytest.mark.parametrize("member", ["devices", "duties"])
def test_a_device_that_no_topic_can_name_is_refused_where_it_is_entered(
    kept_console: Console, member: str, name: str
) -> None:
    key = "id" if member == "devices" else "device"
    document = plan()
    document[member][0] |= {key: name}
    answer = put(kept_console, "/api/v1/plan", document)
    assert (answer.status_code, answer.json()["where"]) == (422, f"{member}[0].{key}")


def test_a_plan_comes_as_json(kept_console: Console) -> None:
    headers = {"content-type": "text/plain"}
    assert kept_console(lambda c: c.put("/api/v1/plan", content=b"{}", headers=headers)).status_code == 415


@pytest.mark.usefixtures("ledger")
def test_a_rule_is_edited_as_a_new_version(console: Console) -> None:
    edited = put(console, "/api/v1/rules/overtime-stop", {"grade": "C", "parameters": {"seconds": 900}}).json()
    assert (edited["version"], edited["grade"], edited["parameters"]["minutes"]) == (2, "C", 15)
    assert "seconds" not in edited["parameters"]
    rows = {row["id"]: row for row in get(console, "/api/v1/rules").json()["items"]}
    assert rows["overtime-stop"]["version"] == 2
    assert rows["overtime-stop"]["title"]["en"]
    assert rows["overtime-stop"]["limits"]["minutes"]["meaning"]["zh"]
    assert [row["version"] for row in get(console, "/api/v1/rules/overtime-stop").json()["items"]] == [2, 1]


@pytest.mark.parametrize(
    ("rule", "body", "status", "where"),
    [
        ("no-such-rule", {"grade": "A"}, 404, None),
        ("overtime-stop", {"parameters": {"minutes": -1}}, 422, "rules.overtime-stop.minutes"),
        ("overtime-stop", {"parameters": {"hours": 1}}, 422, "rules.overtime-stop.hours"),
        ("overtime-stop", {"parameters": {"version": 3}}, 422, "parameters.version"),
        ("overtime-stop", {"parameters": {"minutes": True}}, 422, "parameters.minutes"),
        ("overtime-stop", {"grade": "D"}, 422, "grade"),
        ("overtime-stop", {"title": "x"}, 422, "title"),
    ],
)
def test_an_edit_out_of_bounds_is_refused(
    kept_console: Console, rule: str, body: Any, status: int, where: str | None
) -> None:
    answer = put(kept_console, f"/api/v1/rules/{rule}", body)
    assert (answer.status_code, answer.json().get("where")) == (status, where)


def test_crossings_and_dead_letters_are_listed(ledger: Ledger, console: Console) -> None:
    crossing = Crossing("car-1", "d1", NOW, NOW + 60, 113.0, 22.0)
    letters = [DeadLetter(f"ducha/east/car-{n}/fix", "json", "not JSON", b"\xff{") for n in range(3)]
    ledger.commit(drive(1, 1), crossings=[crossing], dead_letters=letters, received_s=NOW)
    (row,) = get(console, "/api/v1/crossings?device=car-1").json()["items"]
    assert (row["duty"], row["from"]) == ("d1", "2026-01-05T08:00:00Z")
    page = get(console, "/api/v1/dead-letters?limit=2").json()
    rest = get(console, f"/api/v1/dead-letters?cursor={page['next']}").json()
    assert len(page["items"]) + len(rest["items"]) == 3
    assert rest["next"] is None


def test_the_map_is_given_as_it_is(kept_console: Console, tmp_path: Path) -> None:
    assert get(kept_console, "/api/v1/basemap").status_code == 204
    file = tmp_path / "basemap.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    answer = get(kept_console, "/api/v1/basemap", basemap=file)
    assert answer.json()["features"] == []
    assert answer.headers["content-type"] == "application/geo+json"


def test_the_system_tells_its_parts(kept_console: Console) -> None:
    state = get(kept_console, "/api/v1/system", broker=("127.0.0.1", 1)).json()
    parts = {part["id"]: part["state"] for part in state["components"]}
    assert parts == {"database": "ok", "ingest": "degraded", "broker": "down", "console": "ok"}
    assert state["alert_load"] == {"last_10_min": 2, "last_hour": 2}
    assert state["latency_s"] == {"p50": None, "p99": None}


def test_every_route_is_in_the_open_api_document(kept_console: Console) -> None:
    document = get(kept_console, "/api/v1/openapi.json").json()
    assert len([path for path in document["paths"] if path.startswith("/api/v1/")]) >= 24
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
    assert "application/problem+json" in document["paths"]["/api/v1/alerts"]["get"]["responses"]["default"]["content"]


def test_probes_and_metrics(console: Console) -> None:
    async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
        return [await client.get(path) for path in ("/healthz", "/readyz", "/api/v1/alerts", "/metrics")]

    healthy, ready, _, metrics = console(ask)
    assert healthy.status_code == ready.status_code == 200
    assert 'ducha_console_requests_total{method="GET",route="/api/v1/alerts",status="200"} 1.0' in metrics.text

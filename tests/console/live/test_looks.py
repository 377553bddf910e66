"""Law 6 on the server: no picture of an interrogation is given to somebody who has not said why they look, by whichever
route it is asked for; and who said what is kept."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from aiortc.mediastreams import MediaStreamError
from camera_rows import EIGHT, write_camera, write_segment
from console_examples import NOW, raised
from tap_server import TapServer
from viewer import SDP, looking, offer, peer, pictures, viewer

from analytics.alerts import Alert, Grade
from analytics.fixes import FixBatch
from console.api.app import create_app
from console.api.looks import COOKIE
from store.ledger import Ledger
from store.looks import SHIFT_S
from store.records import AlertPicture
from store.times import moment, rfc3339

Console = Callable[..., Any]
Route = tuple[str, str]

ROOM = "讯问室 2"
WHY = {"room": ROOM, "purpose": "投诉 0417", "case": "A-0417"}
ALERT = Alert("single-officer", 1, Grade.A, "cam-1", None, NOW - 60, None, NOW - 50, 113.1, 22.1, {})
FILE = "cam-1.video/20260105/080000-0.mp4"
PLACES = {"camera": "cam-1", "alert": str(ALERT.id), "number": "0", "file": FILE}
SPAN = {"from": EIGHT.isoformat(), "to": (EIGHT + timedelta(seconds=5)).isoformat()}
SNAPSHOT = "/api/v1/cameras/cam-1/snapshot"

# Routes that answer with something else than JSON, and give no picture.
NO_PICTURES = {
    ("post", "/api/v1/devices/{device}/whip"),  # takes pictures
    ("get", "/api/v1/plan"),
    ("get", "/api/v1/basemap"),
    ("get", "/api/v1/events"),
    ("get", "/metrics"),
}
# An export has a reason and another person's approval, and each download the name of who takes it.
EXPORTED = {("get", "/api/v1/exports/{export}/download")}


def routes_of_pictures() -> list[Route]:
    """Every route of the console that may give a picture: those that answer with a body that is not JSON."""
    found = []
    for path, methods in create_app("").openapi()["paths"].items():
        for method, route in methods.items():
            good = {status: told for status, told in route["responses"].items() if status in ("200", "201", "206")}
            if method != "delete" and any("application/json" not in told.get("content", {}) for told in good.values()):
                found.append((method, path))
    return [route for route in found if route not in NO_PICTURES | EXPORTED]


@pytest.fixture
def room(ledger: Ledger, tap: TapServer, postgres_uri: str, tmp_path: Path) -> None:
    """An interrogation room that is live, was recorded, and has an alert with a kept picture."""
    write_camera(postgres_uri, tap=tap.path, folder=tmp_path, room=ROOM)
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_bytes(bytes(5000))
    for n in range(4):
        write_segment(postgres_uri, n, EIGHT + timedelta(seconds=n))
    (tmp_path / "0.jpg").write_bytes(b"\xff\xd8")
    kept = AlertPicture(ALERT.id, 0, NOW - 50, hashlib.sha256(b"\xff\xd8").digest(), str(tmp_path), "0.jpg")
    ledger.commit(FixBatch.empty(), raised(ALERT), pictures=[kept], received_s=NOW)


async def ask(client: httpx.AsyncClient, route: Route) -> httpx.Response:
    """Asks for a picture of the room as a viewer would."""
    method, path = route
    if method == "get":
        return await client.get(path.format_map(PLACES), params=SPAN if "playlist" in path else {})
    connection = peer()
    try:
        answer = await client.request(method, path.format_map(PLACES), content=await offer(connection), headers=SDP)
        if "location" in answer.headers:
            await client.delete(answer.headers["location"])
        return answer
    finally:
        await connection.close()


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("route", routes_of_pictures(), ids=" ".join)
def test_a_rooms_pictures_are_refused_without_a_purpose_and_given_with_one(console: Console, route: Route) -> None:
    async def work(client: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        refused = await ask(client, route)
        assert (await client.post("/api/v1/looks", json=WHY)).status_code == 201
        return refused, await ask(client, route)

    refused, given = console(work)
    problem = refused.json()
    assert (refused.status_code, problem["kind"], problem.get("ended")) == (403, "purpose", None), problem
    assert "camera cam-1: films an interrogation room" in problem["detail"]
    assert given.status_code in (200, 201), given.text
    assert given.headers["cache-control"] == "no-store"


def test_the_routes_known_today_are_among_those_that_are_walked() -> None:
    assert {
        ("get", "/api/v1/alerts/{alert}/pictures/{number}"),
        ("get", "/api/v1/cameras/{camera}/snapshot"),
        ("post", "/api/v1/cameras/{camera}/whep"),
        ("get", "/api/v1/recordings/{camera}/playlist.m3u8"),
        ("get", "/api/v1/recordings/{camera}/files/{file}"),
    } <= set(routes_of_pictures())


@pytest.mark.usefixtures("room")
def test_an_export_is_not_asked_for_without_a_reason(console: Console) -> None:
    told = {"cameras": ["cam-1"], **SPAN, "case_number": "0417", "reason": " ", "requested_by": "甲"}
    answer = console(lambda client: client.post("/api/v1/exports", json=told))
    assert (answer.status_code, answer.json()["where"]) == (422, "reason")


@pytest.mark.usefixtures("room")
def test_who_looks_where_and_why_is_kept_and_can_not_be_changed(console: Console, postgres_uri: str) -> None:
    answer = console(lambda client: client.post("/api/v1/looks", json=WHY))
    told = answer.json()
    times = {"at": rfc3339(moment(NOW)), "until": rfc3339(moment(NOW + SHIFT_S))}
    assert told == {"id": told["id"], "room": ROOM, "camera": None, "purpose": "投诉 0417", "case": "A-0417", **times}
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    assert console(lambda client: client.get("/api/v1/looks")).json()["items"] == [told]
    with psycopg.connect(postgres_uri, autocommit=True) as connection:
        row = connection.execute("SELECT id::text, room, purpose, case_number, actor, at FROM looks").fetchone()
        assert row == (told["id"], ROOM, "投诉 0417", "A-0417", "desk", moment(NOW))
        for change in ("UPDATE looks SET purpose = 'x'", "DELETE FROM looks", "TRUNCATE looks"):
            with pytest.raises(psycopg.Error):
                connection.execute(change)


@pytest.mark.usefixtures("room")
def test_one_viewers_purpose_opens_nothing_to_another(console: Console) -> None:
    async def work(client: httpx.AsyncClient) -> list[int]:
        statuses = [(await client.post("/api/v1/looks", json=WHY)).status_code]
        mine = client.cookies[COOKIE]
        for cookie in (mine, "", "another", mine + "x"):
            client.cookies.clear()
            statuses.append((await client.get(SNAPSHOT, headers={"cookie": f"{COOKIE}={cookie}"})).status_code)
        return statuses

    assert console(work) == [201, 200, 403, 403, 403]


@pytest.mark.usefixtures("room")
def test_a_purpose_holds_for_its_room_and_a_shift(console: Console, postgres_uri: str) -> None:
    write_camera(postgres_uri, "cam-2", room=ROOM)
    write_camera(postgres_uri, "cam-3", room="讯问室 3")
    write_camera(postgres_uri, "cam-4", room=None)
    write_camera(postgres_uri, "cam-5", room=None, kind="window")

    async def shown(client: httpx.AsyncClient) -> set[str]:
        """The cameras whose playback is not refused: nothing is recorded of them in that span."""
        span = {"from": (EIGHT - timedelta(hours=1)).isoformat(), "to": EIGHT.isoformat()}
        kinds = {}
        for camera in (f"cam-{n}" for n in range(1, 6)):
            answer = await client.get(f"/api/v1/recordings/{camera}/playlist.m3u8", params=span)
            kinds[camera] = answer.json()["kind"]
        assert set(kinds.values()) <= {"purpose", "not-found"}
        return {camera for camera, kind in kinds.items() if kind == "not-found"}

    async def look(client: httpx.AsyncClient) -> list[set[str]]:
        seen = [await shown(client)]
        for place in ({"camera": "cam-2"}, {"camera": "cam-4"}):
            assert (await client.post("/api/v1/looks", json=place | {"purpose": "抽查"})).status_code == 201
            seen.append(await shown(client))
        return seen

    first, room, all_ = console(look)
    assert first == {"cam-5"}
    assert room == first | {"cam-1", "cam-2"}
    assert all_ == room | {"cam-4"}
    assert console(shown, clock=lambda: NOW + SHIFT_S - 1) == all_
    assert console(shown, clock=lambda: NOW + SHIFT_S + 1) == first
    assert console(lambda client: client.get("/api/v1/looks"), clock=lambda: NOW + SHIFT_S + 1).json()["items"] == []


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize(
    ("told", "status", "where"),
    [
        ({"room": ROOM}, 422, "purpose"),
        ({"room": ROOM, "purpose": " "}, 422, "purpose"),
        ({"room": ROOM, "purpose": "x" * 501}, 422, "purpose"),
        ({"room": ROOM, "purpose": "x", "case": " "}, 422, "case"),
        ({"room": ROOM, "camera": "cam-1", "purpose": "x"}, 422, "camera"),
        ({"purpose": "x"}, 422, "camera"),
        ({"room": "讯问室 9", "purpose": "x"}, 404, None),
        ({"camera": "cam-9", "purpose": "x"}, 404, None),
    ],
)
def test_what_is_no_purpose_is_refused(console: Console, told: dict[str, str], status: int, where: str | None) -> None:
    answer = console(lambda client: client.post("/api/v1/looks", json=told))
    assert (answer.status_code, answer.json().get("where")) == (status, where)


@pytest.mark.usefixtures("room")
def test_pictures_of_a_camera_that_is_gone_need_a_purpose_still(console: Console, postgres_uri: str) -> None:
    with psycopg.connect(postgres_uri, autocommit=True) as connection:
        connection.execute("DELETE FROM cameras")

    async def work(client: httpx.AsyncClient) -> list[int]:
        picture = f"/api/v1/alerts/{ALERT.id}/pictures/0"
        before = await client.get(picture)
        told = await client.post("/api/v1/looks", json={"camera": "cam-1", "purpose": "投诉 0417"})
        return [before.status_code, told.status_code, (await client.get(picture)).status_code]

    assert console(work) == [403, 201, 200]


@pytest.mark.usefixtures("room")
def test_who_looks_live_when_the_shift_ends_is_cut_off_and_answered_why(console: Console, tap: TapServer) -> None:
    now = [NOW]

    async def work(client: httpx.AsyncClient) -> dict[str, Any]:
        assert (await client.post("/api/v1/looks", json=WHY)).status_code == 201
        connection = peer()
        await looking(client, connection)
        await pictures(connection, 1)
        now[0] = NOW + SHIFT_S
        with pytest.raises(MediaStreamError):
            await pictures(connection, 60 * 15)
        await connection.close()
        refused = await ask(client, ("post", "/api/v1/cameras/{camera}/whep"))
        return {"status": refused.status_code} | {name: refused.json()[name] for name in ("kind", "ended")}

    told = {"status": 403, "kind": "purpose", "ended": rfc3339(moment(NOW + SHIFT_S))}
    assert console(work, clock=lambda: now[0]) == told
    assert tap.idle.wait(60)


@pytest.mark.usefixtures("room")
def test_who_says_why_anew_before_the_shift_ends_goes_on_looking(console: Console) -> None:
    now = [NOW]

    async def work(client: httpx.AsyncClient) -> int:
        assert (await client.post("/api/v1/looks", json=WHY)).status_code == 201
        async with viewer(client) as (connection, _):
            await pictures(connection, 1)
            now[0] = NOW + SHIFT_S - 1
            assert (await client.post("/api/v1/looks", json=WHY)).status_code == 201
            now[0] = NOW + SHIFT_S
            return len(await pictures(connection, 3 * 15))

    assert console(work, clock=lambda: now[0]) == 3 * 15


def test_a_camera_that_is_set_to_film_an_interrogation_is_cut_off(
    console: Console, tap: TapServer, postgres_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.live.right.ASK_S", 0.0)

    async def work(client: httpx.AsyncClient) -> None:
        connection = peer()
        await looking(client, connection)
        await pictures(connection, 1)
        write_camera(postgres_uri, tap=tap.path, room=ROOM)
        with pytest.raises(MediaStreamError):
            await pictures(connection, 60 * 15)
        await connection.close()

    console(work)
    assert tap.idle.wait(60)

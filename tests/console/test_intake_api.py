"""Unknown devices and dead letters over HTTP: listed, and what a person can have done with them."""

from collections.abc import Callable
from typing import Any

import httpx
from console_examples import NOW, drive

from analytics.fixes import FixBatch
from store.intake import Intake
from store.records import Batch, DeadLetter, Deferred, Held, HeldDevice

Console = Callable[..., Any]


def hear(dsn: str, name: str, at_s: float = NOW) -> None:
    with Intake(dsn) as intake:
        held = Held((HeldDevice(name, "county.west", 3, drive(0, 3)),))
        intake.take(Batch(FixBatch.empty()), Deferred(held=held), received_s=at_s)


def test_an_unknown_device_is_listed_with_its_newest_place_and_accepted_with_one_call(
    postgres_uri: str, console: Console
) -> None:
    hear(postgres_uri, "off-12")

    async def work(client: httpx.AsyncClient) -> tuple[httpx.Response, ...]:
        listed = await client.get("/api/v1/devices/unknown")
        accepted = await client.post("/api/v1/devices/unknown/off-12/accept")
        again = await client.post("/api/v1/devices/unknown/off-12/accept")
        return listed, accepted, again, await client.get("/api/v1/devices")

    listed, accepted, again, devices = console(work)
    (row,) = listed.json()["items"]
    assert (row["device"], row["unit"], row["seen"], row["fixes"]) == ("off-12", "county.west", 3, 3)
    assert row["last_fix"] == "2026-01-05T08:00:10Z"
    assert (accepted.status_code, again.status_code) == (204, 404)
    assert [(d["device"], d["unit"]) for d in devices.json()["items"]] == [("off-12", "county.west")]


def test_a_forgotten_device_comes_back_when_it_is_heard_again(postgres_uri: str, console: Console) -> None:
    hear(postgres_uri, "off-12")
    assert console(lambda client: client.post("/api/v1/devices/unknown/off-12/forget")).status_code == 204
    assert console(lambda client: client.get("/api/v1/devices/unknown")).json()["items"] == []
    hear(postgres_uri, "off-12", NOW + 1)
    assert len(console(lambda client: client.get("/api/v1/devices/unknown")).json()["items"]) == 1


def test_a_dead_letter_is_read_again_only_where_it_is_whole(postgres_uri: str, console: Console) -> None:
    letters = [DeadLetter("t/1", "json", "not JSON", b"{"), DeadLetter("t/2", "size", "too large", b"x" * 100_000)]
    with Intake(postgres_uri) as intake:
        intake.take(Batch(FixBatch.empty(), dead_letters=letters), received_s=NOW)

    async def work(client: httpx.AsyncClient) -> list[httpx.Response]:
        rows = (await client.get("/api/v1/dead-letters")).json()["items"]
        named = [
            {"topic": row["topic"], "sha256": row["sha256"]} for row in sorted(rows, key=lambda r: str(r["topic"]))
        ]
        bodies: list[Any] = [*named, named[0] | {"topic": "t/3"}, None]
        return [await client.post("/api/v1/dead-letters/replay", json=body) for body in bodies]

    whole, cut, none, every = console(work)
    assert (whole.status_code, whole.json()) == (200, {"count": 1})
    assert (cut.status_code, cut.json()["type"]) == (409, "urn:ducha:problem:not-whole")
    assert none.status_code == 404
    assert every.json() == {"count": 0}, "the whole one is wanted already"
    with Intake(postgres_uri) as intake:
        assert [letter.topic for letter in intake.wanted_letters(10)] == ["t/1"]


def test_the_system_tells_how_many_wait(postgres_uri: str, console: Console) -> None:
    hear(postgres_uri, "off-12")
    state = console(lambda client: client.get("/api/v1/system")).json()
    (ingest,) = (part for part in state["components"] if part["id"] == "ingest")
    assert (ingest["detail"]["unknown_devices"], ingest["detail"]["dead_letters"]) == (1, 0)

"""Legal holds: what is held is not deleted, whatever is deleted beside it; and who can't be asked has not said no."""

import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_examples import NOON
from waiting import wait_until

from store import holds
from store.errors import InvalidRecord, NotFound, StoreUnavailable
from store.held import Held
from store.holds import HoldConflict
from store.recordings import CameraRow, Recordings


@pytest.fixture
def cameras(postgres_uri: str) -> None:
    """Cameras c-1 and c-2."""
    with Recordings(postgres_uri) as recordings:
        recordings.write_cameras([camera("c-1"), camera("c-2")], notify=False)


def camera(name: str) -> CameraRow:
    told: dict[str, Any] = dict.fromkeys(("unit", "room", "lon", "lat", "reason", "codec", "width", "height", "audio"))
    told |= {"name": name, "kind": "window", "recorder": "r", "folder": "/r", "tap": "/tap", "state": "live"}
    return CameraRow(id=name, since_s=NOON, seen_s=NOON, recorded=True, **told)


def place(pool, from_s: float, to_s: float, *names: str, **changed: Any):
    told = {"reason": "投诉", "case_number": "A-1", "by": "甲", "now_s": NOON} | changed
    return holds.place(pool, cameras=names or ("c-1",), from_s=from_s, to_s=to_s, **told)


def may_delete(held: Held, camera: str, from_s: float, to_s: float) -> bool:
    with held.deleting(camera, from_s, to_s) as answer:
        return answer


@pytest.mark.usefixtures("cameras")
def test_a_hold_is_told_with_who_why_and_until_it_is_released(console) -> None:
    async def work(pool):
        placed = await place(pool, NOON, NOON + 60, "c-2", "c-1", "c-1")
        released = await holds.release(pool, placed["id"], by="乙", reason="结案", now_s=NOON + 5)
        other = await place(pool, NOON, NOON + 60)
        every, in_force, over = [await holds.page(pool, in_force=which) for which in (None, True, False)]
        return placed, released, other, every, in_force, over

    placed, released, other, every, in_force, over = console(work)
    assert (placed["cameras"], placed["placed_by"], placed["reason"]) == (["c-1", "c-2"], "甲", "投诉")
    assert placed["released_at"] is None
    assert released == placed | {
        "released_by": "乙",
        "released_at": "2026-01-05T08:00:05Z",
        "release_reason": "结案",
    }
    assert {row["id"] for row in every.items} == {placed["id"], other["id"]}
    assert [row["id"] for row in in_force.items] == [other["id"]]
    assert over.items == [released]


@pytest.mark.usefixtures("cameras")
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"names": ("c-9",)}, "cameras: c-9: expected the id of a camera"),
        ({"by": " "}, "by ''"),
        ({"reason": ""}, "reason: expected 1 to 500"),
        ({"case_number": "x" * 501}, "case_number: expected 1 to 500"),
        ({"to_s": NOON}, "expected a time after"),
    ],
)
def test_what_can_not_be_a_hold_is_refused(console, changed: dict[str, Any], says: str) -> None:
    given = dict(changed)
    names, to_s = given.pop("names", ("c-1",)), given.pop("to_s", NOON + 60)
    with pytest.raises(InvalidRecord, match=says):
        console(lambda pool: place(pool, NOON, to_s, *names, **given))


@pytest.mark.usefixtures("cameras")
def test_a_hold_is_released_once(console) -> None:
    async def work(pool):
        placed = await place(pool, NOON, NOON + 60)
        await holds.release(pool, placed["id"], by="乙", reason="结案", now_s=NOON)
        await holds.release(pool, placed["id"], by="丙", reason="结案", now_s=NOON)

    with pytest.raises(HoldConflict, match="is released since 2026-01-05T08:00:00Z"):
        console(work)
    with pytest.raises(NotFound):
        console(lambda pool: holds.release(pool, "nonsense", by="乙", reason="结案", now_s=NOON))


@pytest.mark.usefixtures("cameras")
def test_nothing_of_a_hold_can_be_deleted_from_the_database(console, rows) -> None:
    console(lambda pool: place(pool, NOON, NOON + 60))
    for statement in ("DELETE FROM holds", "TRUNCATE holds"):
        with pytest.raises(psycopg.DatabaseError, match="holds"):
            rows(statement)


Range = st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda t: (NOON + t[0], NOON + t[0] + t[1]))


@pytest.mark.usefixtures("cameras")
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    kept=st.lists(st.tuples(st.sampled_from(["c-1", "c-2"]), Range, st.booleans()), max_size=4),
    asked=st.lists(st.tuples(st.sampled_from(["c-1", "c-2"]), Range), min_size=1, max_size=6),
)
def test_what_overlaps_a_hold_in_force_may_not_be_deleted_and_all_else_may(
    console, rows, postgres_uri: str, kept, asked
) -> None:
    rows("UPDATE holds SET released_at = now(), released_by = 'x', release_reason = 'x' WHERE released_at IS NULL")

    async def work(pool):
        for name, (begin, end), over in kept:
            placed = await place(pool, begin, end, name)
            if over:
                await holds.release(pool, placed["id"], by="乙", reason="结案", now_s=NOON)

    console(work)
    held = Held(postgres_uri)
    for name, (begin, end) in asked:
        overlaps = any(k == name and not over and b < end and e > begin for k, (b, e), over in kept)
        assert may_delete(held, name, begin, end) is not overlaps
    held.close()


@pytest.mark.usefixtures("cameras")
def test_who_places_a_hold_waits_for_what_is_being_deleted(console, postgres_uri: str, rows) -> None:
    placed = Event()

    def place_it() -> None:
        console(lambda pool: place(pool, NOON, NOON + 60))
        placed.set()

    held, thread = Held(postgres_uri), Thread(target=place_it)
    with held.deleting("c-1", NOON, NOON + 60) as answer:
        assert answer
        thread.start()
        waiting = "SELECT 1 FROM pg_locks WHERE relation = 'holds'::regclass AND NOT granted"
        wait_until(lambda: rows(waiting), what="the hold waits")
        assert not placed.is_set()
    thread.join(60)
    assert placed.is_set()
    assert not may_delete(held, "c-1", NOON, NOON + 60)
    held.close()


def test_a_database_that_is_away_has_not_said_no(tmp_path: Path) -> None:
    held, began_s = Held(f"host={tmp_path} dbname=x"), time.monotonic()
    with pytest.raises(StoreUnavailable):
        may_delete(held, "c-1", NOON, NOON + 1)
    assert time.monotonic() - began_s < 30


def test_the_database_is_asked_again_when_it_is_back(postgres_uri: str, rows) -> None:
    held = Held(postgres_uri)
    assert may_delete(held, "c-1", NOON, NOON + 1)
    rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    with pytest.raises(StoreUnavailable):
        may_delete(held, "c-1", NOON, NOON + 1)
    assert may_delete(held, "c-1", NOON, NOON + 1)
    held.close()

"""The state of the system is told from work done: a write, a commit, a fragment on disk."""

from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from in_process import InProcess

from console.api import watch
from store.ledger import Ledger


def system(console: InProcess, **options: Any) -> dict[str, dict[str, Any]]:
    """The parts by their ids, as a console tells them that has not looked before."""
    console.stop()
    state = console(lambda client: client.get("/api/v1/system"), **options).json()
    return {part["id"]: part for part in state["components"]}


def ready(console: InProcess, **options: Any) -> tuple[int, dict[str, Any]]:
    console.stop()
    answer = console(lambda client: client.get("/readyz"), **options)
    return answer.status_code, answer.json()


def change(dsn: str, statement: str, values: Mapping[str, Any] | None = None) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode(), values)


def add_camera(dsn: str, camera: str, *, age_s: float | None, kind: str = "window", state: str = "live") -> None:
    """A camera that has been there for an hour; its newest fragment ended `age_s` ago."""
    values = {"id": camera, "kind": kind, "state": state, "age": age_s}
    change(
        dsn,
        "INSERT INTO cameras (id, name, kind, recorder, folder, tap, state, since, recorded, seen_at) VALUES"
        " (%(id)s, %(id)s, %(kind)s, 'r', '/r', '/r/tap', %(state)s, now() - interval '1 h', true, now())",
        values,
    )
    if age_s is not None:
        change(
            dsn,
            "INSERT INTO segments (stream, seq, session, type, begins, ends) VALUES (%(id)s || '.video', 1, 's',"
            " 'segment', now() - (%(age)s + 1) * interval '1 s', now() - %(age)s * interval '1 s')",
            values,
        )


def test_ingest_is_well_while_it_commits(ledger: Ledger, console: InProcess) -> None:
    ledger.worked(waiting=3, oldest_waiting_s=0.2)
    ingest = system(console)["ingest"]
    assert ingest["state"] == "ok"
    (worker,) = ingest["detail"]["workers"]
    assert (worker["name"], worker["waiting"]) == ("ingest", 3)
    assert ready(console) == (200, {"status": "ok", "components": {"database": "ok", "ingest": "ok", "console": "ok"}})


@pytest.mark.parametrize(
    ("committed", "waiting_s", "state", "status"),
    [("5 s", 31.0, "degraded", 200), ("15 s", 0.0, "degraded", 200), ("61 s", 0.0, "down", 503)],
)
def test_ingest_is_judged_by_its_last_commit_and_its_oldest_message(
    ledger: Ledger, console: InProcess, postgres_uri: str, committed: str, waiting_s: float, state: str, status: int
) -> None:
    ledger.worked(waiting=1, oldest_waiting_s=waiting_s)
    change(postgres_uri, "UPDATE work_done SET committed_at = committed_at - %(age)s::interval", {"age": committed})
    assert system(console)["ingest"]["state"] == state
    assert ready(console)[0] == status


def test_the_worker_that_is_the_furthest_behind_counts(ledger: Ledger, console: InProcess, postgres_uri: str) -> None:
    ledger.worked(0, 0.0)
    change(postgres_uri, "UPDATE work_done SET committed_at = committed_at - interval '61 s'")
    with Ledger(postgres_uri, name="ingest-east") as other:
        other.worked(0, 0.0)
    assert system(console)["ingest"]["state"] == "down"


def test_ingest_that_never_committed_is_not_well_and_down_after_a_minute(
    console: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert system(console)["ingest"]["state"] == "degraded"
    monkeypatch.setattr(watch, "COMMIT_GONE_S", 0.0)
    assert system(console)["ingest"]["state"] == "down"


def test_a_database_that_only_reads_is_down(console: InProcess, postgres_uri: str) -> None:
    change(
        postgres_uri,
        "DO $$BEGIN EXECUTE format("
        "'ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END$$",
    )
    database = system(console)["database"]
    assert (database["state"], database["detail"]["problem"]) == ("down", "no-writes")
    assert ready(console)[0] == 503


def test_what_was_never_known_is_null_and_not_zero(kept_console: InProcess) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    state = kept_console(lambda client: client.get("/api/v1/system"), dsn=nowhere).json()
    assert state["alert_load"] == {"last_10_min": None, "last_hour": None}
    assert state["devices"] == {"on_duty": None, "online": None, "stale": None}


def test_cameras_are_judged_by_what_was_written_of_them(ledger: Ledger, console: InProcess, postgres_uri: str) -> None:
    ledger.worked(0, 0.0)
    add_camera(postgres_uri, "win-1", age_s=1)
    assert system(console)["cameras"]["state"] == "ok"
    add_camera(postgres_uri, "win-2", age_s=31)
    add_camera(postgres_uri, "win-3", age_s=None)
    cameras = system(console)["cameras"]
    assert cameras["state"] == "degraded"
    assert cameras["detail"]["recorded"] == 1
    assert cameras["detail"]["silent"] == ["win-2", "win-3"]
    change(postgres_uri, "UPDATE segments SET ends = ends - interval '1 h', begins = begins - interval '1 h'")
    assert system(console)["cameras"]["state"] == "down"
    assert ready(console)[0] == 503


def test_a_bodycam_that_does_not_film_is_not_missed(console: InProcess, postgres_uri: str) -> None:
    add_camera(postgres_uri, "body-1", age_s=None, kind="bodycam", state="connecting")
    assert "cameras" not in system(console)

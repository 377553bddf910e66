"""The whole recorder on a log that somebody cut back: it records on beside it and says so, once."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest
from ingest_examples import wait_until
from psycopg.conninfo import conninfo_to_dict
from recorded_log import BUREAU, NAME, contents, copied, cut, heads, origin, record
from virtual_cameras import QUICK

from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.worker import RecordingFailed, Worker
from ingest.config import DatabaseSettings
from store.embedded import EmbeddedPostgres
from store.evidence.verification import verify_folder


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded") / "recordings"
    record(folder).evidence.close()
    return folder


class Site:
    """A recorder whose camera does not answer, and its database."""

    def __init__(self, folder: Path, uri: str) -> None:
        self.folder, self.uri = folder, uri

    @contextmanager
    def running(self, uri: str | None = None) -> Iterator[Worker]:
        settings = Settings(
            database=DatabaseSettings(url=uri or self.uri),
            recorder=RecorderSettings(
                folder=str(self.folder), recorder=NAME, bureau=BUREAU, key=str(self.folder.parent / "key.pem"),
                tap=str(self.folder.parent / "tap.sock"), reserve_gb=0.0, look=False, keep_days=10_000,
            ),
            cameras=(CameraSettings(id="c-1", url="rtsp://127.0.0.1:9/x", kind=Kind.INTERROGATION),),
        )  # fmt: skip
        with Worker(settings, patience=QUICK) as worker:
            yield worker

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.uri) as connection:
            return connection.execute(query.encode()).fetchall()

    def alerts(self) -> list[Any]:
        return self.rows(
            "SELECT device, grade, detail->>'reason', detail->>'folder' FROM alerts "
            "WHERE rule = 'recording-contradicted' AND ended IS NULL ORDER BY raised_at, id"
        )

    def indexed(self) -> int:
        ((count,),) = self.rows("SELECT coalesce(max(size), 0) FROM evidence_logs")
        return int(count)


@pytest.fixture
def site(recorded: Path, tmp_path: Path, postgres_uri: str) -> Site:
    site = Site(copied(recorded, tmp_path / "site"), postgres_uri)
    with site.running():
        wait_until(lambda: site.indexed() >= heads(site.folder)[-1][1].head.size, 30, "the database has all of it")
    assert site.alerts() == []
    return site


def test_a_cut_log_is_left_alone_and_told_of_once_however_often_it_is_begun(site: Site) -> None:
    cut(site.folder, 5)
    (site.folder / "resume.json").unlink()
    (site.folder / "marks.jsonl").unlink()
    before = contents(site.folder)
    rows = site.rows("SELECT count(*) FROM segments")
    told = [(NAME, "A", "rolled-back", str(site.folder))]
    beside = site.folder.with_name("recordings-2")
    for _ in range(3):
        with site.running():
            wait_until(lambda: site.alerts() == told, 30, "the alert")
            wait_until(
                lambda: site.rows("SELECT folder FROM cameras") == [(str(beside),)], 30, "where it is recorded now"
            )
            wait_until(lambda: len(site.rows("SELECT id FROM evidence_logs")) == 2, 30, "the new log is known")
    assert contents(site.folder) == before
    assert site.alerts() == told
    assert origin(beside) != origin(site.folder)
    assert rows == site.rows("SELECT count(*) FROM segments WHERE log = 1") != [(0,)]
    assert not verify_folder(site.folder).sound


def test_a_folder_that_was_emptied_is_told_of_and_its_rows_are_of_a_log_that_is_gone(site: Site) -> None:
    site.folder.rename(site.folder.with_name("away"))
    for _ in range(2):
        with site.running():
            wait_until(lambda: site.alerts() == [(NAME, "A", "gone", str(site.folder))], 30, "the alert")
    assert site.rows("SELECT count(*) > 0 FROM segments") == [(True,)]
    shutil.rmtree(site.folder)
    site.folder.with_name("away").rename(site.folder)  # its disk is there again
    with site.running():
        wait_until(lambda: site.alerts() == [], 30, "it is over")


def test_a_database_that_was_away_at_the_start_ends_what_was_begun_without_it(
    site: Site, postgres_server: EmbeddedPostgres
) -> None:
    """What it knows is heard as soon as it is there; the next start then records beside."""
    name = conninfo_to_dict(site.uri)["dbname"]
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} RENAME TO {name}_away".encode())
        cut(site.folder, len(heads(site.folder)) - 2)  # the seal alone: no footage tells of it
        (site.folder / "resume.json").unlink()
        (site.folder / "marks.jsonl").unlink()
        with site.running() as worker:
            assert worker.settings.folder == str(site.folder)
            connection.execute(f"ALTER DATABASE {name}_away RENAME TO {name}".encode())
            with pytest.raises(RecordingFailed, match="the database counts"):
                worker.run(Event())
    with site.running() as worker:
        assert worker.settings.folder == f"{site.folder}-2"
        wait_until(lambda: "rolled-back" in [reason for _, _, reason, _ in site.alerts()], 30, "the alert")


def test_a_file_that_is_missing_is_told_of_once(site: Site) -> None:
    next(iter(sorted(site.folder.glob("c-1.video/*/*.mp4"), reverse=True))).unlink()
    for _ in range(2):
        with site.running():
            wait_until(lambda: site.alerts() == [(NAME, "A", "footage-gone", str(site.folder))], 30, "the alert")
    ((problem,),) = site.rows("SELECT detail->>'problem' FROM alerts")
    assert "leaf 1" in problem
    assert "c-1.video" in problem
    assert problem.endswith("it is not there")

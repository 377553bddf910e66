"""A recorder that began another log: what each says is shown, and played from where it lies."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import av
import httpx
import psycopg
import pytest
from camera_rows import EIGHT, write_camera, write_segment
from recorded import record, write_file
from tap_server import Clip

Console = Callable[..., Any]
NOON_FILE = "cam-1.video/20260105/080000-0.mp4"  # the same name in both logs
RATE = 15


def at(second: float) -> datetime:
    return EIGHT + timedelta(seconds=second)


def write_log(dsn: str, number: int, folder: Path, *, gone: bool = False) -> None:
    """A log that the database knows, and gives its number to the rows that have none yet."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO evidence_logs (id, origin, key, first_leaf, recorder, folder, rows_as, began_at, gone) "
            "OVERRIDING SYSTEM VALUE VALUES (%s, %s, 'k', 'l', 'recorder-1', %s, %s, %s, %s)",
            (number, f"county/recorder-1/{number}", str(folder), number, EIGHT, gone),
        )
        connection.execute("UPDATE segments SET log = %s WHERE log = 0", (number,))


@pytest.fixture
def logs(postgres_uri: str, tmp_path: Path, clip: Clip) -> tuple[Path, Path]:
    """Three seconds in a log that was left, and, from the twentieth on, four in the one beside it."""
    folders = tmp_path / "recordings", tmp_path / "recordings-2"
    for number, (folder, begins, seconds) in enumerate(zip(folders, (0, 20), (3, 4), strict=True), 1):
        parts = write_file(folder / NOON_FILE, clip, seconds)
        record(postgres_uri, folder, "cam-1.video", at(begins), parts, NOON_FILE)
        write_log(postgres_uri, number, folder)
    write_camera(postgres_uri, folder=folders[1], kind="window")
    return folders


def stretches(console: httpx.Client) -> list[tuple[str, float, float, str | None]]:
    span = {"camera": "cam-1", "from": at(-60).isoformat(), "to": at(60).isoformat()}
    rows = console.get("/api/v1/recordings", params=span).json()["items"]
    return [
        (
            row["kind"],
            (datetime.fromisoformat(row["from"]) - EIGHT).total_seconds(),
            (datetime.fromisoformat(row["to"]) - EIGHT).total_seconds(),
            row["reason"],
        )
        for row in rows
    ]


@pytest.mark.usefixtures("logs")
def test_both_are_shown_and_played(address: str) -> None:
    with httpx.Client(base_url=address) as console:
        assert stretches(console) == [
            ("recorded", 0, 3, None),
            ("gap", 3, 20, "undeclared"),
            ("recorded", 20, 24, None),
        ]
        url = f"/api/v1/recordings/cam-1/playlist.m3u8?from={at(0):%Y-%m-%dT%H:%M:%SZ}&to={at(60):%Y-%m-%dT%H:%M:%SZ}"
        text = console.get(url).text
        assert text.count(f"{NOON_FILE}?log=1") == 4  # its beginning and three seconds
        with av.open(address + url) as media:
            assert sum(packet.size > 0 for packet in media.demux(video=0)) == (3 + 4) * RATE


def test_a_file_comes_from_the_log_that_is_asked_for_and_else_from_the_newest(
    address: str, logs: tuple[Path, Path]
) -> None:
    with httpx.Client(base_url=address) as console:
        url = f"/api/v1/recordings/cam-1/files/{NOON_FILE}"
        assert console.get(url).content == (logs[1] / NOON_FILE).read_bytes()
        for number, folder in enumerate(logs, 1):
            assert console.get(f"{url}?log={number}").content == (folder / NOON_FILE).read_bytes()
        assert console.get(f"{url}?log=3").status_code == 404
        assert console.get(f"{url}?log=x").status_code == 422


def test_what_is_gone_with_its_log_is_a_gap_that_says_so(
    address: str, logs: tuple[Path, Path], postgres_uri: str
) -> None:
    with psycopg.connect(postgres_uri, autocommit=True) as connection:
        connection.execute("UPDATE evidence_logs SET gone = id = 1")
    with httpx.Client(base_url=address) as console:
        assert stretches(console) == [
            ("gap", 0, 3, "log-gone"),
            ("gap", 3, 20, "undeclared"),
            ("recorded", 20, 24, None),
        ]
        span = {"from": at(0).isoformat(), "to": at(10).isoformat()}
        assert console.get("/api/v1/recordings/cam-1/playlist.m3u8", params=span).status_code == 404
        answer = console.get("/api/v1/recordings/cam-1/verification", params=span).json()
        assert answer["proof"] == "not-intact"
        assert [(f["verdict"], f["detail"]) for f in answer["findings"]] == [
            ("MISSING", f"the log county/recorder-1/1 is not in {logs[0]} any more")
        ]


@pytest.mark.usefixtures("logs")
def test_a_row_of_a_new_log_does_not_hide_behind_one_of_an_old_log(address: str, postgres_uri: str) -> None:
    """The same stream and number, said by two logs of two times."""
    with psycopg.connect(postgres_uri) as connection:
        assert connection.execute("SELECT count(*) FROM segments WHERE seq = 0").fetchone() == (2,)
    write_segment(postgres_uri, 0, at(40), log=0)
    with httpx.Client(base_url=address) as console:
        assert ("recorded", 40, 41, None) in stretches(console)

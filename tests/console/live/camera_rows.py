"""Rows of cameras and of their recordings, as the worker writes them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from console_examples import NOW

from store.times import moment


def write_camera(
    dsn: str, camera: str = "cam-1", *, tap: Path | None = None, folder: Path | None = None, **changes: Any
) -> None:
    """Adds or changes a camera, and calls it out as its worker does."""
    row = {
        "id": camera,
        "name": "讯问室 2",
        "kind": "interrogation",
        "unit": "county.east",
        "room": "r2",
        "lon": 113.1,
        "lat": 22.1,
        "recorder": "recorder-1",
        "folder": str(folder or "/nowhere"),
        "tap": str(tap or "/nowhere/tap.sock"),
        "state": "live",
        "reason": None,
        "since": moment(NOW - 60),
        "codec": "h264",
        "width": 320,
        "height": 180,
        "audio": None,
        "recorded": True,
        "seen_at": datetime.now(UTC),
    } | changes
    names, marks = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    changed = ", ".join(f"{name} = excluded.{name}" for name in row)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            f"INSERT INTO cameras ({names}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {changed}".encode(), row
        )
        connection.execute("""NOTIFY ducha, '{"cameras": true}'""")


def write_segment(dsn: str, seq: int, begins: datetime, *, seconds: float = 1.0, **changes: Any) -> None:
    """Adds a fragment, or with `type="gap"` a gap."""
    row = {
        "stream": "cam-1.video",
        "seq": seq,
        "session": "s1",
        "type": "segment",
        "begins": begins,
        "ends": begins + timedelta(seconds=seconds),
        "file": "cam-1.video/20260105/080000-0.mp4",
        "offset": 700 + 1000 * seq,
        "bytes": 1000,
        "init_bytes": 700,
        "reason": None,
    } | changes
    if row["type"] == "gap":
        row |= {"file": None, "offset": None, "bytes": None, "init_bytes": None}
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join(f"%({name})s" for name in row)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"INSERT INTO segments ({names}) VALUES ({marks})".encode(), row)


EIGHT = datetime(2026, 1, 5, 8, tzinfo=UTC)

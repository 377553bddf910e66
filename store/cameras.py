"""Cameras as their worker saw them last, and what of them is recorded."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from store.errors import InvalidRecord, NotFound
from store.looks import Sight
from store.pool import Pool, borrowed
from store.queries import queries
from store.times import moment, rfc3339, rfc3339_or_none

_SQL = queries("cameras")

PATIENCE = timedelta(seconds=30)  # a camera whose worker said nothing for so long is in a state that nobody knows
SEAM = timedelta(seconds=0.5)  # between two fragments of one stretch: arrival is not as regular as the pictures
FRAGMENTS_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Fragment:
    """One recorded fragment: where its bytes lie, in the folder of which log, and whose initialisation segment (the
    file's beginning) it needs."""

    session: str
    begins: datetime
    ends: datetime
    file: str
    offset: int
    bytes: int
    init_bytes: int
    log: int = 0


@dataclass(frozen=True, slots=True)
class RecordedIn:
    """A log with recordings: its number, the folder it lies in, unless it is `gone` from there, and its newest head
    that the database knows of."""

    log: int
    origin: str | None
    folder: str
    gone: bool
    size: int
    root: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a camera is to be had: its tap, its recorder's folder, the log there, and the names of its streams."""

    camera: str
    kind: str
    room: str | None
    tap: str
    folder: str
    state: str
    reason: str | None
    log: int = 0

    @property
    def sight(self) -> Sight:
        return Sight(self.camera, self.kind, self.room)

    @property
    def video(self) -> str:
        return f"{self.camera}.video"

    @property
    def audio(self) -> str:
        return f"{self.camera}.audio"


async def cameras(pool: Pool) -> list[dict[str, Any]]:
    """All cameras in the order of their ids. Their worker is judged by the wall clock: it films the present."""
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["cameras"], {"patience": PATIENCE})).fetchall()
    times = ("since", "seen_at", "looked_at")
    return [row | {name: rfc3339_or_none(row[name]) for name in times} for row in rows]


async def place(pool: Pool, camera: str) -> Place:
    """Where `camera` is to be had.

    Raises:
        NotFound: when there is none with this id.
    """
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["place"], (camera,))).fetchone()
    if row is None:
        raise NotFound(f"camera {camera}: there is none with this id")
    return Place(**row)


async def stretches(pool: Pool, place: Place, from_s: float, to_s: float) -> list[dict[str, Any]]:
    """What is recorded of a camera and what is not, stream after stream in the order of time. A hole that nobody
    declared is a gap too, with the reason `undeclared`."""
    found: list[dict[str, Any]] = []
    async with borrowed(pool) as connection:
        for stream in (place.video, place.audio):
            span = {"stream": stream, "from": moment(from_s), "to": moment(to_s), "seam": SEAM}
            rows = await (await connection.execute(_SQL["stretches"], span)).fetchall()
            found += _with_holes(place.camera, rows)
    return found


async def fragments(pool: Pool, stream: str, from_s: float, to_s: float) -> list[Fragment]:
    """The fragments of `stream` that overlap [from_s, to_s), in the order of time.

    Raises:
        InvalidRecord: when there are more than 50,000.
    """
    span = {"stream": stream, "from": moment(from_s), "to": moment(to_s), "limit": FRAGMENTS_LIMIT + 1}
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["fragments"], span)).fetchall()
    if len(rows) > FRAGMENTS_LIMIT:
        raise InvalidRecord(f"more than {FRAGMENTS_LIMIT} fragments: expected a shorter span")
    return [Fragment(**row) for row in rows]


async def folder_of(pool: Pool, place: Place, stream: str, file: str, log: int | None = None) -> str | None:
    """The folder in which the `file` with fragments of `stream` lies, that of the log `log` or else of the newest that
    has one; None where none has."""
    told = {"camera": place.camera, "stream": stream, "file": file, "log": log}
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["folder_of"], told)).fetchone()
    return None if row is None else str(row["folder"])


async def recorded_in(pool: Pool, place: Place, from_s: float, to_s: float) -> list[RecordedIn]:
    """The logs that tell of a camera in [from_s, to_s); where none does, the one it is recorded in now."""
    told = {
        "camera": place.camera,
        "streams": [place.video, place.audio],
        "from": moment(from_s),
        "to": moment(to_s),
        "log": place.log,
    }
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["recorded_in"], told)).fetchall()
    return [RecordedIn(**row) for row in rows]


def _with_holes(camera: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    reached: datetime | None = None
    for row in rows:
        media = row["stream"].rpartition(".")[2]
        if reached is not None and row["begins"] - reached > SEAM:
            told.append(_stretch(camera, media, "gap", reached, row["begins"], "undeclared"))
        kind = "recorded" if row["type"] == "segment" else "gap"
        told.append(_stretch(camera, media, kind, row["begins"], row["ends"], row["reason"]))
        reached = row["ends"] if reached is None else max(reached, row["ends"])
    return told


def _stretch(
    camera: str, media: str, kind: str, begins: datetime, ends: datetime, reason: str | None
) -> dict[str, Any]:
    return {
        "camera": camera,
        "media": media,
        "kind": kind,
        "from": rfc3339(begins),
        "to": rfc3339(ends),
        "reason": reason,
    }

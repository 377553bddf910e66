"""Looks into interrogation rooms: whoever wants to see one says why. That is written down before a picture is given,
and opens the room to that viewer, and to no other, for a shift."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from store.errors import InvalidRecord, NotFound, StoreError
from store.pool import Pool, borrowed
from store.queries import queries
from store.requests import told_text
from store.times import moment, rfc3339, seconds

_SQL = queries("looks")

SHIFT_S = 12 * 3600
INTERROGATION = "interrogation"


@dataclass(frozen=True, slots=True)
class Sight:
    """A camera that pictures are of: its kind, None of what is no camera; and the room that it looks into, if any."""

    camera: str
    kind: str | None
    room: str | None

    @property
    def is_interrogation(self) -> bool:
        return self.kind == INTERROGATION


class PurposeNeeded(StoreError):  # noqa: N818  (a state of the world)
    """The pictures are of an interrogation, and this viewer has not said why they look; or only up to `ended`."""

    def __init__(self, camera: str, ended: datetime | None) -> None:
        self.ended = ended
        before = f"; what was said ended at {rfc3339(ended)}" if ended else ""
        expected = "expected that whoever looks has said why (POST /api/v1/looks), within the last 12 hours"
        super().__init__(f"camera {camera}: films an interrogation room; {expected}{before}")


async def begin(
    pool: Pool,
    viewer: bytes,
    *,
    camera: str | None,
    room: str | None,
    purpose: str,
    case_number: str | None,
    actor: str,
    now_s: float,
) -> dict[str, Any]:
    """`viewer` says why they look into a room, or at what a camera films.

    Raises:
        InvalidRecord: unless one of the two is named, and a purpose given.
        NotFound: where there is no such room or camera.
    """
    told: dict[str, Any] = {
        "id": uuid4(),
        "viewer": viewer,
        "purpose": told_text("purpose", purpose),
        "case_number": None if case_number is None else told_text("case", case_number),
        "actor": actor,
        "at": moment(now_s),
        "until": moment(now_s + SHIFT_S),
    }
    told |= await _place(pool, camera, room)
    async with borrowed(pool) as connection:
        await connection.execute(_SQL["begin"], told)
    return _row({name: told[name] for name in ("id", "room", "camera", "purpose", "at", "until")}, told["case_number"])


async def in_force(pool: Pool, viewer: bytes, *, now_s: float) -> list[dict[str, Any]]:
    """What `viewer` may look into now, and why."""
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["in_force"], {"viewer": viewer, "now": moment(now_s)})).fetchall()
    return [_row(row, row["case"]) for row in rows]


async def expect(pool: Pool, viewer: bytes, sight: Sight, *, now_s: float) -> float | None:
    """Until when (Unix seconds) `viewer` may see pictures of `sight`; None where nobody need say why.

    Raises:
        PurposeNeeded: where these are of an interrogation, and the viewer has not said why, or longer ago than a shift.
    """
    if not sight.is_interrogation:
        return None
    told = {"viewer": viewer, "room": sight.room, "camera": sight.camera}
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["until"], told)).fetchone()
    until: datetime | None = row["until"] if row else None
    if until is None or until <= moment(now_s):
        raise PurposeNeeded(sight.camera, until)
    return seconds(until)


async def _place(pool: Pool, camera: str | None, room: str | None) -> Mapping[str, Any]:
    if (camera is None) == (room is None):
        raise InvalidRecord("camera, room: expected one of the two", "camera")
    async with borrowed(pool) as connection:
        if room is not None:
            if await (await connection.execute(_SQL["room"], (room,))).fetchone() is None:
                raise NotFound(f"room {room}: no camera looks into one of this name")
            return {"room": room, "camera": None}
        place = await (await connection.execute(_SQL["place"], {"camera": camera})).fetchone()
    if place is None:
        raise NotFound(f"camera {camera}: there is none with this id")
    return place


def _row(row: Mapping[str, Any], case_number: str | None) -> dict[str, Any]:
    times = {name: rfc3339(row[name]) for name in ("at", "until")}
    return {**row, **times, "id": str(row["id"]), "case": case_number}

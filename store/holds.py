"""Legal holds: what some cameras recorded in a range is not deleted until somebody releases it and says why."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from store.errors import Conflict, InvalidRecord, NotFound
from store.names import told_name
from store.pages import Page, bounded, decode_cursor, encode_cursor
from store.pool import Connection, Pool, borrowed
from store.queries import queries
from store.requests import number_of, told_cameras, told_span, told_text
from store.times import moment, rfc3339, rfc3339_or_none

_SQL = queries("holds")


class HoldConflict(Conflict):
    """The hold is released already."""

    kind = "hold-conflict"


async def place(
    pool: Pool,
    *,
    cameras: Sequence[str],
    from_s: float,
    to_s: float,
    reason: str,
    case_number: str,
    by: str,
    now_s: float,
) -> dict[str, Any]:
    """Places a hold. When this returns, nothing it names that is there is deleted any more.

    Raises:
        InvalidRecord: where something told is not as expected, or a camera is not known.
    """
    told: dict[str, Any] = {
        "id": uuid4(),
        "cameras": told_cameras(cameras),
        "reason": told_text("reason", reason),
        "case_number": told_text("case_number", case_number),
        "by": told_name("by", by),
        "at": moment(now_s),
        "export": None,
    }
    told["from"], told["to"] = told_span(from_s, to_s)
    async with borrowed(pool) as connection, connection.transaction():
        unknown = await (await connection.execute(_SQL["unknown_cameras"], (told["cameras"],))).fetchall()
        if unknown:
            raise InvalidRecord(f"cameras: {unknown[0]['camera']}: expected the id of a camera", "cameras")
        await connection.execute(_SQL["place"], told)
    return await read(pool, str(told["id"]))


async def release(pool: Pool, hold: str, *, by: str, reason: str, now_s: float) -> dict[str, Any]:
    """Ends a hold; HoldConflict where it is over already, NotFound where there is none."""
    number = number_of("hold", hold)
    told = {
        "id": number,
        "by": told_name("by", by),
        "reason": told_text("reason", reason),
        "at": moment(now_s),
    }
    async with borrowed(pool) as connection, connection.transaction():
        row = await (await connection.execute(_SQL["lock"], (number,))).fetchone()
        if row is None:
            raise NotFound(f"hold {hold}: there is none with this id")
        if row["released_at"] is not None:
            raise HoldConflict(f"hold {hold}: is released since {rfc3339(row['released_at'])}")
        await connection.execute(_SQL["release"], told)
    return await read(pool, hold)


async def page(
    pool: Pool,
    *,
    in_force: bool | None = None,
    camera: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Holds, or only those that are in force or that are not, newest first."""
    after = decode_cursor(cursor, 2) if cursor else (None, None)
    limit = bounded(limit)
    filters = {"in_force": in_force, "camera": camera, "after_at": after[0], "after_id": after[1]}
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["page"], filters | {"limit": limit + 1})).fetchall()
    items = [_view(row) for row in rows[:limit]]
    return Page(items, encode_cursor(items[-1]["placed_at"], items[-1]["id"]) if len(rows) > limit else None)


async def read(pool: Pool, hold: str) -> dict[str, Any]:
    """One hold; NotFound where there is none."""
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["one"], (number_of("hold", hold),))).fetchone()
    if row is None:
        raise NotFound(f"hold {hold}: there is none with this id")
    return _view(row)


async def place_for_export(connection: Connection, export: UUID, told: dict[str, Any]) -> None:
    """Holds what an export asks for, in its transaction; `told` is as of :meth:`place`."""
    await connection.execute(_SQL["place"], told | {"id": uuid4(), "export": export})


async def release_of_export(connection: Connection, told: dict[str, Any]) -> None:
    """Ends the hold of an export that was rejected, in its transaction."""
    await connection.execute(_SQL["release_of_export"], told)


def _view(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "cameras": row["cameras"],
        "from": rfc3339(row["begins"]),
        "to": rfc3339(row["ends"]),
        "reason": row["reason"],
        "case_number": row["case_number"],
        "placed_by": row["placed_by"],
        "placed_at": rfc3339(row["placed_at"]),
        "export": str(row["export"]) if row["export"] else None,
        "released_by": row["released_by"],
        "released_at": rfc3339_or_none(row["released_at"]),
        "release_reason": row["release_reason"],
    }

"""Interrogations: opened, people signed in and out, closed; each step once, none taken back, nothing deleted."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row

from analytics.interrogations import Interrogation, Role
from analytics.video.rooms import Procedure
from store.errors import Conflict, InvalidRecord, NotFound
from store.pages import Page, bounded, decode_cursor, encode_cursor
from store.pool import Connection, Pool, borrowed
from store.queries import queries
from store.times import moment, rfc3339, rfc3339_or_none, seconds

_SQL = queries("interrogations")

NAME_LIMIT = 80
ROOM_LIMIT = 80


class SessionOpen(Conflict):
    """The room has an open interrogation."""

    kind = "session-open"


class SessionClosed(Conflict):
    """The interrogation is over."""

    kind = "session-closed"


class SignedIn(Conflict):
    """Somebody of that name is in already."""

    kind = "signed-in"


class NotSignedIn(Conflict):
    """Nobody of that name is in."""

    kind = "not-signed-in"


async def begin(
    pool: Pool,
    room: str,
    procedure: Procedure,
    *,
    case_number: str | None,
    standard_place: bool,
    actor: str,
    now_s: float,
) -> dict[str, Any]:
    """Opens an interrogation in `room`.

    Raises:
        InvalidRecord: where the room has no name, or one that is too long.
        SessionOpen: where it has an open one.
    """
    room = _word("room", room, ROOM_LIMIT)
    number = uuid4()
    told = {
        "id": number,
        "room": room,
        "kind": procedure.value,
        "case_number": case_number,
        "standard_place": standard_place,
        "at": moment(now_s),
        "actor": actor,
    }
    async with borrowed(pool) as connection, connection.transaction():
        if await (await connection.execute(_SQL["open"], told)).fetchone() is None:
            raise SessionOpen(f"room {room}: has an open interrogation; expected that it is closed first")
        await connection.execute(_SQL["notify"])
    return await read(pool, str(number))


async def sign_in(pool: Pool, interrogation: str, name: str, role: Role, *, actor: str, now_s: float) -> dict[str, Any]:
    """`actor` signs `name` in as `role`; SignedIn where the same name is in already, SessionClosed where it is over."""
    name = _word("name", name, NAME_LIMIT)
    async with borrowed(pool) as connection, connection.transaction():
        number = await _open(connection, interrogation)
        told = {"id": number, "name": name, "role": role.value, "at": moment(now_s), "actor": actor}
        if await (await connection.execute(_SQL["sign_in"], told)).fetchone() is None:
            raise SignedIn(f"name {name}: is signed in already")
        await connection.execute(_SQL["notify"])
    return await read(pool, interrogation)


async def sign_out(pool: Pool, interrogation: str, name: str, *, actor: str, now_s: float) -> dict[str, Any]:
    """`actor` signs `name` out; NotSignedIn where nobody of that name is in, SessionClosed where it is over."""
    async with borrowed(pool) as connection, connection.transaction():
        number = await _open(connection, interrogation)
        told = {"id": number, "name": name.strip(), "at": moment(now_s), "actor": actor}
        if await (await connection.execute(_SQL["sign_out"], told)).fetchone() is None:
            raise NotSignedIn(f"name {name.strip()}: is not signed in")
        await connection.execute(_SQL["notify"])
    return await read(pool, interrogation)


async def close(pool: Pool, interrogation: str, *, actor: str, now_s: float) -> dict[str, Any]:
    """Ends the interrogation; whoever is still signed in goes out with it."""
    async with borrowed(pool) as connection, connection.transaction():
        number = await _open(connection, interrogation)
        told = {"id": number, "at": moment(now_s), "actor": actor}
        await connection.execute(_SQL["sign_everybody_out"], told)
        await connection.execute(_SQL["close"], told)
        await connection.execute(_SQL["notify"])
    return await read(pool, interrogation)


async def page(
    pool: Pool, *, room: str | None = None, only_open: bool = False, cursor: str | None = None, limit: int = 50
) -> Page:
    """Interrogations, newest opened first."""
    after = decode_cursor(cursor, 2) if cursor else None
    limit = bounded(limit)
    filters = {
        "room": room,
        "open": only_open,
        "after_at": after[0] if after else None,
        "after_id": after[1] if after else None,
        "limit": limit + 1,
    }
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["page"], filters)).fetchall()
        items = await _with_people(connection, rows[:limit])
    more = len(rows) > limit
    return Page(items, encode_cursor(items[-1]["opened_at"], items[-1]["id"]) if more else None)


async def read(pool: Pool, interrogation: str) -> dict[str, Any]:
    """One interrogation with everybody who was in."""
    number = _number(interrogation)
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["one"], (number,))).fetchall()
        if not rows:
            raise NotFound(f"session {interrogation}: there is none with this id")
        (item,) = await _with_people(connection, rows)
    return item


def open_rooms(connection: psycopg.Connection[Any]) -> dict[str, Interrogation]:
    """The open interrogations by room, for the rules."""
    rows = connection.cursor(row_factory=dict_row).execute(_SQL["open_rooms"])
    return {
        row["room"]: Interrogation(
            str(row["id"]),
            row["room"],
            Procedure(row["kind"]),
            row["standard_place"],
            seconds(row["opened_at"]),
            tuple(Role(role) for role in row["present"]),
        )
        for row in rows
    }


async def _open(connection: Connection, interrogation: str) -> UUID:
    number = _number(interrogation)
    row = await (await connection.execute(_SQL["lock"], (number,))).fetchone()
    if row is None:
        raise NotFound(f"session {interrogation}: there is none with this id")
    if row["closed_at"] is not None:
        raise SessionClosed(f"session {interrogation}: is closed since {rfc3339(row['closed_at'])}")
    return number


async def _with_people(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    people = await (await connection.execute(_SQL["people"], ([row["id"] for row in rows],))).fetchall()
    by_interrogation: dict[UUID, list[dict[str, Any]]] = {row["id"]: [] for row in rows}
    for person in people:
        by_interrogation[person.pop("interrogation")].append(
            person | {"signed_in": rfc3339(person["signed_in"]), "signed_out": rfc3339_or_none(person["signed_out"])}
        )
    return [
        row
        | {
            "id": str(row["id"]),
            "opened_at": rfc3339(row["opened_at"]),
            "closed_at": rfc3339_or_none(row["closed_at"]),
            "people": by_interrogation[row["id"]],
        }
        for row in rows
    ]


def _word(field: str, text: str, limit: int) -> str:
    word = text.strip()
    if not 1 <= len(word) <= limit or not word.isprintable():
        raise InvalidRecord(f"{field} {word[:20]!r}: expected 1 to {limit} printable characters", field)
    return word


def _number(interrogation: str) -> UUID:
    try:
        return UUID(interrogation)
    except ValueError as error:
        raise NotFound(f"session {interrogation!r}: there is none with this id") from error

"""Plans as the console reads and saves them: the document, its versions, its shapes, duties and units."""

from collections.abc import Mapping
from typing import Any

import psycopg

from store import plan_saving
from store.errors import NotFound
from store.pool import Connection, Pool, borrowed
from store.queries import queries
from store.times import moment_or_none, rfc3339

_SQL = queries("plans")


async def current(pool: Pool) -> tuple[int, dict[str, Any]] | None:
    """The newest plan, with its version."""
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["current"])).fetchone()
    return None if row is None else (row["version"], row["document"])


async def save(pool: Pool, document: Mapping[str, Any], *, author: str, now_s: float) -> int:
    """Keeps `document` as the newest plan and returns its version; the current one saved again stays as it is.

    The document is expected to be checked (`analytics.planning`); what still does not fit is an `InvalidRecord`.
    """
    walk = plan_saving.steps(document, author, now_s)
    try:
        async with borrowed(pool) as connection, connection.transaction():
            query, parameters = next(walk)
            while True:
                cursor = await connection.execute(query, parameters)
                row = await cursor.fetchone() if cursor.description else None
                try:
                    query, parameters = walk.send(row)
                except StopIteration as done:
                    return int(done.value)
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
        raise plan_saving.refused(error) from error


async def versions(pool: Pool, limit: int = 100) -> list[dict[str, Any]]:
    """The plans without their documents, newest first."""
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["versions"], (limit,))).fetchall()
    return [row | {"saved_at": rfc3339(row["saved_at"])} for row in rows]


async def version(pool: Pool, number: int) -> dict[str, Any]:
    """One plan with its document, author and time."""
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["version"], (number,))).fetchone()
    if row is None:
        raise NotFound(f"plan {number}: there is no such version")
    return row | {"saved_at": rfc3339(row["saved_at"])}


async def shapes(pool: Pool, kind: str | None = None) -> list[dict[str, Any]]:
    """The current plan's shapes, of one kind (route, area, post, checkpoint, allowed-stop) or all."""
    async with borrowed(pool) as connection:
        return await (await connection.execute(_SQL["shapes"], {"kind": kind})).fetchall()


async def duties(pool: Pool, at_s: float | None = None, device: str | None = None) -> list[dict[str, Any]]:
    """The current plan's duties: those that hold at a time, those of a device, or all."""
    filters = {"at": moment_or_none(at_s), "device": device}
    async with borrowed(pool) as connection:
        return [_duty_view(row) for row in await (await connection.execute(_SQL["duties"], filters)).fetchall()]


async def duty(connection: Connection, duty: str) -> dict[str, Any] | None:
    """One duty, from the newest plan that has it."""
    row = await (await connection.execute(_SQL["duty"], (duty,))).fetchone()
    return None if row is None else _duty_view(row)


async def units(pool: Pool) -> list[dict[str, Any]]:
    """The units, each after the one it belongs to."""
    async with borrowed(pool) as connection:
        return await (await connection.execute(_SQL["units"])).fetchall()


def _duty_view(row: dict[str, Any]) -> dict[str, Any]:
    entry = row.pop("entry")
    times = {"from": rfc3339(row.pop("starts")), "to": rfc3339(row.pop("ends"))}
    return {**entry, **row, **times}

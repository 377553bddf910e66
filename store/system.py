"""How the store itself is: does it answer, how big it is, what could not be read."""

from typing import Any

import psycopg

from store.errors import StoreUnavailable
from store.pages import Page, bounded, decode_cursor, encode_cursor
from store.pool import Pool, borrowed
from store.queries import queries
from store.times import rfc3339

_SQL = queries("system")
_LEASE = queries("lease")


async def write(pool: Pool) -> None:
    """Returns if the database takes a write.

    Raises:
        StoreUnavailable: when it does not answer, or takes no writes (a standby, a full disk).
    """
    try:
        async with borrowed(pool) as connection:
            await connection.execute(_SQL["write"])
    except psycopg.InternalError as error:  # read-only
        raise StoreUnavailable(str(error).strip()) from error


async def database(pool: Pool) -> dict[str, Any]:
    """Size in bytes, server version, open connections, whether TimescaleDB is used."""
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["size"])).fetchone()
    assert row is not None
    return dict(row)


async def workers(pool: Pool) -> list[dict[str, Any]]:
    """Each ingest worker: name, committed_s_ago, waiting (messages), oldest_waiting_s, as of its last commit."""
    async with borrowed(pool) as connection:
        return await (await connection.execute(_SQL["workers"])).fetchall()


async def shards(pool: Pool) -> list[dict[str, Any]]:
    """Each shard of ingest: shard, host and pid of the worker that took it last, since, held, waiting (who waits)."""
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_LEASE["leases"])).fetchall()
    return [row | {"since": rfc3339(row["since"])} for row in rows]


async def recordings(pool: Pool) -> list[dict[str, Any]]:
    """Each camera that should be recorded: id, name, age_s of its newest fragment (None: there is none)."""
    async with borrowed(pool) as connection:
        return await (await connection.execute(_SQL["recordings"])).fetchall()


async def dead_letters(pool: Pool, *, cursor: str | None = None, limit: int = 50) -> Page:
    """Messages that could not be read, last seen first; of each the first KiB as text."""
    after = decode_cursor(cursor, 3) if cursor else None
    limit = bounded(limit)
    filters = {
        "after_at": after[0] if after else None,
        "after_topic": after[1] if after else None,
        "after_sha256": after[2] if after else None,
        "limit": limit + 1,
    }
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["dead_letters"], filters)).fetchall()
    items = [
        row
        | {
            "head": bytes(row["head"]).decode(errors="replace"),
            "first_at": rfc3339(row["first_at"]),
            "last_at": rfc3339(row["last_at"]),
        }
        for row in rows[:limit]
    ]
    last = items[-1] if len(rows) > limit else None
    return Page(items, encode_cursor(last["last_at"], last["topic"], last["sha256"]) if last else None)

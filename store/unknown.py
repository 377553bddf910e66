"""What waits for a person's word at the door: devices that nobody has accepted, and messages that could not be read."""

from typing import Any

from store.errors import Conflict, NotFound
from store.pool import Pool, borrowed
from store.queries import queries
from store.times import moment, rfc3339_or_none

_SQL = queries("unknown")


class NotWhole(Conflict):
    """A dead letter of which only the beginning was kept can't be read again."""

    kind = "not-whole"


async def devices(pool: Pool) -> list[dict[str, Any]]:
    """Devices that nobody has accepted, last heard first."""
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["list"])).fetchall()
    times = ("first_at", "last_at", "last_fix")
    return [row | {name: rfc3339_or_none(row[name]) for name in times} for row in rows]


async def accept(pool: Pool, device: str) -> None:
    """From now on `device` is known; ingest takes in what was kept of it.

    Raises:
        NotFound: there is no such unknown device.
    """
    async with borrowed(pool) as connection, connection.transaction():
        await _lock(connection, device)
        for query in ("register", "describe", "hand_over", "forget"):
            await connection.execute(_SQL[query], (device,))


async def forget(pool: Pool, device: str) -> None:
    """Lets go of what is kept of an unknown device; it is held again when it is heard again.

    Raises:
        NotFound: there is no such unknown device.
    """
    async with borrowed(pool) as connection, connection.transaction():
        await _lock(connection, device)
        await connection.execute(_SQL["forget"], (device,))


async def replay(pool: Pool, topic: str, sha256: str, *, now_s: float) -> None:
    """Ingest is to read a dead letter again.

    Raises:
        NotFound: there is no such letter.
        NotWhole: only its beginning was kept.
    """
    values = {"topic": topic, "sha256": sha256, "at": moment(now_s)}
    async with borrowed(pool) as connection:
        if (await connection.execute(_SQL["want_letter"], values)).rowcount:
            return
        row = await (await connection.execute(_SQL["letter"], values)).fetchone()
    if row is None:
        raise NotFound(f"dead letter {sha256} of {topic}: there is none")
    raise NotWhole(f"dead letter {sha256}: has {row['size']} bytes, of which the first were kept; expected a whole one")


async def replay_all(pool: Pool, *, now_s: float) -> int:
    """Ingest is to read all dead letters again that are whole; returns how many these are."""
    async with borrowed(pool) as connection:
        return (await connection.execute(_SQL["want_all_letters"], {"at": moment(now_s)})).rowcount


async def counts(pool: Pool) -> dict[str, int]:
    """How many unknown devices and dead letters there are."""
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["counts"])).fetchone()
    assert row is not None
    return dict(row)


async def _lock(connection: Any, device: str) -> None:
    if await (await connection.execute(_SQL["lock"], (device,))).fetchone() is None:
        raise NotFound(f"device {device}: is not among the unknown ones")

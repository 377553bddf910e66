"""Where everybody is now."""

from dataclasses import dataclass
from typing import Any

from store.pool import Pool, borrowed
from store.queries import queries
from store.times import moment, rfc3339, rfc3339_or_none, seconds

_SQL = queries("positions")

FRESH_S = 180.0  # a device heard within this time counts as online
LATENCY_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Moved:
    """Positions received since a time, each [device, t, lon, lat, speed, heading, accuracy]; what devices said since,
    "online" or "offline", and when; when those that sent pings were `heard` last; and how far all reach."""

    items: list[list[Any]]
    said: dict[str, tuple[str, float]]
    heard: dict[str, float]
    until_s: float


async def latest(pool: Pool, now_s: float) -> list[dict[str, Any]]:
    """Every device's newest position with its status and duty."""
    times = {"at": moment(now_s), "fresh_since": moment(now_s - FRESH_S)}
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["latest"], times)).fetchall()
    return [row | {"t": rfc3339(row["t"]), "heard_at": rfc3339_or_none(row["heard_at"])} for row in rows]


async def changed(pool: Pool, since_s: float) -> Moved:
    """What moved, or said whether it is there, since `since_s` (of receiving); pass `until_s` the next time."""
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["changed"], {"since": moment(since_s)})).fetchall()
    items = [
        [row["device"], seconds(row["t"]), *(row[name] for name in ("lon", "lat", "speed", "heading", "accuracy"))]
        for row in rows
        if row["moved"]
    ]
    said = {row["device"]: (row["said"], seconds(row["status_at"])) for row in rows if row["said"] is not None}
    heard = {row["device"]: seconds(row["heard_at"]) for row in rows if row["heard_at"] is not None}
    return Moved(items, said, heard, seconds(rows[-1]["changed_at"]) if rows else since_s)


async def devices(pool: Pool) -> list[dict[str, Any]]:
    """All devices, in the order of their numbers."""
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["devices"])).fetchall()
    return [row | {name: rfc3339_or_none(row[name]) for name in ("status_at", "last_fix", "heard_at")} for row in rows]


async def counts(pool: Pool, now_s: float) -> dict[str, int]:
    """How many devices are on duty, how many are heard, and how many on duty are silent (stale)."""
    times = {"at": moment(now_s), "fresh_since": moment(now_s - FRESH_S)}
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["counts"], times)).fetchone()
    assert row is not None
    return dict(row)


async def latency(pool: Pool, now_s: float) -> dict[str, float | None]:
    """Seconds from the fix to its being received, over the positions of the last minute."""
    async with borrowed(pool) as connection:
        since = {"since": moment(now_s - LATENCY_WINDOW_S)}
        row = await (await connection.execute(_SQL["latency"], since)).fetchone()
    assert row is not None
    return dict(row)

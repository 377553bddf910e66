"""Where one device has been."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.fixes import FixBatch
from store import arrays
from store.errors import NotFound
from store.pages import bounded
from store.pool import Pool, borrowed
from store.queries import queries
from store.times import moment, moment_or_none, rfc3339

_SQL = queries("tracks")

TRACK_LIMIT = 100_000


async def fixes_of(pool: Pool, device: str, from_s: float, to_s: float, limit: int = TRACK_LIMIT) -> FixBatch:
    """The fixes of the device called `device` from `from_s` to `to_s`, in the order of time, the first `limit`."""
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["number"], (device,))).fetchone()
        if row is None:
            raise NotFound(f"device {device}: there is none with this name")
        span = (row["id"], moment(from_s), moment(to_s), limit)
        async with connection.cursor().copy(_SQL["track"], span) as copy:
            return arrays.read_fixes([block async for block in copy])


async def track(pool: Pool, device: str, from_s: float, to_s: float, limit: int = 20_000) -> dict[str, Any]:
    """The same as columns for the map; `truncated` says that there are more."""
    limit = max(1, min(limit, TRACK_LIMIT))
    fixes = await fixes_of(pool, device, from_s, to_s, limit + 1)
    shown = fixes.take(slice(limit))
    return {
        "device": device,
        "from": rfc3339(moment(from_s)),
        "to": rfc3339(moment(to_s)),
        "t": shown.t_s.tolist(),
        "lon": shown.lon.tolist(),
        "lat": shown.lat.tolist(),
        "speed": _known(shown.speed_mps),
        "accuracy": _known(shown.accuracy_m),
        "truncated": len(fixes) > limit,
    }


async def crossings(
    pool: Pool,
    *,
    device: str | None = None,
    from_s: float | None = None,
    to_s: float | None = None,
    limit: int = 200,
) -> list[dict[str, Any]]:
    """Paths that left their area between two fixes, newest first."""
    filters = {"device": device, "since": moment_or_none(from_s), "until": moment_or_none(to_s)}
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["crossings"], filters | {"limit": bounded(limit)})).fetchall()
    return [
        {
            "device": row["device"],
            "duty": row["duty"],
            "from": rfc3339(row["began"]),
            "to": rfc3339(row["ended"]),
            "lon": row["lon"],
            "lat": row["lat"],
        }
        for row in rows
    ]


def _known(values: NDArray[np.float32]) -> list[float | None]:
    return [None if value != value else round(value, 3) for value in values.tolist()]

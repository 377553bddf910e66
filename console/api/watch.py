"""Looks at every part of the system. It always comes back within a moment: an answer that stays away is an answer."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from console.api.context import Context
from store import alerts, positions, system
from store.errors import StoreError
from store.times import moment, rfc3339

PATIENCE_S = 1.5
INGEST_LATE_S = 75.0  # ingest saves its state every 30 s
INGEST_GONE_S = 180.0

_UNKNOWN: dict[str, Any] = {
    "alert_load": {"last_10_min": 0, "last_hour": 0},
    "devices": {"on_duty": 0, "online": 0, "stale": 0},
    "latency_s": {"p50": None, "p99": None},
}


async def look(console: Context) -> dict[str, Any]:
    """The state as /system gives it. While the database is away, the figures are the last ones known."""
    now_s = console.clock()
    (database, ingest, figures), broker = await asyncio.gather(_store(console, now_s), _broker(console.broker))
    known = console.state or _UNKNOWN
    own = {"id": "console", "state": "ok", "detail": {"event_streams": len(console.hub)}}
    return {
        "at": rfc3339(moment(now_s)),
        "components": [database, *ingest, *broker, own],
        **(figures or {name: known[name] for name in _UNKNOWN}),
    }


async def _store(console: Context, now_s: float) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any] | None]:
    began_s = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_S):
            about = await system.database(console.pool)
            answer_ms = round((time.perf_counter() - began_s) * 1000, 1)
            workers = await system.checkpoints(console.pool)
            figures = {
                "alert_load": await alerts.load(console.pool, now_s),
                "devices": await positions.counts(console.pool, now_s),
                "latency_s": await positions.latency(console.pool, now_s),
            }
    except (StoreError, TimeoutError) as error:
        detail = {"problem": "no answer within 1.5 s" if isinstance(error, TimeoutError) else "can't be reached"}
        return {"id": "database", "state": "down", "detail": detail}, [], None
    database = {"id": "database", "state": "ok", "detail": about | {"answer_ms": answer_ms}}
    return database, [_ingest(console, workers, now_s)], figures


def _ingest(console: Context, workers: Sequence[dict[str, Any]], now_s: float) -> dict[str, Any]:
    """Judged by the state it saves: the oldest of its workers counts."""
    ages = {worker["name"]: console.saves.age_s(worker, now_s) for worker in workers}
    detail = {"workers": [{"name": name, "saved_s_ago": round(age, 1)} for name, age in ages.items()]}
    # one that has just begun has saved nothing yet: that is not well, and not down
    oldest = max(ages.values(), default=max(INGEST_LATE_S, console.saves.listened_s()))
    state = "ok" if oldest < INGEST_LATE_S else "degraded" if oldest < INGEST_GONE_S else "down"
    return {"id": "ingest", "state": state, "detail": detail}


async def _broker(address: tuple[str, int] | None) -> list[dict[str, Any]]:
    """Whether the broker takes connections; nothing is told of one that we were not told of."""
    if address is None:
        return []
    host, port = address
    where = {"address": f"{host}:{port}"}
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            await writer.wait_closed()
    except OSError as error:  # TimeoutError among them
        return [{"id": "broker", "state": "down", "detail": where | {"problem": str(error) or "no answer"}}]
    return [{"id": "broker", "state": "ok", "detail": where}]

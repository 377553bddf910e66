"""Looks at every part of the system and tells its state from work done: a write, a commit, a fragment on disk.

It always comes back within a moment: an answer that stays away is an answer. Problems are codes; screens have words.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from console.api.context import Context
from store import alerts, positions, system, unknown
from store.errors import StoreError
from store.times import moment, rfc3339

STATES = ("ok", "degraded", "down")  # in the order of their gravity

PATIENCE_S = 1.5
COMMIT_LATE_S, COMMIT_GONE_S = 10.0, 60.0  # ingest notes its work each second
WAITING_LATE_S = 30.0  # the oldest message that is not committed
RECORDING_LATE_S = 30.0  # a fragment is a second long, ten with rare keyframes
_NAMED = 5  # cameras named in the detail

_UNKNOWN: dict[str, Any] = {
    "alert_load": {"last_10_min": None, "last_hour": None},
    "devices": {"on_duty": None, "online": None, "stale": None},
    "latency_s": {"p50": None, "p99": None},
}


async def look(console: Context) -> dict[str, Any]:
    """The state as /system gives it. While the database is away, the figures are the last ones known."""
    now_s = console.clock()
    written, (parts, figures), broker = await asyncio.gather(
        _write(console), _read(console, now_s), _broker(console.broker)
    )
    database = {"id": "database", "state": "ok" if "problem" not in written else "down", "detail": written}
    if figures is None:
        database = {"id": "database", "state": "down", "detail": {"problem": "no-answer"} | written}
    else:
        database["detail"] = figures.pop("database") | written
    known = console.state or _UNKNOWN
    own = {"id": "console", "state": "ok", "detail": {"event_streams": len(console.hub)}}
    return {
        "at": rfc3339(moment(now_s)),
        "components": [database, *parts, *broker, own],
        **(figures or {name: known[name] for name in _UNKNOWN}),
    }


async def _write(console: Context) -> dict[str, Any]:
    """How long a write took, or what stands against it."""
    began_s = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await system.write(console.pool)
    except TimeoutError:
        return {"problem": "no-answer"}
    except StoreError:
        return {"problem": "no-writes"}
    return {"answer_ms": round((time.perf_counter() - began_s) * 1000, 1)}


async def _read(console: Context, now_s: float) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The parts that the database knows of, and the figures; nothing where it can't be asked."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            figures = {
                "database": await system.database(console.pool),
                "alert_load": await alerts.load(console.pool, now_s),
                "devices": await positions.counts(console.pool, now_s),
                "latency_s": await positions.latency(console.pool, now_s),
            }
            workers = await system.workers(console.pool)
            shards = await system.shards(console.pool)
            waiting = await unknown.counts(console.pool)
            cameras = await system.recordings(console.pool)
    except (StoreError, TimeoutError):
        return [], None
    return [_ingest(workers, shards, waiting, time.monotonic() - console.began_s), *_cameras(cameras)], figures


def _ingest(
    workers: Sequence[Mapping[str, Any]],
    shards: Sequence[Mapping[str, Any]],
    waiting: Mapping[str, int],
    watched_s: float,
) -> dict[str, Any]:
    """Judged by the worker whose last commit is the oldest, and by the oldest message that waits for any.

    One that has just begun has committed nothing yet: that is not well, and not down.
    """
    age_s = max((worker["committed_s_ago"] for worker in workers), default=max(COMMIT_LATE_S, watched_s))
    waiting_s = max((worker["oldest_waiting_s"] for worker in workers), default=0.0)
    state = "down" if age_s >= COMMIT_GONE_S else "ok"
    if state == "ok" and (age_s >= COMMIT_LATE_S or waiting_s >= WAITING_LATE_S):
        state = "degraded"
    rounded = ("committed_s_ago", "oldest_waiting_s")
    told = [{**worker, **{name: round(worker[name], 1) for name in rounded}} for worker in workers]
    return {"id": "ingest", "state": state, "detail": {"workers": told, "shards": list(shards), **waiting}}


def _cameras(cameras: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Judged by the newest fragment of each camera that should be recorded."""
    if not cameras:
        return []
    ages = {camera["name"]: camera["age_s"] for camera in cameras}
    silent = [name for name, age_s in ages.items() if age_s is None or age_s >= RECORDING_LATE_S]
    state = "ok" if not silent else "degraded" if len(silent) < len(cameras) else "down"
    newest = [age_s for age_s in ages.values() if age_s is not None]
    detail = {
        "cameras": len(cameras),
        "recorded": len(cameras) - len(silent),
        "oldest_s": round(max(newest), 1) if newest else None,
        "silent": silent[:_NAMED],
    }
    return [{"id": "cameras", "state": state, "detail": detail}]


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
        problem = "no-answer" if isinstance(error, TimeoutError) else "unreachable"
        return [{"id": "broker", "state": "down", "detail": where | {"problem": problem}}]
    return [{"id": "broker", "state": "ok", "detail": where}]

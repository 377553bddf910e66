"""What the store calls out (NOTIFY): which alerts changed, that positions moved or a camera's state changed, that there
is a new plan."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import psycopg

from store.queries import queries

_SQL = queries("notices")
_RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Notice:
    """One call. `alerts` are ids; `refetch` says that more changed than could be told: read anew."""

    alerts: tuple[str, ...] = ()
    refetch: bool = False
    positions: bool = False
    cameras: bool = False
    dead_letters: bool = False
    plan: int | None = None
    rules: bool = False


async def listen(dsn: str) -> AsyncIterator[Notice]:
    """Every notice, for ever. It reconnects by itself; whenever it (re)connects it first yields `refetch`, because
    what was called meanwhile is lost."""
    failures = 0
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True, connect_timeout=3)
            async with connection:
                await connection.execute(_SQL["listen"])
                failures = 0
                yield Notice(refetch=True, positions=True, cameras=True)
                async for call in connection.notifies():
                    yield parse(call.payload)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            await asyncio.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
            failures += 1


def parse(payload: str) -> Notice:
    """The notice of a payload; one that can't be understood means: read anew."""
    try:
        told = msgspec.json.decode(payload, type=dict[str, object])
    except msgspec.MsgspecError:
        return Notice(refetch=True, positions=True, cameras=True)
    alerts = told.get("alerts", ())
    plan = told.get("plan")
    return Notice(
        alerts=tuple(str(alert) for alert in alerts) if isinstance(alerts, list | tuple) else (),
        refetch=alerts is None,
        positions=bool(told.get("positions")),
        cameras=bool(told.get("cameras")),
        dead_letters=bool(told.get("dead_letters")),
        plan=plan if isinstance(plan, int) else None,
        rules=bool(told.get("rules")),
    )

"""What is done about alerts, by people and by the clock: each with its line of history, in one transaction."""

from collections.abc import Mapping
from typing import Any

from store.alert_rows import as_json
from store.alerts import alert_number, standing_of
from store.commit_rows import NOTICE_IDS
from store.errors import NotFound
from store.pool import Connection, Pool, borrowed
from store.queries import queries
from store.times import moment
from store.workflow import CLEAR_AFTER_S, ESCALATION_S, Action, Step, decide

_SQL = queries("alert_actions")


async def act(pool: Pool, alert: str, step: Step, *, actor: str, now_s: float) -> None:
    """Does `step`, or raises `NotFound`, `IllegalTransition` or `InvalidAction` and changes nothing."""
    number = alert_number(alert)
    at = moment(now_s)
    async with borrowed(pool) as connection, connection.transaction():
        row = await (await connection.execute(_SQL["lock"], (number,))).fetchone()
        if row is None:
            raise NotFound(f"alert {alert}: there is none with this id")
        standing = standing_of(row)
        decision = decide(standing, step)
        change = {
            "id": number,
            "at": at,
            "actor": actor,
            "action": step.action.value,
            "from_state": standing.state.value,
            "state": decision.to_state.value,
            "kept": step.action is Action.NOTE,
            "shelved_from": decision.shelved_from.value if decision.shelved_from else None,
            "shelved_until": at + decision.shelved_for if decision.shelved_for else None,
            "finding": decision.finding,
            "false_code": decision.false_code,
            "waits_anew": decision.waits_anew,
            "code": decision.finding or decision.false_code,
            "note": step.note,
        }
        await connection.execute(_SQL["move"], change)
        await connection.execute(_SQL["record"], change)
        await _notify(connection, [str(number)])


async def escalate(pool: Pool, now_s: float) -> list[str]:
    """Raises the level of what nobody acknowledged in time; returns the ids."""
    async with borrowed(pool) as connection, connection.transaction():
        raised: dict[str, None] = {}
        for grade, limits in ESCALATION_S.items():
            for level, limit_s in reversed(list(enumerate(limits, start=1))):
                due = {"grade": grade.value, "level": level, "waiting_before": moment(now_s - limit_s)}
                raised |= dict.fromkeys(await _sweep(connection, "escalate", due, now_s))
        await _notify(connection, list(raised))
    return list(raised)


async def expire_shelves(pool: Pool, now_s: float) -> list[str]:
    """Takes from the shelf what lay there long enough; returns the ids."""
    async with borrowed(pool) as connection, connection.transaction():
        ids = await _sweep(connection, "unshelve", {}, now_s)
        await _notify(connection, ids)
    return ids


async def clear_ended(pool: Pool, now_s: float) -> list[str]:
    """Clears C alerts that ended and that nobody took up in a day; returns the ids."""
    async with borrowed(pool) as connection, connection.transaction():
        ids = await _sweep(connection, "clear", {"waiting_before": moment(now_s - CLEAR_AFTER_S)}, now_s)
        await _notify(connection, ids)
    return ids


async def sweep(pool: Pool, now_s: float) -> list[str]:
    """Everything that only the clock does; to be called every few seconds. Returns the ids of what changed."""
    changed = await expire_shelves(pool, now_s)
    changed += await clear_ended(pool, now_s)
    changed += await escalate(pool, now_s)
    return list(dict.fromkeys(changed))


async def _sweep(connection: Connection, query: str, due: Mapping[str, Any], now_s: float) -> list[str]:
    rows = await (await connection.execute(_SQL[query], {**due, "at": moment(now_s)})).fetchall()
    return [str(row["id"]) for row in rows]


async def _notify(connection: Connection, ids: list[str]) -> None:
    if ids:
        await connection.execute(_SQL["notify"], (as_json({"alerts": ids if len(ids) <= NOTICE_IDS else None}),))

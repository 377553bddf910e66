"""Alerts as the console shows them: pages, one with all that belongs to it, how many lately."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from analytics.alerts import Grade
from store import plans, rules
from store.errors import InvalidRecord, NotFound
from store.looks import Sight
from store.pages import Page, bounded, decode_cursor, encode_cursor
from store.pool import Pool, borrowed
from store.queries import queries
from store.times import moment, moment_or_none, rfc3339, rfc3339_or_none, seconds
from store.workflow import OPEN, Standing, State, allowed_actions, escalates_at_s

_SQL = queries("alerts")
_UNIT = re.compile(r"[\w-]+(\.[\w-]+)*")


async def page(
    pool: Pool,
    *,
    state: str = "open",
    grade: str | None = None,
    rule: str | None = None,
    device: str | None = None,
    unit: str | None = None,
    since_s: float | None = None,
    until_s: float | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Alerts, newest raised first. `state` is `open` (withdrawn ones left out), `all`, or one state."""
    if state not in ("open", "all") and state not in State.__members__:
        raise InvalidRecord(f"state {state!r}: expected open, all or one of {', '.join(State)}")
    if unit is not None and not _UNIT.fullmatch(unit):
        raise InvalidRecord(f"unit {unit!r}: expected labels joined by dots")
    after = decode_cursor(cursor, 2) if cursor else None
    limit = bounded(limit)
    filters = {
        "all": state == "all",
        "open": state == "open",
        "states": sorted(OPEN) if state == "open" else [state],
        "grade": grade,
        "rule": rule,
        "device": device,
        "unit": unit,
        "since": moment_or_none(since_s),
        "until": moment_or_none(until_s),
        "after_at": after[0] if after else None,
        "after_id": after[1] if after else None,
        "limit": limit + 1,
    }
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["page"], filters)).fetchall()
    items = [alert_view(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items, encode_cursor(items[-1]["raised_at"], items[-1]["id"]) if more else None)


async def by_ids(pool: Pool, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The alerts with these ids, as rows of the list."""
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["by_ids"], (list(ids),))).fetchall()
    return [alert_view(row) for row in rows]


async def read(pool: Pool, alert: str) -> dict[str, Any]:
    """One alert with its history, amendments, pictures, rule, duty, and the device's alerts of the week before."""
    number = alert_number(alert)
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["by_ids"], ([number],))).fetchone()
        if row is None:
            raise NotFound(f"alert {alert}: there is none with this id")
        history = await (await connection.execute(_SQL["history"], (number,))).fetchall()
        amendments = await (await connection.execute(_SQL["amendments"], (number,))).fetchall()
        pictures = await (await connection.execute(_SQL["pictures"], (number,))).fetchall()
        related = {"device": row["device"], "id": number, "began": row["began"]}
        previous = await (await connection.execute(_SQL["previous"], related)).fetchall()
        rule = await rules.version(connection, row["rule"], row["rule_version"])
        duty = await plans.duty(connection, row["duty"]) if row["duty"] else None
    return alert_view(row) | {
        "history": [step | {"at": rfc3339(step["at"])} for step in history],
        "amendments": [amendment | {"at": rfc3339(amendment["at"])} for amendment in amendments],
        "pictures": [picture | {"taken_at": rfc3339(picture["taken_at"])} for picture in pictures],
        "rule_row": rule,
        "duty_row": duty,
        "previous": [alert_view(earlier) for earlier in previous],
    }


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture that an alert rests on: the folder, the file in it, and what it is of."""

    folder: str
    file: str
    sight: Sight


async def picture(pool: Pool, alert: str, number: int) -> Kept:
    """One picture that an alert rests on."""
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["picture"], (alert_number(alert), number))).fetchone()
    if row is None:
        raise NotFound(f"picture {number} of alert {alert}: there is none")
    return Kept(row["folder"], row["file"], Sight(row["camera"], row["kind"], row["room"]))


async def load(pool: Pool, now_s: float) -> dict[str, int]:
    """How many alerts were raised in the last ten minutes and in the last hour."""
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["load"], {"now": moment(now_s)})).fetchone()
    assert row is not None
    return dict(row)


def alert_number(alert: str) -> UUID:
    """The id as the table has it; what is no UUID is no alert."""
    try:
        return UUID(alert)
    except ValueError as error:
        raise NotFound(f"alert {alert!r}: there is none with this id") from error


def standing_of(row: dict[str, Any]) -> Standing:
    """Where the alert of a row of the table stands."""
    shelved_from = State(row["shelved_from"]) if row["shelved_from"] else None
    return Standing(State(row["state"]), Grade(row["grade"]), shelved_from, row["withdrawn"])


def alert_view(row: dict[str, Any]) -> dict[str, Any]:
    """An alert as the API gives it, with what can be done about it now and when it escalates."""
    standing = standing_of(row)
    escalates_s = escalates_at_s(standing, row["escalation"], seconds(row["waiting_since"]))
    return {
        "id": str(row["id"]),
        "rule": row["rule"],
        "rule_version": row["rule_version"],
        "grade": row["grade"],
        "device": row["device"],
        "duty": row["duty"],
        "from": rfc3339(row["began"]),
        "to": rfc3339_or_none(row["ended"]),
        "lon": row["lon"],
        "lat": row["lat"],
        "detail": row["detail"] | {"noticed": rfc3339(row["noticed"])},
        "state": row["state"],
        "raised_at": rfc3339(row["raised_at"]),
        "escalation": row["escalation"],
        "escalated_at": rfc3339_or_none(row["escalated_at"]),
        "shelved_until": rfc3339_or_none(row["shelved_until"]),
        "withdrawn": row["withdrawn"],
        "finding": row["finding"],
        "false_code": row["false_code"],
        "unit": row["unit"],
        "actions": [action.value for action in allowed_actions(standing)],
        "escalates_at": rfc3339_or_none(moment_or_none(escalates_s)),
    }

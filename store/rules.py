"""Rules as the bureau edits them: rows with a version; an edit is a new row, the old stay to explain old alerts."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row

from analytics.rulebook import Rulebook, Text
from store.alert_rows import as_json
from store.errors import InvalidRecord, NotFound
from store.pool import Connection, Pool, borrowed
from store.queries import queries
from store.times import moment, rfc3339, rfc3339_or_none

_SQL = queries("rules")
_EDITABLE = frozenset({"grade", "enabled", "parameters", "basis"})


async def current(pool: Pool) -> list[dict[str, Any]]:
    """The newest version of every rule."""
    async with borrowed(pool) as connection:
        return [_view(row) for row in await (await connection.execute(_SQL["current"])).fetchall()]


async def versions(pool: Pool, rule: str) -> list[dict[str, Any]]:
    """All versions of one rule, newest first."""
    async with borrowed(pool) as connection:
        return [_view(row) for row in await (await connection.execute(_SQL["versions"], (rule,))).fetchall()]


async def version(connection: Connection, rule: str, number: int) -> dict[str, Any] | None:
    """One version of one rule, as an alert of then rests on it."""
    row = await (await connection.execute(_SQL["version"], (rule, number))).fetchone()
    return None if row is None else _view(row)


async def edit(pool: Pool, rule: str, changes: Mapping[str, Any], *, author: str, now_s: float) -> dict[str, Any]:
    """A new version with `changes` (grade, enabled, basis; parameters are merged into the known ones).

    The values are expected to be checked (`Rulebook.amended`).
    """
    if unknown := sorted(set(changes) - _EDITABLE):
        raise InvalidRecord(
            f"rule {rule}: {', '.join(unknown)} can't be edited, expected {', '.join(sorted(_EDITABLE))}"
        )
    told = {
        "id": rule,
        "grade": changes.get("grade"),
        "enabled": changes.get("enabled"),
        "parameters": as_json(changes["parameters"]) if changes.get("parameters") is not None else None,
        "basis": as_json(changes["basis"]) if changes.get("basis") is not None else None,
        "author": author,
        "at": moment(now_s),
    }
    try:
        async with borrowed(pool) as connection, connection.transaction():
            await connection.execute(_SQL["lock"])
            row = await (await connection.execute(_SQL["edit"], told)).fetchone()
            if row is None:
                raise NotFound(f"rule {rule}: there is none with this id")
            await connection.execute(_SQL["notify"])
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise InvalidRecord(f"rule {rule}: {error}") from error
    return _view(row)


def seed(connection: psycopg.Connection[Any], book: Rulebook, now_s: float) -> int:
    """Adds the rules of the catalogue that are not known yet; returns how many."""
    rows = [
        {
            "id": rule.id,
            "version": rule.version,
            "grade": rule.grade.value,
            "enabled": rule.enabled,
            "parameters": dict(rule.values),
            "basis": _text(rule.basis),
            "title": _text(rule.title),
            "meaning": _text(rule.meaning),
            "action": _text(rule.action),
        }
        for rule in book.rules.values()
    ]
    return connection.execute(_SQL["seed"], {"rows": as_json(rows), "at": moment(now_s)}).rowcount


def settings(connection: psycopg.Connection[Any]) -> dict[str, dict[str, Any]]:
    """The current rules as a document for `Rulebook.amended`."""
    return {
        row["id"]: {"version": row["version"], "grade": row["grade"], "enabled": row["enabled"], **row["parameters"]}
        for row in connection.cursor(row_factory=dict_row).execute(_SQL["current"])
    }


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _view(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "saved_at": rfc3339(row["saved_at"]),
        "effective_from": rfc3339_or_none(row["effective_from"]),
        "effective_to": rfc3339_or_none(row["effective_to"]),
    }

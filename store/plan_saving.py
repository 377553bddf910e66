"""Saving a plan: the document as it is, and its features, duties, devices and units as rows. One transaction.

The steps are a generator that never touches a socket: it yields a query and is sent the first row of the answer. So the
ledger (sync) and the console (async) walk the same way.
"""

import hashlib
from collections.abc import Generator, Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row

from store.alert_rows import as_json
from store.errors import InvalidRecord
from store.queries import queries
from store.times import moment

_SQL = queries("plans")

Ask = tuple[bytes, Mapping[str, Any]]
Steps = Generator[Ask, dict[str, Any] | None, int]


def steps(document: Mapping[str, Any], author: str, now_s: float) -> Steps:
    """The steps that save `document`; the result is its version.

    The document is expected to be checked (`analytics.planning`).
    """
    text = as_json(document)
    digest = hashlib.sha256(text.encode()).digest()
    yield _SQL["lock"], {}
    newest = yield _SQL["newest_digest"], {}
    if newest is not None and bytes(newest["sha256"]) == digest:
        return int(newest["version"])
    version = 1 if newest is None else int(newest["version"]) + 1
    yield (
        _SQL["insert"],
        {"version": version, "document": text, "sha256": digest, "author": author, "at": moment(now_s)},
    )
    for name in (
        "project_shapes",
        "project_duties",
        "register_devices",
        "describe_devices",
        "project_units",
        "notify",
    ):
        yield _SQL[name], {"version": version}
    return version


def refused(error: psycopg.Error) -> InvalidRecord:
    """What is said of a plan that the schema does not take."""
    return InvalidRecord(f"plan: {error.diag.message_primary or error}")


def save(connection: psycopg.Connection[Any], document: Mapping[str, Any], author: str, now_s: float) -> int:
    """Walks the steps, inside the caller's transaction."""
    walk = steps(document, author, now_s)
    cursor = connection.cursor(row_factory=dict_row)
    try:
        query, parameters = next(walk)
        while True:
            cursor.execute(query, parameters)
            query, parameters = walk.send(cursor.fetchone() if cursor.description else None)
    except StopIteration as done:
        return int(done.value)
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
        raise refused(error) from error


def current(connection: psycopg.Connection[Any]) -> tuple[int, dict[str, Any]] | None:
    """The newest plan, with its version."""
    row = connection.execute(_SQL["current"]).fetchone()
    return None if row is None else (int(row[0]), row[1])

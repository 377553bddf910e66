"""Exports as people see to them: asked for by one, decided by another, downloaded; each with its line of history.

The footage is held from the moment somebody asks for it: nothing may vanish between the asking and the approving, and
what was worth exporting is evidence, of which the original is asked for long after the ZIP is gone. A rejection
releases it, otherwise a person does.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from store import holds
from store.errors import Conflict, InvalidRecord, NotFound
from store.names import same_person, told_name
from store.pages import Page, bounded, decode_cursor, encode_cursor
from store.pool import Connection, Pool, borrowed
from store.queries import queries
from store.requests import number_of, told_cameras, told_span, told_text
from store.times import moment, rfc3339, rfc3339_or_none

_SQL = queries("exports")

HOURS_LIMIT = 24
CAMERAS_LIMIT = 8  # an export holds every leaf of the sessions concerned, and whoever verifies it reads them all
SETTLED_S = 30  # until a recorder has surely stored and signed what happened


class State(StrEnum):
    """Where an export stands."""

    REQUESTED = "requested"
    REJECTED = "rejected"
    APPROVED = "approved"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"
    REMOVED = "removed"  # it was there; only the row stays


APPROVABLE = frozenset({State.REQUESTED, State.FAILED, State.REMOVED})
REJECTABLE = frozenset({State.REQUESTED, State.FAILED})


class TooRecent(InvalidRecord):
    """The recorder may not have signed the end of the range yet."""

    kind = "too-recent"


class NotRecorded(InvalidRecord):
    """Nothing is recorded of a camera in the range."""

    kind = "not-recorded"


class ExportConflict(Conflict):
    """The export's present state does not allow it."""

    kind = "export-conflict"


class SamePerson(Conflict):
    """Who asks for footage can't approve that."""

    kind = "same-person"


async def request(
    pool: Pool,
    *,
    cameras: Sequence[str],
    from_s: float,
    to_s: float,
    case_number: str,
    reason: str,
    by: str,
    now_s: float,
) -> dict[str, Any]:
    """Somebody asks for what some cameras of one recorder recorded in a range; from now on it is held.

    Raises:
        InvalidRecord: where something told is not as expected, or there is nothing recorded of a camera.
    """
    told: dict[str, Any] = {
        "id": uuid4(),
        "cameras": told_cameras(cameras, CAMERAS_LIMIT),
        "case_number": told_text("case_number", case_number),
        "reason": told_text("reason", reason),
        "by": told_name("requested_by", by),
        "at": moment(now_s),
    }
    told["from"], told["to"] = told_span(from_s, to_s, hours=HOURS_LIMIT)
    if to_s > now_s - SETTLED_S:
        expected = f"expected a time that is past by {SETTLED_S} s, so that the recorder has signed it"
        raise TooRecent(f"to {rfc3339(told['to'])}: {expected}", "to")
    async with borrowed(pool) as connection, connection.transaction():
        told["folder"] = await _folder(connection, told)
        await connection.execute(_SQL["insert"], told)
        await holds.place_for_export(connection, told["id"], told)
        await _note(connection, told, "requested", told["reason"])
    return await read(pool, str(told["id"]))


async def approve(pool: Pool, export: str, *, by: str, now_s: float) -> dict[str, Any]:
    """Somebody else approves: it is made, or made again where that failed or the file was removed.

    Raises:
        SamePerson: who asked approves.
        ExportConflict: it is rejected, being made, or there.
    """
    told: dict[str, Any] = {"id": number_of("export", export), "by": told_name("approved_by", by), "at": moment(now_s)}
    async with borrowed(pool) as connection, connection.transaction():
        row = await _locked(connection, told["id"], export)
        if same_person(row["requested_by"], told["by"]):
            raise SamePerson(f"approved_by: {told['by']} asked for it; expected another person")
        _expect(export, row, APPROVABLE)
        await connection.execute(_SQL["approve"], told)
        await _note(connection, told, "approved", None)
    return await read(pool, export)


async def reject(pool: Pool, export: str, *, by: str, reason: str, now_s: float) -> dict[str, Any]:
    """It is not to be made; what was asked for is not held any more. Who asked may do so too. ExportConflict as of
    :func:`approve`."""
    told: dict[str, Any] = {
        "id": number_of("export", export),
        "by": told_name("rejected_by", by),
        "reason": told_text("reason", reason),
        "at": moment(now_s),
    }
    async with borrowed(pool) as connection, connection.transaction():
        row = await _locked(connection, told["id"], export)
        _expect(export, row, REJECTABLE)
        await connection.execute(_SQL["reject"], told)
        await holds.release_of_export(connection, told)
        await _note(connection, told, "rejected", told["reason"])
    return await read(pool, export)


async def download(pool: Pool, export: str, *, by: str, part: str | None, there: bool, now_s: float) -> dict[str, Any]:
    """Somebody takes the file, or a `part` of it; that is in the history before a byte is given. `there`: whether the
    file is.

    Raises:
        ExportConflict: it is not ready, or the file is gone.
    """
    told: dict[str, Any] = {"id": number_of("export", export), "by": told_name("by", by), "at": moment(now_s)}
    async with borrowed(pool) as connection, connection.transaction():
        row = await _locked(connection, told["id"], export)
        _expect(export, row, frozenset({State.READY}))
        if not there:
            raise ExportConflict(f"export {export}: its file is not where it was made; expected it in [exports] folder")
        await _note(connection, told, "downloaded", part)
    return await read(pool, export)


async def page(pool: Pool, *, cursor: str | None = None, limit: int = 50) -> Page:
    """Exports, newest asked for first."""
    after = decode_cursor(cursor, 2) if cursor else (None, None)
    limit = bounded(limit)
    filters = {"after_at": after[0], "after_id": after[1], "limit": limit + 1}
    async with borrowed(pool) as connection:
        rows = await (await connection.execute(_SQL["page"], filters)).fetchall()
    items = [_view(row) for row in rows[:limit]]
    return Page(items, encode_cursor(items[-1]["requested_at"], items[-1]["id"]) if len(rows) > limit else None)


async def read(pool: Pool, export: str) -> dict[str, Any]:
    """One export with its history; NotFound where there is none."""
    number = number_of("export", export)
    async with borrowed(pool) as connection:
        row = await (await connection.execute(_SQL["one"], (number,))).fetchone()
        if row is None:
            raise NotFound(f"export {export}: there is none with this id")
        history = await (await connection.execute(_SQL["history"], (number,))).fetchall()
    return _view(row) | {"history": [entry | {"at": rfc3339(entry["at"])} for entry in history]}


async def _folder(connection: Connection, told: dict[str, Any]) -> str:
    """The folder of the recorder that all the cameras belong to."""
    rows = await (await connection.execute(_SQL["cameras"], told)).fetchall()
    known = {row["id"]: row for row in rows}
    for camera in told["cameras"]:
        if camera not in known:
            raise InvalidRecord(f"cameras: {camera}: expected the id of a camera", "cameras")
        if not known[camera]["recorded"]:
            span = f"from {rfc3339(told['from'])} to {rfc3339(told['to'])}"
            detail = f"cameras: {camera}: nothing is recorded {span}; expected a range with footage"
            raise NotRecorded(detail, "cameras")
        if known[camera]["folders"] > 1:
            detail = f"cameras: {camera}: its recorder began another log in the range; ask for what lies in each"
            raise InvalidRecord(detail, "cameras")
    folders = {row["folder"] for row in rows}
    if len(folders) > 1:
        raise InvalidRecord("cameras: expected cameras of one recorder; ask for those of each on their own", "cameras")
    return str(folders.pop())


async def _locked(connection: Connection, number: UUID, export: str) -> dict[str, Any]:
    row = await (await connection.execute(_SQL["lock"], (number,))).fetchone()
    if row is None:
        raise NotFound(f"export {export}: there is none with this id")
    return row


def _expect(export: str, row: dict[str, Any], states: frozenset[State]) -> None:
    if State(row["state"]) not in states:
        expected = " or ".join(sorted(states))
        raise ExportConflict(f"export {export}: is {row['state']}; expected one that is {expected}")


async def _note(connection: Connection, told: dict[str, Any], did: str, detail: str | None) -> None:
    line = {"id": told["id"], "at": told["at"], "did": did, "actor": told["by"], "detail": detail}
    await connection.execute(_SQL["note"], line)


def _view(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "cameras": row["cameras"],
        "from": rfc3339(row["begins"]),
        "to": rfc3339(row["ends"]),
        "case_number": row["case_number"],
        "reason": row["reason"],
        "state": row["state"],
        "progress": row["progress"],
        "requested_by": row["requested_by"],
        "requested_at": rfc3339(row["requested_at"]),
        "decided_by": row["decided_by"],
        "decided_at": rfc3339_or_none(row["decided_at"]),
        "problem": row["problem"],
        "bytes": row["bytes"],
        "sha256": row["sha256"].hex() if row["sha256"] else None,
        "intact": row["intact"],
        "findings": row["findings"] or [],
        "ready_at": rfc3339_or_none(row["ready_at"]),
        "expires_at": rfc3339_or_none(row["expires_at"]),
        "downloads": row["downloads"],
        "hold": str(row["hold"]) if row["hold"] else None,
        "held": row["hold"] is not None and not row["hold_released"],
    }

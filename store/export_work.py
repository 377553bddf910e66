"""Exports as they are made: one at a time, by whoever's turn it is; if that one dies, the next begins anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from store.errors import StoreUnavailable
from store.queries import queries
from store.times import moment, rfc3339, seconds

_SQL = queries("export_work")
_OPTIONS = "-c timezone=UTC -c statement_timeout=10000"

ACTOR = "ducha"


@dataclass(frozen=True, slots=True)
class Task:
    """An export that is to be made; times in Unix seconds. `attempts` counts this one, since somebody approved."""

    id: UUID
    cameras: tuple[str, ...]
    folder: str
    from_s: float
    to_s: float
    case_number: str
    reason: str
    requested_by: str
    approved_by: str
    attempts: int
    history: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one: its size in bytes and its SHA-256, what its verification said, and the signed head it carries
    as a note."""

    size: int
    sha256: bytes
    intact: bool
    findings: Sequence[str]
    head: str | None = None


class ExportWork:
    """One connection; use it as `with ExportWork(dsn) as work`. Every method may raise StoreUnavailable: then it is
    nobody's turn any more, and all begins anew with a new one."""

    def __init__(self, dsn: str) -> None:
        try:
            self._connection: psycopg.Connection[dict[str, Any]] = psycopg.connect(
                dsn, autocommit=True, row_factory=dict_row, connect_timeout=3, options=_OPTIONS
            )
        except psycopg.OperationalError as error:
            raise StoreUnavailable(str(error).strip()) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def take_turn(self) -> bool:
        """Whether it is this one's turn to make exports, from now until the connection ends."""
        (row,) = self._rows("take_turn")
        return bool(row["pg_try_advisory_lock"])

    def next(self) -> Task | None:
        """The export to be made next, which from now on is being made; None where there is none."""
        for row in self._rows("next"):
            history = [
                {name: value for name, value in (line | {"at": rfc3339(line["at"])}).items() if value is not None}
                for line in self._rows("history", (row["id"],))
            ]
            return Task(
                id=row["id"],
                cameras=tuple(row["cameras"]),
                folder=row["folder"],
                from_s=seconds(row["begins"]),
                to_s=seconds(row["ends"]),
                case_number=row["case_number"],
                reason=row["reason"],
                requested_by=row["requested_by"],
                approved_by=row["decided_by"],
                attempts=row["attempts"],
                history=tuple(history),
            )
        return None

    def progress(self, task: Task, fraction: float) -> None:
        """How far it is, from 0 to 1."""
        self._do("progress", {"id": task.id, "progress": min(1.0, max(0.0, fraction))})

    def made(self, task: Task, result: Result, *, keep_days: float, now_s: float) -> None:
        """It is there, for so many days."""
        at = moment(now_s)
        told = {
            "id": task.id,
            "bytes": result.size,
            "sha256": result.sha256,
            "intact": result.intact,
            "findings": list(result.findings),
            "head": result.head,
            "at": at,
            "expires": at + timedelta(days=keep_days),
        }
        self._do("made", told, did="made", detail=f"sha256 {result.sha256.hex()}")

    def failed(self, task: Task, problem: str, *, now_s: float) -> None:
        """It could not be made, and why."""
        self._do("failed", {"id": task.id, "problem": problem, "at": moment(now_s)}, did="failed", detail=problem)

    def put_back(self, export: UUID) -> None:
        """It was left, and that is not to count as an attempt."""
        self._do("put_back", {"id": export})

    def expired(self, now_s: float) -> list[UUID]:
        """Those whose files are to be removed."""
        return [row["id"] for row in self._rows("expired", (moment(now_s),))]

    def removed(self, export: UUID, *, now_s: float) -> None:
        """The file is gone."""
        self._do("removed", {"id": export, "at": moment(now_s)}, did="removed")

    def _do(self, name: str, told: dict[str, Any], *, did: str | None = None, detail: str | None = None) -> None:
        try:
            with self._connection.transaction():
                self._connection.execute(_SQL[name], told)
                if did is not None:
                    line = {"id": told["id"], "at": told["at"], "did": did, "actor": ACTOR, "detail": detail}
                    self._connection.execute(_SQL["note"], line)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise StoreUnavailable(str(error).strip()) from error

    def _rows(self, name: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        try:
            return self._connection.execute(_SQL[name], values).fetchall()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise StoreUnavailable(str(error).strip()) from error

"""The one writer: fixes, alerts and engine state in one transaction, which may be repeated without harm.

A commit is one pipeline, so one round trip and one wait for the disk, whatever it holds. When the database goes away,
even in the middle, the call raises :class:`StoreUnavailable`; the caller repeats the same call (same `received_s`)
until it goes through, and nothing is lost or doubled.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.rows import dict_row

from analytics.alerts import Alert, AlertChange
from analytics.fixes import DeviceTable, FixBatch
from analytics.interrogations import Interrogation
from analytics.outcome import Checkpoint, Crossing
from analytics.rulebook import Rulebook
from store import arrays, commit_rows, plan_saving, rules
from store.alert_rows import alert_of, amendment_rows, as_json, final_rows
from store.errors import CommitRefused
from store.interrogations import open_rooms
from store.queries import queries
from store.records import AlertPicture, Batch, Committed, DeadLetter, DeviceStatus, RecordedGap, Sight
from store.times import moment, seconds
from store.writer import Writer

_COMMIT = queries("commit")
_LEDGER = queries("ledger")

FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2099, 12, 31)
CHUNK = 10_000  # fixes a statement: larger arrays are slower, not faster

Statement = tuple[bytes, Any]  # a query and its parameters


class Ledger(Writer):
    """The writer of everything that is judged. `name` tells apart the checkpoints of several workers."""

    def __init__(self, dsn: str, *, name: str = "ingest") -> None:
        super().__init__(dsn)
        self._name = name
        self._days: set[int] = set()

    # --- writing ---

    def commit(
        self,
        fixes: FixBatch,
        changes: Sequence[AlertChange] = (),
        crossings: Sequence[Crossing] = (),
        dead_letters: Sequence[DeadLetter] = (),
        statuses: Sequence[DeviceStatus] = (),
        checkpoint: Checkpoint | None = None,
        *,
        pictures: Sequence[AlertPicture] = (),
        received_s: float,
    ) -> Committed:
        """Writes everything or nothing; pings among `fixes` are stored apart. `received_s`, the server's clock, is when
        alerts count as raised."""
        batch = Batch(fixes, changes, crossings, dead_letters, statuses, checkpoint, pictures)
        return self._write(batch, (), received_s)

    def _write(self, batch: Batch, before: Sequence[Statement], received_s: float) -> Committed:
        """As :meth:`commit`. Statements `before` are the first of the transaction; they must bear being repeated."""
        if self._days:
            try:
                return self._commit(batch, before, moment(received_s))
            except CommitRefused as error:
                # Retention may have dropped a day that we remember as made; what we remember is forgotten now.
                if not isinstance(error.__cause__, psycopg.errors.CheckViolation):
                    raise
        return self._commit(batch, before, moment(received_s))

    def _commit(self, batch: Batch, before: Sequence[Statement], at: datetime) -> Committed:
        fixes, ping = batch.fixes, batch.fixes.is_ping
        pings, fixes = fixes.take(ping), fixes.take(~ping) if ping.any() else fixes
        alerts = final_rows(batch.changes)
        ids = tuple(row["id"] for row in alerts)
        days = self._new_days(fixes)
        with self._session() as connection:
            with connection.pipeline(), connection.transaction():
                for query, values in before:
                    connection.execute(query, values, prepare=True)
                for day in days:
                    connection.execute(_COMMIT["ensure_day"], (FIRST_DAY + timedelta(days=day),), prepare=True)
                inserted = self._write_fixes(connection, fixes, at)
                if len(pings):
                    device, t, *_ = arrays.fix_columns(pings)
                    connection.execute(_COMMIT["insert_pings"], {"device": device, "t": t, "at": at}, prepare=True)
                if alerts:
                    connection.execute(_COMMIT["write_alerts"], {"rows": as_json(alerts), "at": at}, prepare=True)
                if amendments := amendment_rows(batch.changes):
                    connection.execute(_COMMIT["write_amendments"], (at, as_json(amendments)), prepare=True)
                if batch.pictures:
                    rows = commit_rows.picture_rows(batch.pictures)
                    connection.execute(_COMMIT["write_pictures"], (rows,), prepare=True)
                if batch.crossings:
                    rows = commit_rows.crossing_rows(batch.crossings)
                    connection.execute(_COMMIT["write_crossings"], (rows,), prepare=True)
                for letter in commit_rows.letter_rows(batch.dead_letters, at):
                    connection.execute(_COMMIT["write_dead_letter"], letter, prepare=True)
                if batch.statuses:
                    rows = commit_rows.status_rows(batch.statuses)
                    connection.execute(_COMMIT["write_statuses"], (rows,), prepare=True)
                if (checkpoint := batch.checkpoint) is not None:
                    row = {"name": self._name, "payload": checkpoint.payload, "since": moment(checkpoint.since_s)}
                    connection.execute(_COMMIT["write_checkpoint"], row | {"at": at}, prepare=True)
                any_fixes = len(fixes) + len(pings) > 0
                notice = commit_rows.notice(ids, any_fixes, bool(batch.statuses), bool(batch.dead_letters))
                if notice:
                    connection.execute(_COMMIT["notify"], (as_json(notice),), prepare=True)
            new_fixes = sum(cursor.rowcount for cursor in inserted)
        self._days.update(days)
        return Committed(new_fixes=new_fixes, alerts=ids)

    def register(
        self,
        names: Sequence[str],
        kinds: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
    ) -> NDArray[np.int32]:
        """The numbers of `names`, in their order; names not known get the next free numbers, without gaps. Somebody
        named them: where they were only heard before, they are introduced."""
        return self._number(_LEDGER["register"], names, kinds, units)

    def _number(
        self,
        register: bytes,
        names: Sequence[str],
        kinds: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
    ) -> NDArray[np.int32]:
        told = [
            {"name": name, "kind": (kinds or {}).get(name), "unit": (units or {}).get(name)}
            for name in names
            if name in (kinds or {}) or name in (units or {})
        ]
        with self._session() as connection, connection.transaction():
            connection.execute(register, (list(names),))
            if told:
                connection.execute(_LEDGER["describe_devices"], (as_json(told),))
            numbers = dict(connection.execute(_LEDGER["numbers"], (list(names),)).fetchall())
        return np.array([numbers[name] for name in names], np.int32)

    def save_plan(self, document: Mapping[str, Any], author: str, *, now_s: float) -> int:
        """Keeps `document` as the newest plan and returns its version; the current one saved again stays as it is."""
        with self._session() as connection, connection.transaction():
            return plan_saving.save(connection, document, author, now_s)

    def saw(self, sights: Sequence[Sight], *, changed: bool) -> None:
        """Keeps what cameras showed last; `changed` tells the consoles."""
        with self._session() as connection, connection.transaction():
            connection.execute(_LEDGER["saw"], (commit_rows.sight_rows(sights),), prepare=True)
            if changed:
                connection.execute(_COMMIT["notify"], (as_json({"cameras": True}),), prepare=True)

    def worked(self, waiting: int, oldest_waiting_s: float) -> None:
        """Notes that this worker commits now, how many messages wait for it, and how long the oldest has waited."""
        with self._session() as connection:
            connection.execute(_LEDGER["worked"], (self._name, waiting, oldest_waiting_s), prepare=True)

    def seed_rules(self, book: Rulebook, *, now_s: float) -> int:
        """Adds the rules of the catalogue that the table does not know yet; returns how many."""
        with self._session() as connection, connection.transaction():
            return rules.seed(connection, book, now_s)

    def retain(self, days: int, *, now_s: float) -> int:
        """Drops fixes older than `days` whole UTC days, and dead letters as old; returns the number of days dropped."""
        if days < 1:
            raise ValueError(f"retain: expected at least 1 day, got {days}")
        first = moment(now_s).astimezone(UTC).date() - timedelta(days=days)
        with self._session() as connection, connection.transaction():
            connection.execute(_LEDGER["lock_timeout"])
            row = connection.execute(_LEDGER["drop_fix_days"], (first,)).fetchone()
            connection.execute(_LEDGER["drop_signs_of_life"], (first,))
            connection.execute(_LEDGER["drop_dead_letters"], (first,))
        self._days.clear()
        return int(row[0]) if row else 0

    # --- reading, for the engine to resume ---

    def devices(self) -> DeviceTable:
        """All devices, numbered as in the database."""
        with self._session() as connection:
            return DeviceTable(name for (name,) in connection.execute(_LEDGER["devices"]))

    def checkpoint(self) -> Checkpoint | None:
        """The engine state of the last commit that carried one."""
        with self._session() as connection:
            row = connection.execute(_LEDGER["checkpoint"], (self._name,)).fetchone()
        return None if row is None else Checkpoint(payload=bytes(row[0]), since_s=seconds(row[1]))

    def fixes_since(self, t_s: float, devices: Sequence[int] | NDArray[np.integer] | None = None) -> FixBatch:
        """Fixes later than `t_s`, of all devices or of those numbered, in the order of time."""
        return self._copy_fixes("fixes_since", _since(t_s, devices))

    def history_since(self, t_s: float, devices: Sequence[int] | NDArray[np.integer] | None = None) -> FixBatch:
        """The same with the pings among them: all that an engine is to go on from."""
        return self._copy_fixes("history_since", _since(t_s, devices))

    def fixes_of(self, device: int, from_s: float, to_s: float) -> FixBatch:
        """One device's fixes from `from_s` to `to_s`, both included, in the order of time."""
        return self._copy_fixes("fixes_of", (device, moment(from_s), moment(to_s)))

    def alerts_known(self, since_s: float, rules: Iterable[str], devices: Sequence[str] | None = None) -> list[Alert]:
        """Alerts of `rules`, of all devices or of those named, that still last, or that ended or were noticed since
        `since_s`; withdrawn ones are left out."""
        values = {"since": moment(since_s), "rules": list(rules), "devices": None if devices is None else list(devices)}
        with self._session() as connection, connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(_LEDGER["alerts_known"], values)
            return [alert_of(row) for row in cursor]

    def latest_s(self) -> float | None:
        """Event time of the newest position; None where there is none yet."""
        with self._session() as connection:
            row = connection.execute(_LEDGER["latest"]).fetchone()
        return None if row is None or row[0] is None else seconds(row[0])

    def recorded_gaps(self, since_s: float) -> list[RecordedGap]:
        """The gaps of recordings that end later than `since_s`, stream by stream in order."""
        with self._session() as connection:
            rows = connection.execute(_LEDGER["recorded_gaps"], (moment(since_s),)).fetchall()
        return [
            RecordedGap(stream, seq, seconds(begins), seconds(ends), reason, log)
            for stream, seq, begins, ends, reason, log in rows
        ]

    def followed_by_others(self, recorder: str) -> set[str]:
        """What alerts may be about that the others of `recorder` follow: their cameras, and each recorder itself."""
        with self._session() as connection:
            return {camera for (camera,) in connection.execute(_LEDGER["followed_by_others"], (recorder,))}

    def interrogations(self) -> dict[str, Interrogation]:
        """The open interrogations by room."""
        with self._session() as connection:
            return open_rooms(connection)

    def plan(self) -> tuple[int, dict[str, Any]] | None:
        """The current plan, with its version."""
        with self._session() as connection:
            return plan_saving.current(connection)

    def rule_settings(self) -> dict[str, dict[str, Any]]:
        """The current rules as the bureau edited them, as a document for `Rulebook.amended`."""
        with self._session() as connection:
            return rules.settings(connection)

    # --- inside ---

    def _write_fixes(
        self, connection: psycopg.Connection[Any], fixes: FixBatch, at: datetime
    ) -> list[psycopg.Cursor[Any]]:
        inserted = []
        for first in range(0, len(fixes), CHUNK):
            part = arrays.fix_columns(fixes.take(slice(first, first + CHUNK)))
            inserted.append(connection.execute(_COMMIT["insert_fixes"], part, prepare=True))
        if inserted:
            newest = arrays.fix_columns(fixes.take(_newest(fixes)))
            connection.execute(_COMMIT["move_positions"], (at, *newest), prepare=True)
        return inserted

    def _new_days(self, fixes: FixBatch) -> list[int]:
        days = np.unique(np.floor(fixes.t_s / 86400.0)).astype(int) - (FIRST_DAY - date(1970, 1, 1)).days
        if len(days) and (days[0] < 0 or days[-1] > (LAST_DAY - FIRST_DAY).days):
            raise CommitRefused(f"a fix outside {FIRST_DAY} to {LAST_DAY}: expected such times to be sorted out before")
        return [int(day) for day in days if int(day) not in self._days]

    def _copy_fixes(self, query: str, parameters: Any) -> FixBatch:
        with self._session() as connection, connection.cursor().copy(_LEDGER[query], parameters) as copy:
            return arrays.read_fixes(copy)

    def _connected(self, connection: psycopg.Connection[Any]) -> None:
        arrays.register(connection)

    def _forget(self) -> None:
        self._days.clear()  # a day made in a transaction that failed is not there
        super()._forget()


def _since(t_s: float, devices: Sequence[int] | NDArray[np.integer] | None) -> dict[str, Any]:
    numbers = None if devices is None else [int(number) for number in devices]
    return {"since": moment(t_s), "devices": numbers}


def _newest(fixes: FixBatch) -> NDArray[np.intp]:
    """The index of each device's newest fix; of equals the first, as the table keeps the first."""
    place = -np.arange(len(fixes))
    order = np.lexsort((place, fixes.t_s, fixes.device))
    device = fixes.device[order]
    last = np.append(device[1:] != device[:-1], True)
    newest: NDArray[np.intp] = order[last]
    return newest

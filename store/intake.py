"""What an ingest worker alone writes and reads: the commit with what it leaves for later, and what waits since then."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from analytics.fixes import FixBatch
from store import arrays
from store.alert_rows import as_json
from store.errors import CommitRefused, LeaseLost
from store.lease import Lease
from store.ledger import CHUNK, Ledger, Statement
from store.queries import queries
from store.records import AsideReason, Batch, Committed, Deferred, Held, WantedLetter
from store.times import moment, seconds

_SQL = queries("intake")
_LEDGER = queries("ledger")


_TAKEN_OVER = "DL001"
UNKNOWN_MOST = 1_000  # devices that nobody has accepted, and fixes of each
LETTERS_MOST, LETTERS_BYTES = 10_000, 64 << 20
_TRIM_LETTERS: Statement = (_SQL["trim_dead_letters"], {"most": LETTERS_MOST - 1, "bytes": LETTERS_BYTES})


class Intake(Ledger):
    """The ledger of an ingest worker. With a `lease` it speaks to the database only while its shard is its own."""

    def __init__(self, dsn: str, *, name: str = "ingest", lease: Lease | None = None) -> None:
        super().__init__(dsn, name=name)
        self._lease = lease

    def take(self, batch: Batch, deferred: Deferred = Deferred(), *, received_s: float) -> Committed:
        """One commit, and what it leaves for later, in one transaction.

        Raises:
            LeaseLost: where another worker has taken the shard over.
        """
        fence = [] if self._lease is None else [self._lease.check()]
        trim = [_TRIM_LETTERS] if batch.dead_letters else []
        try:
            return self._write(batch, [*fence, *_deferring(deferred, received_s), *trim], received_s)
        except CommitRefused as error:
            if isinstance(error.__cause__, psycopg.Error) and error.__cause__.sqlstate == _TAKEN_OVER:
                raise LeaseLost(str(error)) from error
            raise

    def late_history(self, devices: Sequence[int] | None = None) -> dict[int, float]:
        """The devices, all or of those numbered, that have stored fixes which the engine has not walked; and the event
        time of the earliest of these."""
        with self._session() as connection:
            values = {"devices": None if devices is None else list(devices)}
            rows = connection.execute(_SQL["late_history"], values).fetchall()
        return {device: seconds(since) for device, since in rows}

    def numbers(self, names: Sequence[str]) -> dict[str, int]:
        """The numbers of those devices among `names` that are known."""
        with self._session() as connection:
            return dict(connection.execute(_LEDGER["numbers"], (list(names),)).fetchall())

    def admit(self, names: Sequence[str], units: Mapping[str, str]) -> None:
        """Names that were only heard get numbers too, with the units that their topics told."""
        self._number(_SQL["admit"], names, units=units)

    def only_heard(self) -> list[int]:
        """The devices that nobody named: a plan, an import, a person."""
        with self._session() as connection:
            return [device for (device,) in connection.execute(_SQL["only_heard"])]

    def accepted(self) -> list[int]:
        """The devices with fixes of the time before they were accepted, still to be taken in."""
        with self._session() as connection:
            return [device for (device,) in connection.execute(_SQL["accepted"], prepare=True)]

    def wanted_letters(self, limit: int) -> list[WantedLetter]:
        """Dead letters that somebody wants to be read again."""
        with self._session() as connection:
            rows = connection.execute(_SQL["wanted_letters"], (limit,), prepare=True).fetchall()
        return [WantedLetter(topic, bytes(sha256), bytes(payload), last_at) for topic, sha256, payload, last_at in rows]

    def want_mistimed(self, since_s: float) -> None:
        """Have dead letters read again that were refused for their time alone, and came since a time."""
        with self._session() as connection:
            connection.execute(_SQL["want_mistimed"], (moment(since_s),))

    def replayed(self, letter: WantedLetter) -> None:
        """A wanted letter was read again: it is gone, unless it was refused again."""
        values = {"topic": letter.topic, "sha256": letter.sha256, "last_at": letter.last_at}
        with self._session() as connection:
            connection.execute(_SQL["replayed"], values)

    def device_units(self) -> dict[str, str]:
        """The unit of each device that has one."""
        with self._session() as connection:
            return dict(connection.execute(_SQL["device_units"]).fetchall())

    def history_page(self, device: int, after_s: float, limit: int) -> FixBatch:
        """The next stored fixes and pings of one device later than a time, in the order of time."""
        return self._copied(_SQL["history_page"], {"device": device, "after": moment(after_s), "limit": limit})

    def waiting(self, reason: AsideReason) -> dict[int, int]:
        """How many fixes of each device are set aside for `reason`."""
        with self._session() as connection:
            return dict(connection.execute(_SQL["waiting"], (reason.value,)).fetchall())

    def take_in(self, device: int, reason: AsideReason, limit: int) -> tuple[int, int]:
        """Store the earliest `limit` fixes that were set aside of a device for `reason`. Returns how many these were,
        and how many of them were not stored before."""
        values = {"device": device, "reason": reason.value, "limit": limit}
        with self._session() as connection, connection.transaction():
            connection.execute(_SQL["ensure_days_aside"], values)
            row = connection.execute(_SQL["take_in"], values).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    def basis(self) -> tuple[int | None, int]:
        """Version of the newest plan, None where there is none, and how many rows the rules have: other numbers mean
        that plan or rules are others."""
        with self._session() as connection:
            row = connection.execute(_SQL["basis"], prepare=True).fetchone()
        assert row is not None
        return row[0], int(row[1])

    @contextmanager
    def _session(self) -> Iterator[psycopg.Connection[Any]]:
        if self._lease is not None:
            self._lease.ensure()
        with super()._session() as connection:
            yield connection

    def _copied(self, query: bytes, values: Any) -> FixBatch:
        with self._session() as connection, connection.cursor().copy(query, values) as copy:
            return arrays.read_fixes(copy)


def _holding(held: Held, received_s: float) -> Iterator[Statement]:
    devices = [{"name": d.name, "unit": d.unit, "seen": d.seen} for d in held.devices]
    yield _SQL["hold_unknown"], {"rows": as_json(devices), "at": moment(received_s)}
    fixes = [{"name": d.name} | fix for d in held.devices for fix in _fix_rows(d.fixes)]
    yield _SQL["hold_unknown_fixes"], (as_json(fixes),)
    yield _SQL["trim_unknown_fixes"], ([d.name for d in held.devices], UNKNOWN_MOST)
    yield _SQL["trim_unknown"], (UNKNOWN_MOST,)


def _fix_rows(fixes: FixBatch) -> Iterator[dict[str, Any]]:
    names = ("lon", "lat", "speed", "heading", "accuracy", "flags")
    columns = (fixes.lon, fixes.lat, fixes.speed_mps, fixes.heading_deg, fixes.accuracy_m, fixes.flags)
    for t_s, *values in zip(fixes.t_s.tolist(), *(column.tolist() for column in columns), strict=True):
        yield {"t": moment(t_s), **dict(zip(names, values, strict=True))}


def _deferring(deferred: Deferred, received_s: float) -> Iterator[Statement]:
    for reason, fixes in deferred.aside:
        for first in range(0, len(fixes), CHUNK):
            columns = arrays.fix_columns(fixes.take(slice(first, first + CHUNK)))
            yield _SQL["set_aside"], (reason.value, moment(received_s), *columns)
    if len(deferred.unwalked):
        device, t, *_, flags = arrays.fix_columns(deferred.unwalked)
        yield _SQL["note_late"], (device, t, flags)
    if deferred.held.devices:
        yield from _holding(deferred.held, received_s)
    if deferred.walked:
        yield _SQL["forget_late"], (list(deferred.walked),)

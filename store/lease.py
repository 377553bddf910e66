"""One worker a shard: an advisory lock on a connection of its own, and an epoch that every commit checks.

The lock ends with its connection, so a worker that is killed lets its shard go at once. A worker that lost its
connection without knowing (a pause, a cut cable) is stopped by the epoch: its next commit finds a higher one.
"""

import os
import select
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psycopg

from store.errors import LeaseLost, StoreUnavailable
from store.ledger import Statement
from store.queries import queries
from store.times import rfc3339, seconds

_SQL = queries("lease")
# A holder whose machine vanished is noticed by the server after half a minute.
_KEEPALIVE = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a shard: the machine, the process there, and since when (Unix seconds, the database's clock)."""

    host: str
    pid: int
    since_s: float
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since}"


@dataclass(frozen=True, slots=True)
class ShardState:
    """A shard: who took it last, whether it is held now, and who waits for it (`machine:process`)."""

    shard: str
    holder: Holder
    held: bool
    waiting: tuple[str, ...]


def shards(dsn: str, timeout_s: int = 3) -> list[ShardState]:
    """All shards that ever had a worker.

    Raises:
        StoreUnavailable: where the database does not answer.
    """
    try:
        with psycopg.connect(dsn, connect_timeout=timeout_s) as connection:
            rows = connection.execute(_SQL["leases"]).fetchall()
    except psycopg.Error as error:
        raise StoreUnavailable(str(error).strip().splitlines()[0]) from error
    return [
        ShardState(shard, Holder(host, pid, seconds(since), rfc3339(since)), held, tuple(waiting))
        for shard, host, pid, since, held, waiting in rows
    ]


class Lease:
    """The right to judge and store for one shard."""

    def __init__(self, dsn: str, shard: str) -> None:
        self.shard = shard
        self._dsn = dsn
        self._connection: psycopg.Connection[Any] | None = None
        self._epoch: int | None = None

    def acquire(self) -> Holder | None:
        """Take the shard; None where that succeeded, else who has it.

        Raises:
            StoreUnavailable: where the database is away.
        """
        try:
            if not self._lock():
                return self._holder()[1]
            values = {"shard": self.shard, "host": socket.gethostname(), "pid": os.getpid()}
            row = self._execute("take", values).fetchone()
            assert row is not None
            self._epoch = int(row[0])
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self._leave()
            raise StoreUnavailable(str(error).strip()) from error
        return None

    def ensure(self) -> None:
        """Return where the shard is still ours, taking the lock again where only its connection was lost.

        Raises:
            LeaseLost: where another worker has, or has had, the shard since.
            StoreUnavailable: where the database is away.
        """
        if self._epoch is None:
            raise LeaseLost(f"shard {self.shard}: it is not held")
        if self._alive():
            return
        try:
            if self._lock() and self._holder()[0] == self._epoch:
                return
            holder = self._holder()[1]
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self._leave()
            raise StoreUnavailable(str(error).strip()) from error
        self.release()
        raise LeaseLost(f"shard {self.shard}: taken over by {holder}")

    def check(self) -> Statement:
        """The statement of a commit that fails where another worker has taken the shard over."""
        return _SQL["check"], (self.shard, self._epoch)

    def release(self) -> None:
        """Let the shard go."""
        self._epoch = None
        self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _lock(self) -> bool:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=3, options=_KEEPALIVE)
        row = self._execute("lock", (self.shard,)).fetchone()
        got = bool(row and row[0])
        self._say(f"ducha {'holds' if got else 'waits'} {self.shard[:20]} {socket.gethostname()[:20]}:{os.getpid()}")
        return got

    def _holder(self) -> tuple[int, Holder]:
        row = self._execute("holder", (self.shard,)).fetchone()
        if row is None:  # it has the lock and is about to say who it is
            return 0, Holder("?", 0, 0.0, "now")
        epoch, host, pid, since = row
        return int(epoch), Holder(host, pid, seconds(since), rfc3339(since))

    def _alive(self) -> bool:
        """Whether the connection still stands. Nothing is sent to us, so what can be read is its end."""
        connection = self._connection
        if connection is None or connection.closed:
            return False
        if not select.select([connection.fileno()], [], [], 0)[0]:
            return True
        try:
            connection.execute(b"SELECT 1")
        except (psycopg.OperationalError, psycopg.InterfaceError):
            self._leave()
            return False
        return True

    def _say(self, name: str) -> None:
        self._execute("name", (name,))

    def _execute(self, query: str, values: Any) -> psycopg.Cursor[Any]:
        assert self._connection is not None
        return self._connection.execute(_SQL[query], values)

    def _leave(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

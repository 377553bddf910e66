"""What retention asks before it deletes: is it held? Whoever can't be asked has not said no."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import psycopg

from store.errors import StoreUnavailable
from store.queries import queries
from store.times import moment

_SQL = queries("holds")
_TIMEOUTS = "-c timezone=UTC -c statement_timeout=3000 -c lock_timeout=2000"


class Held:
    """One connection, for any thread; it reconnects."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.Connection[Any] | None = None
        self._lock = Lock()

    @contextmanager
    def deleting(self, camera: str, from_s: float, to_s: float) -> Iterator[bool]:
        """Whether what `camera` recorded between two times (Unix seconds) may be deleted. Until the block ends nobody
        can place a hold, so that none comes between the answer and the deleting.

        Raises:
            StoreUnavailable: the database can't be asked. Nothing may be deleted.
        """
        told = {"camera": camera, "from": moment(from_s), "to": moment(to_s)}
        with self._lock:
            try:
                connection = self._connected()
                connection.execute("BEGIN")
                connection.execute(_SQL["nobody_places"])
                row = connection.execute(_SQL["is_held"], told).fetchone()
            except psycopg.Error as error:
                self.close()
                raise StoreUnavailable(str(error).strip()) from error
            try:
                yield row is not None and row[0] is False
            finally:
                self._end()

    def close(self) -> None:
        """Leaves the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=2, options=_TIMEOUTS)
        return self._connection

    def _end(self) -> None:
        try:
            if self._connection is not None:
                self._connection.execute("COMMIT")
        except psycopg.Error:
            self.close()

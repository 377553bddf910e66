"""A connection that writes: made when it is needed, and made anew after it failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import psycopg

from store.errors import CommitRefused, StoreUnavailable

_LIMIT_EXCEEDED = "54"  # the class of SQLSTATE


class Writer:
    """One connection that writes; it reconnects. Not for use from several threads at once. `options` are the server's,
    like `-c statement_timeout=…`."""

    def __init__(self, dsn: str, *, options: str | None = None) -> None:
        self._dsn = dsn
        self._options = options
        self._connection: psycopg.Connection[Any] | None = None

    def close(self) -> None:
        """Leaves the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _session(self) -> Iterator[psycopg.Connection[Any]]:
        """The connection, in autocommit.

        Raises:
            StoreUnavailable: the database is away; what was done with the connection may be repeated.
            CommitRefused: the database takes no such thing.
        """
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=3, options=self._options)
                self._connected(self._connection)
            yield self._connection
        except psycopg.Error as error:
            self._forget()
            refusal = StoreUnavailable if _may_pass(error) else CommitRefused
            raise refusal(str(error).strip()) from error

    def _connected(self, connection: psycopg.Connection[Any]) -> None:
        """A new connection is there."""

    def _forget(self) -> None:
        """Something failed: the next session has a new connection."""
        self.close()


def _may_pass(error: psycopg.Error) -> bool:
    """Whether the same may go through at another time. What is too large for the database never does, although psycopg
    counts that among the errors of operation."""
    is_too_large = (error.sqlstate or "").startswith(_LIMIT_EXCEEDED)
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and not is_too_large

"""The console's way to the database: an async pool whose errors are this package's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from store.errors import InvalidRecord, StoreUnavailable

Connection = psycopg.AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]

WAIT_S = 3.0  # how long a request waits for a connection


def make_pool(dsn: str, *, min_size: int = 1, max_size: int = 8) -> Pool:
    """A pool, not yet open: use it as `async with make_pool(dsn) as pool`."""
    arguments: dict[str, Any] = {
        "autocommit": True,
        "row_factory": dict_row,
        "options": "-c timezone=UTC -c statement_timeout=30000",
        "connect_timeout": 3,
    }
    return AsyncConnectionPool(
        dsn,
        connection_class=Connection,
        kwargs=arguments,
        min_size=min_size,
        max_size=max_size,
        timeout=WAIT_S,
        reconnect_timeout=WAIT_S,  # its pauses double: given up soon, the next request tries at once
        check=AsyncConnectionPool.check_connection,
        open=False,
    )


@asynccontextmanager
async def borrowed(pool: Pool) -> AsyncIterator[Connection]:
    """A connection of the pool, in autocommit."""
    try:
        async with pool.connection() as connection:
            yield connection
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreUnavailable(str(error).strip()) from error
    except (psycopg.DataError, psycopg.errors.NameTooLong) as error:
        raise InvalidRecord(error.diag.message_primary or str(error)) from error
    except UnicodeEncodeError as error:
        raise InvalidRecord("expected text without half of a surrogate pair") from error

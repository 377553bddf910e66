"""What `ducha doctor` asks of a database: its version, its extensions, its schema."""

from dataclasses import dataclass

import psycopg

from store.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class Inspected:
    """The server's major version, whether TimescaleDB is available, whether our schema is there, and its clock (Unix
    seconds)."""

    version: int
    timescale: bool
    migrated: bool
    now_s: float


def inspect(dsn: str, timeout_s: int = 3) -> Inspected:
    """Ask the database at `dsn`.

    Raises:
        StoreUnavailable: where it does not answer.
    """
    try:
        with psycopg.connect(dsn, connect_timeout=timeout_s) as connection:
            row = connection.execute(
                "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb'),"
                " to_regclass('fixes') IS NOT NULL, extract(epoch FROM clock_timestamp())::float8"
            ).fetchone()
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        raise StoreUnavailable(str(error).strip().splitlines()[0]) from error
    assert row is not None
    timescale, migrated, now_s = row
    return Inspected(version, timescale, migrated, now_s)

"""Real servers for the tests, started once."""

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import structlog
from hypothesis import HealthCheck, settings

from store.embedded import EmbeddedPostgres
from store.migrate import migrate

# a busy machine is no finding
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# the default draws every local variable of every frame, which takes a busy machine many seconds
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """One embedded PostgreSQL for the whole run, with the migrated database `template_ducha` to copy.

    It need not outlive the machine: tests of crashes have servers of their own, which wait for the disk.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ducha-test-") as folder,
        EmbeddedPostgres(Path(folder), settings=("fsync=off",)) as server,
    ):
        with psycopg.connect(server.uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE template_ducha")
        migrate(server.uri("template_ducha"))
        yield server


@pytest.fixture
def postgres_uri(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A fresh, migrated database of its own for one test."""
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_ducha STRATEGY file_copy".encode())
    yield postgres_server.uri(name)
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def empty_postgres_uri(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A fresh database with nothing in it."""
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield postgres_server.uri(name)
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

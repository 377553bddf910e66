"""Real servers for the tests, started once."""

import fcntl
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
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
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 8 << 30


def _write_in_memory() -> None:
    """Let what tests write lie in memory where there is room for it: most of what a database costs here is its disk.
    Whoever sets TMPDIR has chosen another place. A process that is killed loses no more there than on a disk."""
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return
    if min(shutil.disk_usage(_MEMORY).free, psutil.virtual_memory().available) > _ROOM_BYTES:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None  # what was found before


_write_in_memory()

# tests of crashes have servers of their own, which wait for the disk
NOT_TO_OUTLIVE_THE_MACHINE = ("fsync=off",)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of a run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def postgres_template(run_folder: Path) -> Path:
    """The folder of an embedded PostgreSQL that does not run, with the migrated database `template_ducha`; made once
    for all workers of a run."""
    made = run_folder / "postgres-template"
    with (run_folder / "postgres-template.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            fresh = run_folder / "postgres-template.creating"
            with EmbeddedPostgres(fresh, NOT_TO_OUTLIVE_THE_MACHINE) as server:
                with psycopg.connect(server.uri(), autocommit=True) as connection:
                    connection.execute("CREATE DATABASE template_ducha")
                migrate(server.uri("template_ducha"))
            fresh.rename(made)
    return made


@pytest.fixture(scope="session")
def postgres_server(postgres_template: Path) -> Iterator[EmbeddedPostgres]:
    """One embedded PostgreSQL for all tests of a worker, with the migrated database `template_ducha` to copy."""
    with tempfile.TemporaryDirectory(prefix="ducha-test-") as name:
        folder = Path(name)
        subprocess.run(["cp", "-a", postgres_template / "postgres", folder], check=True)
        with EmbeddedPostgres(folder, NOT_TO_OUTLIVE_THE_MACHINE) as server:
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

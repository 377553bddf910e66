"""Brings a database to this program's schema: numbered SQL files, each once, each in its transaction."""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

import psycopg

from store.errors import MigrationError, StoreUnavailable
from store.queries import queries

_NAME = re.compile(r"^(\d{4})_\w+\.sql$")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of `store/migrations`."""

    name: str
    sql: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql).hexdigest()


def migrations(folder: Traversable | None = None) -> list[Migration]:
    """The migrations in order; a number used twice or left out is an error."""
    folder = folder or files("store").joinpath("migrations")
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    for expected, name in enumerate(found, start=1):
        match = _NAME.match(name)
        if match is None or int(match[1]) != expected:
            raise MigrationError(f"migrations/{name}: expected a name beginning with {expected:04d}_")
    return [Migration(name, folder.joinpath(name).read_bytes()) for name in found]


def migrate(dsn: str, folder: Traversable | None = None) -> list[str]:
    """Applies what is missing and returns the names applied. Safe to run at once from several processes."""
    wanted = migrations(folder)
    sql = queries("migrate")
    try:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
            connection.execute(sql["lock"])
            connection.execute(sql["create_table"])
            applied: dict[str, str] = dict(connection.execute(sql["applied"]).fetchall())
            _check(wanted, applied)
            fresh = [migration for migration in wanted if migration.name not in applied]
            for migration in fresh:
                try:
                    with connection.transaction():
                        connection.execute(migration.sql)
                        connection.execute(sql["record"], (migration.name, migration.sha256))
                except (psycopg.ProgrammingError, psycopg.NotSupportedError, psycopg.IntegrityError) as error:
                    raise MigrationError(f"migrations/{migration.name}: {error}") from error
            return [migration.name for migration in fresh]
    except psycopg.OperationalError as error:
        raise StoreUnavailable(f"migrate: {error}") from error


def _check(wanted: list[Migration], applied: dict[str, str]) -> None:
    by_name = {migration.name: migration for migration in wanted}
    for name, digest in applied.items():
        if name not in by_name:
            raise MigrationError(
                f"the database has migration {name}, which this program does not know: a newer program wrote it"
            )
        if by_name[name].sha256 != digest:
            raise MigrationError(
                f"migrations/{name} was changed after it was applied: expected sha256 {digest}, "
                f"found {by_name[name].sha256}; a landed migration is never edited, add a new one"
            )

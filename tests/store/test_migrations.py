from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from store_examples import NOON, drive

from store.embedded import timescale_available
from store.errors import MigrationError
from store.ledger import Ledger
from store.migrate import migrate, migrations
from store.queries import queries


def test_a_second_time_there_is_nothing_to_do(empty_postgres_uri):
    assert migrate(empty_postgres_uri) == [migration.name for migration in migrations()]
    assert migrate(empty_postgres_uri) == []


def test_two_at_once_apply_each_once(empty_postgres_uri):
    with ThreadPoolExecutor(2) as threads:
        applied = list(threads.map(migrate, [empty_postgres_uri] * 2))
    assert sorted(map(len, applied)) == [0, len(migrations())]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "0001_a.sql").write_text("CREATE TABLE a (x int);")
    (tmp_path / "0002_b.sql").write_text("CREATE TABLE b (x int);")
    return tmp_path


def test_an_applied_file_that_was_changed_is_an_error(empty_postgres_uri, folder):
    migrate(empty_postgres_uri, folder)
    (folder / "0001_a.sql").write_text("CREATE TABLE a (x bigint);")
    with pytest.raises(MigrationError, match=r"0001_a\.sql was changed after it was applied"):
        migrate(empty_postgres_uri, folder)


def test_a_database_newer_than_the_program_is_an_error(empty_postgres_uri, folder):
    migrate(empty_postgres_uri, folder)
    (folder / "0002_b.sql").unlink()
    with pytest.raises(MigrationError, match=r"0002_b\.sql, which this program does not know"):
        migrate(empty_postgres_uri, folder)


def test_a_broken_migration_leaves_nothing_and_names_itself(empty_postgres_uri, folder):
    (folder / "0003_c.sql").write_text("CREATE TABLE c (x int); SELECT nonsense;")
    with pytest.raises(MigrationError, match=r"0003_c\.sql"):
        migrate(empty_postgres_uri, folder)
    with psycopg.connect(empty_postgres_uri) as connection:
        assert connection.execute("SELECT to_regclass('b')::text, to_regclass('c')::text").fetchone() == ("b", None)


def test_a_gap_in_the_numbers_is_an_error(folder):
    (folder / "0001_a.sql").unlink()
    with pytest.raises(MigrationError, match="0001_"):
        migrations(folder)


@pytest.mark.parametrize(
    "subject",
    ["migrate", "commit", "ledger", "plans", "rules", "alerts", "alert_actions", "positions", "tracks", "system"],
)
def test_every_query_has_a_name_and_a_line_that_describes_it(subject):
    assert queries(subject)


@pytest.mark.skipif(not timescale_available(), reason="the TimescaleDB extension is not in the embedded PostgreSQL")
def test_timescale_keeps_fixes_in_chunks_and_drops_whole_ones(empty_postgres_uri):
    migrate(empty_postgres_uri)
    with psycopg.connect(empty_postgres_uri) as connection:
        assert connection.execute("SELECT fixes_are_partitions()").fetchone() == (False,)
    with Ledger(empty_postgres_uri) as ledger:
        ledger.register(["car-0"])
        ledger.commit(drive(0, 10, start_s=NOON - 40 * 86400), received_s=NOON)
        ledger.commit(drive(0, 10), received_s=NOON)
        assert ledger.retain(30, now_s=NOON) == 1
        assert len(ledger.fixes_since(0)) == 10

"""One worker a shard: who holds it, who waits, and what becomes of a holder that lost it."""

import psycopg
import pytest
from store_examples import NOON, drive
from waiting import wait_until

from store.errors import LeaseLost
from store.intake import Intake
from store.lease import Lease, shards
from store.records import Batch

pytestmark = pytest.mark.usefixtures("ledger")


def cut(uri: str, shard: str) -> None:
    """End the connection that holds the lock, as a broken network would."""
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE starts_with(application_name, %s)",
            (f"ducha holds {shard}",),
        )
    wait_until(lambda: not shards(uri)[0].held)


def test_the_second_waits_and_knows_for_whom(postgres_uri):
    with Lease(postgres_uri, "west") as first, Lease(postgres_uri, "west") as second:
        assert first.acquire() is None
        holder = second.acquire()
        assert holder is not None
        (state,) = shards(postgres_uri)
        assert (state.shard, state.held, state.holder) == ("west", True, holder)
        assert len(state.waiting) == 1
        first.release()
        wait_until(lambda: second.acquire() is None)  # the server takes a moment to see the connection end
    wait_until(lambda: [(state.held, state.waiting) for state in shards(postgres_uri)] == [(False, ())])


def test_shards_do_not_wait_for_each_other(postgres_uri):
    with Lease(postgres_uri, "west") as west, Lease(postgres_uri, "east") as east:
        assert west.acquire() is None
        assert east.acquire() is None
        assert [(s.shard, s.held) for s in shards(postgres_uri)] == [("east", True), ("west", True)]


def test_a_holder_that_lost_only_its_connection_goes_on(postgres_uri):
    with Lease(postgres_uri, "west") as lease, Intake(postgres_uri, name="west", lease=lease) as intake:
        assert lease.acquire() is None
        assert intake.take(Batch(drive(0, 5)), received_s=NOON).new_fixes == 5
        cut(postgres_uri, "west")
        assert intake.take(Batch(drive(1, 5)), received_s=NOON).new_fixes == 5
        assert shards(postgres_uri)[0].held


def test_a_holder_whose_shard_was_taken_meanwhile_commits_nothing_more(postgres_uri, rows):
    with (
        Lease(postgres_uri, "west") as old,
        Intake(postgres_uri, name="west", lease=old) as intake,
        Lease(postgres_uri, "west") as new,
    ):
        assert old.acquire() is None
        intake.take(Batch(drive(0, 5)), received_s=NOON)
        cut(postgres_uri, "west")
        assert new.acquire() is None
        with pytest.raises(LeaseLost):
            intake.take(Batch(drive(1, 5)), received_s=NOON)
        new.release()
        with pytest.raises(LeaseLost):
            intake.take(Batch(drive(1, 5)), received_s=NOON)
    assert rows("SELECT count(*) FROM fixes") == [(5,)]


def test_a_commit_of_an_older_epoch_is_refused_by_the_database_itself(postgres_uri, rows):
    with Lease(postgres_uri, "west") as lease, Intake(postgres_uri, name="west", lease=lease) as intake:
        assert lease.acquire() is None
        rows("UPDATE shard_leases SET epoch = epoch + 1")
        with pytest.raises(LeaseLost, match="another worker has taken it over"):
            intake.take(Batch(drive(0, 5)), received_s=NOON)
    assert rows("SELECT count(*) FROM fixes") == [(0,)]

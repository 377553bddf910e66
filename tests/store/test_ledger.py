import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_examples import NOON, drive, plan, raised, same_fixes, stop

from analytics.alerts import AlertChange, Change
from analytics.catalogue import default_rules
from analytics.fixes import FixBatch
from analytics.outcome import Checkpoint, Crossing
from store.errors import CommitRefused, StoreUnavailable
from store.ledger import Ledger
from store.records import TOPIC_LIMIT, DeadLetter, DeviceStatus

RULES = tuple(default_rules().rules)


def test_fixes_come_back_as_they_went_in(ledger):
    batch = drive(3, 1000)
    committed = ledger.commit(batch, received_s=NOON)
    assert committed.new_fixes == 1000
    assert same_fixes(ledger.fixes_of(3, NOON, NOON + 5000), batch)
    assert same_fixes(ledger.fixes_since(NOON + 100), batch.take(batch.t_s > NOON + 100))
    assert len(ledger.fixes_since(0, devices=[4])) == 0
    assert len(ledger.fixes_since(0, devices=[3, 4])) == 1000


def test_a_repeated_commit_changes_nothing(ledger, rows):
    before = stop()
    after = replace(before, end_s=NOON + 900)
    everything = {
        "fixes": drive(1, 50),
        "changes": [AlertChange(Change.RAISED, before), AlertChange(Change.AMENDED, after, before)],
        "crossings": [Crossing("car-1", "d1", NOON, NOON + 5, 113.0, 22.0)],
        "dead_letters": [DeadLetter("t/1", "json", "not JSON", b"{")] * 2,
        "statuses": [DeviceStatus("car-1", "offline", NOON)],
        "checkpoint": Checkpoint(b"state", NOON),
        "received_s": NOON + 1,
    }
    tables = ("fixes", "positions", "alerts", "alert_amendments", "crossings", "dead_letters", "checkpoints", "devices")
    first = ledger.commit(**everything)
    stored = {table: sorted(map(str, rows(f"SELECT * FROM {table}"))) for table in tables}

    again = ledger.commit(**everything)

    assert (first.new_fixes, again.new_fixes) == (50, 0)
    assert {table: sorted(map(str, rows(f"SELECT * FROM {table}"))) for table in tables} == stored
    assert rows("SELECT seen FROM dead_letters") == [(2,)]


def test_a_bad_message_seen_again_is_counted_not_kept_twice(ledger, rows):
    letter = DeadLetter("t\0/1", "json", "not JSON", b"x" * 100_000)
    for second in range(3):
        ledger.commit(FixBatch.empty(), dead_letters=[letter], received_s=NOON + second)
    assert rows("SELECT topic, seen, size, length(payload) FROM dead_letters") == [("t\\0/1", 3, 100_000, 65_536)]


def test_a_topic_longer_than_an_index_can_hold_is_kept_shortened(ledger, rows):
    topic = "owntracks/x/" + "".join(chr(0x4E00 + 7 * place % 20_000) for place in range(20_000))
    ledger.commit(FixBatch.empty(), dead_letters=[DeadLetter(topic, "topic", "too long", b"1")], received_s=NOON)
    ((kept,),) = rows("SELECT topic FROM dead_letters")
    assert len(kept) == TOPIC_LIMIT
    assert topic.startswith(kept[:-1])


def test_what_is_too_large_for_the_database_is_refused_and_not_tried_for_ever(ledger):
    unlike = "".join(chr(0x4E00 + place * place % 20_000) for place in range(20_000))
    with pytest.raises(CommitRefused, match="index row"):
        ledger.register([unlike])


fix = st.tuples(st.integers(0, 3), st.integers(-3, 6), st.integers(0, 5))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(fix, max_size=12), min_size=1, max_size=4))
def test_whatever_the_order_the_first_of_equal_fixes_stays_and_the_newest_is_the_position(batches, ledger, rows):
    rows("TRUNCATE fixes, positions")
    expected = {}
    for batch in batches:
        for device, second, speed in batch:
            expected.setdefault((device, NOON + second), float(speed))
        d, t, v = zip(*batch, strict=True) if batch else ((), (), ())
        ledger.commit(FixBatch.build(d, [NOON + x for x in t], [113.0] * len(d), [22.0] * len(d), v), received_s=NOON)

    stored = ledger.fixes_since(0)
    kept = zip(stored.device.tolist(), stored.t_s.tolist(), stored.speed_mps.tolist(), strict=True)
    assert {(device, t): v for device, t, v in kept} == expected
    newest = {device: max(t for d, t in expected if d == device) for device, _ in expected}
    positions = rows("SELECT device, extract(epoch FROM t)::float8, speed FROM positions")
    assert {d: (t, v) for d, t, v in positions} == {d: (t, expected[d, t]) for d, t in newest.items()}


def test_a_day_gets_its_partition_when_its_first_fix_comes(ledger, rows):
    ledger.commit(drive(0, 3, start_s=NOON - 8 * 3600 - 5, every_s=5), received_s=NOON)
    if rows("SELECT fixes_are_partitions()") == [(True,)]:
        days = rows("SELECT day::text, (SELECT count(*) FROM fixes f WHERE f.tableoid = part) FROM fix_days()")
        assert days == [("2026-01-04", 1), ("2026-01-05", 2)]
    assert len(ledger.fixes_since(0)) == 3


def test_implausible_times_are_refused_and_nothing_is_written(ledger):
    with pytest.raises(CommitRefused, match="2000-01-01"):
        ledger.commit(drive(0, 1, start_s=0.0), raised(stop()), received_s=NOON)
    assert ledger.alerts_known(0, RULES) == []


def test_a_commit_refused_in_the_middle_leaves_nothing(ledger):
    with pytest.raises(CommitRefused):
        ledger.commit(drive(99, 5), raised(stop()), received_s=NOON)  # 99 is no device
    assert len(ledger.fixes_since(0)) == 0
    assert ledger.alerts_known(0, RULES) == []
    assert ledger.commit(drive(0, 5), raised(stop()), received_s=NOON).new_fixes == 5


def test_retention_drops_whole_days_and_the_ledger_goes_on(ledger, postgres_uri):
    old, new = drive(0, 10, start_s=NOON - 40 * 86400), drive(0, 10)
    ledger.commit(old, received_s=NOON)
    ledger.commit(new, received_s=NOON)
    with Ledger(postgres_uri) as other:
        assert other.retain(30, now_s=NOON) == 1
        assert other.retain(30, now_s=NOON) == 0
    assert same_fixes(ledger.fixes_since(0), new)
    assert ledger.commit(old, received_s=NOON).new_fixes == 10, "a day that retention dropped can come again"


def test_an_alert_comes_back_equal_and_a_withdrawn_one_does_not(ledger):
    kept, gone = stop("car-1", distance=np.float32(1.5), bad=math.nan), stop("car-2")
    ledger.commit(FixBatch.empty(), raised(kept, gone), received_s=NOON)
    ledger.commit(FixBatch.empty(), [AlertChange(Change.WITHDRAWN, gone, gone)], received_s=NOON + 1)
    [known] = ledger.alerts_known(NOON, RULES)
    assert known == replace(kept, detail={"minutes": 10.0, "distance": 1.5, "bad": None})


def test_alerts_known_are_those_that_last_or_ended_since(ledger):
    lasting, ended, old = stop("car-1"), stop("car-2"), stop("car-3", start_s=NOON - 9000)
    ended, old = ended.ended(NOON + 900), old.ended(NOON - 8000)
    ledger.commit(FixBatch.empty(), raised(lasting, ended, old), received_s=NOON)
    assert [a.device for a in ledger.alerts_known(NOON + 800, RULES)] == ["car-1", "car-2"]
    assert [a.device for a in ledger.alerts_known(NOON + 2000, RULES)] == ["car-1"]
    assert ledger.alerts_known(NOON + 800, ["off-route"]) == []


def test_amendments_keep_the_earlier_form(ledger, rows):
    first = stop(minutes=10.0)
    second = replace(first, detail={"minutes": 12.0})
    ledger.commit(FixBatch.empty(), raised(first), received_s=NOON)
    ledger.commit(FixBatch.empty(), [AlertChange(Change.AMENDED, second, first)], received_s=NOON + 1)
    ledger.commit(FixBatch.empty(), [AlertChange(Change.WITHDRAWN, second, second)], received_s=NOON + 2)
    assert rows("SELECT change, before->'detail'->'minutes' FROM alert_amendments ORDER BY at") == [
        ("amended", 10.0),
        ("withdrawn", 12.0),
    ]
    assert rows("SELECT withdrawn, detail->'minutes' FROM alerts") == [(True, 12.0)]


@pytest.mark.parametrize("table", ["alerts", "alert_history", "alert_amendments", "plans", "rules"])
def test_nothing_can_be_deleted(ledger, rows, table):
    alert = stop()
    ledger.commit(FixBatch.empty(), [AlertChange(Change.AMENDED, alert, alert)], received_s=NOON)
    rows(
        "INSERT INTO alert_history (alert, at, actor, action, from_state, to_state)"
        " SELECT id, now(), 'desk', 'ack', 'NEW', 'ACKED' FROM alerts"
    )
    ledger.save_plan(plan(), "desk", now_s=NOON)
    ledger.seed_rules(default_rules(), now_s=NOON)
    for attempt in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(Exception, match="refused"):
            rows(attempt)
    if table != "alerts":
        column = {"alert_history": "note", "alert_amendments": "change", "plans": "author", "rules": "author"}[table]
        with pytest.raises(Exception, match="refused"):
            rows(f"UPDATE {table} SET {column} = 'x'")


def test_device_numbers_are_dense_and_stay(ledger, postgres_uri):
    assert ledger.register(["car-3", "new-b", "car-0", "new-a", "new-b"]).tolist() == [3, 10, 0, 11, 10]
    with Ledger(postgres_uri) as other:
        assert other.register(["last"], kinds={"last": "car"}, units={"last": "county.east"}).tolist() == [12]
        assert other.devices().names == ledger.devices().names
        assert other.devices().names[10:] == ["new-b", "new-a", "last"]


def test_the_newest_status_counts(ledger, rows):
    said = [DeviceStatus("car-1", "online", NOON), DeviceStatus("car-1", "offline", NOON + 9)]
    ledger.commit(FixBatch.empty(), statuses=said, received_s=NOON)
    ledger.commit(FixBatch.empty(), statuses=[DeviceStatus("car-1", "online", NOON + 5)], received_s=NOON)
    assert rows("SELECT status FROM devices WHERE name = 'car-1'") == [("offline",)]


def test_each_worker_has_its_checkpoint(ledger, postgres_uri):
    assert ledger.checkpoint() is None
    ledger.commit(FixBatch.empty(), checkpoint=Checkpoint(b"one", NOON), received_s=NOON)
    ledger.commit(FixBatch.empty(), checkpoint=Checkpoint(b"two", NOON + 1.5), received_s=NOON)
    with Ledger(postgres_uri, name="shard-2") as other:
        assert other.checkpoint() is None
    assert ledger.checkpoint() == Checkpoint(b"two", NOON + 1.5)


def test_rule_settings_fit_the_rulebook(ledger):
    book = default_rules()
    assert ledger.seed_rules(book, now_s=NOON) == len(book.rules)
    assert ledger.seed_rules(book, now_s=NOON) == 0
    again = book.amended(ledger.rule_settings())
    assert {r.id: dict(r.values) for r in again.rules.values()} == {r.id: dict(r.values) for r in book.rules.values()}


def test_no_database_is_a_typed_error():
    with pytest.raises(StoreUnavailable):
        Ledger("postgresql://postgres@/x?host=/nonexistent").commit(FixBatch.empty(), received_s=NOON)

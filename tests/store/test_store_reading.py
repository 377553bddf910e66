import math

import numpy as np
import pytest
from store_examples import NOON, drive, plan, raised, stop

from analytics.alerts import AlertChange, Change, Grade
from analytics.catalogue import default_rules
from analytics.fixes import FixBatch
from analytics.outcome import Crossing
from store import alerts, plans, positions, rules, system, tracks
from store.errors import InvalidRecord, NotFound
from store.records import DeadLetter, DeviceStatus


def test_pages_hold_every_alert_once_whatever_is_raised_meanwhile(ledger, console):
    old = [stop(f"car-{n}", start_s=NOON + n) for n in range(25)]
    for n in range(5):  # five at the same moment: the cursor must tell them apart
        ledger.commit(FixBatch.empty(), raised(*old[5 * n : 5 * n + 5]), received_s=NOON + n)

    async def work(pool):
        seen, cursor = [], None
        while True:
            page = await alerts.page(pool, cursor=cursor, limit=4)
            seen += page.items
            ledger.commit(FixBatch.empty(), raised(stop("late", start_s=NOON + 50 + len(seen))), received_s=NOON + 99)
            cursor = page.next
            if cursor is None:
                return seen

    seen = console(work)
    assert sorted(row["id"] for row in seen) == sorted(alert.id for alert in old)
    assert [row["raised_at"] for row in seen] == sorted((row["raised_at"] for row in seen), reverse=True)


def test_alerts_are_filtered(ledger, console):
    ledger.register(["car-1"], units={"car-1": "county.east.first"})
    a, b, gone = stop("car-1", grade=Grade.A), stop("car-2", start_s=NOON + 100), stop("car-3")
    ledger.commit(FixBatch.empty(), [*raised(a, b, gone), AlertChange(Change.WITHDRAWN, gone, gone)], received_s=NOON)

    async def work(pool):
        async def found(**filters):
            return {row["device"] for row in (await alerts.page(pool, **filters)).items}

        assert await found() == {"car-1", "car-2"}
        assert await found(state="all") == {"car-1", "car-2", "car-3"}
        assert await found(state="NEW", device="car-3") == {"car-3"}
        assert await found(state="CLOSED") == set()
        assert await found(grade="A") == {"car-1"}
        assert await found(rule="off-route") == set()
        assert await found(unit="county.east") == {"car-1"}
        assert await found(since_s=NOON + 100) == {"car-2"}
        assert await found(until_s=NOON + 100) == {"car-1"}
        for wrong in ({"state": "open?"}, {"cursor": "%"}, {"cursor": "WyIxIl0"}, {"unit": "a..b"}):
            with pytest.raises(InvalidRecord):
                await alerts.page(pool, **wrong)
        with pytest.raises(InvalidRecord):
            await alerts.page(pool, cursor="WyJ4IiwieSJd")  # ["x","y"]
        return [row["device"] for row in await alerts.by_ids(pool, [b.id])]

    assert console(work) == ["car-2"]


def test_an_alert_is_read_with_all_that_belongs_to_it(ledger, console):
    ledger.save_plan(plan(), "desk", now_s=NOON)
    ledger.save_plan(plan() | {"duties": []}, "desk", now_s=NOON)
    ledger.seed_rules(default_rules(), now_s=NOON)
    now, week, older = stop(), stop(start_s=NOON - 6 * 86400), stop(start_s=NOON - 8 * 86400)
    ledger.commit(FixBatch.empty(), raised(now, week, older, stop("car-2")), received_s=NOON)
    ledger.commit(FixBatch.empty(), [AlertChange(Change.AMENDED, now.ended(NOON + 9), now)], received_s=NOON)
    read = console(lambda pool: alerts.read(pool, now.id))
    assert (read["from"], read["to"]) == ("2026-01-05T08:00:00Z", "2026-01-05T08:00:09Z")
    assert read["detail"] == {"minutes": 10.0, "noticed": "2026-01-05T08:10:00Z"}
    assert [(a["change"], a["before"]["ended"]) for a in read["amendments"]] == [("amended", None)]
    assert (read["rule_row"]["id"], read["rule_row"]["version"]) == ("overtime-stop", 1)
    assert read["rule_row"]["title"]["zh"]
    assert (read["duty_row"]["device"], read["duty_row"]["from"]) == ("car-2", "2026-01-05T00:00:00Z")
    assert [row["id"] for row in read["previous"]] == [week.id]


def test_the_load_is_counted(ledger, console):
    for n, age in enumerate((10, 500, 700, 3500, 4000)):
        ledger.commit(FixBatch.empty(), raised(stop(f"car-{n}")), received_s=NOON - age)
    assert console(lambda pool: alerts.load(pool, NOON)) == {"last_10_min": 2, "last_hour": 4}


def test_positions_tell_status_and_duty(ledger, console):
    ledger.save_plan(plan(), "desk", now_s=NOON)
    for device, age in ((0, 10), (1, 500), (2, 10), (3, 10)):
        ledger.commit(drive(device, 2, start_s=NOON - age), received_s=NOON - age)
    said = [DeviceStatus("car-2", "offline", NOON - 10), DeviceStatus("car-3", "offline", NOON - 60)]
    ledger.commit(FixBatch.empty(), statuses=said, received_s=NOON)
    seen = {row["device"]: row for row in console(lambda pool: positions.latest(pool, NOON))}
    assert {name: row["status"] for name, row in seen.items()} == {
        "car-0": "online",
        "car-1": "unknown",
        "car-2": "offline",
        "car-3": "online",
    }
    assert (seen["car-2"]["duty"], seen["car-2"]["duty_kind"], seen["car-2"]["kind"]) == ("d1", "patrol", "car")
    assert (seen["car-0"]["duty"], seen["car-0"]["t"], seen["car-0"]["speed"]) == (None, "2026-01-05T07:59:55Z", 1.0)
    assert console(lambda pool: positions.counts(pool, NOON)) == {"on_duty": 1, "online": 2, "stale": 0}
    latency = console(lambda pool: positions.latency(pool, NOON))
    assert latency == {"p50": -5.0, "p99": -5.0}


def test_a_ping_is_heard_and_is_no_new_place(ledger, console, rows):
    ledger.commit(drive(0, 2, start_s=NOON - 900), received_s=NOON - 900)
    (place,) = rows("SELECT device, t, lon, lat, received_at FROM positions")
    said = [DeviceStatus("car-0", "offline", NOON - 60)]
    pings = FixBatch.pings(np.array([0, 0, 1]), np.array([NOON - 300, NOON - 5, NOON - 5]))
    ledger.commit(FixBatch.empty(), statuses=said, received_s=NOON)
    for _ in range(2):
        assert ledger.commit(pings, received_s=NOON + 1).new_fixes == 0
    ledger.commit(pings.take(slice(1)), received_s=NOON + 2)
    assert rows("SELECT device, t, lon, lat, received_at FROM positions") == [place]
    (row,) = console(lambda pool: positions.latest(pool, NOON))
    assert (row["status"], row["heard_at"], row["t"]) == ("online", "2026-01-05T07:59:55Z", "2026-01-05T07:45:05Z")
    assert console(lambda pool: positions.counts(pool, NOON))["online"] == 1
    moved = console(lambda pool: positions.changed(pool, NOON))
    assert (moved.items, moved.heard, moved.until_s) == ([], {"car-0": NOON - 5}, NOON + 1)
    assert len(ledger.fixes_since(0)) == 2
    history = ledger.history_since(NOON - 900)
    assert history.t_s.tolist() == [NOON - 895, NOON - 300, NOON - 5, NOON - 5]
    assert history.is_ping.tolist() == [False, True, True, True]
    ledger.retain(1, now_s=NOON + 3 * 86_400)
    assert rows("SELECT * FROM signs_of_life") == []


def test_only_what_moved_is_told(ledger, console):
    ledger.commit(drive(0, 2), received_s=NOON + 1)
    ledger.commit(drive(1, 2), received_s=NOON + 2)

    async def work(pool):
        first = await positions.changed(pool, 0)
        second = await positions.changed(pool, NOON + 1)
        return first, second, await positions.changed(pool, second.until_s)

    first, second, third = console(work)
    assert [item[0] for item in first.items] == ["car-0", "car-1"]
    assert second.items == [["car-1", NOON + 5, 113.0001, 22.0001, 1.0, 1.0, 1.0]]
    assert (third.items, third.until_s) == ([], NOON + 2)


def test_a_track_is_columns_and_says_when_it_is_cut(ledger, console):
    ledger.commit(drive(1, 10), received_s=NOON)

    async def work(pool):
        with pytest.raises(NotFound):
            await tracks.track(pool, "car-x", 0, 1)
        whole = await tracks.track(pool, "car-1", NOON, NOON + 45)
        cut = await tracks.track(pool, "car-1", NOON, NOON + 45, limit=3)
        return whole, cut

    whole, cut = console(work)
    assert (len(whole["t"]), whole["truncated"], whole["speed"][:2]) == (10, False, [None, 1.0])
    assert (cut["t"], cut["truncated"]) == ([NOON, NOON + 5, NOON + 10], True)


def test_plans_are_versions_and_rows(ledger, console):
    async def work(pool):
        assert await plans.current(pool) is None
        first = await plans.save(pool, plan(), author="ann", now_s=NOON)
        again = await plans.save(pool, plan(), author="bob", now_s=NOON + 1)
        second = await plans.save(pool, plan("two"), author="bob", now_s=NOON + 2)
        assert (first, again, second) == (1, 1, 2)
        assert await plans.current(pool) == (2, plan("two"))
        assert (await plans.version(pool, 1))["document"] == plan()
        with pytest.raises(NotFound):
            await plans.version(pool, 3)
        with pytest.raises(InvalidRecord):
            await plans.save(pool, {"features": [{"id": "x"}]}, author="eve", now_s=NOON)
        assert [(v["version"], v["author"]) for v in await plans.versions(pool)] == [(2, "bob"), (1, "ann")]
        assert [s["name"] for s in await plans.shapes(pool, "route")] == ["沿江路"]
        assert [d["id"] for d in await plans.duties(pool)] == ["d1", "d2"]
        assert [d["id"] for d in await plans.duties(pool, at_s=NOON)] == ["d1"]
        assert [d["id"] for d in await plans.duties(pool, device="off-9")] == ["d2"]
        assert [u["path"] for u in await plans.units(pool)] == ["county.east", "county.west"]
        return await positions.devices(pool)

    devices = console(work)
    assert [row["device"] for row in devices[10:]] == ["off-1", "off-9"]
    assert [(r["kind"], r["unit"], r["name"]) for r in devices if r["device"] == "car-2"] == [
        ("car", "county.east", "粤A2")
    ]
    assert ledger.plan() == (2, plan("two"))


def test_an_edited_rule_is_a_new_version_and_the_old_one_stays(ledger, console):
    ledger.seed_rules(default_rules(), now_s=NOON)

    async def work(pool):
        change = {"parameters": {"minutes": 15}, "grade": "A", "enabled": False}
        edited = await rules.edit(pool, "overtime-stop", change, author="ann", now_s=NOON)
        for wrong in ({"title": {}}, {"grade": "Z"}):
            with pytest.raises(InvalidRecord):
                await rules.edit(pool, "overtime-stop", wrong, author="ann", now_s=NOON)
        with pytest.raises(NotFound):
            await rules.edit(pool, "nothing", {}, author="ann", now_s=NOON)
        return edited, await rules.versions(pool, "overtime-stop"), await rules.current(pool)

    edited, both, current = console(work)
    assert (edited["version"], edited["grade"], edited["enabled"], edited["parameters"]["minutes"]) == (
        2,
        "A",
        False,
        15,
    )
    assert [(row["version"], row["author"]) for row in both] == [(2, "ann"), (1, "catalogue")]
    assert both[0]["parameters"].keys() == both[1]["parameters"].keys()
    assert len(current) == len(default_rules().rules)
    assert ledger.rule_settings()["overtime-stop"]["version"] == 2


def test_crossings_dead_letters_and_the_database_itself(ledger, console):
    ledger.commit(
        FixBatch.empty(),
        crossings=[Crossing(f"car-{n}", "d1", NOON + n, NOON + n + 5, 113.0, 22.0) for n in range(3)],
        dead_letters=[DeadLetter(f"t/{n}", "json", "not JSON", b"\xff{") for n in range(5)],
        received_s=NOON,
    )

    async def work(pool):
        await system.write(pool)
        crossed = await tracks.crossings(pool, from_s=NOON + 1)
        one = await system.dead_letters(pool, limit=3)
        two = await system.dead_letters(pool, cursor=one.next, limit=3)
        return crossed, one.items + two.items, two.next, await system.database(pool)

    crossed, letters, end, database = console(work)
    assert [row["device"] for row in crossed] == ["car-2", "car-1"]
    assert [row["topic"] for row in letters] == [f"t/{n}" for n in range(5)]
    assert (letters[0]["head"], letters[0]["seen"], end) == ("\ufffd{", 1, None)
    assert database["bytes"] > 1_000_000
    assert not math.isnan(database["connections"])

import asyncio
from dataclasses import replace

import pytest
from store_examples import NOON, raised, stop

from analytics.alerts import Grade
from analytics.fixes import FixBatch
from store import alerts
from store.alert_actions import act, clear_ended, escalate, expire_shelves, sweep
from store.errors import NotFound
from store.workflow import Action, IllegalTransition, InvalidAction, Step

ALERT = stop()


def do(pool, step, now_s=NOON, alert=ALERT):
    return act(pool, alert.id, step, actor="desk", now_s=now_s)


@pytest.fixture
def stored(ledger):
    ledger.commit(FixBatch.empty(), raised(ALERT), received_s=NOON)
    return ledger


@pytest.mark.usefixtures("stored")
def test_every_action_leaves_its_line(console):
    async def work(pool):
        await do(pool, Step(Action.ACK), NOON + 1)
        await do(pool, Step(Action.DISPATCH, note="car 4"), NOON + 2)
        await do(pool, Step(Action.NOTE, note="there"), NOON + 3)
        await do(pool, Step(Action.EXPLAIN, note="puncture"), NOON + 4)
        await do(pool, Step(Action.RESOLVE, note="checked", finding="excused"), NOON + 5)
        await do(pool, Step(Action.NOTE, note="filed"), NOON + 6)
        return await alerts.read(pool, ALERT.id)

    read = console(work)
    assert (read["state"], read["finding"]) == ("CLOSED", "excused")
    assert [(h["action"], h["from_state"], h["to_state"], h["code"], h["note"]) for h in read["history"]] == [
        ("ack", "NEW", "ACKED", None, None),
        ("dispatch", "ACKED", "DISPATCHED", None, "car 4"),
        ("note", "DISPATCHED", "DISPATCHED", None, "there"),
        ("explain", "DISPATCHED", "EXPLAINED", None, "puncture"),
        ("resolve", "EXPLAINED", "CLOSED", "excused", "checked"),
        ("note", "CLOSED", "CLOSED", None, "filed"),
    ]
    assert read["history"][0]["at"] == "2026-01-05T08:00:01Z"


@pytest.mark.usefixtures("stored")
def test_a_refused_action_changes_nothing(console):
    async def work(pool):
        with pytest.raises(IllegalTransition):
            await do(pool, Step(Action.DISPATCH))
        with pytest.raises(InvalidAction):
            await do(pool, Step(Action.FALSE_ALARM))
        for unknown in ("no-uuid", stop("car-9").id):
            with pytest.raises(NotFound):
                await act(pool, unknown, Step(Action.ACK), actor="desk", now_s=NOON)
        return await alerts.read(pool, ALERT.id)

    read = console(work)
    assert (read["state"], read["history"]) == ("NEW", [])


@pytest.mark.usefixtures("stored")
def test_of_two_who_acknowledge_at_once_one_does(console):
    async def work(pool):
        done = await asyncio.gather(*[do(pool, Step(Action.ACK)) for _ in range(4)], return_exceptions=True)
        return done, await alerts.read(pool, ALERT.id)

    done, read = console(work)
    assert sorted(type(result).__name__ for result in done) == ["IllegalTransition"] * 3 + ["NoneType"]
    assert len(read["history"]) == 1


def test_what_people_did_outlives_what_analytics_writes(stored, console):
    console(lambda pool: do(pool, Step(Action.ACK)))
    stored.commit(FixBatch.empty(), raised(ALERT.ended(NOON + 900)), received_s=NOON + 9)
    read = console(lambda pool: alerts.read(pool, ALERT.id))
    assert (read["state"], read["to"], read["raised_at"]) == ("ACKED", "2026-01-05T08:15:00Z", "2026-01-05T08:00:00Z")


def test_unacknowledged_alerts_escalate_by_grade(ledger, console):
    by_grade = {grade: stop(f"car-{grade}", grade=grade) for grade in Grade}
    ledger.commit(FixBatch.empty(), raised(*by_grade.values()), received_s=NOON)
    a, b = by_grade[Grade.A].id, by_grade[Grade.B].id

    async def work(pool):
        told = {t: sorted(await escalate(pool, NOON + t)) for t in (59, 60, 61, 180, 299, 300, 9000)}
        levels = {row["grade"]: row["escalation"] for row in (await alerts.page(pool)).items}
        return told, levels, await alerts.read(pool, a)

    told, levels, read = console(work)
    assert told == {59: [], 60: [a], 61: [], 180: [a], 299: [], 300: [b], 9000: []}
    assert levels == {"A": 2, "B": 1, "C": 0}
    assert [(h["actor"], h["action"], h["code"]) for h in read["history"]] == [
        ("system", "escalate", "1"),
        ("system", "escalate", "2"),
    ]


def test_when_an_alert_last_rose_is_told_until_its_wait_begins_anew(ledger, console):
    red, orange = stop("car-1", grade=Grade.A), stop("car-2", grade=Grade.B)
    ledger.commit(FixBatch.empty(), raised(red, orange), received_s=NOON)

    def told(alert):
        return console(lambda pool: alerts.read(pool, alert.id))["escalated_at"]

    assert [told(alert) for alert in (red, orange)] == [None, None]
    console(lambda pool: escalate(pool, NOON + 60))
    assert [told(alert) for alert in (red, orange)] == ["2026-01-05T08:01:00Z", None]
    console(lambda pool: escalate(pool, NOON + 300))
    assert [told(alert) for alert in (red, orange)] == ["2026-01-05T08:05:00Z"] * 2
    console(lambda pool: do(pool, Step(Action.ACK), NOON + 310, red))
    assert told(red) == "2026-01-05T08:05:00Z"
    for step in (Step(Action.RESOLVE, note="seen", finding="excused"), Step(Action.REOPEN, note="again")):
        console(lambda pool, step=step: do(pool, step, NOON + 320, red))
    assert told(red) is None


def test_a_higher_grade_is_an_escalation_and_a_lower_one_is_none(ledger, console):
    yellow = stop(grade=Grade.C)

    def told():
        return console(lambda pool: alerts.read(pool, yellow.id))["escalated_at"]

    for second, grade, expected in [
        (0, Grade.C, None),
        (10, Grade.B, "2026-01-05T08:00:10Z"),
        (20, Grade.C, "2026-01-05T08:00:10Z"),
        (30, Grade.A, "2026-01-05T08:00:30Z"),
    ]:
        ledger.commit(FixBatch.empty(), raised(replace(yellow, grade=grade)), received_s=NOON + second)
        assert told() == expected


@pytest.mark.usefixtures("stored")
def test_acknowledged_alerts_do_not_escalate(console):
    async def work(pool):
        await do(pool, Step(Action.ACK))
        return await escalate(pool, NOON + 9000)

    assert console(work) == []


def test_a_long_sleep_escalates_straight_to_the_highest_level(ledger, console):
    ledger.commit(FixBatch.empty(), raised(stop(grade=Grade.A)), received_s=NOON)

    async def work(pool):
        await escalate(pool, NOON + 1000)
        return (await alerts.page(pool)).items

    assert [row["escalation"] for row in console(work)] == [2]


@pytest.mark.usefixtures("stored")
def test_the_shelf_runs_out_and_the_wait_begins_anew(console):
    async def work(pool):
        await do(pool, Step(Action.SHELVE, note="road works", minutes=10))
        until = (await alerts.read(pool, ALERT.id))["shelved_until"]
        early = await sweep(pool, NOON + 599)
        back = await expire_shelves(pool, NOON + 600)
        at_once = await escalate(pool, NOON + 601)
        later = await escalate(pool, NOON + 900)
        return until, early, back, at_once, later, await alerts.read(pool, ALERT.id)

    until, early, back, at_once, later, read = console(work)
    assert until == "2026-01-05T08:10:00Z"
    assert (early, back, at_once, later) == ([], [ALERT.id], [], [ALERT.id])
    assert (read["state"], read["shelved_until"]) == ("NEW", None)


@pytest.mark.parametrize(("wait_s", "expected"), [(0, "08:05:00"), (600, "08:15:00")])
def test_the_countdown_told_is_the_one_counted(ledger, console, wait_s, expected):
    """Reopened after ten minutes, it has its five minutes again."""
    ledger.commit(FixBatch.empty(), raised(ALERT), received_s=NOON)

    async def work(pool):
        if wait_s:
            await do(pool, Step(Action.FALSE_ALARM, code="gps-drift"), NOON + 1)
            gone = (await alerts.read(pool, ALERT.id))["escalates_at"]
            await do(pool, Step(Action.REOPEN, note="no drift"), NOON + wait_s)
            assert gone is None
        due_s = NOON + wait_s + 300
        at = (await alerts.read(pool, ALERT.id))["escalates_at"]
        early, due = await escalate(pool, due_s - 1), await escalate(pool, due_s)
        return at, early, due, (await alerts.read(pool, ALERT.id))["escalates_at"]

    at, early, due, after = console(work)
    assert at == f"2026-01-05T{expected}Z"
    assert (early, due, after) == ([], [ALERT.id], None)


@pytest.mark.usefixtures("stored")
def test_a_note_on_the_shelf_leaves_it_there(console):
    async def work(pool):
        await do(pool, Step(Action.SHELVE, note="road works", minutes=10))
        await do(pool, Step(Action.NOTE, note="still"))
        return await alerts.read(pool, ALERT.id)

    read = console(work)
    assert (read["state"], read["shelved_until"]) == ("SHELVED", "2026-01-05T08:10:00Z")


def test_only_an_ended_c_clears_by_itself_after_a_day(ledger, console):
    c, lasting, b = stop("car-1", grade=Grade.C), stop("car-2", grade=Grade.C), stop("car-3", grade=Grade.B)
    ledger.commit(FixBatch.empty(), raised(c.ended(NOON + 900), lasting, b.ended(NOON + 900)), received_s=NOON)

    async def work(pool):
        return await clear_ended(pool, NOON + 86_399), await clear_ended(pool, NOON + 86_400)

    assert console(work) == ([], [c.id])

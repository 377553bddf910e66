"""Clocks that are wrong, the terminals' and our own, and what comes of the fixes meanwhile."""

import time
from typing import Any

import pytest
from ingest_examples import Terminal, location, wait_until
from running_ingest import POST, Clock, Ingest, at, post_plan, walk


@pytest.mark.parametrize(("offset_s", "rollovers"), [(7200, None), (-1024 * 7 * 86_400, 1)])
def test_a_clock_that_is_far_off_is_told_once_with_its_offset(
    ingest: Ingest, terminal: Terminal, offset_s: int, rollovers: int | None
) -> None:
    now_s = int(time.time())
    with ingest.running():
        for minute in range(3):
            terminal.publish("owntracks/off-12/phone", location(tst=now_s + offset_s + minute))
        wait_until(lambda: ingest.count("dead_letters") == 3 and ingest.count("alerts") == 1)
        (told,) = ingest.rows("SELECT device, detail->>'reason', detail->'offset_s', detail->'rollovers' FROM alerts")
        assert told[:2] == ("off-12", "clock")
        assert told[2] == pytest.approx(offset_s, abs=60)
        assert told[3] == rollovers
        terminal.publish("owntracks/off-12/phone", location(tst=int(time.time())))
        wait_until(lambda: ingest.rows("SELECT ended IS NOT NULL FROM alerts") == [(True,)])


def test_where_most_devices_disagree_alike_it_is_our_clock(ingest: Ingest, terminal: Terminal) -> None:
    now_s = int(time.time())
    ingest.introduce(*(f"off-{number}" for number in range(4)))
    with ingest.running():
        for number in range(4):
            terminal.publish(f"owntracks/off-{number}/phone", location(tst=now_s + 3600 + number))
        own = "SELECT device, detail->'devices' FROM alerts WHERE detail->>'reason' = 'own-clock' AND ended IS NULL"
        wait_until(lambda: [device for device, _ in ingest.rows(own)] == ["ingest"])
        for number in range(4):
            terminal.publish(f"owntracks/off-{number}/phone", location(tst=int(time.time())))
        wait_until(lambda: ingest.rows("SELECT count(*) FROM alerts WHERE ended IS NULL") == [(0,)])


def test_names_that_nobody_introduced_have_no_say_about_our_clock(ingest: Ingest, terminal: Terminal) -> None:
    now_s = int(time.time())
    ingest.introduce("off-1", "off-2")
    with ingest.running():
        for number in range(8):
            terminal.publish(f"ducha/west/name-{number}/fix", location(tst=now_s + 3600))
        for device in ("off-1", "off-2"):
            terminal.publish(f"owntracks/{device}/phone", location(tst=int(time.time())))
        wait_until(lambda: ingest.count("dead_letters") == 8 and ingest.count("fixes") == 2)
        reasons = "SELECT count(*), array_agg(DISTINCT detail->>'reason') FROM alerts"
        wait_until(lambda: ingest.rows(reasons) == [(8, ["clock"])])


OWN_CLOCK = (
    "SELECT device, (detail->>'offset_s')::float8, ended IS NULL FROM alerts WHERE detail->>'reason' = 'own-clock'"
)
OFFICERS = [f"off-{number}" for number in range(12, 17)]


def county_plan(now_s: float) -> dict[str, Any]:
    plan = post_plan(now_s)
    duty = plan["duties"][0] | {"from": at(now_s - 4 * 3600), "to": at(now_s + 4 * 3600)}
    return plan | {"duties": [duty | {"id": device, "device": device} for device in OFFICERS]}


class County:
    """Officers at their posts whose clocks are right, and an ingest whose clock is `wrong_s` ahead of them."""

    def __init__(self, ingest: Ingest, terminal: Terminal, wrong_s: float) -> None:
        self._ingest, self._terminal, self.wrong_s = ingest, terminal, wrong_s
        self.truth_s = self.began_s = int(time.time())
        self.clock = Clock(self.truth_s + wrong_s)
        self.sent = 0
        ingest.save_plan(county_plan(self.truth_s))

    def minutes(self, count: int) -> None:
        """Everybody says each minute where he is."""
        for _ in range(count):
            self.truth_s += 60
            self.clock.t_s = self.truth_s + self.wrong_s
            here = location(tst=self.truth_s, lon=POST[0], lat=POST[1], vel=0)
            for device in OFFICERS:
                self._terminal.publish(f"owntracks/{device}/phone", here)
            self.sent += len(OFFICERS)
            wait_until(lambda: self._ingest.count("fixes") + self._ingest.count("dead_letters") >= self.sent)

    def minutes_until_told(self) -> None:
        """Go on until our clock is told to be wrong: what came before the first mark was back said nothing."""
        for _ in range(30):
            self.minutes(1)
            if any(still for *_, still in self._ingest.rows(OWN_CLOCK)):
                return
        raise AssertionError("nobody noticed")


@pytest.mark.parametrize("wrong_s", [3600, -3600])
def test_while_our_clock_is_wrong_fixes_are_taken_in_at_once_and_nobody_is_silent(
    ingest: Ingest, terminal: Terminal, wrong_s: int
) -> None:
    county = County(ingest, terminal, wrong_s)
    lost = "SELECT count(*) FROM alerts WHERE rule = 'signal-lost' AND NOT withdrawn AND ended IS NULL"
    with ingest.running(county.clock):
        county.minutes_until_told()
        assert ingest.rows(OWN_CLOCK) == [("ingest", pytest.approx(-wrong_s, abs=2), True)]
        wait_until(lambda: ingest.count("fixes") == county.sent, what="what was refused meanwhile is taken in")
        wait_until(lambda: ingest.count("dead_letters") == 0)
        county.minutes(2)
        wait_until(lambda: ingest.count("fixes") == county.sent)
        wait_until(lambda: all(withdrawn for *_, withdrawn in ingest.alerts("signal-lost")))
        county.truth_s += 600
        county.clock.t_s += 600
        wait_until(lambda: ingest.rows(lost) == [(len(OFFICERS),)], what="who really is silent is told")
    with ingest.running(county.clock):
        county.minutes(4)
        wait_until(lambda: ingest.rows(lost) == [(0,)])
        assert [still for *_, still in ingest.rows(OWN_CLOCK)] == [True], "one alert, through a restart"
        county.wrong_s = 0
        county.minutes(1)
        wait_until(lambda: [still for *_, still in ingest.rows(OWN_CLOCK)] == [False], what="it was mended")
        county.minutes(1)
        wait_until(lambda: ingest.count("fixes") == county.sent)
    assert ingest.rows("SELECT device FROM alerts WHERE rule = 'implausible-position' AND ended IS NULL") == []


def test_after_a_restart_a_clock_that_was_mended_meanwhile_makes_nobody_silent(
    ingest: Ingest, terminal: Terminal
) -> None:
    county = County(ingest, terminal, -3600)
    with ingest.running(county.clock):
        county.minutes(2)
        wait_until(lambda: ingest.rows(OWN_CLOCK))
    county.wrong_s = 0
    county.clock.t_s = county.truth_s
    with ingest.running(county.clock):
        county.minutes(2)
        wait_until(lambda: [still for *_, still in ingest.rows(OWN_CLOCK)] == [False])
        wait_until(lambda: ingest.count("fixes") == county.sent)
    assert [alert for alert in ingest.alerts("signal-lost") if not alert[3]] == []


def test_an_hours_backlog_of_everybody_after_an_outage_is_no_wrong_clock(ingest: Ingest, terminal: Terminal) -> None:
    county = County(ingest, terminal, 0)
    with ingest.running(county.clock) as metrics:
        county.minutes(3)
        back_s = county.truth_s + 3600
        county.clock.t_s = back_s
        for second in range(county.truth_s + 10, back_s, 300):
            county.clock.t_s += 10
            for device in OFFICERS:
                track = walk(second, min(second + 300, back_s), POST)
                terminal.publish(f"owntracks/{device}/phone", track)
                county.sent += len(track)
            wait_until(lambda: ingest.count("fixes") == county.sent)
        assert metrics.registry.get_sample_value("ducha_ingest_marks_missing") == 0
    assert ingest.rows(OWN_CLOCK) == []


@pytest.mark.parametrize("shown", ["1e300", "1767600000000", "-5e17", "NaN", "Infinity"])
def test_times_that_no_clock_can_show_stop_nothing(ingest: Ingest, terminal: Terminal, shown: str) -> None:
    with ingest.running():
        for number in range(4):
            terminal.publish(
                f"owntracks/off-{number}/phone", f'{{"_type":"location","tst":{shown},"lat":30,"lon":120}}'
            )
        wait_until(lambda: ingest.count("dead_letters") == 4)
        terminal.publish("owntracks/off-9/phone", location(tst=int(time.time())))
        wait_until(lambda: ingest.count("fixes") == 1)
        reasons = ingest.rows("SELECT reason FROM dead_letters")
        assert all(reason.startswith("tst: expected Unix seconds from") for (reason,) in reasons), reasons
    assert ingest.rows(OWN_CLOCK) == []


@pytest.mark.parametrize("step_s", [3600, -3600])
def test_a_right_clock_that_is_set_wrong_makes_nobody_silent(ingest: Ingest, terminal: Terminal, step_s: int) -> None:
    county = County(ingest, terminal, 0)
    with ingest.running(county.clock, lambda: county.truth_s):
        county.minutes(4)
        county.wrong_s = step_s
        county.clock.t_s += step_s
        county.minutes_until_told()
        assert ingest.rows(OWN_CLOCK) == [("ingest", pytest.approx(-step_s, abs=2), True)]
        wait_until(lambda: ingest.count("fixes") == county.sent)
        county.wrong_s = 0
        county.clock.t_s -= step_s
        county.minutes(3)
        wait_until(lambda: [still for *_, still in ingest.rows(OWN_CLOCK)] == [False], what="it was set right")
        wait_until(lambda: ingest.count("fixes") == county.sent)
        county.minutes(1)
    assert ingest.alerts("signal-lost") == []
    assert ingest.rows("SELECT device FROM alerts WHERE rule = 'implausible-position' AND ended IS NULL") == []

"""Where a device can't have got, and where it can't be told: unknown, said once, and held against nobody."""

import numpy as np
import pytest
from analytics_examples import LAT, LON, T0, Seen, Track, duty, lonlat, plan_of, replay

from analytics.alerts import Alert, Grade
from analytics.fixes import FixFlag
from geofence.projection import metres_per_degree

POSITIONAL = ("off-route", "out-of-area", "off-post", "off-standby", "overtime-stop", "not-on-patrol", "speeding")
EAST, NORTH = (float(v[0]) for v in metres_per_degree(np.array([LAT])))
NULL_ISLAND = (-LON * EAST, -LAT * NORTH)
assert lonlat(NULL_ISLAND) == pytest.approx((0, 0))
FAR = {"null island": NULL_ISLAND, "30 km": (30_000.0, 0.0), "2000 km": (0.0, 2_000_000.0)}
SITES = {"r1": (1500.0, 0.0), "a1": (500.0, 300.0), "p1": (0.0, -2000.0), "st": (-200.0, 3100.0)}


def charged(seen: Seen) -> list[str]:
    return [a.rule for a in seen.alerts if a.rule in POSITIONAL]


def one(seen: Seen, rule: str) -> Alert:
    assert len(seen.of(rule)) == 1, [a.rule for a in seen.alerts]
    return seen.of(rule)[0]


def at_site(site: str, *, every_s: float = 10, seconds: float = 600) -> Track:
    """A device that moves to and fro on its site, so that nothing is to be said of it."""
    track = Track("x", SITES[site], every_s=every_s)
    return to_and_fro(track, site, seconds)


def to_and_fro(track: Track, site: str, seconds: float) -> Track:
    x, y = SITES[site]
    track.leap((x, y))
    until_s = track.t_s + seconds
    while track.t_s < until_s:
        if site in ("p1", "st"):
            track.stay(track.every_s)
        else:
            track.drive((x + (200 if track.at[0] == x else 0), y), 5)
    return track


def story(site: str, far: tuple[float, float], minutes: float, *, every_s: float = 10, **how: float) -> Seen:
    track = at_site(site, every_s=every_s).leap(far).stay(minutes * 60, **how)
    to_and_fro(track, site, 600)
    return replay(plan_of(duty("x", site, track.minute)), track)


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("minutes", [1 / 6, 1 / 3])
def test_one_or_two_fixes_elsewhere_are_noise(site: str, minutes: float) -> None:
    for far in FAR.values():
        seen = story(site, far, minutes)
        assert charged(seen) + [a.rule for a in seen.of("implausible-position")] == []


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("far", ["null island", "2000 km"])
@pytest.mark.parametrize(("minutes", "every_s"), [(3, 5), (10, 10), (25, 20)])
@pytest.mark.parametrize("speed", [float("nan"), 0.2, 8.0])
def test_a_lasting_leap_is_told_as_such_and_charges_nobody(
    site: str, far: str, minutes: float, every_s: float, speed: float
) -> None:
    seen = story(site, FAR[far], minutes, every_s=every_s, speed=speed, exact=True)
    assert charged(seen) == []
    assert seen.of("signal-lost") == []
    alert = one(seen, "implausible-position")
    assert (alert.detail["reason"], alert.grade) == ("jump", Grade.B)
    assert alert.end_s is not None
    assert alert.start_s == pytest.approx(T0 + 600, abs=25)
    assert alert.end_s == pytest.approx(alert.start_s + minutes * 60, abs=2 * every_s)
    assert alert.noticed_s <= alert.start_s + 60 + 2 * every_s
    assert (alert.lon, alert.lat) == pytest.approx(lonlat(SITES[site]), abs=0.01), "where it was last seen"


def test_a_leap_to_a_place_that_moves_charges_nobody_either() -> None:
    track = at_site("a1").leap((2_000_000, 0)).drive((2_004_000, 0), 8)
    seen = replay(plan_of(duty("x", "a1", track.minute)), track)
    assert charged(seen) == []
    assert one(seen, "implausible-position").end_s is None


def test_a_place_is_believed_when_the_device_can_have_got_there() -> None:
    """30 km in ten seconds is a leap; seven minutes later it may have driven them."""
    track = at_site("a1").leap((30_000, 0)).drive((30_000 + 8 * 1200, 0), 8)
    seen = replay(plan_of(duty("x", "a1", track.minute)), track)
    leap, out = one(seen, "implausible-position"), one(seen, "out-of-area")
    assert leap.end_s == pytest.approx(T0 + 600 + 30_000 / 70, abs=90)
    assert out.start_s == pytest.approx(leap.end_s, abs=10)
    assert out.detail["outside_m"] > 28_000


def test_a_terminal_switched_on_elsewhere_after_a_possible_journey_is_believed_at_once() -> None:
    track = at_site("a1").silent(1200).leap((30_000, 300)).drive((30_000, 9000), 8)
    seen = replay(plan_of(duty("x", "a1", track.minute)), track)
    assert seen.of("implausible-position") == []
    assert one(seen, "out-of-area").start_s == pytest.approx(T0 + 1800, abs=30)


@pytest.mark.parametrize("first", [10, 60, 180])
def test_a_receiver_that_begins_without_a_position_is_believed_once_it_has_one(first: float) -> None:
    track = Track("x", NULL_ISLAND).stay(first, exact=True)
    to_and_fro(track, "a1", 600).leap((3000, 300)).stay(300)
    seen = replay(plan_of(duty("x", "a1", track.minute)), track)
    assert one(seen, "out-of-area").start_s == pytest.approx(track.t_s - 300, abs=15)


@pytest.mark.parametrize("site", ["p1", "st"])
def test_a_receiver_that_never_has_a_position_is_said_to_have_none_and_charged_with_nothing(site: str) -> None:
    track = Track("x", NULL_ISLAND).stay(1800, exact=True)
    seen = replay(plan_of(duty("x", site, track.minute)), track)
    assert charged(seen) == []
    alert = one(seen, "implausible-position")
    assert alert.detail["reason"] == "jump"
    assert alert.detail["speed_mps"] is None


def test_one_wild_fix_after_a_silence_does_not_make_the_true_ones_unbelieved() -> None:
    track = at_site("a1").silent(1500).leap((60_000, 0)).stay(10)
    to_and_fro(track, "a1", 120).leap((3000, 300)).stay(300)
    seen = replay(plan_of(duty("x", "a1", track.minute)), track)
    assert seen.of("implausible-position") == []
    assert one(seen, "out-of-area").start_s == pytest.approx(track.t_s - 300, abs=15)


@pytest.mark.parametrize("how", [{"flags": int(FixFlag.MOCK)}, {"speed": 8.0, "exact": True}])
def test_a_simulated_or_frozen_position_charges_nobody(how: dict[str, float]) -> None:
    track = at_site("a1").leap((1900, 300)).stay(20).leap((2300, 300)).stay(900, **how)
    to_and_fro(track, "a1", 300)
    seen = replay(plan_of(duty("x", "a1", track.minute)), track)
    assert charged(seen) == []
    assert one(seen, "implausible-position").detail["reason"] == ("mock" if "flags" in how else "frozen")


def test_when_one_reason_is_over_and_another_lasts_it_is_told() -> None:
    track = at_site("a1").leap(FAR["2000 km"]).stay(600)
    to_and_fro(track, "a1", 30)
    for _ in range(40):
        track.report(SITES["a1"], flags=int(FixFlag.MOCK))
        track.t_s += 10
    seen = replay(plan_of(duty("x", "a1", track.minute)), track)
    assert [a.detail["reason"] for a in seen.of("implausible-position")] == ["jump", "mock"]


def test_where_the_rule_is_off_positions_are_taken_for_what_they_say() -> None:
    track = at_site("a1").leap((2_000_000, 0)).stay(300)
    seen = replay(plan_of(duty("x", "a1", track.minute), rules={"implausible-position": {"enabled": False}}), track)
    assert [a.rule for a in seen.alerts] == ["out-of-area"]


def coarse(site: str, accuracy_m: float, seconds: float = 1500, at: tuple[float, float] | None = None) -> Seen:
    track = at_site(site)
    track.accuracy_m = accuracy_m
    if at is None:
        to_and_fro(track, site, seconds)
    else:
        track.leap(at).stay(seconds)
    track.accuracy_m = 5
    to_and_fro(track, site, 300)
    return replay(plan_of(duty("x", site, track.minute)), track)


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("accuracy_m", [1000, 5000])
def test_positions_too_coarse_to_judge_are_told_once_and_ended_by_usable_ones(site: str, accuracy_m: float) -> None:
    seen = coarse(site, accuracy_m)
    alert = one(seen, "signal-lost")
    assert [a.rule for a in seen.alerts] == ["signal-lost"]
    assert (alert.detail["reason"], alert.grade) == ("imprecise", Grade.C)
    assert alert.start_s == pytest.approx(T0 + 600, abs=45)
    assert alert.noticed_s == pytest.approx(alert.start_s + 180, abs=30)
    assert alert.end_s == pytest.approx(alert.start_s + 1500, abs=45)
    assert (alert.detail["accuracy_m"], alert.detail["limit_s"]) == (accuracy_m, 180)


@pytest.mark.parametrize(("site", "accuracy_m", "seconds"), [("a1", 1000, 120), ("a1", 250, 1500), ("p1", 60, 1500)])
def test_coarse_for_a_short_while_or_coarse_and_yet_decided_is_nothing(
    site: str, accuracy_m: float, seconds: float
) -> None:
    assert coarse(site, accuracy_m, seconds).alerts == []


def test_the_patience_with_coarse_positions_is_a_parameter() -> None:
    track = at_site("a1")
    track.accuracy_m = 1000
    to_and_fro(track, "a1", 900)
    rules = {"signal-lost": {"imprecise_minutes": 10}}
    alert = one(replay(plan_of(duty("x", "a1", track.minute), rules=rules), track), "signal-lost")
    assert alert.noticed_s == pytest.approx(alert.start_s + 600, abs=30)


@pytest.mark.parametrize("accuracy_m", [201, 500, 1000, 3000])
@pytest.mark.parametrize(("site", "rule"), [("r1", "off-route"), ("a1", "out-of-area"), ("p1", "off-post")])
def test_where_the_whole_circle_lies_outside_it_is_a_breach_at_any_accuracy(
    site: str, rule: str, accuracy_m: float
) -> None:
    seen = coarse(site, accuracy_m, 900, at=(SITES[site][0] + 1000, SITES[site][1] - 4000))
    alert = one(seen, rule)
    assert seen.of("signal-lost") == []
    assert alert.start_s == pytest.approx(T0 + 600, abs=90)
    assert alert.detail["accuracy_m"] == accuracy_m


def test_a_patrol_that_is_coarse_and_wholly_elsewhere_never_appeared() -> None:
    track = Track("x", (0, 30_000), accuracy_m=500, noise_m=100).stay(1800)
    assert [a.detail["reason"] for a in replay(plan_of(duty("x", "r1", 30)), track).of("not-on-patrol")] == [
        "never-appeared"
    ]


def test_coarse_positions_in_one_place_are_no_overtime_stop() -> None:
    track = Track("x", (3500, 0)).drive((4000, 0)).leap((4000, 2000))
    track.accuracy_m, track.noise_m = 500, 5
    track.stay(900)
    assert replay(plan_of(duty("x", "r1", track.minute)), track).of("overtime-stop") == []


def test_breaches_seen_before_and_after_a_leap_do_not_add_up_over_it() -> None:
    track = at_site("p1").leap((300, -2000)).stay(60).leap(NULL_ISLAND).stay(600, exact=True)
    track.leap((300, -2000)).stay(30)
    to_and_fro(track, "p1", 300)
    assert charged(replay(plan_of(duty("x", "p1", track.minute)), track)) == []

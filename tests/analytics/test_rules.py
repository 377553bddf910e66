"""Each rule: a clear act raises one alert that says when it began, ended and was noticed; a near miss raises none."""

import pytest
from analytics_examples import T0, Seen, Track, duty, plan_of, replay

from analytics.alerts import Alert, Grade, contract_form
from analytics.fixes import FixFlag

SEEDS = (1, 2, 3)
DISPATCHED = [{"device": "car-1", "from": T0, "to": T0 + 7200}]


def one(seen: Seen, rule: str) -> Alert:
    """The only alert of `rule`."""
    assert len(seen.of(rule)) == 1, [a.rule for a in seen.alerts]
    return seen.of(rule)[0]


def patrol(seed: int = 1, every_s: float = 10) -> Track:
    """A car that has driven the first 1,500 m of its route."""
    return Track("car-1", seed=seed, every_s=every_s).drive((1500, 0))


def on_route(track: Track, **more: object) -> Seen:
    return replay(plan_of(duty("car-1", "r1", track.minute, **{k: v for k, v in more.items() if k == "breaks"}),
                          **{k: v for k, v in more.items() if k != "breaks"}), track)  # fmt: skip


def detour(seed: int, seconds: float, away_m: float = 260, every_s: float = 10) -> Track:
    return patrol(seed, every_s).leap((1500, away_m)).stay(seconds).leap((1500, 0)).drive((4000, 0))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("every_s", [5, 10, 20])
def test_off_route_tells_when_a_car_left_its_route_and_came_back(seed: int, every_s: float) -> None:
    alert = one(on_route(detour(seed, 300, every_s=every_s)), "off-route")

    assert alert.start_s == pytest.approx(T0 + 150, abs=every_s)
    assert alert.end_s == pytest.approx(T0 + 450, abs=every_s)
    assert alert.start_s + 60 <= alert.noticed_s <= alert.start_s + 120
    assert alert.grade is Grade.B
    assert alert.duty == "car-1/0"
    assert alert.detail["distance_m"] == pytest.approx(260, abs=15)
    assert alert.detail["corridor_m"] == 60


@pytest.mark.parametrize("seed", SEEDS)
def test_off_route_lets_a_detour_shorter_than_the_limit_pass(seed: int) -> None:
    assert on_route(detour(seed, 50)).of("off-route") == []


def test_off_route_is_not_fooled_by_single_wild_fixes() -> None:
    track = patrol()
    for _ in range(6):
        track.leap((1600, 1500)).stay(10).leap((1600, 0)).stay(50)
    assert on_route(track.drive((4000, 0))).of("off-route") == []


def test_off_route_is_not_fooled_by_a_parallel_road_within_the_accuracy() -> None:
    track = Track("car-1", accuracy_m=60).drive((1500, 0)).leap((1500, 110)).drive((4500, 110)).leap((4500, 0)).stay(60)
    assert on_route(track).of("off-route") == []


def test_off_route_lets_the_drive_to_the_route_pass() -> None:
    track = Track("car-1", (0, 2500)).drive((0, 0)).drive((4000, 0))
    assert on_route(track).of("off-route") == []


def test_a_break_and_an_incident_excuse_a_detour() -> None:
    rest = [{"from": T0 + 140, "to": T0 + 470}]
    assert on_route(detour(1, 300), breaks=rest).of("off-route") == []
    assert on_route(detour(1, 300), dispatches=DISPATCHED).of("off-route") == []


def test_fixes_worth_nothing_neither_begin_nor_end_a_detour() -> None:
    blind = patrol()
    blind.accuracy_m = 500
    blind.leap((1500, 400)).stay(300)
    blind.accuracy_m = 5
    assert on_route(blind.leap((1500, 0)).drive((4000, 0))).of("off-route") == []


def area_story(seed: int, seconds: float, out_m: float = 300) -> Track:
    track = Track("car-1", (500, 300), seed=seed).drive((1900, 300))
    return track.leap((2000 + out_m, 300)).stay(seconds).leap((1900, 300)).drive((300, 300))


def in_area(track: Track, **more: object) -> Seen:
    return replay(plan_of(duty("car-1", "a1", track.minute), **more), track)


@pytest.mark.parametrize("seed", SEEDS)
def test_out_of_area_tells_when_a_car_left_and_came_back(seed: int) -> None:
    alert = one(in_area(area_story(seed, 240)), "out-of-area")
    assert alert.start_s == pytest.approx(T0 + 140, abs=20)
    assert alert.end_s == pytest.approx(T0 + 380, abs=20)
    assert alert.noticed_s <= alert.start_s + 120
    assert alert.detail["outside_m"] == pytest.approx(300, abs=15)


@pytest.mark.parametrize(("seconds", "out_m"), [(40, 300), (300, 12)])
def test_out_of_area_lets_short_and_shallow_excursions_pass(seconds: float, out_m: float) -> None:
    assert in_area(area_story(1, seconds, out_m)).of("out-of-area") == []


def test_out_of_area_is_excused_by_an_incident() -> None:
    assert in_area(area_story(1, 240), dispatches=DISPATCHED).of("out-of-area") == []


def test_a_path_over_a_notch_between_two_fixes_inside_is_a_crossing_and_no_alert() -> None:
    track = Track("car-1", (300, 1800), noise_m=0).drive((890, 1800)).leap((1110, 1800)).drive((1800, 1800))
    seen = in_area(track)
    [crossing] = seen.crossings
    assert (crossing.device, crossing.duty) == ("car-1", "car-1/0")
    assert seen.of("out-of-area") == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("every_s", [5, 20])
def test_overtime_stop_tells_where_and_how_long_a_car_stood(seed: int, every_s: float) -> None:
    track = patrol(seed, every_s).drive((2200, 0)).stay(840).drive((4000, 0))
    alert = one(on_route(track), "overtime-stop")
    assert alert.start_s == pytest.approx(T0 + 220, abs=60)
    assert alert.end_s == pytest.approx(T0 + 1060, abs=60)
    assert alert.noticed_s <= alert.start_s + 660
    assert alert.detail["radius_m"] == 50


def test_a_reflection_of_half_a_minute_does_not_hide_the_beginning_of_a_stop() -> None:
    track = patrol().drive((2200, 0))
    stopped_s = track.t_s
    track.stay(240).leap((2310, 0)).stay(25).leap((2200, 0)).stay(600).drive((4000, 0))
    assert one(on_route(track), "overtime-stop").start_s == pytest.approx(stopped_s, abs=25)


def test_who_leaves_for_two_minutes_and_comes_back_begins_a_new_stop() -> None:
    track = patrol().drive((2200, 0)).stay(240).leap((2310, 0)).stay(120).leap((2200, 0))
    back_s = track.t_s
    track.stay(660).drive((4000, 0))
    assert one(on_route(track), "overtime-stop").start_s == pytest.approx(back_s, abs=25)


def test_overtime_stop_lets_a_stop_shorter_than_the_limit_pass() -> None:
    assert on_route(patrol().drive((2200, 0)).stay(480).drive((4000, 0))).of("overtime-stop") == []


@pytest.mark.parametrize("place", [(5000, 0), (3000, 0)])
def test_standing_at_a_station_or_an_own_checkpoint_is_no_overtime_stop(place: tuple[float, float]) -> None:
    assert on_route(patrol().drive(place).stay(840).drive((6000, 0))).of("overtime-stop") == []


def test_traffic_that_crawls_is_no_overtime_stop() -> None:
    track = patrol()
    for i in range(12):
        track.stay(60).drive((1500 + 80 * (i + 1), 0), mps=4)
    assert on_route(track.drive((4000, 0))).of("overtime-stop") == []


def test_a_silence_is_unknown_and_no_overtime_stop() -> None:
    track = patrol().drive((2200, 0)).stay(60).silent(720).stay(60).drive((4000, 0))
    seen = on_route(track)
    assert seen.of("overtime-stop") == []
    assert len(seen.of("signal-lost")) == 1


def test_a_break_excuses_an_overtime_stop() -> None:
    track = patrol().drive((2200, 0)).stay(840).drive((4000, 0))
    assert on_route(track, breaks=[{"from": T0 + 200, "to": T0 + 1100}]).of("overtime-stop") == []


def test_not_on_patrol_tells_of_a_car_that_never_appeared() -> None:
    track = Track("car-1", (0, 5000), every_s=20).stay(1500)
    alert = one(
        replay(plan_of(duty("car-1", "r1", 25), rules={"overtime-stop": {"enabled": False}}), track), "not-on-patrol"
    )
    assert alert.start_s == T0
    assert alert.detail["reason"] == "never-appeared"
    assert T0 + 900 <= alert.noticed_s <= T0 + 960


def test_not_on_patrol_does_not_tell_again_what_a_stop_tells() -> None:
    seen = on_route(patrol().drive((2200, 0)).stay(1500).drive((4000, 0)))
    assert len(seen.of("overtime-stop")) == 1
    assert seen.of("not-on-patrol") == []


def test_a_patrol_that_moves_is_on_patrol() -> None:
    assert on_route(Track("car-1").drive((6000, 0), 4).drive((0, 0), 4)).alerts == []


def test_missed_checkpoint_names_what_was_passed_by() -> None:
    track = Track("car-1").drive((2500, 0)).drive((2600, 200)).drive((3400, 200)).drive((3500, 0)).drive((6000, 0))
    alert = one(on_route(track), "missed-checkpoint")
    assert (alert.detail["missed"], alert.detail["visited"]) == (["c2"], ["c1"])
    assert alert.start_s == alert.end_s == alert.noticed_s == track.t_s


def test_missed_checkpoint_tells_of_a_route_of_which_too_little_was_covered() -> None:
    alert = one(on_route(Track("car-1").drive((3200, 0)).drive((0, 0))), "missed-checkpoint")
    assert alert.detail["missed"] == []
    assert alert.detail["coverage"] == pytest.approx(3260 / 6000, abs=0.03)


@pytest.mark.parametrize("every_s", [10, 30, 60])
def test_a_checkpoint_passed_between_two_sparse_fixes_is_visited(every_s: float) -> None:
    assert on_route(Track("car-1", every_s=every_s).drive((6000, 0)).drive((0, 0))).of("missed-checkpoint") == []


def test_a_checkpoint_in_a_silence_is_unknown_and_not_missed() -> None:
    track = Track("car-1").drive((2700, 0)).silent(80).leap((3500, 0)).drive((6000, 0)).drive((4000, 0))
    assert on_route(track).of("missed-checkpoint") == []


def test_the_order_of_visits_and_turning_round_do_not_matter() -> None:
    track = Track("car-1", (6000, 0)).drive((2000, 0)).drive((4000, 0)).drive((0, 0))
    assert on_route(track).alerts == []


def post_story(seed: int, seconds: float, away_m: float = 260) -> Seen:
    track = Track("off-1", (0, -2000), seed=seed, every_s=15, noise_m=10, accuracy_m=12)
    track.stay(600).leap((away_m, -2000)).stay(seconds).leap((0, -2000)).stay(600)
    return replay(plan_of(duty("off-1", "p1", track.minute)), track)


@pytest.mark.parametrize("seed", SEEDS)
def test_off_post_tells_when_an_officer_left_and_came_back(seed: int) -> None:
    alert = one(post_story(seed, 600), "off-post")
    assert alert.start_s == pytest.approx(T0 + 600, abs=20)
    assert alert.end_s == pytest.approx(T0 + 1200, abs=20)
    assert T0 + 900 <= alert.noticed_s <= T0 + 960
    assert alert.detail["distance_m"] == pytest.approx(260, abs=45)


@pytest.mark.parametrize(("seconds", "away_m"), [(180, 260), (900, 85)])
def test_off_post_lets_toilet_length_absences_and_indoor_drift_pass(seconds: float, away_m: float) -> None:
    assert post_story(1, seconds, away_m).alerts == []


def standby_story(**more: object) -> Seen:
    track = Track("car-1", (-200, 3100)).stay(300).leap((600, 3100)).stay(240).leap((-200, 3100)).stay(300)
    return replay(plan_of(duty("car-1", "st", track.minute), **more), track)


def test_off_standby_tells_when_a_car_left_its_station() -> None:
    alert = one(standby_story(), "off-standby")
    assert alert.start_s == pytest.approx(T0 + 300, abs=15)
    assert alert.end_s == pytest.approx(T0 + 540, abs=15)
    assert alert.detail["area"] == "st"


def test_a_dispatched_car_may_leave_its_station() -> None:
    assert standby_story(dispatches=DISPATCHED).alerts == []


def silence(seconds: float, **more: object) -> Seen:
    return on_route(patrol().silent(seconds).leap((1500, 0)).drive((6000, 0)), **more)


def test_signal_lost_lasts_from_the_last_fix_to_the_next() -> None:
    alert = one(silence(360), "signal-lost")
    assert (alert.start_s, alert.end_s, alert.noticed_s) == (T0 + 140, T0 + 510, T0 + 320)
    assert alert.grade is Grade.C
    assert alert.detail["silent_s"] == 370


def test_a_tunnel_shorter_than_the_limit_is_no_lost_signal() -> None:
    assert silence(160).of("signal-lost") == []


def test_a_planned_shutdown_is_no_lost_signal() -> None:
    assert silence(360, breaks=[{"from": T0 + 140, "to": T0 + 520}]).of("signal-lost") == []


def test_a_device_never_seen_whose_duty_names_no_place_is_nowhere_on_the_map() -> None:
    anywhere = duty("ghost", "r1", 30) | {"route": None}
    alert = one(replay(plan_of(anywhere), until=31), "signal-lost")
    assert (alert.lon, alert.lat) == (None, None)
    assert contract_form(alert)["lon"] is None


def test_a_device_that_never_reports_is_lost_from_the_start_of_its_duty_to_its_end() -> None:
    seen = replay(plan_of(duty("ghost", "r1", 30)), until=31)
    alert = one(seen, "signal-lost")
    assert (alert.start_s, alert.noticed_s, alert.end_s) == (T0, T0 + 180, T0 + 1800)
    assert alert.detail["ended_because"] == "duty"
    assert alert.detail["last_fix"] is None


def test_a_silence_off_duty_is_nobodys_business() -> None:
    track = patrol().silent(1200).drive((3000, 0))
    assert replay(plan_of(duty("car-1", "r1", 2.5)), track).of("signal-lost") == []


def test_implausible_position_tells_of_leaps_to_and_fro() -> None:
    track = patrol()
    for _ in range(4):
        track.leap((9000, 9000)).stay(10).leap((1500, 0)).stay(10)
    alert = one(on_route(track.drive((6000, 0))), "implausible-position")
    assert alert.detail["reason"] == "jump"
    assert alert.duty is None
    assert alert.start_s == T0 + 150


def test_a_cold_start_is_no_implausible_position() -> None:
    track = Track("car-1", (50_000, 0)).stay(10).leap((0, 0)).drive((6000, 0))
    assert on_route(track).of("implausible-position") == []


def test_implausible_position_tells_of_a_simulated_position_from_the_first_fix_on() -> None:
    track = Track("car-1").drive((1500, 0), flags=int(FixFlag.MOCK)).drive((6000, 0))
    alert = one(on_route(track), "implausible-position")
    assert alert.detail["reason"] == "mock"
    assert alert.start_s == T0
    assert alert.noticed_s == T0 + 60
    assert alert.end_s == T0 + 150


def test_implausible_position_tells_of_a_position_frozen_while_moving() -> None:
    track = patrol().stay(120, speed=10.0, exact=True).drive((6000, 0))
    assert one(on_route(track), "implausible-position").detail["reason"] == "frozen"


def test_parking_with_the_engine_off_is_not_frozen() -> None:
    assert on_route(patrol().stay(300, speed=0.0, exact=True).drive((6000, 0))).of("implausible-position") == []


def test_while_a_simulated_position_is_told_its_leaps_are_not_told_too() -> None:
    track = patrol().stay(90, flags=int(FixFlag.MOCK))
    for _ in range(4):
        track.leap((9000, 9000)).stay(10, flags=int(FixFlag.MOCK)).leap((1500, 0)).stay(10, flags=int(FixFlag.MOCK))
    alert = one(on_route(track.drive((6000, 0))), "implausible-position")
    assert alert.detail["reason"] == "mock"
    assert alert.end_s is not None


@pytest.mark.parametrize("speed", [float("nan"), 42.0])
def test_speeding_tells_of_a_car_too_fast_for_too_long(speed: float) -> None:
    track = Track("car-1", every_s=5).drive((1000, 0), 15).drive((5000, 0), 42, speed=speed).drive((6000, 0), 15)
    alert = one(on_route(track), "speeding")
    assert alert.start_s == pytest.approx(T0 + 65, abs=10)
    assert alert.end_s == pytest.approx(T0 + 165, abs=10)
    assert alert.detail["speed_mps"] == pytest.approx(42, abs=3)
    assert alert.detail["limit_mps"] == pytest.approx(33.33, abs=0.01)


def test_speeding_is_not_fooled_by_single_spikes_and_excused_by_an_incident() -> None:
    spikes = Track("car-1", every_s=5)
    for i in range(20):
        spikes.drive((250 * (i + 1), 0), 15).report(spikes.at, speed=60.0)
        spikes.t_s += 5
    assert on_route(spikes).of("speeding") == []
    fast = Track("car-1", every_s=5).drive((5000, 0), 42).drive((6000, 0), 15)
    assert on_route(fast, dispatches=DISPATCHED).of("speeding") == []


def test_an_alert_keeps_the_grade_version_and_limit_it_was_raised_with() -> None:
    changed = {"off-route": {"seconds": 120, "grade": "A", "version": 9}}
    alert = one(on_route(detour(1, 300), rules=changed), "off-route")
    assert (alert.grade, alert.rule_version, alert.detail["limit_s"]) == (Grade.A, 9, 120)
    assert alert.noticed_s >= alert.start_s + 120


@pytest.mark.parametrize("rule", ["off-route", "signal-lost", "missed-checkpoint"])
def test_a_rule_that_is_off_raises_nothing(rule: str) -> None:
    track = patrol().drive((1500, 400)).drive((4500, 400)).drive((4500, 0)).drive((5000, 0)).silent(200).stay(60)
    assert on_route(track).of(rule)
    assert on_route(track, rules={rule: {"enabled": False}}).of(rule) == []


def test_two_duties_one_after_the_other_have_alerts_of_their_own() -> None:
    track = patrol().leap((1500, 400)).stay(600)
    plan = plan_of(duty("car-1", "r1", 7), duty("car-1", "r1", 5.5, start=7))
    alerts = replay(plan, track).of("off-route")
    assert [a.duty for a in alerts] == ["car-1/0"], "in the second duty it has not yet been on its route"
    assert alerts[0].end_s == T0 + 420
    assert alerts[0].detail["ended_because"] == "duty"

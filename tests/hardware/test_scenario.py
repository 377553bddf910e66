"""What devices do: what is honest breaks no rule by geometry alone, what is scripted is recorded as it was."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
import shapely

from analytics.planning import parse_plan
from hardware.acts import Duty
from hardware.auditing import Auditor
from hardware.beats import AreaBeat, PostBeat, RouteBeat, StandbyBeat
from hardware.cameras.county import demo_cameras
from hardware.county import County, build
from hardware.day import Day
from hardware.plane import Floats
from hardware.scenario import Scenario, Story


def places(story: Story, from_s: float, to_s: float, every_s: float = 5.0) -> tuple[Floats, Floats]:
    t = np.arange(from_s, to_s, every_s)
    return t, np.column_stack([np.interp(t, story.path[0], story.path[1][:, i]) for i in (0, 1)])


def honest(scenario: Scenario) -> Iterator[tuple[Story, Duty]]:
    for story in scenario.stories:
        wrong = {d.duty for d in story.record.deeds}
        yield from ((story, d) for d in story.duties if d.id not in wrong and not story.record.dispatches)


def longest_stay_s(t: Floats, xy: Floats, radius_m: float) -> float:
    """The longest time within `radius_m` of where a stay began."""
    longest, start = 0.0, 0
    for i in range(len(t)):
        while np.hypot(*(xy[i] - xy[start])) > radius_m:
            start += 1
        longest = max(longest, float(t[i] - t[start]))
    return longest


def distances(geometry: shapely.Geometry, xy: Floats) -> Floats:
    found: Floats = shapely.distance(geometry, shapely.points(xy[:, 0], xy[:, 1]))
    return found


def runs_s(breach: np.ndarray, every_s: float) -> float:
    """The longest unbroken run of breaches."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], breach.astype(int), [0]])))
    return float(max((b - a for a, b in edges.reshape(-1, 2)), default=0)) * every_s


def test_same_seed_same_deeds_and_traces(county: County, shift: Scenario) -> None:
    again = county.shift(shift.start_s, 8, 30, 30)

    assert again.plan == shift.plan
    assert again.truth == shift.truth
    for a, b in zip(again.traces(again.stories[3]), shift.traces(shift.stories[3]), strict=True):
        assert np.array_equal(a.lon, b.lon)
        assert np.array_equal(a.arrival, b.arrival)


def test_cars_keep_to_roads(county: County, shift: Scenario) -> None:
    roads = shapely.unary_union([shapely.LineString(e.line) for e in county.network.edges])
    shapely.prepare(roads)
    for story in shift.stories:
        if story.device.kind == "car" and not isinstance(story.device.beat, StandbyBeat):
            _, xy = places(story, shift.start_s, shift.end_s, 30.0)
            assert shapely.dwithin(roads, shapely.points(xy[:, 0], xy[:, 1]), 3.0).all()


def test_plan_is_as_the_contract_says(shift: Scenario, demo: Scenario) -> None:
    for scenario in (shift, demo):
        plan = parse_plan(scenario.plan)

        assert len(plan.devices) == len(scenario.stories)
        assert {d.kind.value for d in plan.duties} == {"patrol", "post", "standby"}
        assert all(d.checkpoints for d in plan.duties if d.route is not None)


def test_honest_route_patrols_keep_to_the_route_and_pass_everything(shift: Scenario) -> None:
    checked = 0
    for story, duty in honest(shift):
        beat = story.device.beat
        if not isinstance(beat, RouteBeat):
            continue
        _, xy = places(story, duty.from_s, duty.to_s)
        missed, coverage = Auditor.passed(beat, duty, story.path)
        checked += 1
        assert runs_s(distances(beat.line, xy) > 60.0, 5.0) <= 55
        assert not missed
        assert coverage >= 0.9
    assert checked >= 5


def test_honest_patrols_do_not_stand_too_long(county: County, shift: Scenario) -> None:
    allowed = shapely.unary_union([s.polygon for s in county.beats.stops])
    for story, duty in honest(shift):
        if isinstance(story.device.beat, RouteBeat | AreaBeat):
            t, xy = places(story, duty.from_s, duty.to_s, 15.0)
            elsewhere = distances(allowed, xy) > 0
            assert longest_stay_s(t, xy, 50.0) < 15 * 60
            assert longest_stay_s(t[elsewhere], xy[elsewhere], 50.0) < 10 * 60


def test_honest_devices_stay_where_they_belong(shift: Scenario) -> None:
    for story, duty in honest(shift):
        beat = story.device.beat
        _, xy = places(story, duty.from_s, duty.to_s)
        if isinstance(beat, PostBeat):
            away = np.hypot(xy[:, 0] - beat.x, xy[:, 1] - beat.y) > 80.0
            assert runs_s(away, 5.0) <= 200
        elif isinstance(beat, AreaBeat | StandbyBeat):
            assert np.max(distances(beat.polygon, xy)) == 0.0


def test_honest_devices_are_not_silent(shift: Scenario) -> None:
    for story, duty in honest(shift):
        for trace in shift.traces(story):
            t = np.unique(trace.t[(trace.t >= duty.from_s) & (trace.t < duty.to_s)])
            assert t[0] - duty.from_s < 60
            assert np.diff(t).max() < 180


def test_truth_lies_within_its_duties(shift: Scenario, demo: Scenario) -> None:
    for scenario in (shift, demo):
        duties = {d.id: d for s in scenario.stories for d in s.duties}
        assert len(scenario.truth) > 5
        for deed in scenario.truth:
            duty = duties[deed.duty]
            assert deed.from_s < deed.to_s
            assert deed.device == duty.device
            if not deed.side_effect:
                assert duty.from_s <= deed.from_s < duty.to_s


def test_off_route_deeds_really_leave_the_corridor(shift: Scenario) -> None:
    stories = {s.device.id: s for s in shift.stories}
    for deed in shift.truth:
        story = stories[deed.device]
        if deed.act == "off-route" and not deed.side_effect and isinstance(story.device.beat, RouteBeat):
            _, xy = places(story, deed.from_s + 2, deed.to_s - 2)
            off_m = distances(story.device.beat.line, xy)
            assert off_m.min() > 55
            assert off_m.max() >= 200
            assert 240 <= deed.to_s - deed.from_s <= 610


def test_demo_opens_with_a_stop_about_to_become_too_long(demo: Scenario) -> None:
    stops = [d for d in demo.truth if d.act == "overtime-stop" and d.rule == "overtime-stop"]

    assert any(-640 <= d.from_s - demo.live_s <= -560 and d.to_s > demo.live_s + 120 for d in stops)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_normal_day_opens_with_a_stop_and_asks_for_people_a_few_times_an_hour(seed: int) -> None:
    hours = 8
    normal = build(seed).demo(1_767_571_200.0, hours * 60, 24, 36, Day.NORMAL)
    opening = [d for d in normal.truth if d.act == d.rule == "overtime-stop" and d.from_s < normal.live_s]
    assert [round(normal.live_s - d.from_s) for d in opening] == pytest.approx([600], abs=40)
    seen = demo_cameras(seed, minutes=hours * 60, day=Day.NORMAL).truth
    moments = [d.from_s - normal.live_s for d in normal.truth if not d.side_effect] + [h.from_s for h in seen]
    by_hour = Counter(max(0, int(at_s // 3600)) for at_s in moments)
    assert max(by_hour.values()) <= 6
    assert {h.rule for h in seen} == {"post-unattended", "single-officer", "camera-tampered", "stream-lost"}


def test_demo_uploads_its_history_at_once(demo: Scenario) -> None:
    for trace in demo.traces(demo.stories[0]):
        past = trace.t < demo.live_s
        assert past.sum() > 100
        assert np.ptp(trace.arrival[past]) == 0
        assert trace.arrival.min() >= demo.live_s

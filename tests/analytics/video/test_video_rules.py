"""The video rules, each over samples a second apart: what is given, what is told, and when."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from analytics.alerts import Alert, AlertChange, Change, Grade
from analytics.catalogue import all_rules, default_rules, video_rules
from analytics.video.picture import PictureState
from analytics.video.presence import Presence, presence_after
from analytics.video.rooms import Meeting, Procedure, Room, Session
from analytics.video.rules import (
    camera_tampered,
    left_alone,
    meeting_headcount,
    post_unattended,
    recording_gap,
    single_officer,
    stream_lost,
    unrecorded_session,
    unregistered_use,
)
from analytics.video.rules.recording_gap import Gap
from analytics.video.standing import Standing, Subject

MODEL = {"name": "figures", "sha256": "0" * 64}
CAMERA = Subject("cam-1", MODEL)
WINDOW = Subject("cam-1", MODEL, part="window")
QUESTIONING = Room(Session("s-1"), detainees=1, recorded_picture=True, recorded_sound=True)
EMPTY = Room(recorded_picture=True, recorded_sound=True)
OK, BLACK, COVERED = PictureState.OK, PictureState.BLACK, PictureState.COVERED

Told = list[AlertChange]


def run(step: Callable[..., Any], state: Any, samples: Iterable[tuple[Any, ...]], rule: Any, subject: Any) -> Told:
    """All changes, the samples being a second apart; each is what `step` takes between its state and the time."""
    told: Told = []
    for second, sample in enumerate(samples):
        state, changes = step(rule, subject, state, *sample, float(second))
        told += changes
    return told


def in_room(module: Any, people: list[int | None], room: Any) -> Told:
    rooms = room if isinstance(room, list) else [room] * len(people)
    return run(module.step, Standing(), zip(people, rooms, strict=True), module.RULE, CAMERA)


def one(told: Told) -> Alert:
    """The alert, of which there must be one, raised once and then ended at most once."""
    assert [c.change for c in told] in ([Change.RAISED], [Change.RAISED, Change.ENDED])
    assert len({c.alert.id for c in told}) == 1
    return told[-1].alert


def times(alert: Alert) -> tuple[float, float | None, float]:
    return alert.start_s, alert.end_s, alert.noticed_s


# the catalogue


def test_the_catalogue_keeps_gps_and_video_rules_apart_and_knows_them_all() -> None:
    assert not set(default_rules().rules) & set(video_rules().rules)
    assert set(all_rules().rules) == set(default_rules().rules) | set(video_rules().rules)
    assert [r.id for r in video_rules().rules.values() if not r.enabled] == ["dress"]


def test_every_video_rule_says_in_two_languages_what_to_do_and_why() -> None:
    for rule in video_rules().rules.values():
        texts = (rule.title, rule.meaning, rule.action, rule.basis, *(p.meaning for p in rule.parameters.values()))
        assert all(text.zh and text.en for text in texts), rule.id
        assert all(p.least <= p.default <= p.most for p in rule.parameters.values()), rule.id


# post-unattended


def watch_window(scores: list[float | None], in_service: Callable[[int], bool] = lambda _s: True) -> Told:
    """What is told of a window whose surest person has these scores, a second apart."""
    state, presence, told = post_unattended.State(), Presence(), []
    for second, score in enumerate(scores):
        presence = presence_after(presence, score, float(second))
        state, changes = post_unattended.step(
            post_unattended.RULE, WINDOW, state, presence, float(second), in_service(second)
        )
        told += changes
    return told


HERE, GONE, UNSURE = 0.9, 0.0, 0.3  # too little to be taken for present, too much to be told as absent


def test_an_empty_window_is_told_when_five_minutes_are_over_with_the_looks_that_showed_nobody() -> None:
    alert = one(watch_window([HERE] * 10 + [GONE] * 400 + [HERE] * 5))
    assert times(alert) == (9.0, 410.0, 310.0)
    assert alert.detail["region"] == "window"
    assert alert.detail["burst"] == 5
    assert alert.detail["frames"][-5:] == [306.0, 307.0, 308.0, 309.0, 310.0]
    assert alert.detail["model"] == MODEL
    assert alert.detail["duration_s"] == 401.0


@pytest.mark.parametrize("at", range(296, 301))
def test_somebody_in_any_look_of_the_burst_starts_the_waiting_anew(at: int) -> None:
    scores: list[float | None] = [GONE] * 700
    scores[at] = UNSURE
    assert times(one(watch_window(scores))) == (float(at), None, at + 300.0), "from the look that showed somebody"


def test_an_unsure_look_before_the_burst_makes_no_difference() -> None:
    scores: list[float | None] = [GONE] * 400
    scores[295] = UNSURE
    assert times(one(watch_window(scores))) == (0.0, None, 300.0)


def test_looks_that_are_too_few_when_the_time_is_over_are_waited_for() -> None:
    told = watch_window([GONE] * 299 + [None] * 10 + [GONE] * 20)
    assert times(one(told)) == (0.0, None, 313.0)
    assert one(told).detail["burst"] == 5


def test_looks_that_never_come_are_not_waited_for_longer_than_their_limit() -> None:
    told = watch_window([GONE] * 300 + [None] * 10 + [GONE, GONE, *[None] * 20, GONE, GONE])
    assert times(one(told)) == (0.0, None, 332.0)
    assert one(told).detail["burst"] == 1


def test_somebody_who_comes_back_while_looks_are_waited_for_is_not_told_of() -> None:
    assert watch_window([GONE] * 299 + [None] * 10 + [GONE] * 4 + [HERE] * 30) == []


@pytest.mark.parametrize("away_s", [30, 299])
def test_a_window_left_for_less_than_the_limit_is_not_told(away_s: int) -> None:
    scores: list[float | None] = ([HERE] * 20 + [GONE] * away_s) * 3 + [HERE] * 20
    assert watch_window(scores) == []


def test_single_missed_and_false_detections_make_no_difference() -> None:
    there: list[float | None] = [GONE if second % 20 == 7 else HERE for second in range(900)]
    assert watch_window(there) == []
    gone: list[float | None] = [HERE if second % 50 == 7 else GONE for second in range(400)]
    assert one(watch_window(gone)).end_s is None


def test_a_window_that_nobody_could_see_is_never_told_of() -> None:
    assert watch_window([HERE] * 5 + [None] * 2000) == []
    assert watch_window(([GONE] * 200 + [None] * 100) * 5) == []


def test_an_alert_stays_open_while_nobody_can_see() -> None:
    assert times(one(watch_window([GONE] * 320 + [None] * 600 + [HERE] * 3))) == (0.0, 920.0, 300.0)


def test_outside_service_hours_a_window_may_be_empty() -> None:
    told = watch_window([GONE] * 2000, in_service=lambda second: 600 <= second < 1500)
    assert times(one(told)) == (599.0, 1500.0, 899.0)


# camera-tampered


def watch_picture(states: list[PictureState | None]) -> Told:
    """Of a camera whose picture is in these states, each of which began when it was first seen."""
    since = 0.0
    samples = []
    for second, state in enumerate(states):
        since = float(second) if second == 0 or state is not states[second - 1] else since
        samples.append((state, since))
    return run(camera_tampered.step, camera_tampered.State(), samples, camera_tampered.RULE, CAMERA)


def test_a_covered_camera_is_told_after_half_a_minute() -> None:
    alert = one(watch_picture([OK] * 10 + [COVERED] * 60 + [OK] * 20))
    assert times(alert) == (10.0, 70.0, 40.0)
    assert alert.detail["kind"] == "covered"
    assert (alert.grade, alert.detail["frames"][0], alert.detail["frames"][-1]) == (Grade.B, 10.0, 40.0)


def test_somebody_who_passes_close_by_is_not_told_of() -> None:
    assert watch_picture(([OK] * 30 + [COVERED] * 25) * 5) == []


def test_one_tampering_of_two_kinds_is_one_alert() -> None:
    alert = one(watch_picture([OK] * 5 + [BLACK] * 12 + [OK] + [COVERED] * 40 + [OK] * 20))
    assert alert.detail["kinds"] == ["black", "covered"]
    assert alert.detail["kind"] == "covered"


def test_a_frozen_picture_is_told_since_it_stood_still() -> None:
    state: Any = camera_tampered.State()
    state, told = camera_tampered.step(camera_tampered.RULE, CAMERA, state, PictureState.FROZEN, 20.0, 50.0)
    assert times(one(list(told))) == (20.0, None, 50.0)


def test_a_camera_without_a_picture_is_not_tampered_with() -> None:
    assert watch_picture([None] * 300) == []


# rooms


def test_one_officer_with_one_detainee_is_a_suspicion_after_a_minute() -> None:
    alert = one(in_room(single_officer, [3] * 10 + [2] * 100 + [3] * 10, QUESTIONING))
    assert times(alert) == (10.0, 110.0, 70.0)
    assert alert.grade is Grade.A
    assert (alert.detail["people"], alert.detail["officers_required"], alert.detail["suspected"]) == (2, 2, True)
    assert "疑似" in single_officer.RULE.title.zh


def test_an_officer_who_steps_out_for_a_moment_is_not_told_of() -> None:
    assert in_room(single_officer, ([3] * 10 + [2] * 55) * 4, QUESTIONING) == []


@pytest.mark.parametrize(
    ("procedure", "standard", "complete", "required"),
    [
        (Procedure.CRIMINAL, True, True, 2),
        (Procedure.ADMINISTRATIVE, False, True, 2),
        (Procedure.ADMINISTRATIVE, True, False, 2),
        (Procedure.ADMINISTRATIVE, True, True, 1),
    ],
)
def test_one_officer_is_enough_only_as_the_law_says(
    procedure: Procedure, standard: bool, complete: bool, required: int
) -> None:
    room = Room(Session("s-1", procedure, standard), detainees=1, provably_complete=complete)
    assert single_officer.officers_required(single_officer.RULE, room) == required
    assert bool(in_room(single_officer, [2] * 90, room)) == (required == 2)


def test_a_recording_that_ceases_to_be_provable_makes_one_officer_too_few() -> None:
    session = Session("s-1", Procedure.ADMINISTRATIVE, standard_place=True)
    rooms = [Room(session, detainees=1, provably_complete=second < 100) for second in range(300)]
    assert times(one(in_room(single_officer, [2] * 300, rooms))) == (100.0, None, 160.0)


@pytest.mark.parametrize("people", [None, 0, 3, 4])
def test_a_room_that_is_full_empty_or_unseen_is_no_single_officer(people: int | None) -> None:
    assert in_room(single_officer, [people] * 300, QUESTIONING) == []


def test_without_an_open_session_there_is_no_single_officer() -> None:
    assert in_room(single_officer, [2] * 300, EMPTY) == []


def test_an_open_session_that_ends_ends_its_alert() -> None:
    rooms = [QUESTIONING if second < 200 else EMPTY for second in range(220)]
    assert one(in_room(single_officer, [2] * 220, rooms)).end_s == 200.0


def test_a_detainee_left_alone_is_told_after_a_minute() -> None:
    alert = one(in_room(left_alone, [2] * 10 + [1] * 80 + [2] * 10, Room(detainees=1)))
    assert times(alert) == (10.0, 90.0, 70.0)
    assert (alert.grade, alert.detail["suspected"]) == (Grade.A, True)


@pytest.mark.parametrize("people", [None, 0, 2])
def test_nobody_two_or_nobody_knows_is_not_left_alone(people: int | None) -> None:
    assert in_room(left_alone, [people] * 200, Room(detainees=1)) == []


def test_somebody_alone_where_no_detainee_is_signed_in_is_not_told_of() -> None:
    assert in_room(left_alone, [1] * 200, Room()) == []


def test_a_room_used_without_a_session_is_told_after_two_minutes() -> None:
    alert = one(in_room(unregistered_use, [0] * 10 + [2] * 150 + [0] * 30, EMPTY))
    assert times(alert) == (10.0, 160.0, 130.0)
    assert alert.grade is Grade.A


def test_the_cleaner_and_a_registered_session_are_not_told_of() -> None:
    assert in_room(unregistered_use, ([0] * 30 + [1] * 110) * 3, EMPTY) == []
    assert in_room(unregistered_use, [3] * 600, QUESTIONING) == []
    assert in_room(unregistered_use, [None] * 600, EMPTY) == []


def test_a_room_registered_late_ends_its_alert_at_once() -> None:
    rooms = [EMPTY if second < 180 else QUESTIONING for second in range(190)]
    assert one(in_room(unregistered_use, [2] * 190, rooms)).end_s == 180.0


@pytest.mark.parametrize(("picture", "sound", "missing"), [(False, True, ["picture"]), (True, False, ["sound"])])
def test_a_session_that_is_not_recorded_is_told(picture: bool, sound: bool, missing: list[str]) -> None:
    bad = Room(Session("s-1"), recorded_picture=picture, recorded_sound=sound)
    rooms = [QUESTIONING] * 10 + [bad] * 30 + [QUESTIONING] * 10
    alert = one(run(unrecorded_session.step, Standing(), [(r,) for r in rooms], unrecorded_session.RULE, CAMERA))
    assert times(alert) == (10.0, 40.0, 20.0)
    assert alert.detail["missing"] == missing


def test_a_session_whose_recording_nobody_can_tell_of_is_not_told() -> None:
    rooms = [(Room(Session("s-1"), recorded_picture=True),)] * 100
    assert run(unrecorded_session.step, Standing(), rooms, unrecorded_session.RULE, CAMERA) == []


def test_a_meeting_short_of_people_is_told_from_five_minutes_after_its_start() -> None:
    meeting = Meeting("m-1", 100.0, 1000.0, rostered=8)
    people: list[int | None] = [2] * 300 + [7] * 500 + [8] * 100
    alert = one(in_room(meeting_headcount, people, meeting))
    assert times(alert) == (400.0, 800.0, 460.0)
    assert (alert.grade, alert.detail["people"], alert.detail["rostered"]) == (Grade.C, 7, 8)


def test_a_full_meeting_and_none_at_all_are_not_told_of() -> None:
    assert in_room(meeting_headcount, [8] * 900, Meeting("m-1", 0.0, 900.0, rostered=8)) == []
    assert in_room(meeting_headcount, [0] * 900, None) == []
    assert in_room(meeting_headcount, [None] * 900, Meeting("m-1", 0.0, 900.0, rostered=8)) == []


# streams and recordings


def silence(last_packets: list[float]) -> Told:
    return run(stream_lost.step, Standing(), [(t,) for t in last_packets], stream_lost.RULE, CAMERA)


def test_a_silent_stream_is_told_after_twenty_seconds_from_its_last_packet() -> None:
    alert = one(silence([*map(float, range(31)), *[30.0] * 40, *map(float, range(71, 75))]))
    assert times(alert) == (30.0, 71.0, 50.0)
    assert alert.grade is Grade.C


def test_a_stream_that_stutters_is_not_told_of() -> None:
    assert silence([float(second - second % 15) for second in range(300)]) == []


def gaps(*known: tuple[Gap, float], interrogation: bool = False) -> Told:
    standing, told = Standing(), []
    for gap, now_s in known:
        standing, changes = recording_gap.step(
            recording_gap.RULE, Subject("cam-1", part="cam-1.video"), standing, gap, now_s, interrogation
        )
        told += changes
    return told


def test_missing_seconds_are_told_with_their_reason() -> None:
    alert = one(gaps((Gap(10.0, None, "source-lost"), 12.0), (Gap(10.0, 60.0, "source-lost"), 61.0)))
    assert times(alert) == (10.0, 60.0, 12.0)
    assert (alert.detail["reason"], alert.detail["stream"], alert.grade) == ("source-lost", "cam-1.video", Grade.C)


def test_missing_seconds_of_an_interrogation_are_grave() -> None:
    assert one(gaps((Gap(10.0, 15.0, "disk-full"), 15.0), interrogation=True)).grade is Grade.A


def test_a_gap_too_short_to_matter_is_not_told() -> None:
    assert gaps((Gap(10.0, 10.5, "clock-step"), 10.5)) == []


def test_a_new_gap_ends_the_one_before() -> None:
    told = gaps((Gap(10.0, None, "source-lost"), 20.0), (Gap(50.0, None, "disk-full"), 60.0))
    assert [c.change for c in told] == [Change.RAISED, Change.ENDED, Change.RAISED]
    assert told[1].alert.end_s == 50.0

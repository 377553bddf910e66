"""One camera, watched: from pictures to what is known and told."""

import gc
import tracemalloc

import numpy as np
from drawn_pictures import FigureFinder, Room, covered, lit, noisy, swaying

from analytics.alerts import AlertChange, Change
from analytics.catalogue import video_rules
from analytics.rulebook import Rulebook
from analytics.video import rooms
from analytics.video.detection import Picture
from analytics.video.picture import PictureState
from analytics.video.presence import Seen
from analytics.video.regions import Region
from analytics.video.rules.recording_gap import Gap
from analytics.video.watcher import Known, Outlook, Sampled, Watcher

WINDOW = Region.of("window", [0.2, 0.2, 0.5, 0.95])
CLERK = (0.28, 0.3, 0.4, 0.95)
VISITOR = (0.7, 0.3, 0.8, 0.95)
ROOM, RANDOM = Room(), np.random.default_rng(2)
AT_WINDOW, ELSEWHERE, EMPTY = ROOM.picture([CLERK]), ROOM.picture([VISITOR]), ROOM.picture()


def rules() -> Rulebook:
    """The catalogue, with a minute for the window."""
    return video_rules().amended({"post-unattended": {"minutes": 1, "burst": 2}})


def watcher(outlook: Outlook | None = None, book: Rulebook | None = None) -> Watcher:
    return Watcher(outlook or Outlook("cam-1", (WINDOW,)), FigureFinder(), book or rules())


def fresh(picture: Picture) -> Picture:
    """The same a moment later: no two pictures of a camera are quite the same."""
    return noisy(picture, RANDOM, 1.5)


def watch(
    watcher: Watcher, pictures: list[Picture | None], start_s: float = 0.0, known: Known | None = None
) -> tuple[list[Sampled], list[AlertChange]]:
    """Samples a second apart."""
    samples, told = [], []
    for second, picture in enumerate(pictures):
        t_s = start_s + second
        picture = None if picture is None else fresh(picture)
        samples.append(watcher.sample(picture, t_s, known or Known()))
        told += samples[-1].changes
    return samples, told


def test_people_are_counted_everywhere_and_the_window_has_its_own() -> None:
    both = ROOM.picture([CLERK, VISITOR])
    samples, _ = watch(watcher(), [both, both, ELSEWHERE, ELSEWHERE, ELSEWHERE])
    assert [s.people for s in samples] == [2, 2, 1, 1, 1]
    assert [s.regions["window"] for s in samples] == [Seen.PRESENT] * 3 + [Seen.ABSENT] * 2


def test_a_black_picture_tells_nothing_about_people() -> None:
    samples, _ = watch(watcher(), [AT_WINDOW] * 5 + [lit(AT_WINDOW, 0.02)] * 5 + [AT_WINDOW])
    assert {s.people for s in samples[5:10]} == {None}
    assert {s.regions["window"] for s in samples[5:10]} == {Seen.UNKNOWN}
    assert {s.picture for s in samples[5:10]} == {PictureState.BLACK}
    assert samples[10].regions["window"] is Seen.PRESENT


def test_a_picture_that_does_not_come_is_unknown() -> None:
    samples, told = watch(watcher(), [AT_WINDOW] * 3 + [None] * 300)
    assert (samples[-1].picture, samples[-1].people, samples[-1].regions["window"]) == (None, None, Seen.UNKNOWN)
    assert told == []


def test_an_empty_window_is_told_once_and_over_when_somebody_is_back() -> None:
    _, told = watch(watcher(), [AT_WINDOW] * 5 + [ELSEWHERE] * 90 + [AT_WINDOW] * 5)
    assert [c.change for c in told] == [Change.RAISED, Change.ENDED]
    alert = told[-1].alert
    assert (alert.rule, alert.device, alert.start_s, alert.end_s) == ("post-unattended", "cam-1", 4.0, 95.0)
    assert alert.detail["model"] == {"name": "figures", "sha256": "0" * 64}


def test_whoever_covers_the_camera_is_told_of_and_not_the_window() -> None:
    random = np.random.default_rng(3)
    pictures: list[Picture | None] = [AT_WINDOW] * 10 + [covered(EMPTY, 1.0, random) for _ in range(90)]
    _, told = watch(watcher(), pictures)
    assert [c.alert.rule for c in told] == ["camera-tampered"]


def test_a_rule_that_is_off_tells_nothing() -> None:
    off = rules().amended({"post-unattended": {"enabled": False}})
    assert watch(watcher(book=off), [ELSEWHERE] * 90)[1] == []


def test_when_a_rule_is_switched_off_its_open_alerts_end_and_say_why() -> None:
    camera = watcher(Outlook("cam-9", (WINDOW,), interrogation=True))
    _, told = watch(camera, [ROOM.picture([CLERK])] * 5 + [ELSEWHERE] * 70)
    told += [*camera.stream(0.0, 10.0), *camera.stream(0.0, 21.0)]
    told += camera.gap("cam-9.video", Gap(0.0, None, "disk-full"), 21.0)
    ids = {change.alert.rule: change.alert.id for change in told if change.change is Change.RAISED}
    assert set(ids) == {"post-unattended", "stream-lost", "recording-gap"}
    for rule, alert in ids.items():
        (ended,) = camera.use(rules().amended({rule: {"enabled": False}}), 80.0)
        assert (ended.change, ended.alert.id, ended.alert.end_s) == (Change.ENDED, alert, 80.0)
        assert ended.alert.detail["ended_because"] == "rule-off"
    off = rules().amended({rule: {"enabled": False} for rule in ids})
    assert camera.use(off, 81.0) == ()


def test_a_camera_that_is_still_covered_when_its_rule_is_on_again_has_the_same_alert() -> None:
    random = np.random.default_rng(3)
    camera = watcher()
    _, told = watch(camera, [AT_WINDOW] * 10 + [covered(EMPTY, 1.0, random) for _ in range(50)])
    (raised,) = told
    off = rules().amended({"camera-tampered": {"enabled": False}})
    (ended,) = camera.use(off, 60.0)
    assert (ended.change, ended.alert.detail["ended_because"]) == (Change.ENDED, "rule-off")
    assert watch(camera, [covered(EMPTY, 1.0, random) for _ in range(40)], 60.0)[1] == []
    assert camera.use(rules(), 100.0) == ()
    _, told = watch(camera, [covered(EMPTY, 1.0, random) for _ in range(40)], 100.0)
    assert [(c.change, c.alert.id) for c in told] == [(Change.RAISED, raised.alert.id)]


def test_an_alert_resumed_under_a_rule_that_was_switched_off_meanwhile_ends() -> None:
    _, (raised,) = watch(watcher(), [ELSEWHERE] * 70)
    off = rules().amended({"post-unattended": {"enabled": False}})
    after = Watcher(Outlook("cam-1", (WINDOW,)), FigureFinder(), off, [raised.alert])
    (ended,) = after.use(off, 300.0)
    assert (ended.change, ended.alert.id, ended.alert.end_s) == (Change.ENDED, raised.alert.id, 300.0)


def test_two_windows_of_one_camera_have_alerts_of_their_own() -> None:
    desk = Region.of("desk", [0.6, 0.2, 0.95, 0.95])
    _, told = watch(watcher(Outlook("cam-1", (WINDOW, desk))), [EMPTY] * 90)
    assert {c.alert.detail["region"] for c in told} == {"window", "desk"}
    assert len({c.alert.id for c in told}) == 2


def test_an_interrogation_is_watched_by_its_facts() -> None:
    session = rooms.Room(rooms.Session("s-1"), detainees=1, recorded_picture=True, recorded_sound=True)
    camera = watcher(Outlook("cam-9", interrogation=True))
    _, told = watch(camera, [ROOM.picture([CLERK, VISITOR])] * 90, known=Known(room=session))
    assert [c.alert.rule for c in told] == ["single-officer"]
    _, told = watch(camera, [EMPTY] * 10 + [ROOM.picture([CLERK, VISITOR])] * 150, 90, Known(room=rooms.Room()))
    assert [(c.alert.rule, c.change) for c in told] == [
        ("single-officer", Change.ENDED),
        ("unregistered-use", Change.RAISED),
    ]


def test_after_a_restart_the_open_alert_ends_and_is_not_told_again() -> None:
    _, told = watch(watcher(), [ELSEWHERE] * 70)
    (raised,) = told
    after = Watcher(Outlook("cam-1", (WINDOW,)), FigureFinder(), rules(), [raised.alert])
    _, told = watch(after, [ELSEWHERE] * 90 + [AT_WINDOW] * 5, start_s=300.0)
    assert [c.change for c in told] == [Change.ENDED]
    assert told[0].alert.id == raised.alert.id
    assert told[0].alert.end_s == 390.0


def test_somebody_close_to_a_camera_that_looks_at_its_window_alone_is_no_cover() -> None:
    close = [ROOM.picture([swaying((0.45, 0.0, 1.0, 1.0), second)]) for second in range(40)]
    samples, told = watch(watcher(Outlook("cam-1", (WINDOW,), counts=False)), [AT_WINDOW] * 10 + close)
    assert {s.picture for s in samples} == {PictureState.OK}
    assert {s.people for s in samples} == {None}
    assert not told


def test_an_alert_about_a_region_that_is_there_no_more_ends_and_says_why() -> None:
    _, (raised,) = watch(watcher(), [ELSEWHERE] * 70)
    after = Watcher(
        Outlook("cam-1", (Region.of("desk", [0.2, 0.2, 0.5, 0.95]),)), FigureFinder(), rules(), [raised.alert]
    )
    _, (ended,) = watch(after, [AT_WINDOW] * 5, start_s=100.0)
    assert (ended.change, ended.alert.id, ended.alert.end_s) == (Change.ENDED, raised.alert.id, 100.0)
    assert ended.alert.detail["ended_because"] == "unwatched"


def test_an_alert_about_a_room_ends_when_the_camera_watches_none_any_more() -> None:
    camera = watcher(Outlook("cam-1"))
    room = rooms.Room(rooms.Session("s-1"), detainees=1, recorded_picture=True, recorded_sound=True)
    _, told = watch(camera, [AT_WINDOW] * 70, known=Known(room=room))
    open_rules = {change.alert.rule for change in told}
    assert open_rules == {"single-officer", "left-alone"}
    _, told = watch(camera, [AT_WINDOW] * 5, start_s=70.0)
    assert {(c.change, c.alert.rule, c.alert.detail["ended_because"]) for c in told} == {
        (Change.ENDED, rule, "unwatched") for rule in open_rules
    }


def test_streams_and_gaps_are_told_each_of_its_own() -> None:
    camera = watcher(Outlook("cam-9", interrogation=True))
    told = [*camera.stream(0.0, 10.0), *camera.stream(0.0, 21.0)]
    told += camera.gap("cam-9.video", Gap(0.0, None, "source-lost"), 21.0)
    told += camera.gap("cam-9.audio", Gap(0.0, None, "source-lost"), 21.0)
    assert [c.alert.rule for c in told] == ["stream-lost", "recording-gap", "recording-gap"]
    assert len({c.alert.id for c in told}) == 3


def test_what_a_camera_that_is_away_does_not_send_is_told_once_outside_of_interrogation_rooms() -> None:
    camera = watcher(Outlook("cam-9"))
    assert camera.gap("cam-9.video", Gap(0.0, None, "source-lost"), 21.0) == ()
    assert [c.alert.rule for c in camera.gap("cam-9.video", Gap(0.0, 30.0, "disk-full"), 31.0)] == ["recording-gap"] * 2


def test_a_watcher_keeps_no_more_the_longer_it_watches() -> None:
    camera = watcher(Outlook("cam-1", (WINDOW,), counts=False))
    tracemalloc.start()
    try:
        watch(camera, [AT_WINDOW, EMPTY] * 20)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        watch(camera, [AT_WINDOW, EMPTY, ELSEWHERE] * 25, start_s=40.0)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 100_000

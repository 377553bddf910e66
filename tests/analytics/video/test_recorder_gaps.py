"""A recorder that was down, full or set back is told of once, whatever number of streams it should have stored."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from analytics.alerts import Alert, AlertChange, Because, Change, Grade
from analytics.catalogue import video_rules
from analytics.video.recorder_gaps import SETTLED_S, Hole, RecorderWatcher, is_own

CAMERAS = [f"win-{n}" for n in range(1, 46)]


def watched(*told: tuple[float, Iterable[Hole]], known: Iterable[Alert] = (), from_s: float = 0.0) -> list[AlertChange]:
    """All changes, a look a second for as long as anything can change; `told`: what is declared, and when."""
    watcher = RecorderWatcher("r-1", video_rules(), list(known), from_s)
    changes: list[AlertChange] = []
    waiting, now_s = sorted(told, key=lambda each: each[0]), from_s
    while waiting or now_s < max([from_s, *(at for at, _ in told)]) + 2 * SETTLED_S:
        holes = [hole for at, holes in waiting if at <= now_s for hole in holes]
        waiting = [each for each in waiting if each[0] > now_s]
        changes += watcher.gaps(holes, now_s)
        now_s += 1.0
    return changes


def restarted(camera: str, from_s: float = 100.0, to_s: float = 104.0) -> Hole:
    return Hole(camera, from_s, to_s, "process-restart")


def spans(changes: Iterable[AlertChange]) -> list[tuple[float, float | None]]:
    return [(c.alert.start_s, c.alert.end_s) for c in changes if c.change is Change.ENDED]


def test_a_restart_of_all_cameras_is_one_alert_that_names_them() -> None:
    raised, ended = watched((105.0, [restarted(camera) for camera in CAMERAS for _ in ("video", "audio")]))
    assert (raised.change, ended.change) == (Change.RAISED, Change.ENDED)
    assert (raised.alert.rule, raised.alert.device, raised.alert.grade) == ("recording-gap", "r-1", Grade.C)
    assert raised.alert.noticed_s == 105.0
    assert (ended.alert.start_s, ended.alert.end_s, ended.alert.detail["duration_s"]) == (100.0, 104.0, 4.0)
    assert ended.alert.detail["reason"] == "process-restart"
    assert ended.alert.detail["cameras"] == sorted(CAMERAS)


def test_cameras_that_come_back_later_belong_to_it() -> None:
    slow = restarted("win-9", 99.5, 112.0)
    raised, ended = watched((105.0, [restarted("win-1")]), (113.0, [slow]))
    assert raised.alert.id == ended.alert.id
    assert (ended.alert.start_s, ended.alert.end_s) == (100.0, 112.0)
    assert ended.alert.detail["cameras"] == ["win-1", "win-9"]


def test_a_disk_that_stays_full_is_one_alert_for_as_long_as_that_is_declared() -> None:
    leaves = [(s + 10.5, [Hole(c, s, s + 10, "disk-full") for c in CAMERAS]) for s in range(100, 200, 10)]
    raised, ended = watched(*leaves)
    assert raised.alert.noticed_s == 111.0
    assert (ended.alert.start_s, ended.alert.end_s) == (100.0, 200.0)


def test_another_reason_and_another_time_are_another_alert() -> None:
    full = [Hole("win-1", 100.0, 110.0, "disk-full")]
    assert len(spans(watched((105.0, [restarted("win-1")]), (110.0, full)))) == 2
    again = restarted("win-1", 400.0, 403.0)
    assert spans(watched((105.0, [restarted("win-1")]), (404.0, [again]))) == [(100.0, 104.0), (400.0, 403.0)]
    assert spans(watched((404.0, [again, restarted("win-1")]))) == [(100.0, 104.0), (400.0, 403.0)]


def test_what_is_too_short_to_matter_or_not_the_recorders_own_is_not_told() -> None:
    assert watched((105.0, [restarted("win-1", 100.0, 100.9)])) == []
    assert watched((105.0, [Hole("win-1", 100.0, 200.0, "source-lost")])) == []
    assert is_own("process-restart", interrogation=False)
    assert not is_own("process-restart", interrogation=True)
    assert not is_own("codec-change", interrogation=False)


def test_what_was_told_before_the_recorder_was_started_again_is_not_told_again() -> None:
    told = (105.0, [restarted(camera) for camera in CAMERAS])
    ended = watched(told)[-1].alert
    assert watched((130.0, told[1]), known=[ended], from_s=130.0) == []
    later = restarted("win-1", 300.0, 302.0)
    assert spans(watched((303.0, [*told[1], later]), known=[ended], from_s=303.0)) == [(300.0, 302.0)]


def test_an_alert_that_was_open_then_goes_on() -> None:
    raised = watched((105.0, [restarted("win-1")]))[0].alert
    (ended,) = watched((106.0, [restarted("win-2", 100.5, 105.5)]), known=[raised], from_s=106.0)
    assert ended.alert.id == raised.id
    assert (ended.alert.end_s, ended.alert.detail["cameras"]) == (105.5, ["win-1", "win-2"])


def test_where_the_rule_is_off_what_is_open_ends_and_nothing_is_told() -> None:
    rules = video_rules()
    watcher = RecorderWatcher("r-1", rules, [], 0.0)
    assert len(watcher.gaps([restarted("win-1")], 105.0)) == 1
    off = rules.amended({"recording-gap": {"enabled": False}}, "test")
    (ended,) = watcher.use(off, 106.0)
    assert ended.alert.detail["ended_because"] == Because.RULE_OFF
    assert watcher.gaps([restarted("win-1", 200.0, 210.0)], 211.0) == ()


@given(st.permutations([restarted(c, 100.0 + n / 10, 104.0 + n / 7) for n, c in enumerate(CAMERAS[:6])]))
def test_the_order_in_which_cameras_are_read_does_not_matter(holes: list[Hole]) -> None:
    assert watched((106.0, holes)) == watched((106.0, sorted(holes, key=lambda hole: hole.camera)))

"""What is stored and can't be shown is as good as missing: told while it lasts, and when it is over."""

import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from camera_films import film
from msgspec.structs import replace as changed

from analytics.alerts import AlertChange, Grade
from analytics.catalogue import video_rules
from analytics.interrogations import Interrogation
from analytics.video.detection import Person, Picture
from analytics.video.rooms import Procedure
from analytics.video.watcher import Outlook, Watcher
from ingest.cameras.album import Album
from ingest.cameras.annexb import annex_b, nal_units, parameter_sets
from ingest.cameras.config import CameraSettings, Kind
from ingest.cameras.facts import Facts, Records
from ingest.cameras.fanout import Fanout
from ingest.cameras.looking import Looking, View
from ingest.cameras.outbox import Outbox
from store.evidence.leaf import HeartbeatBody, Leaf
from store.records import AlertPicture

INFO, PACKETS = film()
SETS = parameter_sets("h264", INFO.extradata)
GOOD = PACKETS[0].data
BAD = annex_b(tuple(unit for unit in nal_units(GOOD) if unit not in SETS))  # its PPS is told nowhere
BEGAN_S = 1_000.0


class NoOne:
    """A detector that finds nobody."""

    name, sha256 = "none", "0" * 64

    def people(self, _picture: Picture) -> list[Person]:
        return []


class Found(Outbox):
    """Keeps what was found."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[AlertChange] = []

    def found(self, change: AlertChange, pictures: Iterable[AlertPicture] = ()) -> None:
        self.changes.append(change)
        super().found(change, tuple(pictures))


class Rounds(threading.Event):
    """Ends after so many rounds, without a rest."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self._left = rounds

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002
        self._left -= 1
        return self._left < 0


def looked(folder: Path, pictures: str, kind: Kind = Kind.WINDOW, *, record: bool = True) -> list[AlertChange]:
    """What is found of a camera that sends a picture a second, one for each letter: b is bad."""
    fanout, found = Fanout(), Found()
    fanout.open((changed(INFO, extradata=annex_b(SETS[:1])),))
    outlook = Outlook("c-1", (), interrogation=kind is Kind.INTERROGATION)
    view = View("c-1", fanout, Watcher(outlook, NoOne(), video_rules()), Album("c-1", folder))
    sent = iter(pictures)
    clock_s = BEGAN_S

    def clock() -> float:
        nonlocal clock_s
        clock_s += 1
        if (letter := next(sent, None)) is not None:
            data = BAD if letter == "b" else annex_b(SETS) + GOOD
            fanout.publish(changed(PACKETS[0], data=data, arrived_s=clock_s, arrived_wall_s=clock_s))
        return clock_s

    camera = CameraSettings(id="c-1", url="rtsp://127.0.0.1/", kind=kind, record=record)
    Looking([view], Facts([camera], lambda _stream: None), found, clock).run(Rounds(len(pictures)))
    return [change for change in found.changes if change.alert.rule == "recording-gap"]


@pytest.mark.parametrize(("kind", "grade"), [(Kind.WINDOW, Grade.C), (Kind.INTERROGATION, Grade.A)])
def test_stored_pictures_that_can_not_be_decoded_are_a_gap_until_they_can_again(
    tmp_path: Path, kind: Kind, grade: Grade
) -> None:
    raised, ended = looked(tmp_path, "gggbbbbbbggg", kind)
    assert (raised.alert.grade, raised.alert.detail["reason"]) == (grade, "undecodable")
    assert raised.alert.noticed_s - raised.alert.start_s < 10
    assert ended.alert.id == raised.alert.id
    assert ended.alert.end_s is not None
    assert ended.alert.end_s - ended.alert.start_s == pytest.approx(6, abs=1)


def test_one_picture_that_was_damaged_on_its_way_is_nothing(tmp_path: Path) -> None:
    assert looked(tmp_path, "gggbgggbggg") == []


def test_a_camera_that_is_not_recorded_misses_nothing(tmp_path: Path) -> None:
    assert looked(tmp_path, "gggbbbbbggg", record=False) == []


def test_a_recording_that_can_not_be_shown_is_not_complete() -> None:
    def last(stream: str) -> Leaf:
        now_ns = time.time_ns()
        return Leaf.of(
            recorder="r", stream=stream, session="s", seq=0, wall_ns=now_ns, mono_ns=1, prev=None, body=HeartbeatBody()
        )

    camera = CameraSettings(id="room-1", url="rtsp://127.0.0.1/", kind=Kind.INTERROGATION)
    facts = Facts([camera], last)
    interrogation = Interrogation("i-1", "room-1", Procedure.ADMINISTRATIVE, True, BEGAN_S)
    facts.learn(Records({"room-1": interrogation}, (), video_rules()))

    def is_complete() -> bool:
        room = facts.known("room-1").room
        assert room is not None
        return room.provably_complete

    assert is_complete()
    for n in (1, 2):
        facts.judge("room-1", BEGAN_S + n, shown=False)
    assert not is_complete()
    facts.judge("room-1", BEGAN_S + 3, shown=True)
    assert not is_complete(), "what could not be shown stays lost to this session"

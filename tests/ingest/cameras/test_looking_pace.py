"""How one thread goes through its cameras: when it rests, and when it has no time to."""

import threading
import time
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from camera_films import film
from msgspec.structs import replace as changed

from analytics.catalogue import video_rules
from analytics.video.detection import Person, Picture
from analytics.video.regions import Region
from analytics.video.watcher import Outlook, Watcher
from ingest.cameras import looking
from ingest.cameras.album import Album
from ingest.cameras.config import CameraSettings, Kind
from ingest.cameras.facts import Facts
from ingest.cameras.fanout import Fanout
from ingest.cameras.looking import TURN_S, Looking, View
from ingest.cameras.outbox import Outbox

WINDOW = Region.of("window", [0.2, 0.2, 0.5, 0.95])


class SlowEye:
    """A detector that finds nobody, and takes its time over it."""

    name, sha256 = "slow", "0" * 64

    def __init__(self, takes_s: float) -> None:
        self._takes_s = takes_s
        self.looks = 0

    def people(self, picture: Picture) -> list[Person]:
        self.looks += 1
        until_s = time.monotonic() + self._takes_s
        while time.monotonic() < until_s:
            picture.sum()
        return []


class Rests(threading.Event):
    """Told to stop after so many rounds, having noted how long each rest was to be."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._rounds = rounds

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.seconds.append(timeout)
        if len(self.seconds) > self._rounds:
            self.set()
        return super().wait(timeout)


def looked(folder: Path, eye: SlowEye, *, keyframes: bool) -> Rests:
    """The rests between five rounds through one camera, that sends a picture just before it is looked at or none."""
    stream, packets = film()
    fanout, rests = Fanout(), Rests(rounds=5)
    fanout.open((stream,))
    view = View("win-1", fanout, Watcher(Outlook("win-1", (WINDOW,)), eye, video_rules()), Album("win-1", folder))
    clock_s = 1_000.0

    def clock() -> float:
        nonlocal clock_s
        clock_s += 1
        if keyframes:
            fanout.publish(changed(packets[0], arrived_wall_s=clock_s))
        return clock_s

    camera = CameraSettings(id="win-1", url="rtsp://127.0.0.1/", kind=Kind.WINDOW)
    Looking([view], Facts([camera], lambda _stream: None), Outbox(), clock).run(rests)
    return rests


def test_who_is_behind_goes_on_without_a_rest(tmp_path: Path) -> None:
    eye = SlowEye(2 * TURN_S)
    rests = looked(tmp_path, eye, keyframes=True)
    assert eye.looks
    assert 0.0 in rests.seconds[1:]


def test_who_has_nothing_to_look_at_rests_until_the_next_round_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eye, clock = SlowEye(2 * TURN_S), count(0.0, TURN_S / 4)
    monkeypatch.setattr(looking, "time", SimpleNamespace(monotonic=clock.__next__))  # each round takes as long
    rests = looked(tmp_path, eye, keyframes=False)
    assert eye.looks == 0
    assert rests.seconds == [TURN_S, *[pytest.approx(0.75 * TURN_S)] * 5]

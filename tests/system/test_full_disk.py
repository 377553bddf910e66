"""A disk that is really full, and that somebody frees a little of again and again: one alert, gaps declared, nothing of
what was stored lost. Shows its figures with `pytest -s`."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from camera_films import later
from recorder_bench import INFO, PACKETS, VIDEO, Bench, faults

from analytics.alerts import AlertChange, Change, Grade
from analytics.catalogue import video_rules
from analytics.video.recorder_gaps import Hole
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.facts import Records
from ingest.cameras.own_gaps import OwnGaps
from ingest.cameras.recorder import Room
from ingest.config import DatabaseSettings
from store.evidence.leaf import GapBody, SegmentBody
from store.records import RecordedGap

STEP_S = 3.0
FLAPPING_S, SETTLING_S = 81.0, 60.0
RECORDER = "county/r-1"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with a disk of its own, of 2 MiB, for the recordings."""
    disk = tmp_path / "recordings"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


class Watch:
    """A recorder on a small disk, and what is told of it, step by step by the clock of the film."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        disk = Room(folder / "recordings", 0, lambda: self.steps * STEP_S)
        self.steps = 0
        self.bench = Bench(folder, has_room=disk, refused=disk.refuse)
        self.filler = self.bench.folder / "filler"
        self.changes: list[AlertChange] = []
        self.lost_steps = 0
        self._settings = Settings(
            database=DatabaseSettings(url=""),
            recorder=RecorderSettings(recorder=RECORDER),
            cameras=(CameraSettings(id="c-1", url="rtsp://127.0.0.1/c-1", kind=kind),),
        )
        self._own = OwnGaps(self._settings, self._records(), [], self.bench.wall_s)
        self.bench.fanout.open((INFO,))

    def step(self) -> None:
        """Three seconds of the camera, and a look at what became of them."""
        self.bench.send(list(later(PACKETS, STEP_S * self.steps)))
        self.steps += 1
        self.bench.wait_until_it_has_followed()
        lost = self.bench.recorder.lost
        self.lost_steps += lost is not None
        now_s = self.bench.wall_s
        holes = [] if lost is None else [Hole(lost.camera, lost.since_s, now_s, lost.reason.value)]
        self.changes += self._own.learn(self._records(), holes, now_s)

    def fill(self, leave: int) -> None:
        """Leave so many bytes free."""
        with self.filler.open("ab", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass
        os.truncate(self.filler, max(0, self.filler.stat().st_size - leave))

    def count(self, change: Change) -> int:
        return sum(each.change is change for each in self.changes)

    def _records(self) -> Records:
        gaps = [leaf for leaf in self.bench.leaves() if isinstance(leaf.body, GapBody)]
        rows = [
            RecordedGap(VIDEO, leaf.seq, leaf.begin_ns / 1e9, leaf.end_ns / 1e9, leaf.body.reason.value)
            for leaf in gaps
            if isinstance(leaf.body, GapBody)
        ]
        return Records({}, rows, video_rules())


@pytest.mark.parametrize("kind", [Kind.INTERROGATION, Kind.WINDOW])
def test_a_full_disk_of_which_a_little_is_freed_again_and_again_is_one_alert(small_disk: Path, kind: Kind) -> None:
    watch = Watch(small_disk, kind)
    for _ in range(4):
        watch.step()
    assert watch.changes == []
    while watch.steps * STEP_S < FLAPPING_S:
        watch.fill(leave=(60_000, 0, 0)[watch.steps % 3])  # for some pictures, then for none
        watch.step()
    (raised,) = watch.changes
    assert raised.change is Change.RAISED
    interrogation = kind is Kind.INTERROGATION
    assert (raised.alert.device, raised.alert.grade) == (("c-1", Grade.A) if interrogation else (RECORDER, Grade.C))
    assert raised.alert.detail["reason"] == "disk-full"
    watch.filler.unlink()
    stored = len(watch.bench.bodies(SegmentBody))
    for _ in range(int(SETTLING_S / STEP_S)):
        watch.step()
    assert len(watch.bench.bodies(SegmentBody)) >= stored + SETTLING_S / 2
    assert (watch.count(Change.RAISED), watch.count(Change.ENDED)) == (1, 1)
    watch.bench.stop()
    gaps = watch.bench.bodies(GapBody)
    missing_s = sum(gap.to_ns - gap.from_ns for gap in gaps) / 1e9
    print(
        f"{kind}: {watch.lost_steps * STEP_S:.0f} s of {watch.steps * STEP_S:.0f} s without room,"
        f" {len(gaps)} gaps of {missing_s:.0f} s declared, 1 alert"
    )
    assert faults(watch.bench.folder) == []

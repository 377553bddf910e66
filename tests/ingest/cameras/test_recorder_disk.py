"""A disk that is full, refuses or is slow: what is lost is declared, and recording goes on by itself."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from camera_films import later
from ingest_examples import wait_until
from recorder_bench import INFO, PACKETS, VIDEO, Bench, faults

from ingest.cameras.fanout import Fanout
from ingest.cameras.packets import Media
from ingest.cameras.packs import packs_of
from ingest.cameras.recorder import Recorder, Room
from store.evidence.leaf import GapBody, Reason, SegmentBody


def test_while_the_disk_is_full_nothing_is_recorded_and_it_goes_on_by_itself(tmp_path: Path) -> None:
    room = Event()
    bench = Bench(tmp_path, has_room=room.is_set)
    bench.fanout.open((INFO,))
    room.set()
    bench.send(PACKETS)
    bench.wait_for(SegmentBody, 2)
    room.clear()
    bench.send([p for n in range(1, 5) for p in later(PACKETS, 3.0 * n)])
    bench.wait_for(GapBody, 1)
    room.set()
    bench.send(list(later(PACKETS, 20.0)))
    bench.wait_for(SegmentBody, 4)
    bench.stop()
    assert {gap.reason for gap in bench.bodies(GapBody)} == {Reason.DISK_FULL}
    assert faults(bench.folder) == []


def test_a_write_that_the_disk_refuses_leaves_no_half_of_it(tmp_path: Path) -> None:
    full = Event()

    def sync(handle: int) -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        os.fsync(handle)

    bench = Bench(tmp_path, sync=sync)
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.wait_for(SegmentBody, 2)
    full.set()
    bench.send(list(later(PACKETS, 3.0)))
    wait_until(lambda: len(packs_of(bench.folder, VIDEO)) == 1 and bench.recorder._streams[Media.VIDEO].gap is not None)
    full.clear()
    bench.send(list(later(PACKETS, 6.0)))
    bench.fanout.interrupt()
    bench.wait_for(GapBody, 1)
    bench.stop()
    assert bench.bodies(GapBody)[0].reason is Reason.DISK_FULL
    assert faults(bench.folder) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 1 MiB, with room for a few segments beside a file that can be deleted."""
    disk = tmp_path / "recordings"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_disk_that_is_really_full_is_a_gap_and_recording_goes_on_when_there_is_room(small_disk: Path) -> None:
    bench = Bench(small_disk)
    filler = bench.folder / "filler"
    filler.write_bytes(bytes(960 << 10))
    bench.fanout.open((INFO,))
    stream = bench.recorder._streams[Media.VIDEO]
    sent = 0
    while stream.gap is not Reason.DISK_FULL:
        bench.send(list(later(PACKETS, 3.0 * sent)))
        bench.wait_until_it_has_followed()
        sent += 1
        assert sent < 100
    stored = len(bench.bodies(SegmentBody))
    filler.unlink()
    bench.send([p for n in range(3) for p in later(PACKETS, 3.0 * (sent + n))])
    bench.wait_for(SegmentBody, stored + 3)
    bench.stop()
    assert {gap.reason for gap in bench.bodies(GapBody)} == {Reason.DISK_FULL}
    assert faults(bench.folder) == []


def test_room_is_what_is_free_above_the_reserve(tmp_path: Path) -> None:
    assert Room(tmp_path, 0)()
    assert not Room(tmp_path, 1 << 60)()


def test_a_disk_that_is_slow_for_one_camera_holds_up_no_other_and_costs_it_a_gap(tmp_path: Path) -> None:
    release = Event()

    def slow(handle: int) -> None:
        release.wait(300)
        os.fsync(handle)

    bench = Bench(tmp_path, sync=slow)
    other = Fanout()
    quick = Recorder(
        "c-2", other, bench.evidence, bench.folder, bench.metrics, bench.failures.append, clock=bench.clock
    )
    quick.start()
    other.open((INFO,))
    bench.fanout.open((INFO,))
    for n in range(0, 60, 10):
        part = [p for k in range(n, n + 10) for p in later(PACKETS, 3.0 * k)]
        bench.send(part)
        for packet in part:
            other.publish(packet)
        wait_until(lambda: quick._subscription.queued == (0, 0), 60)
    bench.wait_for(SegmentBody, 170, "c-2.video")
    assert bench.bodies(SegmentBody) == []
    release.set()
    bench.wait_for(SegmentBody, 100)
    bench.send(list(later(PACKETS, 180.0)))
    bench.wait_for(GapBody, 1)
    other.end()
    assert quick.join(5)
    bench.stop()
    assert {gap.reason for gap in bench.bodies(GapBody)} == {Reason.DISK_SLOW}
    assert bench.metrics.registry.get_sample_value("ducha_camera_lost_packets_total", {"camera": "c-1"})
    assert faults(bench.folder) == []

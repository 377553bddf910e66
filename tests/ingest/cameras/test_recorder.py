"""What is recorded, what is declared when it is not, and what a crash leaves."""

import errno
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from camera_films import BEGAN_WALL_S, film, later, sound, together
from ingest_examples import wait_until
from msgspec.structs import replace as changed
from recorder_bench import AUDIO, INFO, PACKETS, VIDEO, Bench, faults

from ingest.cameras import leaves as reading
from ingest.cameras.fanout import Ending, Fanout
from ingest.cameras.leaves import Follower, newest_first
from ingest.cameras.packets import Media
from ingest.cameras.packs import packs_of
from ingest.cameras.reconcile import reconcile
from ingest.cameras.recorder import Recorder, Room
from ingest.cameras.retention import Retention
from store.evidence.leaf import (
    GapBody,
    HeartbeatBody,
    Reason,
    SealBody,
    SegmentBody,
    StartBody,
    TombstoneBody,
)
from store.evidence.log import EvidenceLog
from store.evidence.signer import FileSigner
from store.evidence.verdict import Verdict
from store.evidence.verification import verify_folder

OTHER_INFO, OTHER_PACKETS = film(size=(322, 242))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.stop()
    assert faults(bench.folder) == []


def test_segments_are_on_disk_as_their_leaves_say(bench: Bench) -> None:
    sounding, tones = sound("pcm_alaw")
    bench.fanout.open((INFO, sounding))
    bench.send(together(PACKETS, tones))
    bench.fanout.interrupt()
    bench.wait_for(SegmentBody, 3, AUDIO)
    bench.wait_for(SegmentBody, 3)
    start, first, *_ = bench.leaves()
    began = datetime.fromtimestamp(BEGAN_WALL_S, UTC)
    assert isinstance(start.body, StartBody)
    assert start.session == f"c-{began:%Y%m%d}"
    assert isinstance(first.body, SegmentBody)
    assert first.body.file == f"{VIDEO}/{began:%Y%m%d}/{began:%H%M%S}-1.mp4"
    assert bench.bodies(SegmentBody, AUDIO)[0].file.endswith("-1.mov")
    assert (first.wall_ns, first.mono_ns, first.body.frames) == (round(BEGAN_WALL_S * 1e9), 10**12, 15)
    assert len({body.file for body in bench.bodies(SegmentBody)}) == 1
    assert bench.bodies(GapBody) == []


def test_a_lost_camera_is_a_gap_that_grows_and_ends_with_the_first_new_packet(bench: Bench) -> None:
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.fanout.interrupt()
    bench.wait_for(SegmentBody, 3)
    end_s = BEGAN_WALL_S + 3
    bench.wall_s = end_s + 11
    bench.wait_for(GapBody, 1)
    bench.fanout.open((INFO,))
    bench.send(list(later(PACKETS, 20.0)))
    bench.wait_for(SegmentBody, 5)
    gaps = [(g.from_ns / 1e9 - end_s, g.to_ns / 1e9 - end_s, g.reason) for g in bench.bodies(GapBody)]
    assert gaps == [
        (pytest.approx(0, abs=1e-6), pytest.approx(11, abs=1e-6), Reason.SOURCE_LOST),
        (pytest.approx(11, abs=1e-6), pytest.approx(17, abs=1e-6), Reason.SOURCE_LOST),
    ]


def test_a_silent_stream_has_a_heartbeat(bench: Bench) -> None:
    sounding, tones = sound("aac", 1.5)
    bench.fanout.open((INFO, sounding))
    bench.send(together(PACKETS, tones))
    bench.wait_for(SegmentBody, 1, AUDIO)
    bench.send(list(later(PACKETS, 3.0)))  # no more sound
    bench.wait_for(SegmentBody, 2, AUDIO)
    bench.wall_s = BEGAN_WALL_S + 12
    bench.wait_for(HeartbeatBody, 1, AUDIO)
    assert bench.bodies(GapBody, AUDIO) == []


def test_another_picture_begins_another_file_and_says_so(bench: Bench) -> None:
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.fanout.open((OTHER_INFO,))
    bench.send(list(later(OTHER_PACKETS, 3.0)))
    bench.wait_for(SegmentBody, 5)
    assert [gap.reason for gap in bench.bodies(GapBody)] == [Reason.CODEC_CHANGE]
    files = list(dict.fromkeys(body.file for body in bench.bodies(SegmentBody)))
    assert len(files) == 2
    assert len({body.init_sha256 for body in bench.bodies(SegmentBody)}) == 2


@pytest.mark.parametrize("step_s", [3_600.0, -3_600.0])
def test_a_step_of_the_clock_is_declared(bench: Bench, step_s: float) -> None:
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.send(list(later(PACKETS, 3.0, 3.0 + step_s)))
    bench.wait_for(SegmentBody, 5)
    (gap,) = bench.bodies(GapBody)
    assert gap.reason is Reason.CLOCK_STEP
    assert (gap.to_ns - gap.from_ns) / 1e9 == pytest.approx(step_s, abs=0.01)


def test_a_session_ends_at_midnight(bench: Bench) -> None:
    to_midnight_s = 86_400 - BEGAN_WALL_S % 86_400 - 1.5
    bench.fanout.open((INFO,))
    bench.send(list(later(PACKETS, to_midnight_s)))
    bench.wait_for(SegmentBody, 2)
    bench.fanout.interrupt()
    bench.wait_for(SegmentBody, 3)
    kinds = [type(leaf.body).__name__ for leaf in bench.leaves()]
    assert kinds == ["StartBody", "SegmentBody", "SegmentBody", "SealBody", "StartBody", "SegmentBody"]
    assert len({leaf.session for leaf in bench.leaves()}) == 2
    assert bench.bodies(SealBody)[0].final_seq == 3
    assert len({Path(body.file).parent for body in bench.bodies(SegmentBody)}) == 2


def test_packs_are_changed_after_some_minutes(tmp_path: Path) -> None:
    bench = Bench(tmp_path, pack_s=2.0)
    bench.fanout.open((INFO,))
    bench.send([*PACKETS, *later(PACKETS, 3.0)])
    bench.wait_for(SegmentBody, 5)
    bench.stop()
    assert [pack.seq for pack in packs_of(bench.folder, VIDEO)] == [1, 3, 5]
    assert faults(bench.folder) == []


def test_a_stop_seals_and_the_next_start_declares_the_time_between(tmp_path: Path) -> None:
    one = Bench(tmp_path)
    one.fanout.open((INFO,))
    one.send(PACKETS)
    one.stop()
    assert isinstance(one.leaves()[-1].body, SealBody)
    two = Bench(tmp_path)
    two.fanout.open((INFO,))
    two.send(list(later(PACKETS, 60.0)))
    two.wait_for(SegmentBody, 5)
    two.stop()
    (gap,) = two.bodies(GapBody)
    assert gap.reason is Reason.STOPPED
    assert (gap.to_ns - gap.from_ns) / 1e9 == pytest.approx(60 - PACKETS[-1].arrived_s + 1_000, abs=0.1)
    sessions = list(dict.fromkeys(leaf.session for leaf in two.leaves()))
    assert sessions == [sessions[0], sessions[0] + "-2"]
    assert faults(two.folder) == []


def test_a_camera_that_is_let_go_because_the_recorder_stops_was_not_lost(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.wall_s += 1.0
    bench.fanout.interrupt(Ending.STOPPED)
    bench.stop()
    assert bench.bodies(GapBody) == []
    assert isinstance(bench.leaves()[-1].body, SealBody)


def test_a_crash_costs_the_segment_under_way_and_just_that_is_declared(tmp_path: Path) -> None:
    one = Bench(tmp_path)
    one.fanout.open((INFO,))
    one.send(PACKETS)
    one.wait_for(SegmentBody, 2)
    (pack,) = packs_of(one.folder, VIDEO)
    last = one.bodies(SegmentBody)[-1]
    one.kill()
    with pack.path.open("ab") as file:
        file.write(b"a fragment without a leaf")
    orphan = pack.path.with_name("235959-99.mp4")
    orphan.write_bytes(b"a pack without a leaf")

    two = Bench(tmp_path)
    assert two.problems == []
    assert pack.path.stat().st_size == last.offset + last.bytes
    assert not orphan.exists()
    two.fanout.open((INFO,))
    two.send(list(later(PACKETS, 10.0)))
    two.wait_for(SegmentBody, 4)
    two.stop()
    (gap,) = two.bodies(GapBody)
    assert gap.reason is Reason.PROCESS_RESTART
    assert (gap.from_ns / 1e9 - BEGAN_WALL_S, gap.to_ns / 1e9 - BEGAN_WALL_S) == (
        pytest.approx(2, abs=1e-6),
        pytest.approx(10, abs=1e-6),
    )
    assert len({leaf.session for leaf in two.leaves()}) == 1
    assert faults(two.folder) == []


def test_after_a_restart_without_the_camera_the_gap_is_declared_all_the_same(tmp_path: Path) -> None:
    one = Bench(tmp_path)
    one.fanout.open((INFO,))
    one.send(PACKETS)
    one.wait_for(SegmentBody, 2)
    one.kill()
    two = Bench(tmp_path)
    two.wall_s = BEGAN_WALL_S + 13
    two.wait_for(GapBody, 1)
    two.wall_s = BEGAN_WALL_S + 24
    two.wait_for(GapBody, 2)
    two.stop()
    assert [gap.reason for gap in two.bodies(GapBody)] == [Reason.PROCESS_RESTART, Reason.SOURCE_LOST]
    assert faults(two.folder) == []


def test_a_file_that_is_missing_or_short_is_named(tmp_path: Path) -> None:
    one = Bench(tmp_path, pack_s=1.0)
    one.fanout.open((INFO,))
    one.send(PACKETS)
    one.stop()
    first, second, _ = packs_of(one.folder, VIDEO)
    first.path.unlink()
    os.truncate(second.path, 100)
    two = Bench(tmp_path)
    two.stop()
    assert sorted(two.problems) == sorted(p.path.relative_to(one.folder).as_posix() for p in (first, second))


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
        wait_until(lambda: bench.recorder._subscription.queued == (0, 0))
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
        release.wait(20)
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
        wait_until(lambda: quick._subscription.queued == (0, 0))
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


def test_old_packs_are_deleted_with_a_tombstone_unless_they_are_held(tmp_path: Path) -> None:
    bench = Bench(tmp_path, pack_s=1.0)
    bench.fanout.open((INFO,))
    bench.send([*PACKETS, *later(PACKETS, 2.5 * 86_400)])
    bench.stop()
    evidence = EvidenceLog(bench.folder, "r", FileSigner.open_or_create(tmp_path / "key.pem"))
    held_s = BEGAN_WALL_S + 1.2
    retention = Retention(
        bench.folder,
        evidence,
        2,
        30.0,
        bench.metrics,
        lambda camera, from_s, _: nullcontext(camera == "c-1" and not from_s <= held_s < from_s + 1),
    )
    before = packs_of(bench.folder, VIDEO)
    now_ns = round((BEGAN_WALL_S + 2.5 * 86_400) * 1e9)
    retention.look([VIDEO, AUDIO], now_ns, time.monotonic_ns())
    after = packs_of(bench.folder, VIDEO)
    evidence.sign_head()
    evidence.close()
    gone = [pack for pack in before if pack not in after]
    assert [pack.seq for pack in gone] == [1, 3]
    tombstones = bench.bodies(TombstoneBody)
    assert [(t.from_seq, t.to_seq) for t in tombstones] == [(1, 1), (3, 5)]  # up to the start of the next day's session
    report = verify_folder(bench.folder)
    assert not [f for f in report.findings if f.verdict in (Verdict.MISSING, Verdict.ALTERED)]
    assert reconcile(bench.folder) == []


def test_a_clock_that_leaps_ahead_costs_no_footage(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.stop()
    evidence = EvidenceLog(bench.folder, "r", FileSigner.open_or_create(tmp_path / "key.pem"))
    retention = Retention(bench.folder, evidence, 2, 30.0, bench.metrics, lambda *_: nullcontext(True))
    retention.look([VIDEO], round((BEGAN_WALL_S + 1e8) * 1e9), 0)
    evidence.close()
    assert len(packs_of(bench.folder, VIDEO)) == 1


def test_leaves_are_read_from_either_end_whatever_the_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = EvidenceLog(tmp_path / "r", "r", FileSigner.open_or_create(tmp_path / "key.pem"))
    made = [evidence.append(f"c-{n % 3}.video", "s", n, n, HeartbeatBody()) for n in range(40)]
    evidence.close()
    with (tmp_path / "r" / "leaves.jsonl").open("ab") as file:
        file.write(b'{"torn')
    for block in (1, 7, 100, 300, 1 << 18):
        monkeypatch.setattr(reading, "BLOCK", block)
        found = list(newest_first(tmp_path / "r"))
        assert [leaf for _, leaf in found] == made[::-1]
        follower = Follower(tmp_path / "r", found[10][0])
        assert follower.read(100) == made[29:]
        assert follower.read(3) == made[29:32]
        follower.advance()
        assert follower.read(3) == made[32:35]
        follower.close()


def test_a_picture_that_can_not_be_stored_stops_nothing(bench: Bench) -> None:
    bench.fanout.open((changed(INFO, extradata=b""),))
    bench.send(PACKETS)
    bench.fanout.open((INFO,))
    bench.send(list(later(PACKETS, 3.0)))
    bench.wait_for(SegmentBody, 2)

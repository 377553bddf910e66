"""What a stop, a crash or a lost file leaves, and what the next start makes of it."""

import os
from pathlib import Path

import pytest
from camera_films import BEGAN_WALL_S, later
from recorder_bench import INFO, PACKETS, VIDEO, Bench, faults

from ingest.cameras.fanout import Ending
from ingest.cameras.packets import Media
from ingest.cameras.packs import packs_of
from store.evidence.leaf import GapBody, Reason, SealBody, SegmentBody, UnacknowledgedBody


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


def test_what_was_lost_last_stands_in_the_last_leaf(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.fanout.interrupt(Ending.STOPPED, {Media.VIDEO: 3, Media.AUDIO: 0})
    bench.stop()
    lost = [body.lost_packets for body in bench.bodies(SegmentBody)]
    assert (lost[-1], set(lost[:-1])) == (3, {None})


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
    orphan = pack.path.with_name("235959-4.mp4")
    orphan.write_bytes(b"a pack without a leaf")

    begun = pack.path.with_name("235958-4.mp4")
    begun.write_bytes(b"")

    two = Bench(tmp_path)
    assert two.problems == []
    assert not begun.exists()
    assert pack.path.stat().st_size == last.offset + last.bytes
    assert not orphan.exists()
    aside = two.bodies(UnacknowledgedBody)
    assert [(body.source, body.offset) for body in aside] == [
        (file.relative_to(two.folder).as_posix(), offset)
        for file, offset in ((pack.path, last.offset + last.bytes), (orphan, 0))
    ]
    tail, whole = ((two.folder / body.file).read_bytes() for body in aside)
    assert tail.endswith(b"a fragment without a leaf")  # after what the recorder itself was about to acknowledge
    assert whole == b"a pack without a leaf"
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

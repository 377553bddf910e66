"""What is recorded, and what is declared when it is not."""

from collections.abc import Iterator
from dataclasses import replace as changed_clock
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import av
import pytest
from camera_films import BEGAN_WALL_S, film, later, sound, together
from msgspec.structs import replace as changed
from recorder_bench import AUDIO, INFO, PACKETS, VIDEO, Bench, faults

from hardware.cameras.oddity import picture_parameters
from ingest.cameras.annexb import annex_b, parameter_sets
from ingest.cameras.packets import Media
from ingest.cameras.packs import packs_of
from ingest.cameras.parameter_sets import united
from store.evidence.leaf import GapBody, HeartbeatBody, Reason, SealBody, SegmentBody, StartBody

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


def test_what_came_while_the_recorder_was_held_up_is_in_no_gap(bench: Bench) -> None:
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.fanout.interrupt()
    bench.wait_for(SegmentBody, 3)

    def held_up_ns() -> int:
        bench.recorder._clock = bench.clock
        bench.fanout.open((INFO,))
        bench.send(list(later(PACKETS, 15.0)))
        return bench.clock.wall_ns()

    bench.recorder._clock = changed_clock(bench.clock, wall_ns=held_up_ns)
    bench.wait_for(SegmentBody, 5)
    (gap,) = bench.bodies(GapBody)
    assert gap.from_ns / 1e9 - BEGAN_WALL_S == pytest.approx(3, abs=1e-6)
    assert gap.to_ns / 1e9 - BEGAN_WALL_S == pytest.approx(15, abs=1e-6)


def test_pictures_from_before_the_end_of_a_declared_gap_make_no_other(bench: Bench) -> None:
    """They were held back until it was known that they can be shown."""
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.fanout.interrupt()
    bench.wait_for(SegmentBody, 3)
    bench.wall_s = BEGAN_WALL_S + 14
    bench.wait_for(GapBody, 1)
    bench.fanout.open((INFO,))
    bench.send(list(later(PACKETS, 13.5)))
    bench.wait_for(SegmentBody, 5)
    gaps = [(gap.from_ns / 1e9 - BEGAN_WALL_S, gap.to_ns / 1e9 - BEGAN_WALL_S) for gap in bench.bodies(GapBody)]
    assert gaps == [(pytest.approx(3, abs=1e-6), pytest.approx(14, abs=1e-6))]


def test_a_silent_stream_has_a_heartbeat(bench: Bench) -> None:
    sounding, tones = sound("aac", 1.5)
    bench.fanout.open((INFO, sounding))
    bench.send(together(PACKETS, tones))
    bench.wait_for(SegmentBody, 1, AUDIO)
    bench.send([*later(PACKETS, 3.0), *later(PACKETS, 6.0)])  # no more sound, for longer than it may be late
    bench.wait_for(SegmentBody, 2, AUDIO)
    bench.wall_s = BEGAN_WALL_S + 12
    bench.wait_for(HeartbeatBody, 1, AUDIO)
    assert bench.bodies(GapBody, AUDIO) == []


@pytest.mark.parametrize("parameters", ["a size", "a PPS"])
def test_other_parameters_begin_another_file_and_are_no_gap(bench: Bench, parameters: str) -> None:
    sounding, tones = sound("pcm_alaw", 9.0)
    if parameters == "a size":
        runs = [(INFO, PACKETS), (OTHER_INFO, OTHER_PACKETS), (INFO, PACKETS)]
    else:
        sets = parameter_sets("h264", INFO.extradata)
        others = [united("h264", sets, (picture_parameters(1, n),)) for n in range(3)]
        runs = [(changed(INFO, extradata=annex_b(each)), PACKETS) for each in others]
    sent = together(*(tuple(later(packets, 3.0 * n)) for n, (_, packets) in enumerate(runs)), tones)
    begins = {
        id(next(p for p in sent if p.arrived_s >= 1_000 + 3 * n and p.is_keyframe and p.media is Media.VIDEO)): n
        for n in range(3)
    }
    for packet in sent:
        if (number := begins.get(id(packet))) is not None:
            bench.fanout.open((runs[number][0], sounding))
        bench.send([packet])
    bench.wait_for(SegmentBody, 8)
    bench.wait_for(SegmentBody, 8, AUDIO)
    assert bench.bodies(GapBody) == bench.bodies(GapBody, AUDIO) == []
    files = list(dict.fromkeys(body.file for body in bench.bodies(SegmentBody)))
    assert len(files) == 3
    assert len({body.file for body in bench.bodies(SegmentBody, AUDIO)}) == 1
    assert len({leaf.session for leaf in bench.leaves()}) == 1
    for stream in (VIDEO, AUDIO):
        leaves = [leaf for leaf in bench.leaves(stream) if isinstance(leaf.body, SegmentBody)]
        assert all(abs(one.end_ns - two.begin_ns) < 1e3 for one, two in pairwise(leaves))
    for file in files:
        with av.open(str(bench.folder / file)) as container:
            assert sum(1 for _ in container.decode()) >= 30


def test_a_gap_never_ends_before_it_begins(bench: Bench) -> None:
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.fanout.interrupt()
    bench.wait_for(SegmentBody, 3)
    bench.fanout.open((INFO,))
    bench.send(list(later(PACKETS, 2.95)))  # sooner than the last picture's length said
    bench.wait_for(GapBody, 1)
    (gap,) = bench.bodies(GapBody)
    assert gap.from_ns == gap.to_ns


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


def test_a_picture_that_can_not_be_stored_stops_nothing(bench: Bench) -> None:
    bench.fanout.open((changed(INFO, extradata=b""),))
    bench.send(PACKETS)
    bench.fanout.open((INFO,))
    bench.send(list(later(PACKETS, 3.0)))
    bench.wait_for(SegmentBody, 2)

"""What a stream's leaves say by themselves: holes, gaps, clocks, late packets, seals."""

from itertools import count

import pytest
from evidence_hour import segment
from hypothesis import given
from hypothesis import strategies as st

from store.evidence.continuity import LATE, NO_LEAF, TWICE, StreamWalk
from store.evidence.examination import examine
from store.evidence.leaf import (
    Body,
    GapBody,
    HeartbeatBody,
    Leaf,
    Reason,
    SealBody,
    SegmentBody,
    StartBody,
    TombstoneBody,
)
from store.evidence.unread_places import UnreadPlaces
from store.evidence.verdict import Finding, Verdict, merged, moment

SECOND = 1_000_000_000
T0 = 1_767_571_200 * SECOND
UNRELATED = count(10**6, 10**6)


def pictures(pts: int | None = None) -> SegmentBody:
    """A second of pictures; `pts` in seconds of the camera's clock, unknown where None."""
    return segment("f.mp4", 0, b"x", next(UNRELATED) if pts is None else pts)


def chain(*said: tuple[float, Body]) -> list[Leaf]:
    """A stream of (second, body)."""
    leaves: list[Leaf] = []
    for second, body in said:
        prev = leaves[-1] if leaves else None
        at = T0 + int(second * SECOND)
        header = {"recorder": "r", "stream": "c.video", "session": "s", "wall_ns": at, "mono_ns": 0}
        seq, before = (prev.seq + 1, prev.hash) if prev else (0, None)
        leaves.append(Leaf.of(**header, seq=seq, prev=before, body=body))
    return leaves


def found(*said: tuple[float, Body]) -> list[tuple[Verdict, float, float]]:
    walk = StreamWalk("c.video", UnreadPlaces(), {})
    for position, leaf in enumerate(chain(*said)):
        walk.push(position, leaf)
    walk.finish()
    return [(f.verdict, ((f.from_ns or 0) - T0) / SECOND, ((f.to_ns or 0) - T0) / SECOND) for f in walk.findings]


def gap(begin: float, end: float, reason: Reason = Reason.SOURCE_LOST) -> GapBody:
    return GapBody(from_ns=T0 + int(begin * SECOND), to_ns=T0 + int(end * SECOND), reason=reason)


START, BEAT, SEAL = StartBody(reason="on"), HeartbeatBody(), SealBody(final_seq=9)


def test_seconds_that_follow_one_another_are_no_finding():
    assert found((0, START), *((n * 1.04, pictures()) for n in range(20)), (21, SEAL)) == []


def test_a_hole_without_a_word_is_missing_and_with_one_declared():
    assert found((0, pictures()), (31, pictures())) == [(Verdict.MISSING, 1, 31)]
    assert found((0, pictures()), (31, gap(1, 31)), (31, pictures())) == [(Verdict.DECLARED_GAP, 1, 31)]
    assert found((0, pictures()), (31, gap(20, 31)), (31, pictures())) == [
        (Verdict.DECLARED_GAP, 20, 31),
        (Verdict.MISSING, 1, 20),
    ]


def test_packets_that_came_late_are_not_missing():
    burst = [(0, pictures(0)), (6, pictures(1)), (6.1, pictures(2)), (6.2, pictures(3)), (6.3, pictures(4))]
    assert found(*burst) == []
    assert found((0, pictures(0)), (6, pictures(6))) == [(Verdict.MISSING, 1, 6)]


def test_a_silent_stream_beats_and_a_dead_one_is_missing():
    beats = [(10.0 * n, BEAT) for n in range(1, 6)]
    assert found((0, START), *beats, (59, pictures()), (69.5, BEAT), (75, SEAL)) == []
    assert found((0, START), *beats, (70, pictures())) == [(Verdict.MISSING, 50, 70)]


def test_a_step_of_the_clock_is_declared_or_told():
    back = gap(10, -3590, Reason.CLOCK_STEP)
    seconds = [(float(n), pictures()) for n in range(10)]
    after = [(n - 3600.0, pictures()) for n in range(10, 15)]
    assert found(*seconds, (-3590, back), *after) == [(Verdict.DECLARED_GAP, -3590, 10)]
    assert (Verdict.REORDERED, -3590, 10) in found(*seconds, *after)


def test_between_a_seal_and_the_next_start_nothing_is_missing():
    assert found((0, START), (0, pictures()), (1, SEAL), (500, START), (500, pictures()), (501, SEAL)) == []


def test_a_restart_whose_gap_comes_after_the_start_is_declared():
    restart = gap(1, 40, Reason.PROCESS_RESTART)
    assert found((0, pictures()), (40, START), (40, restart), (40, pictures())) == [(Verdict.DECLARED_GAP, 1, 40)]


def test_what_retention_says_later_opens_no_session():
    walk = StreamWalk("c.video", UnreadPlaces(), {})
    stone = TombstoneBody(from_seq=1, to_seq=1, reason="90 days")
    for position, leaf in enumerate(chain((0, START), (0, pictures()), (1, SEAL), (9_000, stone))):
        walk.push(position, leaf)
    walk.finish()
    assert walk.sealed
    assert walk.findings == []
    assert walk.tombstones == [stone]


@pytest.mark.parametrize("changed", range(6))
def test_of_two_leaves_at_a_broken_link_the_right_one_is_named(changed):
    leaves: list[Leaf | None] = [*chain(*((float(n), pictures()) for n in range(6)))]
    leaf = leaves[changed]
    assert leaf is not None
    for old, new in ((b'"frames":25', b'"frames":24'), (b'"session":"s"', b'"session":"t"')):
        leaves[changed] = Leaf.parse(leaf.line.replace(old, new))
        wrong = [f for f in examine(leaves, []).findings if f.verdict is Verdict.ALTERED]
        if changed == 5:  # nobody follows: only a signed head could tell
            assert wrong == []
            continue
        end = changed + (2 if changed == 4 else 1)  # the last two can't be told apart
        assert [(f.from_ns, f.to_ns) for f in wrong] == [(T0 + changed * SECOND, T0 + end * SECOND)]


def test_a_leaf_whose_stream_was_renamed_is_no_stream_of_its_own():
    leaves: list[Leaf | None] = [*chain(*((float(n), pictures()) for n in range(6)))]
    leaf = leaves[3]
    assert leaf is not None
    leaves[3] = Leaf.parse(leaf.line.replace(b"c.video", b"c.vixeo"))
    wrong = [f for f in examine(leaves, []).findings if f.verdict in (Verdict.ALTERED, Verdict.MISSING)]
    assert [(f.verdict, f.from_ns, f.to_ns) for f in wrong] == [(Verdict.ALTERED, T0 + 3 * SECOND, T0 + 4 * SECOND)]


def test_findings_that_say_the_same_of_touching_seconds_are_one():
    def missing(begin: int, end: int) -> Finding:
        return Finding(Verdict.MISSING, "gone", "c", begin * SECOND, end * SECOND)

    assert merged([missing(3, 4), missing(1, 2), missing(2, 3), missing(9, 10)]) == [missing(1, 4), missing(9, 10)]
    alike = Finding(Verdict.ALTERED, "x")
    assert merged([alike, alike]) == [alike]
    assert len(merged([missing(1, 2), Finding(Verdict.MISSING, "gone", "d", 2 * SECOND, 3 * SECOND)])) == 2


def test_times_are_told_whatever_a_forger_claims():
    assert moment(T0 + 1_500_000) == "2026-01-05T00:00:00.001Z"
    assert moment(2**62) == "2116-02-20T23:53:38.427Z"
    assert moment(10**30) == f"{10**30} ns"


def with_holes(late: list[int]) -> list[tuple[Verdict, str]]:
    """What is found of a stream of every second leaf, and then those `late` ones."""
    leaves = chain(*((n * 1.04, pictures()) for n in range(2 * len(late))))
    walk = StreamWalk("c.video", UnreadPlaces(), {})
    for position, leaf in enumerate([*leaves[1::2], *(leaves[n] for n in late)]):
        walk.push(position, leaf)
    walk.finish()
    return [(f.verdict, f.detail) for f in walk.findings]


@given(st.lists(st.integers(0, 9).map(lambda n: 2 * n), min_size=10, max_size=10))
def test_each_late_leaf_fills_its_own_hole_once(late: list[int]) -> None:
    found = with_holes(late)
    assert found.count((Verdict.REORDERED, LATE)) == len(set(late))
    assert found.count((Verdict.REORDERED, TWICE)) == len(late) - len(set(late))
    assert found.count((Verdict.MISSING, NO_LEAF)) == 10 - len(set(late))


@pytest.mark.timeout(60)
def test_a_long_log_in_which_every_second_leaf_comes_late_is_read_to_its_end() -> None:
    """It takes seconds; where each late leaf went through all holes it took many minutes."""
    assert with_holes([2 * n for n in range(40_000)]) == [(Verdict.REORDERED, LATE)] * 40_000


@pytest.mark.timeout(60)
def test_a_log_of_very_many_streams_is_read_to_its_end() -> None:
    header = {"recorder": "r", "session": "s", "wall_ns": T0, "mono_ns": 0}
    leaves = [Leaf.of(**header, stream=f"c-{n}.video", seq=0, prev=None, body=START) for n in range(100_000)]
    assert len(examine(leaves, []).streams) == 100_000

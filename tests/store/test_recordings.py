"""Rows of cameras and recordings: what leaves become, and that writing them again changes nothing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from store_examples import NOON

from store.errors import CommitRefused, StoreUnavailable
from store.evidence.leaf import Body, GapBody, HeartbeatBody, Leaf, Reason, SegmentBody, TombstoneBody
from store.recordings import CameraRow, Recordings

S = 1_000_000_000
NOON_NS = int(NOON) * S
CAMERA = CameraRow(
    id="w-1",
    name="window 1",
    kind="window",
    unit="county.west",
    room=None,
    lon=120.0,
    lat=30.0,
    recorder="r",
    folder="/recordings",
    tap="/tap",
    state="live",
    reason=None,
    since_s=NOON,
    codec="h264",
    width=1280,
    height=720,
    audio=None,
    recorded=True,
    seen_s=NOON,
)


@pytest.fixture
def recordings(postgres_uri: str) -> Iterator[Recordings]:
    with Recordings(postgres_uri) as recordings:
        yield recordings


def leaf(seq: int, body: Body, wall_ns: int = NOON_NS) -> Leaf:
    return Leaf.of(
        recorder="r",
        stream="w-1.video",
        session="s",
        seq=seq,
        wall_ns=wall_ns,
        mono_ns=0,
        prev="0" * 64 if seq else None,
        body=body,
    )


def segment(seq: int) -> Leaf:
    body = SegmentBody(
        duration_ns=S,
        frames=15,
        first_pts=0,
        last_pts=84_000,
        time_base=(1, 90_000),
        file="w-1.video/20260105/120000-0.mp4",
        offset=700,
        bytes=1_000,
        sha256="1" * 64,
        init_bytes=700,
        init_sha256="2" * 64,
        codec="h264",
    )
    return leaf(seq, body, NOON_NS + seq * S)


def test_segments_and_gaps_have_rows_and_nothing_else_has(recordings, rows):
    gap = leaf(1, GapBody(from_ns=NOON_NS + S, to_ns=NOON_NS + 5 * S, reason=Reason.SOURCE_LOST))
    leaves = [segment(0), gap, leaf(2, HeartbeatBody())]
    assert recordings.write_leaves(leaves) == 2
    assert recordings.write_leaves(leaves) == 0
    assert rows(
        "SELECT seq, type, extract(epoch FROM begins)::float8, extract(epoch FROM ends)::float8, file, "
        '"offset", bytes, init_bytes, reason FROM segments ORDER BY seq'
    ) == [
        (0, "segment", NOON, NOON + 1, "w-1.video/20260105/120000-0.mp4", 700, 1_000, 700, None),
        (1, "gap", NOON + 1, NOON + 5, None, None, None, None, "source-lost"),
    ]
    assert recordings.newest(["w-1.video", "w-2.video"]) == {"w-1.video": 1}


def test_a_clock_that_was_set_back_makes_no_hour_missing(recordings, rows):
    back = GapBody(from_ns=NOON_NS + 3_600 * S, to_ns=NOON_NS, reason=Reason.CLOCK_STEP)
    recordings.write_leaves([leaf(0, back)])
    assert rows("SELECT ends - begins = interval '0', reason FROM segments") == [(True, "clock-step")]


def test_a_tombstone_drops_the_rows_of_what_was_deleted(recordings, rows):
    gone = TombstoneBody(from_seq=0, to_seq=1, reason="kept for 30 days")
    recordings.write_leaves([segment(0), segment(1), segment(2), leaf(3, gone)])
    assert rows("SELECT seq FROM segments") == [(2,)]


def test_a_cameras_row_is_what_was_said_last(recordings, rows):
    recordings.write_cameras([CAMERA, replace(CAMERA, id="w-2", unit=None)], notify=True)
    recordings.write_cameras([replace(CAMERA, state="lost", reason="connection refused")], notify=True)
    assert rows("SELECT id, state, reason, unit::text FROM cameras ORDER BY id") == [
        ("w-1", "lost", "connection refused", "county.west"),
        ("w-2", "live", None, None),
    ]
    recordings.keep_cameras("other", [])
    recordings.keep_cameras("r", ["w-2"])
    assert rows("SELECT id FROM cameras") == [("w-2",)]


def test_a_row_that_the_database_does_not_take_is_refused_and_the_next_is_written(recordings, rows):
    with pytest.raises(CommitRefused):
        recordings.write_cameras([replace(CAMERA, kind="kitchen")], notify=False)
    recordings.write_cameras([CAMERA], notify=False)
    assert rows("SELECT id FROM cameras") == [("w-1",)]


def test_a_database_that_is_away_is_said_to_be() -> None:
    with Recordings("postgresql://localhost:1/nowhere") as away, pytest.raises(StoreUnavailable):
        away.newest(["w-1.video"])

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.evidence.errors import InvalidLeaf
from store.evidence.leaf import (
    GapBody,
    HeartbeatBody,
    Leaf,
    Reason,
    SealBody,
    SegmentBody,
    StartBody,
    TombstoneBody,
)

DIGEST = "ab" * 32
HEADER = {"recorder": "r1", "stream": "c.video", "session": "s1", "seq": 3, "wall_ns": 10, "mono_ns": 5}

names = st.text(min_size=1, max_size=20)
words = st.none() | st.text(max_size=20)
times = st.integers(0, 2**62)
counts = st.integers(0, 2**40)
bodies = st.one_of(
    st.builds(
        SegmentBody,
        duration_ns=counts,
        frames=counts,
        first_pts=st.integers(-(2**40), 2**40),
        last_pts=times,
        time_base=st.tuples(st.integers(1, 9), st.integers(1, 90_000)),
        file=names,
        offset=counts,
        bytes=counts,
        sha256=st.just(DIGEST),
        init_bytes=counts,
        init_sha256=st.just(DIGEST),
        codec=names,
        camera_ns=st.none() | times,
        clock_source=st.none() | st.just("rtcp"),
        lost_packets=st.none() | st.integers(1, 2**40),
    ),
    st.builds(GapBody, from_ns=times, to_ns=times, reason=st.sampled_from(Reason)),
    st.builds(HeartbeatBody),
    st.builds(StartBody, reason=st.text(max_size=20), case=words, operator=words, person=words),
    st.builds(SealBody, final_seq=counts, case=words, operator=words, person=words),
    st.builds(TombstoneBody, from_seq=counts, to_seq=counts, reason=st.text(max_size=20)),
)


@given(body=bodies, seq=st.integers(0, 2), stream=names, wall_ns=times)
def test_a_leaf_comes_back_from_its_line_and_its_line_is_canonical(body, seq, stream, wall_ns):
    prev = DIGEST if seq else None
    leaf = Leaf.of(recorder="r", stream=stream, session="s", seq=seq, wall_ns=wall_ns, mono_ns=0, prev=prev, body=body)
    assert Leaf.parse(leaf.line) == leaf
    assert leaf.hash == hashlib.sha256(b"\x00" + leaf.line).hexdigest()
    document = json.loads(leaf.line)
    assert json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == leaf.line
    assert None not in document.values()
    assert document["v"] == 1


def gap(**changes):
    body = GapBody(from_ns=1, to_ns=2, reason=Reason.SOURCE_LOST)
    return Leaf.of(**HEADER | {"prev": DIGEST, "body": body} | changes)


def test_the_members_are_those_of_the_format():
    assert gap().line == (
        b'{"from_ns":1,"mono_ns":5,"prev":"' + DIGEST.encode() + b'","reason":"source-lost","recorder":"r1","seq":3,'
        b'"session":"s1","stream":"c.video","to_ns":2,"type":"gap","v":1,"wall_ns":10}'
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "version 1"),
        (b"\xff", "version 1"),
        (b"{}", "version 1"),
        (b"[" * 9_000, "version 1"),
        (b" " * 20_000, "at most"),
        (gap().line.replace(b'"v":1', b'"v":2'), "version 1"),
        (gap().line.replace(b'"gap"', b'"bump"'), "version 1"),
        (gap().line.replace(b"source-lost", b"bored"), "version 1"),
        (gap().line.replace(b'"seq":3', b'"seq":-3'), "version 1"),
        (gap().line.replace(b'"seq":3', b'"seq":3.0'), "canonical|version 1"),
        (gap().line.replace(b'"seq":3', b'"seq": 3'), "canonical"),
        (gap().line.replace(b'"seq":3', b'"seq":3,"seq":3'), "canonical"),
        (gap().line.replace(b'"seq":3', b'"seq":3,"tip":1'), "canonical"),
        (gap().line.replace(b'"seq":3', b'"seq":0'), "prev"),
        (gap().line.replace(b'"prev":"' + DIGEST.encode() + b'",', b""), "prev"),
    ],
)
def test_whatever_is_not_a_leaf_in_its_only_spelling_is_refused(line, says):
    with pytest.raises(InvalidLeaf, match=says):
        Leaf.parse(line)


def test_a_leaf_that_could_not_be_read_back_is_not_made():
    with pytest.raises(InvalidLeaf):
        gap(stream="")
    with pytest.raises(InvalidLeaf):
        gap(seq=0)

"""Ways to change an hour without the key, with those of test_verify_command a thousand: every one is detected, and its
second is named."""

import hashlib
import random

import pytest
from evidence_forger import ACTS, Record, assert_named, bytes_of
from evidence_hour import INIT, STREAMS, record_hour

from store.evidence.data import Fault, Problem
from store.evidence.leaf import Leaf, SegmentBody
from store.evidence.signer import FileSigner
from store.evidence.verdict import Finding, Verdict
from store.evidence.verification import examine, judge_data, piece_of, read_heads, read_leaves


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory, signer: FileSigner) -> Record:
    """The recorded hour."""
    folder = tmp_path_factory.mktemp("hour")
    record_hour(folder, signer)
    leaves = list(read_leaves(folder / "leaves.jsonl"))
    heads, findings = read_heads((folder / "heads.txt").read_text(), "county/r1", signer.public_key)
    assert not findings
    assert len(heads) > 3_500
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.mp4")}
    return Record(leaves, files, heads)


def judge(record: Record) -> list[Finding]:
    """What verification says; of the data only what the forger touched is hashed, the rest is known to fit."""
    examined = examine(record.leaves, record.heads)
    problems = []
    for leaf in record.leaves:
        if leaf is not None and isinstance(leaf.body, SegmentBody) and leaf.body.file in record.changed:
            problems += problem(record, leaf, leaf.body)
    tombstones = {stream: walk.tombstones for stream, walk in examined.streams.items()}
    return examined.findings + judge_data(problems, tombstones)


def problem(record: Record, leaf: Leaf, body: SegmentBody) -> list[Problem]:
    data = bytes_of(record, leaf)
    found = hashlib.sha256(data).hexdigest()
    if len(data) < body.bytes:
        return [Problem(piece_of(leaf, body), Fault.MISSING)]
    if found != body.sha256:
        return [Problem(piece_of(leaf, body), Fault.DIFFERS, found)]
    return [] if record.files[body.file].startswith(INIT) else [Problem(piece_of(leaf, body), Fault.HEAD)]


def test_the_hour_is_intact(hour):
    findings = judge(hour)
    assert [f.verdict for f in findings] == [Verdict.DECLARED_GAP]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_whatever_is_changed_is_detected_and_named(act, hour):
    chance = random.Random(act.__name__)
    segments = {stream: hour.segments(stream) for stream in STREAMS}
    for number in range(100):
        record, stream, rehash = hour.copy(), chance.choice(STREAMS), number % 2 == 1
        forgery = act(record, stream, chance.choice(segments[stream]), chance, rehash)
        assert_named(forgery, judge(record), rehash=rehash)

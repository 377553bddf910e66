"""Ways to change an hour without the key, with those of test_verify_command a thousand: every one is detected, and its
second is named."""

import hashlib
import random

import pytest
from evidence_hour import INIT, STREAMS, record_hour

from benchmarks.forger import ACTS, Record, bytes_of, second
from benchmarks.naming import naming
from store.evidence.data import Fault, Problem
from store.evidence.examination import examine
from store.evidence.leaf import Leaf, SegmentBody
from store.evidence.signer import FileSigner
from store.evidence.verdict import Finding, Verdict, merged
from store.evidence.verification import judge_data, piece_of, read_heads


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory, signer: FileSigner) -> Record:
    """The recorded hour."""
    folder = tmp_path_factory.mktemp("hour")
    record_hour(folder, signer)
    _, findings = read_heads((folder / "heads.txt").read_text(), "county/r1", signer.public_key)
    assert not findings
    record = Record.read(folder)
    assert len(record.heads) > 3_500
    return record


def judge(record: Record) -> list[Finding]:
    """What verification says; of the data only what the forger touched is hashed, the rest is known to fit."""
    examined = examine(record.leaves, [signed.head for signed in record.heads])
    problems = []
    for leaf in record.leaves:
        if leaf is not None and isinstance(leaf.body, SegmentBody) and leaf.body.file in record.changed:
            problems += problem(record, leaf, leaf.body)
    tombstones = {stream: walk.tombstones for stream, walk in examined.streams.items()}
    return merged(examined.findings + judge_data(problems, tombstones))


def problem(record: Record, leaf: Leaf, body: SegmentBody) -> list[Problem]:
    data = bytes_of(record, body)
    found = hashlib.sha256(data).hexdigest()
    if len(data) < body.bytes:
        return [Problem(piece_of(leaf, body), Fault.MISSING)]
    if found != body.sha256:
        return [Problem(piece_of(leaf, body), Fault.DIFFERS, found)]
    return [] if record.data(body.file).startswith(INIT) else [Problem(piece_of(leaf, body), Fault.HEAD)]


def test_the_hour_is_intact(hour):
    findings = judge(hour)
    assert [f.verdict for f in findings] == [Verdict.DECLARED_GAP]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_whatever_is_changed_is_detected_and_named(act, hour):
    chance = random.Random(act.__name__)
    segments = {stream: hour.segments(stream) for stream in STREAMS}
    recorded = [second(leaf) for leaf in hour.leaves if leaf and isinstance(leaf.body, SegmentBody)]
    for number in range(100):
        record, stream, rehash = hour.copy(), chance.choice(STREAMS), number % 2 == 1
        forgery = act(record, stream, chance.choice(segments[stream]), chance, rehash)
        named = naming(forgery, judge(record), recorded, rehash=rehash)
        assert named.exact, f"{forgery.what} of {forgery.seconds[0]} {rehash=}: {named}"

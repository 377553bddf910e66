"""Of a range is said what verification of the whole folder says of it, whatever a forger did, and whichever streams are
asked for: here of streams that take turns, so that no head is signed between two seconds of all of them."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from evidence_turns import BEGINS_MS, SILENT, ns, record_turns

from benchmarks.forger import ACTS, Act, Forgery, Record, Second, flip_leaf, second, truncate
from benchmarks.naming import NAMING, called_intact, naming
from store.evidence.leaf import SegmentBody
from store.evidence.range_verification import verify_range
from store.evidence.recovery import RESUME
from store.evidence.signer import FileSigner
from store.evidence.verdict import Finding, Verdict, merged
from store.evidence.verification import verify_folder

RANGE = ns(10_000), ns(38_000)
MIDDLE = slice(12, 24, 4)  # of a stream's segments, those well within

DEEDS = [
    pytest.param(act, rehash, id=f"{act.__name__}{'-rehashed' if rehash else ''}")
    for act in ACTS
    for rehash in (False, True)
    if act is not truncate or not rehash  # which the range's own leaves need not show: below
]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory, signer: FileSigner) -> Record:
    folder = tmp_path_factory.mktemp("turns") / "recorded"
    record_turns(folder, signer)
    return Record.read(folder)


def accusing(findings: Sequence[Finding], *streams: str) -> list[Finding]:
    """What is said of changed seconds of the range, if of one of the streams."""
    found = []
    for finding in findings:
        begin = RANGE[0] if finding.from_ns is None else max(finding.from_ns, RANGE[0])
        end = RANGE[1] if finding.to_ns is None else min(finding.to_ns, RANGE[1])
        if finding.verdict in NAMING and finding.stream in (None, *streams) and begin < end:
            found.append(Finding(finding.verdict, "", finding.stream, begin, end))
    return merged(found)


def test_what_was_not_touched_is_intact(record: Record) -> None:
    report = verify_range(record.folder, [*BEGINS_MS, SILENT], *RANGE)
    assert {(f.verdict, f.stream) for f in report.findings} == {(Verdict.INTACT, stream) for stream in BEGINS_MS}


@pytest.mark.parametrize(("act", "rehash"), DEEDS)
def test_the_range_says_what_the_whole_folder_says(act: Act, rehash: bool, record: Record, tmp_path: Path) -> None:
    recorded = [second(leaf) for leaf in record.leaves if leaf and isinstance(leaf.body, SegmentBody)]
    chance = random.Random(act.__name__)
    for stream in BEGINS_MS:
        for at in record.segments(stream)[MIDDLE]:
            changed = record.copy()
            forgery = act(changed, stream, at, chance, rehash)
            folder = record.folder.parent / f"{tmp_path.name}-{stream}-{at}"
            changed.write(folder)
            whole = verify_folder(folder).findings
            report = verify_range(folder, list(BEGINS_MS), *RANGE)
            assert accusing(report.findings, *BEGINS_MS) == accusing(whole, *BEGINS_MS), forgery
            assert not called_intact(forgery, report.findings), forgery
            for asked in BEGINS_MS:
                alone = verify_range(folder, [asked], *RANGE)
                assert accusing(alone.findings, asked) == accusing(whole, asked), f"{asked}: {forgery}"
                assert not called_intact(forgery, alone.findings), forgery
            if all(RANGE[0] <= s.middle_ns < RANGE[1] for s in forgery.seconds):
                named = naming(forgery, report.findings, recorded, rehash=rehash)
                assert named.exact, f"{forgery.what} of {forgery.seconds[0]}: {named}"


def test_a_broken_leaf_of_another_stream_says_nothing_against_the_one_asked_for(record: Record, tmp_path: Path) -> None:
    """Its own next leaf tells what it was, so that the heads fit."""
    chance = random.Random(0)
    changed = record.copy()
    flip_leaf(changed, "cam2.video", record.segments("cam2.video")[20], chance, False)
    folder = record.folder.parent / tmp_path.name
    changed.write(folder)
    assert verify_range(folder, ["cam1.video"], *RANGE).sound
    assert not verify_range(folder, ["cam2.video"], *RANGE).sound


def test_of_a_session_that_falls_silent_without_a_seal_it_is_said_that_it_may_have_gone_on(
    record: Record, tmp_path: Path
) -> None:
    """Cut off with all heads that knew more, and with the resume point, which knows the newest of them."""
    changed = record.copy()
    truncate(changed, "cam1.video", record.segments("cam1.video")[15], random.Random(0), True)
    folder = record.folder.parent / tmp_path.name
    changed.write(folder)
    report = verify_range(folder, ["cam1.video"], ns(10_000), ns(20_000))
    assert Verdict.TRUNCATED in {f.verdict for f in report.findings}
    (folder / RESUME).unlink()
    for end_ms, verdicts in ((200_000, {Verdict.TRUNCATED}), (20_000, set())):  # it says something every ten seconds
        report = verify_range(folder, ["cam1.video"], ns(10_000), ns(end_ms))
        assert {f.verdict for f in report.findings if not f.sound} - {Verdict.UNANCHORED} == verdicts
        assert not called_intact(Forgery("cut", (Second("cam1.video", ns(15_000), ns(16_000)),)), report.findings)


def test_of_a_range_behind_the_end_of_a_cut_log_it_is_said_that_it_is_cut(record: Record, tmp_path: Path) -> None:
    changed = record.copy()
    del changed.leaves[record.segments("cam1.video")[15] :]
    folder = record.folder.parent / tmp_path.name
    changed.write(folder)
    report = verify_range(folder, ["cam1.video"], ns(25_000), ns(30_000))
    assert {f.verdict for f in report.findings} == {Verdict.TRUNCATED}

"""A few minutes of a recorder's folder: what is found of them, and only of them."""

import shutil
from pathlib import Path

import pytest
from evidence_hour import AUDIO, GAP, SECOND, STREAMS, T0, VIDEO, pack, record_hour

from benchmarks.forger import Record, relink
from store.evidence.errors import TooLong, Unreadable
from store.evidence.leaf import SegmentBody, TombstoneBody
from store.evidence.log import EvidenceLog
from store.evidence.range_verification import verify_range
from store.evidence.signer import FileSigner
from store.evidence.verdict import Verdict
from store.evidence.verification import Report, read_leaves, verify_folder


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, signer: FileSigner) -> Path:
    """An hour of two streams."""
    folder = tmp_path_factory.mktemp("hour") / "r1"
    record_hour(folder, signer)
    return folder


@pytest.fixture
def folder(tmp_path: Path, recorded: Path) -> Path:
    """The same hour, to be changed."""
    return shutil.copytree(recorded, tmp_path / "r1")


def verified(folder: Path, begins: float, ends: float, *streams: str) -> Report:
    return verify_range(folder, streams or STREAMS, T0 + int(begins * SECOND), T0 + int(ends * SECOND))


def verdicts(report: Report) -> set[tuple[Verdict, str | None]]:
    return {(finding.verdict, finding.stream) for finding in report.findings}


def change(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def seconds(report: Report, verdict: Verdict) -> set[int]:
    """The seconds of the hour that a verdict speaks of."""
    spans = [(f.from_ns, f.to_ns) for f in report.findings if f.verdict is verdict]
    return {
        s for a, b in spans if a is not None and b is not None for s in range((a - T0) // SECOND, (b - T0) // SECOND)
    }


def test_what_was_not_touched_is_intact(folder: Path) -> None:
    report = verified(folder, 600, 900)
    assert verdicts(report) == {(Verdict.INTACT, VIDEO), (Verdict.INTACT, AUDIO)}
    assert report.sound
    assert seconds(report, Verdict.INTACT) == set(range(600, 900))


def test_a_declared_gap_is_told_and_speaks_against_nothing(folder: Path) -> None:
    report = verified(folder, 1190, 1240, VIDEO)
    assert report.sound
    assert seconds(report, Verdict.DECLARED_GAP) == set(GAP)


@pytest.mark.parametrize(("begins", "ends", "touched"), [(600, 900, True), (300, 600, False), (701, 900, False)])
def test_a_changed_bit_is_found_in_its_second_and_no_other(folder: Path, begins: int, ends: int, touched: bool) -> None:
    leaves = [leaf for leaf in _segments(folder, VIDEO) if leaf[0] == 700]
    change(folder / pack(VIDEO, 700), leaves[0][1].offset + 7)
    report = verified(folder, begins, ends)
    assert seconds(report, Verdict.ALTERED) == ({700} if touched else set())
    assert report.sound is not touched


def test_what_the_range_says_the_whole_folder_says_too(folder: Path) -> None:
    change(folder / pack(AUDIO, 1500), 100)
    whole = [f for f in verify_folder(folder).findings if f.verdict is Verdict.ALTERED]
    part = [f for f in verified(folder, 1400, 1700).findings if f.verdict is Verdict.ALTERED]
    assert part == whole


def test_a_leaf_that_is_not_as_signed_is_found(folder: Path) -> None:
    """Cut out and linked anew by somebody without the key: only the signed heads tell."""
    record = Record.read(folder)
    at = record.segments(VIDEO)[700]
    record.leaves.pop(at)
    relink(record, VIDEO, at)
    (folder / "leaves.jsonl").write_bytes(record.lines())
    report = verified(folder, 600, 900)
    assert not report.sound
    assert Verdict.ALTERED in {f.verdict for f in report.findings}
    assert 700 in seconds(report, Verdict.ALTERED) | seconds(report, Verdict.MISSING)


def test_before_a_forgery_all_is_proven_and_after_it_nothing_is(folder: Path) -> None:
    path = folder / "leaves.jsonl"
    lines = path.read_bytes().split(b"\n")
    del lines[4000]
    path.write_bytes(b"\n".join(lines))
    assert verified(folder, 600, 900).sound
    after = verified(folder, 3000, 3100)
    assert not after.sound
    assert {f.verdict for f in after.findings} == {Verdict.UNANCHORED}


def test_what_no_head_covers_yet_is_not_called_intact(folder: Path) -> None:
    heads = (folder / "heads.txt").read_text().split("\n\n")
    (folder / "heads.txt").write_text("\n\n".join(heads[:600]) + "\n\n")
    assert verified(folder, 100, 200).sound
    assert {f.verdict for f in verified(folder, 3000, 3100).findings} == {Verdict.UNANCHORED}


def test_data_that_retention_deleted_are_a_declared_gap(folder: Path, signer: FileSigner) -> None:
    first, last = (next(leaf for s, _, leaf in _leaves(folder, VIDEO) if s == second) for second in (600, 899))
    with EvidenceLog(folder, "county/r1", signer) as log:
        stone = TombstoneBody(from_seq=first, to_seq=last, reason="keep 30 days")
        log.append(VIDEO, "s1", T0 + 4000 * SECOND, 0, stone)
        log.sign_head()
    (folder / pack(VIDEO, 600)).unlink()
    report = verified(folder, 600, 900, VIDEO)
    assert seconds(report, Verdict.DECLARED_GAP) == set(range(600, 900))
    assert seconds(report, Verdict.MISSING) == set()


def test_data_that_are_just_gone_are_missing(folder: Path) -> None:
    (folder / pack(VIDEO, 600)).unlink()
    report = verified(folder, 550, 650, VIDEO)
    assert seconds(report, Verdict.MISSING) == set(range(600, 650))


def test_of_a_time_with_nothing_recorded_nothing_is_said(folder: Path) -> None:
    assert verified(folder, -500, -400).findings == []


def test_a_log_too_long_to_read_is_not_half_read(folder: Path) -> None:
    with pytest.raises(TooLong, match="more than 1,000 leaves"):
        verify_range(folder, STREAMS, T0 + 3000 * SECOND, T0 + 3100 * SECOND, max_leaves=1000)


def test_what_is_no_folder_of_a_recorder_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="recorder's folder"):
        verify_range(tmp_path, STREAMS, T0, T0 + SECOND)


def _leaves(folder: Path, stream: str) -> list[tuple[int, SegmentBody, int]]:
    return [
        ((leaf.begin_ns - T0) // SECOND, leaf.body, leaf.seq)
        for leaf in read_leaves(folder / "leaves.jsonl")
        if leaf is not None and leaf.stream == stream and isinstance(leaf.body, SegmentBody)
    ]


def _segments(folder: Path, stream: str) -> list[tuple[int, SegmentBody]]:
    return [(second, body) for second, body, _ in _leaves(folder, stream)]

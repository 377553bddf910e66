"""What marks save and what they may not change: a few minutes are verified and exported from the nearest mark on, with
the same findings and the same proof as from the beginning of the log."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from evidence_hour import INIT, SECOND, STREAMS, T0, VIDEO, mark, pack, record_hour, segment
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.forger import ACTS, Act, Forgery, Record, drop, flip_data, retime, second
from benchmarks.naming import naming
from store.evidence.errors import TooLong
from store.evidence.leaf import SealBody, SegmentBody, StartBody
from store.evidence.log import EvidenceLog
from store.evidence.marks import MARKS, Mark, Marks
from store.evidence.range_verification import verify_range
from store.evidence.selection import select
from store.evidence.signer import FileSigner
from store.evidence.verdict import Verdict
from store.evidence.verification import Report

LENGTH = 1_150  # seconds; before the gap
BEGIN, END = 700, 760  # of the range, which with what is read beside it begins long after the first marks
RECORDER = "county/r1"
OF_RANGE = (T0 + BEGIN * SECOND, T0 + END * SECOND)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, signer: FileSigner) -> Path:
    """Nineteen minutes of two streams, with a mark each fifty seconds."""
    folder = tmp_path_factory.mktemp("minutes") / "r1"
    record_hour(folder, signer, LENGTH)
    (folder / MARKS).unlink()
    mark(folder, signer, every=100)
    return folder


@pytest.fixture(scope="module")
def recorded(folder: Path) -> Record:
    return Record.read(folder)


@pytest.fixture(scope="module")
def honest(folder: Path) -> Report:
    """What is found with the marks as they were made."""
    return verified(folder)


@pytest.fixture
def record(folder: Path, recorded: Record) -> Iterator[Record]:
    """The folder's; afterwards it is as it was."""
    texts = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    yield recorded.copy()
    for path, data in texts.items():
        path.write_bytes(data)


def write(folder: Path, record: Record) -> None:
    for name, data in record.texts().items():
        (folder / name).write_bytes(data)


def verified(folder: Path, **limit: int) -> Report:
    return verify_range(folder, STREAMS, *OF_RANGE, **limit)


def without_marks(folder: Path) -> Report:
    """As verification says it that reads from the beginning."""
    marks = (folder / MARKS).read_bytes()
    (folder / MARKS).unlink()
    report = verified(folder)
    (folder / MARKS).write_bytes(marks)
    return report


def in_the_range(record: Record, stream: str, chance: random.Random) -> int:
    """The position of one of the stream's segments there, and half a minute before its end."""
    return chance.choice(record.segments(stream)[BEGIN + 1 : END - 30])


def assert_named_in_the_range(forgery: Forgery, record: Record, report: Report) -> None:
    """`record` is as it was recorded. The seconds that lie outside are none of what was asked."""
    recorded = [second(leaf) for leaf in record.leaves if leaf and isinstance(leaf.body, SegmentBody)]
    there = [s for s in recorded if OF_RANGE[0] <= s.middle_ns < OF_RANGE[1]]
    changed = tuple(s for s in forgery.seconds if s in there)
    named = naming(replace(forgery, seconds=changed), report.findings, there, rehash=False)
    assert named.exact, f"{forgery.what} of {changed[0]}: {named}"


# --- what they save ---


def test_only_the_surroundings_of_the_range_are_read(folder: Path) -> None:
    around = 2 * (300 + (END - BEGIN) + 300) + 2 * 100  # leaves: five minutes at either side, and up to the next marks
    assert verified(folder, max_leaves=around) == without_marks(folder)
    with pytest.raises(TooLong):
        verified(folder, max_leaves=2 * (END - BEGIN))


@pytest.mark.usefixtures("record")  # which puts it right again
def test_only_the_heads_of_what_is_read_are_read(folder: Path) -> None:
    report = verified(folder)
    data = bytearray((folder / "heads.txt").read_bytes())
    data[:1_000] = b"?" * 1_000  # of the first seconds
    (folder / "heads.txt").write_bytes(data)
    assert verified(folder) == report


def test_an_export_is_read_from_the_nearest_mark_on_and_proves_the_same(tmp_path: Path, signer: FileSigner) -> None:
    """A session of ten seconds each minute, as of a camera that publishes."""
    folder = tmp_path / "r1"
    sessions(folder, signer)
    span = T0 + 3_000 * SECOND, T0 + 3_005 * SECOND
    whole = select(folder, RECORDER, signer.public_key, STREAMS, *span)
    mark(folder, signer, every=50)
    assert select(folder, RECORDER, signer.public_key, STREAMS, *span) == whole
    lines = (folder / "leaves.jsonl").read_bytes()
    (folder / "leaves.jsonl").write_bytes(b"?" * 20_000 + lines[20_000:])  # far before: nothing of it is read
    assert select(folder, RECORDER, signer.public_key, STREAMS, *span) == whole


def sessions(folder: Path, signer: FileSigner) -> None:
    """An hour with ten seconds in each minute."""
    with EvidenceLog(folder, RECORDER, signer) as log:
        for minute in range(60):
            for second in range(60 * minute, 60 * minute + 10):
                at = (f"s{minute}", T0 + second * SECOND, second * SECOND)
                if second % 60 == 0:
                    log.append_many([(s, *at, StartBody(reason="the device publishes")) for s in STREAMS])
                log.append_many([(s, *at, segment(pack(s, second), len(INIT), b"x", second)) for s in STREAMS])
                log.sign_head()
            seals = [SealBody(final_seq=12 * minute + 11)] * len(STREAMS)
            at = (f"s{minute}", T0 + (60 * minute + 10) * SECOND, 0)
            log.append_many([(s, *at, seal) for s, seal in zip(STREAMS, seals, strict=True)])
        log.sign_head()


# --- what they may not change ---


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_whatever_is_changed_in_the_range_is_found_as_without_marks(
    act: Act, number: int, folder: Path, record: Record
) -> None:
    chance = random.Random(f"{act.__name__} {number}")
    stream, rehash, changed = chance.choice(STREAMS), number % 2 == 1, record.copy()
    forgery = act(changed, stream, in_the_range(record, stream, chance), chance, rehash)
    write(folder, changed)
    report, whole = verified(folder), without_marks(folder)
    assert report.sound is whole.sound
    if act.__name__ != "truncate":  # which the range's own leaves do not show where the heads are cut too
        assert not report.sound
    if act.__name__ != "swap_leaves":  # of which one may lie outside of what is read
        assert report.findings == whole.findings
        if not rehash:
            assert_named_in_the_range(forgery, record, report)


def test_what_was_changed_before_the_nearest_mark_is_told_of_its_own_time(folder: Path, record: Record) -> None:
    at = record.segments(VIDEO)[100]
    leaf = record.leaves[at]
    assert leaf is not None
    line = leaf.line.replace(b'"frames":25', b'"frames":24')
    (folder / "leaves.jsonl").write_bytes(record.lines().replace(leaf.line, line))
    assert verified(folder).sound  # its own leaves lead from one signed head to the other
    there = verify_range(folder, STREAMS, T0 + 90 * SECOND, T0 + 110 * SECOND)
    assert Verdict.ALTERED in {finding.verdict for finding in there.findings}


def test_after_a_leaf_that_was_cut_out_nothing_is_proven_and_nobody_accused(folder: Path, record: Record) -> None:
    """All lines lie elsewhere then than the marks say."""
    record.leaves.pop(record.segments(VIDEO)[100])
    write(folder, record)
    report = verified(folder)
    assert {finding.verdict for finding in report.findings} == {Verdict.UNANCHORED}
    assert report == without_marks(folder)


# --- who forges the marks ---

Lines = list[dict[str, dict[str, object]]]


def forged(folder: Path, change: Callable[[Lines], object]) -> None:
    """Writes the marks as somebody without the key changed them, linked anew."""
    lines: Lines = [json.loads(line) for line in (folder / MARKS).read_bytes().splitlines()]
    change(lines)
    (folder / MARKS).write_bytes(b"".join(json.dumps(x, separators=(",", ":")).encode() + b"\n" for x in lines))


def signed_anew(folder: Path, signer: FileSigner, change: Callable[[Lines], object]) -> None:
    """The same, and all signed with another key."""
    forged(folder, change)
    prev, out = None, b""
    for line in (folder / MARKS).read_bytes().splitlines():
        told = json.loads(line)["mark"] | {"prev": prev}
        mark = Mark(**{name: value for name, value in told.items() if value is not None})
        document, prev = mark.signed(signer)
        out += document
    (folder / MARKS).write_bytes(out)


def elsewhere(lines: Lines) -> None:
    """The range is said to lie in the first minute, and nothing of it later."""
    for number, line in enumerate(lines):
        line["mark"]["from_ns"], line["mark"]["to_ns"] = OF_RANGE if not number else (0, 1)


LIES: dict[str, Callable[[Lines], object]] = {
    "elsewhere": elsewhere,
    "left out": lambda lines: lines.__delitem__(slice(8, 16)),
    "the last left out": lambda lines: lines.__delitem__(slice(10, None)),
    "twice": lambda lines: lines.insert(8, lines[8]),
    "turned round": lambda lines: lines.reverse(),
    "other nodes": lambda lines: [line["mark"].update(nodes=lines[3]["mark"]["nodes"]) for line in lines],
    "other sizes": lambda lines: [line["mark"].update(size=int(str(line["mark"]["size"])) + 90) for line in lines],
    "other places": lambda lines: [line["mark"].update(leaves_at=0, heads_at=0) for line in lines],
    "beyond the end": lambda lines: [line["mark"].update(leaves_at=2**60, heads_at=2**60) for line in lines],
    "another log": lambda lines: [line["mark"].update(recorder="r2") for line in lines],
}


@pytest.mark.parametrize("who", ["without a key", "with another key"])
@pytest.mark.parametrize("lie", LIES)
def test_false_marks_change_no_verdict(
    lie: str, who: str, folder: Path, honest: Report, record: Record, tmp_path: Path
) -> None:
    chance = random.Random(lie)

    def lied() -> None:
        if who == "without a key":
            forged(folder, LIES[lie])
        else:
            signed_anew(folder, FileSigner.open_or_create(tmp_path / "other.pem"), LIES[lie])

    good = (folder / MARKS).read_bytes()
    lied()
    assert verified(folder) == honest
    for act in (flip_data, drop, retime):
        copy = record.copy()
        forgery = act(copy, VIDEO, in_the_range(copy, VIDEO, chance), chance, False)
        before = {name: record.data(name) for name in copy.changed}
        write(folder, copy)
        (folder / MARKS).write_bytes(good)
        lied()
        report = verified(folder)
        assert not report.sound
        assert report.findings == without_marks(folder).findings
        assert_named_in_the_range(forgery, record, report)
        for name in copy.changed:
            (folder / name).write_bytes(before[name])


def test_marks_of_another_log_of_the_same_name_and_key_are_not_gone_by_and_speak_against_this_one(
    folder: Path, record: Record, tmp_path: Path, signer: FileSigner
) -> None:
    """As where a folder was restored or swapped: one recorder has signed two stories."""
    record_hour(tmp_path / "old", signer, LENGTH, seed=2)
    assert verified(folder).sound
    shutil.copy(tmp_path / "old" / MARKS, folder / MARKS)
    assert Marks(folder, RECORDER, signer.public_key).rest == 0
    report = verified(folder)
    assert not report.sound
    assert any("the newest mark knows other first" in f.detail for f in report.findings)
    record.leaves.pop(in_the_range(record, VIDEO, random.Random(1)))
    write(folder, record)
    assert not verified(folder).sound


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_bytes_in_their_file_change_what_is_found(data: st.DataObject, folder: Path, honest: Report) -> None:
    good = (folder / MARKS).read_bytes()
    at = data.draw(st.integers(0, len(good)))
    cut = data.draw(st.integers(0, 2_000))
    put = data.draw(st.binary(max_size=40) | st.integers(0, len(good) - 1).map(lambda begin: good[begin : begin + 900]))
    try:
        (folder / MARKS).write_bytes(good[:at] + put + good[at + cut :])
        assert verified(folder) == honest
    finally:
        (folder / MARKS).write_bytes(good)

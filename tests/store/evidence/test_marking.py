"""A log is marked as it grows, at signed heads; marks that are lost or torn are made again just as they were."""

import resource
from pathlib import Path

import pytest
from evidence_hour import MARK_EVERY, mark, record_hour

from store.evidence.errors import LogCorrupt
from store.evidence.leaf import HeartbeatBody, StartBody, TombstoneBody
from store.evidence.log import EvidenceLog
from store.evidence.marking import Marker
from store.evidence.marks import MARKS, Marks
from store.evidence.place import is_signed, leads_on
from store.evidence.signer import FileSigner

LENGTH = 900  # seconds


@pytest.fixture
def folder(tmp_path: Path, signer: FileSigner) -> Path:
    """Fifteen minutes of two streams, marked."""
    record_hour(tmp_path / "r1", signer, LENGTH)
    return tmp_path / "r1"


def test_every_mark_is_at_a_signed_head_from_which_the_leaves_lead_on(folder: Path, signer: FileSigner) -> None:
    marks = Marks(folder, "county/r1", signer.public_key)
    assert [b.size - a.size for a, b in zip(marks.stretches, marks.stretches[1:], strict=False)] == [MARK_EVERY] * 2
    for number in range(1, marks.rest + 1):
        begun, place = marks.before(number)
        assert begun == number
        assert is_signed(folder, place, "county/r1", signer.public_key)
        assert leads_on(folder, place, "county/r1", signer.public_key)


def test_a_log_without_marks_gets_them_a_bounded_number_of_leaves_at_a_time(folder: Path, signer: FileSigner) -> None:
    made = (folder / MARKS).read_bytes()
    (folder / MARKS).unlink()
    marker = Marker(folder, "county/r1", signer, MARK_EVERY)
    read = [marker.follow(100) for _ in range(20)]
    assert read == [100] * 18 + [4, 0]
    assert (folder / MARKS).read_bytes() == made


def test_wherever_the_file_is_torn_the_marks_are_made_as_they_were(folder: Path, signer: FileSigner) -> None:
    made = (folder / MARKS).read_bytes()
    for cut in (*range(0, len(made), 97), len(made) - 1):
        (folder / MARKS).write_bytes(made[:cut])
        mark(folder, signer)
        assert (folder / MARKS).read_bytes() == made
    (folder / MARKS).write_bytes(made + b"\0" * 100)  # as a disk leaves it that lost its power
    assert Marks(folder, "county/r1", signer.public_key).rest == 3
    (folder / MARKS).write_bytes(made[:500] + b"\0" * 100 + made[600:])
    mark(folder, signer)
    assert (folder / MARKS).read_bytes() == made


def test_marks_go_on_beside_the_writer_and_after_a_restart(tmp_path: Path, signer: FileSigner) -> None:
    folder = tmp_path / "r1"
    for begin in (0, 30):
        with EvidenceLog(folder, "r1", signer) as log:
            marker = Marker(folder, "r1", signer, every=10)
            for n in range(begin, begin + 30):
                log.append("c.video", "s1", 1_000 + n, n, HeartbeatBody())
                marker.follow(100)  # nothing is signed of it yet
                if n % 4 == 3:
                    log.sign_head()
                    marker.follow(100)
            log.sign_head()
    marks = Marks(folder, "r1", signer.public_key)
    assert [stretch.size for stretch in marks.stretches] == [12, 24, 36, 48, 60]
    assert [(stretch.from_ns, stretch.to_ns) for stretch in marks.stretches[:2]] == [(1_000, 1_011), (1_012, 1_023)]


def test_a_mark_tells_which_sessions_begin_and_which_leaves_are_deleted(tmp_path: Path, signer: FileSigner) -> None:
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        log.append("a", "s1", 1, 1, StartBody(reason="on"))
        log.append("b", "s1", 1, 1, HeartbeatBody())
        log.sign_head()
        log.append("a", "s1", 2, 2, TombstoneBody(from_seq=3, to_seq=5, reason="old"))
        log.append("a", "s1", 2, 2, TombstoneBody(from_seq=9, to_seq=9, reason="old"))
        log.sign_head()
    Marker(folder, "r1", signer, every=2).follow(10)
    first, second = Marks(folder, "r1", signer.public_key).stretches
    assert (first.starts, first.deleted) == ({"a"}, {})
    assert (second.starts, second.deleted) == (frozenset(), {"a": (3, 9)})
    assert Marks(folder, "r1", signer.public_key).telling_of({"a": (9, 20)}) == [1, 2]
    assert Marks(folder, "r1", signer.public_key).telling_of({"a": (10, 20), "b": (3, 9)}) == [2]


@pytest.mark.parametrize(("old", "new"), [(b'"frames":25', b'"frames":24'), (b'"wall_ns"', b'"wall ns"')])
def test_a_log_that_was_changed_gets_no_more_marks(folder: Path, signer: FileSigner, old: bytes, new: bytes) -> None:
    made = (folder / MARKS).read_bytes()
    lines = (folder / "leaves.jsonl").read_bytes().splitlines(keepends=True)
    lines[700] = lines[700].replace(old, new)
    (folder / "leaves.jsonl").write_bytes(b"".join(lines))
    (folder / MARKS).unlink()
    marker = Marker(folder, "county/r1", signer, MARK_EVERY)
    with pytest.raises(LogCorrupt, match=r"leaves\.jsonl: "):
        marker.follow(10_000)
    assert made.startswith((folder / MARKS).read_bytes())
    assert Marks(folder, "county/r1", signer.public_key).rest == 1


def test_a_full_disk_leaves_no_half_mark_and_passes(folder: Path, signer: FileSigner) -> None:
    size = len((folder / MARKS).read_bytes())
    (folder / MARKS).unlink()
    marker = Marker(folder, "county/r1", signer, MARK_EVERY)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 6, hard))  # half a mark
    try:
        with pytest.raises(OSError, match="No space left"):
            marker.follow(10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    marker.follow(10_000)
    marks = Marks(folder, "county/r1", signer.public_key)
    assert [stretch.size for stretch in marks.stretches] == [502, 1_002, 1_502]  # one head later than it would have
    assert marks.stretches[-1].end == (folder / MARKS).stat().st_size

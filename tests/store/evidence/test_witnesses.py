"""What a log's own folder and others know of its length: found in any log, and never against one that a crash left."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.evidence import log as writing
from store.evidence.checkpoint import Head, SignedHead, each_note
from store.evidence.errors import LogRolledBack
from store.evidence.leaf import HeartbeatBody
from store.evidence.log import EvidenceLog
from store.evidence.signer import FileSigner
from store.evidence.witnesses import Known, Remembered, head_of_size, lacks_resume_point

HEADS = "heads.txt"


@pytest.fixture
def signer(tmp_path: Path) -> FileSigner:
    return FileSigner.open_or_create(tmp_path / "key.pem")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `heads.txt` of a log with heads of all lengths, some with the signatures of witnesses."""
    folder = tmp_path_factory.mktemp("many")
    signer = FileSigner.open_or_create(folder / "key.pem")
    path, size = folder / HEADS, 0
    with path.open("wb") as file:
        for number in range(3_000):
            size += 1 + number % 7
            signed = SignedHead.sign(Head("county/r-1", size, bytes([number % 256]) * 32), signer)
            line = signed.note().rpartition("\n\n")[2]
            witnesses = "".join(f"— w{n} {'A' * (40 * n)}\n" for n in range(1, number % 5))
            file.write(f"{signed.text}\n{line}{witnesses}\n".encode())
    return path


def sizes(path: Path) -> list[int]:
    return [int(note.split(b"\n")[1]) for _, note in each_note(path.read_bytes())]


@given(st.data())
def test_a_head_is_found_by_its_size_and_one_that_is_not_there_is_not(many: Path, data: st.DataObject) -> None:
    all_ = sizes(many)
    assert len(all_) == 3_000
    size = data.draw(st.integers(0, all_[-1] + 2) | st.sampled_from(all_) | st.sampled_from([all_[0], all_[-1]]))
    found = head_of_size(many, size, "county/r-1")
    if size in all_:
        assert found == Head("county/r-1", size, bytes([all_.index(size) % 256]) * 32)
    else:
        assert found is None


def written(folder: Path, signer: FileSigner, count: int) -> None:
    """So many leaves, each with its head."""
    with EvidenceLog(folder, "r", signer) as log:
        for n in range(count):
            log.append("c.video", "s", n, n, HeartbeatBody())
            log.sign_head()


def cut(folder: Path, left: int) -> None:
    """To its first heads and their leaves."""
    data = (folder / HEADS).read_bytes()
    ends = [end for end, _ in each_note(data)]
    (folder / HEADS).write_bytes(data[: ends[left - 1]])
    lines = (folder / "leaves.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "leaves.jsonl").write_bytes(b"".join(lines[:left]))


@pytest.mark.parametrize("left", [1, 2, 9])
def test_the_resume_point_of_a_log_that_was_closed_knows_its_last_head(
    tmp_path: Path, signer: FileSigner, left: int
) -> None:
    written(tmp_path / "r", signer, 10)
    cut(tmp_path / "r", left)
    for _ in range(2):  # nothing was changed by trying
        with pytest.raises(LogRolledBack, match=rf"the resume point counts 10 signed leaves, the log {left}: "):
            EvidenceLog(tmp_path / "r", "r", signer)


def test_a_crash_at_any_moment_leaves_nothing_that_speaks_against_the_log(
    tmp_path: Path, signer: FileSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever files there are when a head is begun, and with whatever part of it."""
    monkeypatch.setattr(writing, "RESUME_S", 0.0)
    running = EvidenceLog(tmp_path / "r", "r", signer)
    kept = ("recorder.json", "certificate.pem", "leaves.jsonl", HEADS, "resume.json")
    for n in range(6):
        running.append("c.video", "s", n, n, HeartbeatBody())
        for moment in ("before", "after"):
            if moment == "after":
                running.sign_head()
            copy = tmp_path / f"{n} {moment}"
            copy.mkdir()
            for name in kept:
                if (tmp_path / "r" / name).exists():
                    (copy / name).write_bytes((tmp_path / "r" / name).read_bytes())
            with EvidenceLog(copy, "r", signer) as log:
                assert log.size == n + 1
                assert not lacks_resume_point(copy, "r", signer.public_key)
    running.close()


def test_what_others_know_speaks_for_a_log_that_goes_on_and_against_another(tmp_path: Path, signer: FileSigner) -> None:
    written(tmp_path / "r", signer, 10)
    head = head_of_size(tmp_path / "r" / HEADS, 7, "r")
    assert head is not None
    EvidenceLog(tmp_path / "r", "r", signer, remembered=Remembered((Known("x", 7, head.root),), {"c.video": 9})).close()
    for known, words in (
        (Known("x", 7, bytes(32)), "x knows other first 7 leaves"),
        (Known("x", 11, head.root), "x counts 11 signed leaves, the log 10: 1 fewer"),
    ):
        with pytest.raises(LogRolledBack, match=words):
            EvidenceLog(tmp_path / "r", "r", signer, remembered=Remembered((known,)))
    with pytest.raises(LogRolledBack, match=r"knows leaf 12 of c\.video, the log ends with leaf 9: 3 fewer"):
        EvidenceLog(tmp_path / "r", "r", signer, remembered=Remembered((), {"c.video": 12, "d.video": -1}))


def test_a_resume_point_that_was_taken_away_is_missed(tmp_path: Path, signer: FileSigner) -> None:
    for count, is_missed in ((1, False), (2, False), (3, True), (200, True)):
        folder = tmp_path / str(count)
        written(folder, signer, count)
        assert not lacks_resume_point(folder, "r", signer.public_key)
        (folder / "resume.json").unlink(missing_ok=True)
        assert lacks_resume_point(folder, "r", signer.public_key) is is_missed

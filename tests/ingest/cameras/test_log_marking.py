"""The recorder marks its log a little at a time, and whatever is wrong with it goes on recording."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ingest.cameras.marking import LEAVES, Marking
from store.evidence.leaf import HeartbeatBody
from store.evidence.log import Entry, EvidenceLog
from store.evidence.marking import MARK_LEAVES
from store.evidence.marks import Marks
from store.evidence.signer import FileSigner


@pytest.fixture
def signer(tmp_path: Path) -> FileSigner:
    return FileSigner.open_or_create(tmp_path / "key.pem")


@pytest.fixture
def folder(tmp_path: Path, signer: FileSigner) -> Path:
    """A log of as many leaves as lie between two marks, and none yet."""
    with EvidenceLog(tmp_path / "r1", "r1", signer) as log:
        log.append_many([Entry("hall.video", "s1", n, n, HeartbeatBody()) for n in range(MARK_LEAVES)])
        log.sign_head()
    return tmp_path / "r1"


def test_a_log_without_marks_gets_them_while_it_is_recorded(folder: Path, signer: FileSigner) -> None:
    marking = Marking(folder, "r1", signer)
    for _ in range(MARK_LEAVES // LEAVES):
        marking.look()
        assert Marks(folder, "r1", signer.public_key).rest == 0
    marking.look()
    assert [stretch.size for stretch in Marks(folder, "r1", signer.public_key).stretches] == [MARK_LEAVES]


def test_that_the_log_is_not_as_it_was_signed_is_said_once(folder: Path, signer: FileSigner) -> None:
    data = (folder / "leaves.jsonl").read_bytes()
    (folder / "leaves.jsonl").write_bytes(data.replace(b'"mono_ns":7,', b'"mono_ns":8,', 1))
    marking = Marking(folder, "r1", signer)
    with capture_logs() as said:
        for _ in range(MARK_LEAVES // LEAVES + 3):
            marking.look()
    assert [entry["log_level"] for entry in said] == ["error"]


def test_a_disk_that_can_not_be_read_is_tried_again(folder: Path, signer: FileSigner) -> None:
    (folder / "heads.txt").rename(folder / "away")
    marking = Marking(folder, "r1", signer)
    with capture_logs() as said:
        marking.look()
    assert [entry["log_level"] for entry in said] == ["warning"]
    (folder / "away").rename(folder / "heads.txt")
    for _ in range(MARK_LEAVES // LEAVES + 1):
        marking.look()
    assert Marks(folder, "r1", signer.public_key).rest == 1

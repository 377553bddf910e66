"""The database's rows follow the log; a start reads what is behind and no more."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from ingest_examples import wait_until

from ingest.cameras import leaves as reading
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.packs import streams_in
from ingest.cameras.projection import Projection
from store.evidence.leaf import HeartbeatBody, Leaf, SegmentBody
from store.evidence.log import EvidenceLog
from store.evidence.merkle import leaf_hash
from store.evidence.signer import FileSigner
from store.recordings import KnownLog, LogIdentity, Recordings

S = 1_000_000_000
NOON_NS = 1_767_585_600 * S


@pytest.fixture
def evidence(tmp_path: Path) -> Iterator[EvidenceLog]:
    with EvidenceLog(tmp_path / "r", "r", FileSigner.open_or_create(tmp_path / "key.pem")) as log:
        yield log


def record(evidence: EvidenceLog, stream: str, seconds: range) -> None:
    for n in seconds:
        body = SegmentBody(
            duration_ns=S, frames=15, first_pts=0, last_pts=1, time_base=(1, 90_000), file=f"{stream}/20260105/a.mp4",
            offset=n, bytes=1, sha256="1" * 64, init_bytes=7, init_sha256="2" * 64, codec="h264",
        )  # fmt: skip
        evidence.append(stream, "s", NOON_NS + n * S, n * S, body)
    evidence.sign_head()  # what no head counts yet has no rows


class Index:
    """The projection of a log, started and stopped, with how many leaves it read."""

    def __init__(self, uri: str, folder: Path, evidence: EvidenceLog, monkeypatch: pytest.MonkeyPatch) -> None:
        self._uri, self._folder, self._evidence, self._read = uri, folder, evidence, 0

        def counted(line: bytes) -> Leaf | None:
            self._read += 1
            return parse(line)

        parse = reading._leaf
        monkeypatch.setattr(reading, "_leaf", counted)

    def rows(self) -> int:
        with psycopg.connect(self._uri) as connection:
            (row,) = connection.execute("SELECT count(*) FROM segments").fetchall()
        return int(row[0])

    def _registered(self, recordings: Recordings) -> KnownLog:
        with (self._folder / "leaves.jsonl").open("rb") as file:
            first = leaf_hash(file.readline()[:-1]).hex()
        identity = LogIdentity(origin="r", key="", first_leaf=first)
        return recordings.register_log(identity, "r", str(self._folder), 0.0, named=True)

    def leaves_read_until(self, rows: int) -> int:
        self._read = 0
        projection = Projection(
            self._uri, self._evidence, self._folder, "r", lambda: (), CameraMetrics(), self._registered
        )
        projection.start()
        wait_until(lambda: self.rows() == rows, 30, "the rows")
        assert projection.stop(10)
        return self._read


@pytest.fixture
def index(postgres_uri: str, evidence: EvidenceLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    return Index(postgres_uri, tmp_path / "r", evidence, monkeypatch)


def test_a_start_reads_what_is_behind_whatever_folders_and_streams_that_are_over_there_are(
    evidence: EvidenceLog, index: Index, tmp_path: Path
) -> None:
    record(evidence, "gone.video", range(3))
    record(evidence, "hall.video", range(200))
    assert index.leaves_read_until(203) >= 203
    for folder in ("frames/hall", "gone.video/20260105", "never.video/20260105", "hall.audio", "lost+found"):
        (tmp_path / "r" / folder).mkdir(parents=True)
    for n in range(100):
        evidence.append("mute.audio", "s", NOON_NS + n * S, n, HeartbeatBody())
    record(evidence, "hall.video", range(200, 205))
    assert index.leaves_read_until(208) <= 110
    assert index.leaves_read_until(208) <= 2


def test_rows_that_are_gone_come_back(evidence: EvidenceLog, index: Index, postgres_uri: str, tmp_path: Path) -> None:
    record(evidence, "hall.video", range(50))
    index.leaves_read_until(50)
    (tmp_path / "r" / "hall.video").mkdir()
    (tmp_path / "r" / "frames").mkdir()
    with psycopg.connect(postgres_uri) as connection:
        connection.execute("DELETE FROM segments WHERE seq > 40")
    assert index.leaves_read_until(50) <= 20


def test_another_log_in_the_place_of_the_one_that_is_known_is_read_whole(
    evidence: EvidenceLog, index: Index, postgres_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(evidence, "hall.video", range(50))
    index.leaves_read_until(50)
    with EvidenceLog(tmp_path / "other", "r", FileSigner.open_or_create(tmp_path / "key.pem")) as other:
        record(other, "yard.video", range(60))
        assert Index(postgres_uri, tmp_path / "other", other, monkeypatch).leaves_read_until(110) >= 60


def test_only_folders_of_streams_are_streams(tmp_path: Path) -> None:
    for folder in ("a.video", "a.audio", "frames", "b.video.old", ".video", "unacknowledged", "c.text"):
        (tmp_path / folder).mkdir()
    (tmp_path / "d.video").write_bytes(b"")
    assert streams_in(tmp_path) == ["a.audio", "a.video"]

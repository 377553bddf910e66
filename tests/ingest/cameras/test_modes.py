"""Recordings, keys and exports are for their owner alone, whatever the umask was and whatever an older version left."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from recorder_bench import INFO, PACKETS, VIDEO, Bench

from analytics.alerts import Alert, Grade
from console.exports.making import Wish, make
from ingest.cameras.album import Album
from ingest.cameras.marking import Marking
from store.evidence.files import make_folder
from store.evidence.leaf import SegmentBody
from store.evidence.log import EvidenceLog
from store.evidence.manifest import Request
from store.evidence.signer import FileSigner


@pytest.fixture(autouse=True, params=[0, 0o277])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def wrong(folder: Path) -> list[str]:
    """What below a folder, itself included, has another mode than it should."""
    return [
        f"{path.relative_to(folder)} {stat.S_IMODE(path.stat().st_mode):04o}"
        for path in (folder, *folder.rglob("*"))
        if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)
    ]


def test_all_that_a_recorder_and_an_export_of_it_write_is_for_their_owner_alone(tmp_path: Path) -> None:
    root = tmp_path / "var" / "ducha"
    bench = Bench(root)
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.wait_for(SegmentBody, 2)
    keyframe = next(packet for packet in PACKETS if packet.is_keyframe)
    album = Album("c-1", bench.folder)
    album.keep(keyframe, INFO)
    alert = Alert("camera-tampered", 1, Grade.B, "c-1", None, 0.0, None, 0.0, None, None, {}, "a-1")
    assert len(album.mount(alert)) == 1
    bench.stop()
    signer = FileSigner.open_or_create(root / "key.pem")
    for _ in range(2):  # the second opening leaves a resume point behind
        with EvidenceLog(bench.folder, "r", signer) as log:
            Marking(bench.folder, "r", signer).look()
            last = log.last(VIDEO)
    assert last is not None
    make_folder(root / "exports")
    request = Request(asked_by="a", approved_by="b", reason="complaint")
    wish = Wish(["c-1"], last.begin_ns - 10**9, last.end_ns, request)
    make(bench.folder, root / "exports" / "e.zip", wish, FileSigner.open_or_create(root / "x" / "k.pem"), last.end_ns)
    assert {path.suffix for path in root.rglob("*.*")} >= {".mp4", ".jpg", ".zip", ".pem", ".jsonl", ".txt", ".json"}
    assert wrong(tmp_path / "var") == []


def test_a_log_that_others_may_read_is_closed_to_them_where_it_is_opened(tmp_path: Path) -> None:
    signer = FileSigner.open_or_create(tmp_path / "k" / "key.pem")
    EvidenceLog(tmp_path / "r", "r", signer).close()
    (tmp_path / "r" / VIDEO).mkdir()
    for path in (tmp_path / "r", *(tmp_path / "r").iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    EvidenceLog(tmp_path / "r", "r", signer).close()
    assert wrong(tmp_path / "r") == []

"""A recorder's log with its footage, recorded once, to be cut, exchanged and restored by tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from camera_films import film, later

from ingest.cameras.fanout import Fanout
from ingest.cameras.leaves import newest_first
from ingest.cameras.log_opening import Memory, Opened, open_log
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.recorder import Clock, Recorder
from store.evidence.checkpoint import SignedHead, each_note
from store.evidence.identity import identity_of
from store.evidence.leaf import SegmentBody
from store.evidence.marking import Marker
from store.evidence.signer import FileSigner

NAME, BUREAU, VIDEO = "county/r-1", "county", "c-1.video"
INFO, PACKETS = film(frames=270)


def opened(folder: Path, memory: Memory | None = None, name: str = NAME, key: str = "key.pem") -> Opened:
    """The log that the recorder whose folder this is writes now; its key lies beside the folder."""
    return open_log(folder, name, BUREAU, FileSigner.open_or_create(folder.parent / key), memory or Memory())


def record(
    folder: Path, by_s: float = 0.0, memory: Memory | None = None, name: str = NAME, key: str = "key.pem"
) -> Opened:
    """Records eighteen seconds into packs of four, and marks the log; it stays open."""
    site = opened(folder, memory, name, key)
    fanout, failures = Fanout(), list[BaseException]()
    packets = list(later(PACKETS, by_s))
    ends_ns = round((packets[-1].arrived_wall_s + 0.1) * 1e9)
    recorder = Recorder(
        "c-1", fanout, site.evidence, site.folder, CameraMetrics(), failures.append, pack_s=4.0,
        clock=Clock(lambda: ends_ns, lambda: round(packets[-1].arrived_s * 1e9)),
    )  # fmt: skip
    recorder.start()
    fanout.open((INFO,))
    for packet in packets:
        fanout.publish(packet)
    fanout.end()
    assert recorder.join(60)
    assert not failures
    site.evidence.sign_head()
    signer = FileSigner.open(folder.parent / key)
    Marker(site.folder, site.evidence.origin, signer, every=5).follow(10_000)
    return site


def heads(folder: Path) -> list[tuple[int, SignedHead]]:
    """Each head, and the byte of `heads.txt` where it ends."""
    data = (folder / "heads.txt").read_bytes()
    return [(end, SignedHead.parse(note.decode())) for end, note in each_note(data)]


def cut(folder: Path, number: int) -> int:
    """Takes away all that came after head `number`; returns how many leaves that were."""
    end, signed = heads(folder)[number]
    lines = (folder / "leaves.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "leaves.jsonl").write_bytes(b"".join(lines[: signed.head.size]))
    (folder / "heads.txt").write_bytes((folder / "heads.txt").read_bytes()[:end])
    return len(lines) - signed.head.size


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def segments(folder: Path) -> Iterator[bytes]:
    """The bytes of every segment that the leaves speak of."""
    for _, leaf in newest_first(folder):
        if isinstance(leaf.body, SegmentBody):
            with (folder / leaf.body.file).open("rb") as file:
                file.seek(leaf.body.offset)
                yield file.read(leaf.body.bytes)


def copied(folder: Path, to: Path) -> Path:
    """The folder and its key, as somebody would copy them who can read the disk."""
    shutil.copytree(folder.parent, to)
    return to / folder.name


def origin(folder: Path) -> str:
    """What the log is called."""
    about = identity_of(folder)
    assert about is not None
    return about.recorder

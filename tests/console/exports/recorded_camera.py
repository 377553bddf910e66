"""A recorder's folder with true footage: what cameras sent, cut, stored and told as the recorder does it."""

import time
from collections.abc import Sequence
from pathlib import Path

from camera_films import BEGAN_WALL_S

from ingest.cameras.fanout import Closed, Item, Opened
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.segmenter import Segmenter
from ingest.cameras.stream_log import StreamLog
from store.evidence.leaf import Leaf, Reason
from store.evidence.log import EvidenceLog
from store.evidence.recovery import LEAVES
from store.evidence.signer import FileSigner
from store.recordings import CameraRow, Recordings

RECORDER = "county/r1"
BEGAN_NS = round(BEGAN_WALL_S * 1e9)


def at_ns(second: float) -> int:
    """So many seconds after the footage begins, in Unix nanoseconds."""
    return BEGAN_NS + round(second * 1e9)


def record(folder: Path, cameras: dict[str, Sequence[Item]], *, pack_s: float = 300.0) -> None:
    """Records into `folder` what each camera sent, and seals it."""
    signer = FileSigner.open_or_create(folder.parent / "recorder.pem")
    with EvidenceLog(folder, RECORDER, signer) as log:
        for camera, items in cameras.items():
            _record_camera(folder, log, camera, items, pack_s)
        log.sign_head()


def streamed(streams: tuple[StreamInfo, ...], packets: Sequence[Packet]) -> list[Item]:
    """A connection that is opened, sends `packets`, and is lost."""
    return [Opened(streams), *packets, Closed()]


def _record_camera(folder: Path, log: EvidenceLog, camera: str, items: Sequence[Item], pack_s: float) -> None:
    segmenter = Segmenter()
    streams = {media: StreamLog(f"{camera}.{media}", folder, log, pack_s=pack_s) for media in Media}
    last: Packet | None = None
    for item in items:
        for segment in segmenter.feed(item):
            streams[segment.info.media].record(segment)
        last = item if isinstance(item, Packet) else last
        if isinstance(item, Closed):
            for stream in streams.values():
                stream.interrupt(Reason.SOURCE_LOST)
    for segment in segmenter.flush():
        streams[segment.info.media].record(segment)
    assert last is not None
    for stream in streams.values():
        stream.close(round((last.arrived_wall_s + 1) * 1e9), round((last.arrived_s + 1) * 1e9))


def write_rows(dsn: str, folder: Path, cameras: Sequence[str]) -> None:
    """Tells the database of the cameras and of what is recorded, as their worker does."""
    with Recordings(dsn) as recordings:
        recordings.write_cameras([_row(camera, folder) for camera in cameras], notify=True)
        leaves = (folder / LEAVES).read_bytes().splitlines()
        recordings.write_leaves([Leaf.parse(line) for line in leaves])


def _row(camera: str, folder: Path) -> CameraRow:
    return CameraRow(
        id=camera,
        name=f"窗口 {camera}",
        kind="window",
        unit="county.east",
        room=None,
        lon=None,
        lat=None,
        recorder=RECORDER,
        folder=str(folder),
        tap="/nowhere/tap.sock",
        state="live",
        reason=None,
        since_s=BEGAN_WALL_S,
        codec="h264",
        width=192,
        height=108,
        audio=None,
        recorded=True,
        seen_s=time.time(),
    )

"""The last keyframes of a camera, and the album of pictures that alerts rest on: JPEG files beside the recordings."""

import hashlib
import os
from collections import deque
from pathlib import Path

import structlog

from analytics.alerts import Alert
from ingest.cameras.packets import Packet, StreamInfo
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from ingest.cameras.pictures import Undecodable, decoded, jpeg
from store.evidence.files import make_folder, open_own
from store.records import AlertPicture

KEPT = 20  # keyframes: the frames of an alert are among the last that were looked at
WIDEST = 960
MOST = 8  # pictures an alert

log = structlog.get_logger("ingest.album")


class Album:
    """Of one camera. The pictures of its alerts go to `folder/frames/CAMERA`."""

    def __init__(self, camera: str, folder: Path, largest_pixels: int = LARGEST_PIXELS) -> None:
        self._camera = camera
        self._largest_pixels = largest_pixels
        self._folder = folder
        self._kept: deque[tuple[Packet, StreamInfo]] = deque(maxlen=KEPT)

    def keep(self, keyframe: Packet, stream: StreamInfo) -> None:
        """Remember a picture for a while, undecoded."""
        self._kept.append((keyframe, stream))

    def mount(self, alert: Alert) -> tuple[AlertPicture, ...]:
        """Write the pictures that `alert` rests on, as far as they are remembered; else the last one taken."""
        frames = {round(float(t), 3) for t in alert.detail.get("frames", ())}
        chosen = [kept for kept in self._kept if round(kept[0].arrived_wall_s, 3) in frames] or list(self._kept)[-1:]
        if len(chosen) > MOST:
            chosen = [*chosen[: MOST // 2], *chosen[-MOST // 2 :]]
        pictures = []
        for number, (keyframe, stream) in enumerate(chosen):
            file = f"frames/{self._camera}/{alert.id}-{number}.jpg"
            try:
                data = jpeg(decoded(keyframe, stream, self._largest_pixels), WIDEST)
                self._write(file, data)
            except (Undecodable, OSError) as error:
                log.warning("a picture could not be kept", alert=alert.id, error=str(error))
                continue
            digest = hashlib.sha256(data).digest()
            taken_s = keyframe.arrived_wall_s
            pictures.append(AlertPicture(alert.id, number, taken_s, digest, str(self._folder), file))
        return tuple(pictures)

    def _write(self, file: str, data: bytes) -> None:
        path = self._folder / file
        make_folder(path.parent)
        with os.fdopen(open_own(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())

"""A view that loops a video file."""

from pathlib import Path

import av
import cv2
import numpy as np

from hardware.cameras.picture import Picture, Size, as_picture

MOST_FRAMES = 600


class FileLoop:
    """The pictures of a video file again and again, fitted to a camera's size; at most the first `MOST_FRAMES`."""

    def __init__(self, file: Path) -> None:
        """Raises `av.FFmpegError` where the file is no video, `OSError` where it is not there."""
        self._file = file
        self._frames: list[Picture] = []
        self._at_s: list[float] = []
        with av.open(str(file)) as container:
            for frame in container.decode(video=0):
                self._frames.append(as_picture(frame.to_ndarray(format="bgr24")))
                self._at_s.append(float(frame.time or 0.0))
                if len(self._frames) == MOST_FRAMES:
                    break
        step = (self._at_s[-1] - self._at_s[0]) / max(1, len(self._at_s) - 1) or 0.1
        self._length_s = self._at_s[-1] - self._at_s[0] + step

    def picture(self, t_s: float, size: Size) -> Picture:
        at = int(np.searchsorted(self._at_s, self._at_s[0] + t_s % self._length_s, side="right")) - 1
        return as_picture(cv2.resize(self._frames[at], size))

"""Real people, cut out of footage: busts for those who sit behind a counter. The footage is given at run time.

Their clips are those of Intel's IoT DevKit sample videos (CC BY 4.0), where people sit before a plain wall.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.cameras.figures import Pose
from hardware.cameras.loop import FileLoop
from hardware.cameras.picture import Picture
from hardware.cameras.scene import Figure
from hardware.cameras.sprite import Sprite

_CLIPS = (  # file, and a box around one person: left, top, right, bottom as shares of the picture
    ("intel_head-pose-face-detection-male.gif", (0.25, 0.05, 0.77, 1.0)),
    ("intel_head-pose-face-detection-female-and-male.gif", (0.03, 0.14, 0.46, 1.0)),
    ("intel_head-pose-face-detection-female-and-male.gif", (0.50, 0.11, 0.95, 1.0)),
)
_SIZE = (480, 270)
_WALL = 14  # columns beside a box that surely show the wall
_TIMES_S = (0.0, 1.1, 2.3, 3.4)
_BUST = 0.43  # of a stature, from the crown to where a counter hides the rest
_CROWN = 0.70  # of a stature above the floor, seated


@dataclass(frozen=True, slots=True)
class FilmedFigure:
    """A real person while seated; the stand-in otherwise."""

    busts: tuple[Sprite, ...]
    stand_in: Figure

    def sprite(self, pose: Pose, variant: int) -> Sprite:
        if pose == Pose.SITTING:
            return self.busts[variant % len(self.busts)]
        return self.stand_in.sprite(pose, variant)


def filmed(footage: Path, stand_in: Figure, number: int) -> FilmedFigure:
    """The person of a number from the clips in `footage`.

    Raises:
        OSError: the clip is not there.
        av.FFmpegError: it is no video.
    """
    name, box = _CLIPS[number % len(_CLIPS)]
    clip = FileLoop(footage / name)
    return FilmedFigure(tuple(_bust(clip.picture(t_s, _SIZE), box) for t_s in _TIMES_S), stand_in)


def _bust(picture: Picture, box: tuple[float, float, float, float]) -> Sprite:
    height, width = picture.shape[:2]
    left, top, right, bottom = (round(share * side) for share, side in zip(box, (width, height) * 2, strict=True))
    near = np.ascontiguousarray(picture[:bottom, max(left - _WALL, 0) : right + _WALL])  # others' hair is no wall
    labels = np.full(near.shape[:2], cv2.GC_BGD, np.uint8)
    inner = np.s_[top:, min(left, _WALL) : near.shape[1] - _WALL]
    labels[inner] = cv2.GC_PR_FGD
    whole = (0, 0, near.shape[1], near.shape[0])  # not looked at: the labels say where the person may be
    cv2.grabCut(near, labels, whole, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    outline = _largest(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8))
    alpha = np.asarray(cv2.GaussianBlur(cv2.erode(outline, np.ones((3, 3), np.uint8)), (0, 0), 1.0), np.float32)
    crown = int(np.flatnonzero(outline.any(axis=1))[0])
    stature = (bottom - crown) / _BUST
    return Sprite(near[crown:], np.ascontiguousarray(alpha[crown:]), stature, _CROWN * stature)


def _largest(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The largest piece of a mask, its holes filled."""
    smooth = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    pieces, _ = cv2.findContours(smooth, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, [max(pieces, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return filled.astype(np.float32)

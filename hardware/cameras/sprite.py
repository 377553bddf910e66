"""A figure cut out, and how it is set into a picture."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.cameras.picture import Picture, as_picture

_MOST_SCALED = 128  # sprites kept in the sizes of late, of all scenes together; about a megabyte each


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """Colours, and opacity 0 … 1. A standing person of this size is `stature` pixels tall and stands on row `floor`."""

    colour: Picture
    alpha: NDArray[np.float32]
    stature: float
    floor: float

    def paste(self, picture: Picture, x: float, y: float, stature: float) -> None:
        """Set it into `picture`, its middle at column `x`, its floor at row `y`, `stature` pixels tall."""
        colour, alpha, floor = _scaled(self, round(stature / 2) * 2)
        height, width = alpha.shape
        left, top = round(x - width / 2), round(y - floor)
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + width, picture.shape[1]), min(top + height, picture.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        cut = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        target = picture[y0:y1, x0:x1]
        target[:] = cv2.blendLinear(colour[cut], target, alpha[cut], 1 - alpha[cut])


@lru_cache(maxsize=_MOST_SCALED)
def _scaled(sprite: Sprite, stature: int) -> tuple[Picture, NDArray[np.float32], float]:
    """Its colours, its opacity and its floor, at another size."""
    factor = stature / sprite.stature
    size = max(1, round(sprite.colour.shape[1] * factor)), max(1, round(sprite.colour.shape[0] * factor))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    alpha = np.asarray(cv2.resize(sprite.alpha, size, interpolation=how), np.float32)
    return as_picture(cv2.resize(sprite.colour, size, interpolation=how)), alpha, sprite.floor * factor

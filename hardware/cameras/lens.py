"""What is between a view and its picture: sensor noise, faults of the lens, and the clock burned in over all."""

import cv2
import numpy as np

from hardware.cameras import clockface
from hardware.cameras.faults import Fault
from hardware.cameras.picture import Picture, Size, as_picture

_SHIFT = 61  # the noise is one field, seen through the picture at another place each time


class Lens:
    """One camera's lens and sensor. `noise` is a standard deviation in grey levels."""

    def __init__(self, size: Size, noise: float) -> None:
        self._size = size
        rng = np.random.default_rng(5)
        grain = rng.standard_normal((size[1] + _SHIFT, size[0] + _SHIFT, 1), np.float32) * noise + 2 * noise
        self._noise = as_picture(grain).repeat(3, axis=2)
        self._level = np.full((*size[::-1], 3), round(2 * noise), np.uint8)
        self._cloth = _cloth(size, rng)
        self._turn = 0

    def picture(self, view: Picture, faults: frozenset[Fault], true_s: float, clock_s: float) -> Picture:
        """The picture of `view` at `true_s` (Unix seconds), when the camera's own clock shows `clock_s`."""
        seen = self._noisy(self._spoilt(view, faults))
        clockface.burn(seen, true_s, clock_s)
        return seen

    def scaled(self, picture: Picture, size: Size) -> Picture:
        """The picture in another size, as the encoder wants it."""
        return picture if size == self._size else as_picture(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))

    def _spoilt(self, view: Picture, faults: frozenset[Fault]) -> Picture:
        if Fault.BLACK in faults:
            return np.full_like(view, 2)
        if Fault.COVERED in faults:
            return self._cloth.copy()
        if Fault.MOVED in faults:
            width, height = self._size
            turn = cv2.getRotationMatrix2D((width / 2, height / 2), 7.0, 1.08)
            turn = turn + np.array([[0, 0, 0.18 * width], [0, 0, 0.09 * height]])
            view = as_picture(cv2.warpAffine(view, turn, self._size, borderMode=cv2.BORDER_REFLECT_101))
        if Fault.BLUR in faults:
            view = as_picture(cv2.GaussianBlur(view, (0, 0), self._size[1] / 60))
        return view

    def _noisy(self, view: Picture) -> Picture:
        self._turn += 1
        down, right = self._turn * 23 % _SHIFT, self._turn * 41 % _SHIFT
        brighter = cv2.add(view, self._noise[down : down + view.shape[0], right : right + view.shape[1]])
        return as_picture(cv2.subtract(brighter, self._level))


def _cloth(size: Size, rng: np.random.Generator) -> Picture:
    """A cloth over the lens: dim, soft folds, no edges."""
    coarse = rng.normal(46, 11, (6, 9, 1)) * np.array([0.8, 0.9, 1.1])
    folds = cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    return as_picture(folds)

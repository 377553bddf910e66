"""A sensor before a scene where nothing happens: each picture has its own noise, the lamps drift and flicker. One that
hangs gives its last picture again and again, and the camera goes on to write the time into it and to encode it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.cameras.picture import Picture

Planes = NDArray[np.uint8]  # a picture as encoders take it, I420: the brightness, below it the colours at half its size
_BEYOND = 256  # pixels; the noise is cut from larger fields, each time at another place
_LEVELS = 256.0  # grey levels at which the shot noise is as given


@dataclass(frozen=True, slots=True)
class Grain:
    """How noisy a sensor is, in grey levels: `read` everywhere, `shot` in white and by the square root of the light
    elsewhere; `soft_px` is the standard deviation of the blur that its processing leaves in the noise. `lamp` and
    `flicker` are shares of the light: how far the lamps drift within minutes, and from one picture to the next."""

    read: float = 0.7
    shot: float = 0.9
    soft_px: float = 0.0
    lamp: float = 0.0
    flicker: float = 0.0


class Sensor:
    """The sensor of one camera that looks at `view`."""

    def __init__(self, view: Picture, grain: Grain, seed: int = 1) -> None:
        """`view` is without noise; its width and height are even."""
        self._rng = np.random.default_rng([seed, 8])
        self._grain = grain
        self._height, self._width = view.shape[:2]
        planes = np.asarray(cv2.cvtColor(view, cv2.COLOR_BGR2YUV_I420), np.uint8)
        self._light = planes[: self._height].astype(np.float32)
        self._colours = planes[self._height :]
        self._sigma = np.sqrt(grain.read**2 + grain.shot**2 * self._light / _LEVELS).astype(np.float32)
        self._field = self._white_noise()

    def planes(self, t_s: float) -> Planes:
        """The picture at `t_s` seconds."""
        grain, rng = self._grain, self._rng
        down, right = rng.integers(0, _BEYOND, 2)
        noise = self._field[down : down + self._height, right : right + self._width][:: rng.choice((-1, 1))]
        light = 1.0 + grain.lamp * np.sin(t_s / 97.0) + grain.flicker * rng.normal()
        seen = self._light * np.float32(light) + self._sigma * noise
        return np.vstack([np.clip(seen + 0.5, 0, 255).astype(np.uint8), self._colours])

    def _white_noise(self) -> NDArray[np.float32]:
        field = self._rng.standard_normal((self._height + _BEYOND, self._width + _BEYOND), np.float32)
        if self._grain.soft_px:
            field = cv2.GaussianBlur(field, (0, 0), self._grain.soft_px).astype(np.float32, copy=False)
        return field / np.float32(field.std())

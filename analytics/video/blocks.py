"""A small grey picture in blocks of 20 pixels, and what can be measured of each: contrast, sharpness, likeness."""

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.video.detection import Picture

WIDTH, HEIGHT = 320, 180
BLOCK = 20  # pixels
Grey = NDArray[np.float32]
Blocks = NDArray[np.float32]
Bools = NDArray[np.bool_]


def grey_of(picture: Picture) -> Grey:
    """`picture` grey and small: shape (HEIGHT, WIDTH)."""
    small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)


def smooth(grey: Grey, sigma: float = 1.2) -> Grey:
    """Without the noise of single pixels."""
    return cv2.GaussianBlur(grey, (0, 0), sigma).astype(np.float32, copy=False)


def brightness_of(grey: Grey) -> Blocks:
    brightness: Blocks = _blocks(grey).mean(axis=-1)
    return brightness


def contrast_of(smoothed: Grey) -> Blocks:
    """The standard deviation of each block in grey levels."""
    contrast: Blocks = _blocks(smoothed).std(axis=-1)
    return contrast


def sharpness_of(grey: Grey) -> Blocks:
    """The variance of the Laplacian by that of the grey levels; noise of single pixels is smoothed away before."""
    blurred = cv2.GaussianBlur(grey, (3, 3), 0).astype(np.float32, copy=False)
    edges = cv2.Laplacian(blurred, cv2.CV_32F).astype(np.float32, copy=False)
    sharpness: Blocks = _blocks(edges).var(axis=-1) / (_blocks(blurred).var(axis=-1) + 4)
    return sharpness


def likeness(a: Grey, b: Grey) -> Blocks:
    """The correlation of each block of `a` with that of `b`, whatever their brightness and contrast."""
    left, right = _blocks(a), _blocks(b)
    left, right = left - left.mean(axis=-1, keepdims=True), right - right.mean(axis=-1, keepdims=True)
    norm = np.sqrt((left * left).sum(axis=-1) * (right * right).sum(axis=-1))
    alike: Blocks = (left * right).sum(axis=-1) / np.maximum(norm, 1e-3)
    return alike


def around(blocks: Bools) -> Blocks:
    """How many of the nine blocks about each are so."""
    nine = np.ones((3, 3), np.float32)
    return cv2.filter2D(blocks.astype(np.float32), -1, nine, borderType=cv2.BORDER_CONSTANT).astype(
        np.float32, copy=False
    )


def _blocks(grey: Grey) -> Grey:
    """Shape (rows, columns, pixels of a block)."""
    rows, columns = HEIGHT // BLOCK, WIDTH // BLOCK
    return grey.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2).reshape(rows, columns, BLOCK * BLOCK)

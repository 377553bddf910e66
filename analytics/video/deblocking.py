"""Pictures that a thrifty encoder left in blocks (MJPEG, MPEG-4), made fit for a detector.

A network takes the edges of the blocks for edges of things: with them YOLOX-nano finds .28 of the people in pictures of
JPEG quality 10, softened .74; of a clean picture softening loses some. So only those in blocks are softened.
"""

import cv2
import numpy as np

from analytics.video.detection import Picture

_BLOCK = 8  # pixels; the encoders named cut a picture so
_EVERY_ROW = 2
_BLOCKY = 2.0  # steps between blocks by those within; 1.0 to 1.5 in clean pictures, 1.6 to 4 from JPEG quality 20
_SOFT_PX = 1.0
_LEAST_STEP = 0.25  # grey levels; flatter pictures tell nothing


def deblocked(picture: Picture) -> Picture:
    """`picture`, softened where it shows the blocks of its encoder."""
    if blockiness(picture) < _BLOCKY:
        return picture
    return cv2.GaussianBlur(picture, (0, 0), _SOFT_PX).astype(np.uint8, copy=False)


def blockiness(picture: Picture) -> float:
    """The mean step in brightness from one column of blocks to the next, by that between columns within them."""
    green = picture[::_EVERY_ROW, :, 1]
    columns = (green.shape[1] - 1) // _BLOCK * _BLOCK
    if not columns:
        return 1.0
    steps = cv2.absdiff(green[:, 1 : columns + 1], green[:, :columns]).mean(axis=0).reshape(-1, _BLOCK).mean(axis=0)
    return float(steps[-1] / max(float(np.median(steps[:-1])), _LEAST_STEP))

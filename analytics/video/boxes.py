"""Boxes of people, compared and merged: the same person seen in two crops is one person."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.video.detection import Person

Boxes = NDArray[np.float64]


def corners(people: Sequence[Person]) -> Boxes:
    """The corners x0, y0, x1, y1 as an array of shape (N, 4)."""
    return np.array([(p.x0, p.y0, p.x1, p.y1) for p in people], np.float64).reshape(-1, 4)


def areas(boxes: Boxes) -> Boxes:
    """Shape (N,), in squares of the unit of the corners."""
    area: Boxes = np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)
    return area


def shared(a: Boxes, b: Boxes) -> Boxes:
    """The area that each box of `a` (N) shares with each of `b` (M), shape (N, M)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    side = np.maximum(high - low, 0)
    area: Boxes = side[..., 0] * side[..., 1]
    return area


def strongest(boxes: Boxes, scores: Boxes, overlap: float) -> list[int]:
    """Non-maximum suppression: the boxes left, strongest first, none overlapping another by IoU > `overlap`."""
    order = np.argsort(-scores, kind="stable")
    boxes = boxes[order]
    common, area = shared(boxes, boxes), areas(boxes)
    iou = common / np.maximum(area[:, None] + area[None, :] - common, 1e-12)
    kept: list[int] = []
    for i in range(len(order)):
        if not kept or iou[i, kept].max() <= overlap:
            kept.append(i)
    return [int(order[i]) for i in kept]

"""Boxes of people, compared and merged: the same person seen in two crops is one person."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.video.detection import Person

Boxes = NDArray[np.float64]

_HELD = 0.8  # the share of the smaller box from which it lies in the other
_WEAK = 0.5
_HALF_AS_SURE = 0.5


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


def each_once(people: Sequence[Person]) -> list[Person]:
    """`people`, the surest first, without weak second boxes of somebody surer.

    A detector now and then sees the same body twice, once with what it stands behind: two boxes of which one lies in
    the other overlap too little, by IoU, to be told for one person. Two people, one behind the other, are both surer.
    """
    boxes = corners(people)
    area = np.maximum(areas(boxes), 1e-12)
    held = shared(boxes, boxes) / np.minimum(area[:, None], area[None, :])
    scores = np.array([person.score for person in people])
    again = (held > _HELD) & (scores[:, None] < _WEAK) & (scores[:, None] < _HALF_AS_SURE * scores[None, :])
    return [person for person, twice in zip(people, np.any(again, axis=1), strict=True) if not twice]

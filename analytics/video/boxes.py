"""Boxes of people, compared and merged: the same person seen in two crops is one person."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.video.detection import Person

Boxes = NDArray[np.float64]

_HELD = 0.8  # the share of the smaller box from which it lies in the other
_WEAK = 0.5
_HALF_AS_SURE = 0.5
_ABREAST = 0.6  # IoU of the breadths of two boxes of one body
_LEVEL = 0.15  # of the smaller height, by which its head may be told higher or lower


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
    the other overlap too little, by IoU, to be told for one person. Two people, one behind the other, are both surer;
    and where the boxes have one head, any weak second one is of the same body.
    """
    boxes = corners(people)
    area = np.maximum(areas(boxes), 1e-12)
    held = shared(boxes, boxes) / np.minimum(area[:, None], area[None, :])
    scores = np.array([person.score for person in people])
    enough = np.where(_have_one_head(boxes), 1.0, _HALF_AS_SURE)
    again = (held > _HELD) & (scores[:, None] < _WEAK) & (scores[:, None] < enough * scores[None, :])
    return [person for person, twice in zip(people, np.any(again, axis=1), strict=True) if not twice]


def _have_one_head(boxes: Boxes) -> NDArray[np.bool_]:
    """Whether two boxes are abreast and begin at one height, shape (N, N)."""
    x0, y0, x1, y1 = (boxes[:, n] for n in range(4))
    common = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
    breadth = np.maximum(x1[:, None], x1) - np.minimum(x0[:, None], x0)
    apart = np.abs(y0[:, None] - y0)
    one: NDArray[np.bool_] = (common > _ABREAST * breadth) & (apart < _LEVEL * np.minimum((y1 - y0)[:, None], y1 - y0))
    return one

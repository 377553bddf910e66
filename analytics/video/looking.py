"""Looking at a picture in parts: everybody seen in any of them, each person once.

Somebody cut by the edge of a part is seen there as half a person: a box that ends at an inner edge counts only where no
other part shows the same body whole, and two halves that meet are one body.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.video.boxes import Boxes, areas, corners, each_once, shared
from analytics.video.detection import Detector, Person, Picture
from analytics.video.regions import Part

_SAME = 0.45  # IoU from which boxes in two parts are one person
_CUT_WITHIN = 0.4  # the share of a box cut by the edge of its part that a whole one must hold to be the same person
_ABREAST = 0.5  # IoU of the heights, or breadths, of two halves of one body
_EDGE = 0.01  # of the part

Cuts = NDArray[np.bool_]  # shape (N, 4): at x0, y0, x1, y1


def look(detector: Detector, picture: Picture, parts: Sequence[Part]) -> list[Person]:
    """Everybody whom `detector` finds in any of `parts` of `picture`, the surest first."""
    found: list[Person] = []
    cuts: list[tuple[bool, bool, bool, bool]] = []
    origin: list[int] = []
    for number, part in enumerate(parts):
        for person in detector.people(_crop(picture, part)):
            found.append(part.of_whole(person))
            cuts.append(_cuts(person, part))
            origin.append(number)
    if len(parts) > 1:
        found = _merged(found, np.array(cuts, bool).reshape(-1, 4), np.array(origin, np.int64))
    return each_once(found)


def _crop(picture: Picture, part: Part) -> Picture:
    height, width = picture.shape[:2]
    x0, y0 = min(int(part.x0 * width), width - 1), min(int(part.y0 * height), height - 1)
    return picture[y0 : max(round(part.y1 * height), y0 + 1), x0 : max(round(part.x1 * width), x0 + 1)]


def _cuts(person: Person, part: Part) -> tuple[bool, bool, bool, bool]:
    """At which sides the box ends at an edge of the part beyond which the picture goes on."""
    return (
        person.x0 < _EDGE and part.x0 > 0,
        person.y0 < _EDGE and part.y0 > 0,
        person.x1 > 1 - _EDGE and part.x1 < 1,
        person.y1 > 1 - _EDGE and part.y1 < 1,
    )


def _merged(found: list[Person], cuts: Cuts, origin: NDArray[np.int64]) -> list[Person]:
    scores = np.array([p.score for p in found])
    is_cut: NDArray[np.bool_] = np.any(cuts, axis=1)
    order = np.lexsort((-scores, is_cut))  # whole bodies first, the surest first among each
    boxes, cuts, is_cut, origin = corners(found)[order], cuts[order], is_cut[order], origin[order]
    area = np.maximum(areas(boxes), 1e-12)
    common = shared(boxes, boxes)
    elsewhere: NDArray[np.bool_] = origin[:, None] != origin[None, :]
    iou = common / (area[:, None] + area[None, :] - common)
    cut_from = is_cut[:, None] & (common / area[:, None] > _CUT_WITHIN)
    same: NDArray[np.bool_] = elsewhere & ((iou > _SAME) | cut_from)
    halves: NDArray[np.bool_] = elsewhere & (common > 0) & _meet(boxes, cuts)
    kept: list[int] = []
    for i in range(len(order)):
        if kept and same[i, kept].any():
            continue
        other = next((k for k in kept if halves[i, k]), None)
        if other is None:
            kept.append(i)
        else:
            boxes[other, :2] = np.minimum(boxes[other, :2], boxes[i, :2])
            boxes[other, 2:] = np.maximum(boxes[other, 2:], boxes[i, 2:])
    people = [Person(*_floats(boxes[i]), score=found[int(order[i])].score) for i in kept]
    return sorted(people, key=lambda p: -p.score)


def _meet(boxes: Boxes, cuts: Cuts) -> NDArray[np.bool_]:
    """Whether one box goes on where the other is cut, shape (N, N)."""
    beside, above = (np.outer(cuts[:, near + 2], cuts[:, near]) for near in (0, 1))
    return ((beside | beside.T) & (_iou_along(boxes, 1) > _ABREAST)) | (
        (above | above.T) & (_iou_along(boxes, 0) > _ABREAST)
    )


def _iou_along(boxes: Boxes, axis: int) -> Boxes:
    low, high = boxes[:, axis], boxes[:, axis + 2]
    common = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    iou: Boxes = common / np.maximum(np.maximum(high[:, None], high) - np.minimum(low[:, None], low), 1e-12)
    return iou


def _floats(box: Boxes) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box.tolist()
    return x0, y0, x1, y1

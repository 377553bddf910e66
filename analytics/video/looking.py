"""Looking at a picture in parts: everybody seen in any of them, each person once.

Somebody cut by the edge of a part is seen there as half a person; a box that ends at an inner edge counts only
where no other part shows the same body better.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.video.boxes import areas, corners, shared
from analytics.video.detection import Detector, Person, Picture
from analytics.video.regions import Part

_SAME = 0.5  # IoU from which two boxes are one person
_WITHIN = 0.8  # the share of a box within a surer one from which it is a limb of it, seen in another part
_CUT_WITHIN = 0.5  # the same for a box that the edge of its part cuts
_EDGE = 0.01  # of the part


def look(detector: Detector, picture: Picture, parts: Sequence[Part]) -> list[Person]:
    """Everybody whom `detector` finds in any of `parts` of `picture`, the surest first."""
    found: list[Person] = []
    cut: list[bool] = []
    origin: list[int] = []
    for number, part in enumerate(parts):
        for person in detector.people(_crop(picture, part)):
            found.append(part.of_whole(person))
            cut.append(_is_cut(person, part))
            origin.append(number)
    return _merged(found, np.array(cut, bool), np.array(origin, np.int64))


def _crop(picture: Picture, part: Part) -> Picture:
    height, width = picture.shape[:2]
    x0, y0 = int(part.x0 * width), int(part.y0 * height)
    return picture[y0 : max(round(part.y1 * height), y0 + 1), x0 : max(round(part.x1 * width), x0 + 1)]


def _is_cut(person: Person, part: Part) -> bool:
    """Whether the box ends at an edge of the part beyond which the picture goes on."""
    return (
        (person.x0 < _EDGE and part.x0 > 0)
        or (person.y0 < _EDGE and part.y0 > 0)
        or (person.x1 > 1 - _EDGE and part.x1 < 1)
        or (person.y1 > 1 - _EDGE and part.y1 < 1)
    )


def _merged(found: list[Person], cut: NDArray[np.bool_], origin: NDArray[np.int64]) -> list[Person]:
    if not found:
        return []
    scores = np.array([p.score for p in found])
    order = np.lexsort((-scores, cut))  # whole bodies first, the surest first among each
    boxes = corners(found)[order]
    cut, origin = cut[order], origin[order]
    area = np.maximum(areas(boxes), 1e-12)
    common = shared(boxes, boxes)
    iou = common / (area[:, None] + area[None, :] - common)
    within = common / area[:, None]
    elsewhere = origin[:, None] != origin[None, :]
    same = (iou > _SAME) | ((within > np.where(cut, _CUT_WITHIN, _WITHIN)[:, None]) & elsewhere)
    kept: list[int] = []
    for i in range(len(order)):
        if not kept or not same[i, kept].any():
            kept.append(i)
    people = [found[int(order[i])] for i in kept]
    return sorted(people, key=lambda p: -p.score)

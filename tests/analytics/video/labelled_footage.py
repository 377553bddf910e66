"""Real pictures with people marked by hand, and how well a detector finds them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from analytics.video.detection import Person, Picture

FOOTAGE = Path(__file__).resolve().parents[4] / "shared" / "data" / "footage"
Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Found:
    """Of the people in pictures: how many were found, were not, were none, and the share of pictures counted right."""

    right: int
    missed: int
    wrong: int
    exact: float

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong)


@dataclass(frozen=True)
class Labelled:
    """A picture, the boxes of its people, and where something is to be seen that may be called a person or not."""

    picture: Picture
    people: list[Corners]
    doubtful: list[Corners]


def labelled_pictures() -> Iterator[Labelled]:
    labels = json.loads((FOOTAGE / "labels.json").read_text())["frames"]
    for clip in sorted({label["clip"] for label in labels}):
        with av.open(str(FOOTAGE / clip)) as container:
            pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
        for label in labels:
            if label["clip"] == clip:
                people, doubtful = (
                    [(x0 / 100, y0 / 100, x1 / 100, y1 / 100) for x0, y0, x1, y1 in label[f"{kind}_percent_xyxy"]]
                    for kind in ("boxes", "ignore")
                )
                yield Labelled(pictures[label["frame"]], people, doubtful)


def found_in(pictures: list[Labelled], seen: Callable[[Picture], list[Person]], sure: float) -> Found:
    """Whoever is seen at least so surely, matched to the marked person whom he overlaps most, by IoU ≥ 0.3."""
    right = missed = wrong = exact = 0
    for each in pictures:
        free = list(each.people)
        unmatched = 0
        for person in (p for p in seen(each.picture) if p.score >= sure):
            box = (person.x0, person.y0, person.x1, person.y1)
            nearest = max(free, key=lambda marked: iou(box, marked), default=None)
            if nearest is not None and iou(box, nearest) >= 0.3:
                free.remove(nearest)
            elif not any(common(box, vague) >= 0.5 * area(box) for vague in each.doubtful):
                unmatched += 1
        right += len(each.people) - len(free)
        missed += len(free)
        wrong += unmatched
        exact += len(free) == unmatched
    return Found(right, missed, wrong, exact / len(pictures))


def iou(a: Corners, b: Corners) -> float:
    return common(a, b) / (area(a) + area(b) - common(a, b))


def common(a: Corners, b: Corners) -> float:
    return max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)


def area(a: Corners) -> float:
    return (a[2] - a[0]) * (a[3] - a[1])

"""Regions of a picture that matter, and the parts of a picture that a detector is shown.

A detector sees a picture scaled to a few hundred pixels: somebody at the far side of a room is then too small to be
found. So it is shown parts besides: the padded crop of each region, and a room's picture as three square tiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely

from analytics.video.detection import Person

_PADDING = 0.2  # of a region's width and height, on each side: of .1 to .8 the one that misses nobody
_LEAST_CROP = 0.25  # of the picture's height: a smaller crop is only blur when scaled up
_INSIDE = 0.5  # the share of the person, or of the region, that the two must have in common
_TILES = 3
_SQUARE = 0.9  # height by width from which a picture is as good as square


class RegionError(ValueError):
    """A region that can't be used; the message says which and what was expected."""


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of a picture, corners in fractions of its width and height."""

    x0: float
    y0: float
    x1: float
    y1: float

    def of_whole(self, person: Person) -> Person:
        """`person` as found in this part, in fractions of the whole picture."""
        width, height = self.x1 - self.x0, self.y1 - self.y0
        return Person(
            self.x0 + person.x0 * width,
            self.y0 + person.y0 * height,
            self.x0 + person.x1 * width,
            self.y0 + person.y1 * height,
            person.score,
        )


WHOLE = Part(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Region:
    """A named polygon, its corners (x, y) in fractions of width and height."""

    name: str
    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        expected = "a rectangle (two corners) or a polygon (three or more), x and y from 0 to 1, that has an area"
        if not self.name:
            raise RegionError(f"a region has no name; expected {expected} with a name")
        if not all(0 <= v <= 1 for corner in self.corners for v in corner):
            raise RegionError(f"region {self.name}: a corner lies outside the picture; expected {expected}")
        if len(self.corners) < 3 or not self.polygon.is_valid or self.polygon.area <= 0:
            raise RegionError(f"region {self.name}: its corners make no polygon; expected {expected}")

    @classmethod
    def of(cls, name: str, numbers: Sequence[float]) -> "Region":
        """A region from x0, y0, x1, y1 and so on.

        Raises:
            RegionError: where the numbers make no region.
        """
        if len(numbers) < 4 or len(numbers) % 2:
            raise RegionError(
                f"region {name}: {len(numbers)} numbers; expected x0,y0,x1,y1 for a rectangle, more pairs for a polygon"
            )
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        if len(pairs) == 2:
            (x0, y0), (x1, y1) = pairs
            pairs = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        return cls(name, tuple(pairs))

    @property
    def polygon(self) -> shapely.Polygon:
        return shapely.Polygon(self.corners)

    def part(self, aspect: float) -> Part:
        """The padded crop, about square in pixels; `aspect` is the picture's width by its height."""
        x0, y0, x1, y1 = self.polygon.bounds
        width, height = (x1 - x0) * (1 + 2 * _PADDING), (y1 - y0) * (1 + 2 * _PADDING)
        side = max(width * aspect, height, _LEAST_CROP)  # in heights of the picture
        (x0, x1), (y0, y1) = _span((x0 + x1) / 2, side / aspect), _span((y0 + y1) / 2, side)
        return Part(x0, y0, x1, y1)

    def holds(self, person: Person) -> bool:
        """Whether most of `person` is in the region, or most of the region behind `person`."""
        box, polygon = shapely.box(person.x0, person.y0, person.x1, person.y1), self.polygon
        common: float = polygon.intersection(box).area
        return common > 0 and common >= _INSIDE * min(box.area, polygon.area)


def _span(middle: float, length: float) -> tuple[float, float]:
    """The interval of `length` about `middle`, moved so that it lies within 0 to 1, cut where it is longer."""
    if length >= 1:
        return 0.0, 1.0
    low = min(max(middle - length / 2, 0.0), 1 - length)
    return low, low + length


def tiles(aspect: float) -> list[Part]:
    """Three square tiles, side by side over a wide picture, one above another over a high one; all of a square one.

    The whole picture besides them found nobody more, and now and then somebody twice.
    """
    side = min(aspect, 1 / aspect)
    if side > _SQUARE:
        return [WHOLE]
    lows = [(1 - side) * n / (_TILES - 1) for n in range(_TILES)]
    if aspect > 1:
        return [Part(low, 0.0, low + side, 1.0) for low in lows]
    return [Part(0.0, low, 1.0, low + side) for low in lows]

"""Regions and the parts of a picture: where somebody is, and that he is one person."""

import numpy as np
import pytest
from drawn_pictures import FigureFinder, Room
from hypothesis import given
from hypothesis import strategies as st

from analytics.video.detection import Person
from analytics.video.looking import look
from analytics.video.regions import Region, RegionError, tiles

fractions = st.floats(0, 1)
WIDE = 16 / 9


@pytest.mark.parametrize(
    "numbers",
    [[], [0.1], [0.1, 0.2], [0.1, 0.2, 0.3], [0, 0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 2, 1], [-0.1, 0, 1, 1],
     [0, 0, 1, 1, 0, 1, 1, 0], [float("nan"), 0, 1, 1]],
)  # fmt: skip
def test_numbers_that_make_no_region_are_refused(numbers: list[float]) -> None:
    with pytest.raises(RegionError, match=r"window.*expected"):
        Region.of("window", numbers)


@given(fractions, fractions, st.floats(0.02, 1), st.floats(0.02, 1), st.floats(0.4, 3))
def test_a_crop_lies_in_the_picture_and_holds_the_region(x: float, y: float, w: float, h: float, aspect: float) -> None:
    x1, y1 = min(1.0, x + w), min(1.0, y + h)
    if x1 - x < 0.01 or y1 - y < 0.01:
        return
    part = Region.of("window", [x, y, x1, y1]).part(aspect)
    assert 0 <= part.x0 <= x + 1e-9
    assert x1 - 1e-9 <= part.x1 <= 1
    assert 0 <= part.y0 <= y + 1e-9
    assert y1 - 1e-9 <= part.y1 <= 1


@given(st.floats(0.3, 4))
def test_tiles_are_square_and_leave_nothing_out(aspect: float) -> None:
    covered = np.zeros((200, 200), bool)
    for part in tiles(aspect):
        covered[int(part.y0 * 200) : int(np.ceil(part.y1 * 200)), int(part.x0 * 200) : int(np.ceil(part.x1 * 200))] = (
            True
        )
        if len(tiles(aspect)) > 1:
            assert (part.x1 - part.x0) * aspect == pytest.approx(part.y1 - part.y0)
    assert covered.all() or not 1 / 3 <= aspect <= 3


def test_a_polygon_holds_who_is_mostly_inside_it() -> None:
    triangle = Region.of("corner", [0, 0, 1, 0, 0, 1])
    assert triangle.holds(Person(0.1, 0.1, 0.3, 0.4, 0.9))
    assert not triangle.holds(Person(0.7, 0.7, 0.9, 1.0, 0.9))


def test_somebody_who_hides_most_of_a_small_region_is_in_it() -> None:
    chair = Region.of("chair", [0.45, 0.4, 0.55, 0.5])
    assert chair.holds(Person(0.3, 0.1, 0.7, 0.9, 0.9))
    assert not chair.holds(Person(0.3, 0.1, 0.47, 0.9, 0.9))


@pytest.mark.parametrize("x", np.linspace(0, 0.86, 9).tolist())
def test_somebody_whom_the_edge_of_a_tile_cuts_is_one_person(x: float) -> None:
    picture = Room().picture([(x, 0.3, x + 0.12, 0.9)])
    (person,) = look(FigureFinder(), picture, tiles(WIDE))
    assert (person.x0, person.x1) == pytest.approx((x, x + 0.12), abs=0.02)


def test_somebody_before_the_whole_breadth_of_the_camera_is_one_person() -> None:
    picture = Room().picture([(0.1, 0.2, 0.9, 1.0)])
    assert len(look(FigureFinder(), picture, tiles(WIDE))) == 1


def test_people_side_by_side_are_counted_each() -> None:
    rows = [(x, 0.4, x + 0.08, 0.8) for x in (0.05, 0.2, 0.35, 0.5, 0.65, 0.8)]
    assert len(look(FigureFinder(), Room().picture(rows), tiles(WIDE))) == len(rows)

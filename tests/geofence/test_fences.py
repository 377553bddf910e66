"""Where a fix is relative to routes, areas, circles and places."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.cells import CELLS, Cells, Paths
from geofence.fences import Areas, Circles, Places, Routes
from geofence.projection import metres_per_degree
from geofence.shapes import AllowedStop, Area, Checkpoint, Post, Route

LON, LAT = 120.15, 30.25
EAST, NORTH = (float(v[0]) for v in metres_per_degree(np.array([LAT])))


def degrees(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(LON + x / EAST, LAT + y / NORTH) for x, y in places]


def ask(*places: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    lon, lat = zip(*degrees(list(places)), strict=True)
    return np.array(lon), np.array(lat)


def first(n: int) -> np.ndarray:
    return np.zeros(n, np.int64)


@pytest.fixture
def bent() -> Routes:
    """1 km east, then 1 km north; a corridor of 60 m to each side."""
    line = shapely.LineString(degrees([(0, 0), (1000, 0), (1000, 1000)]))
    return Routes([Route("r1", line, 60.0)])


@pytest.fixture
def notched() -> Areas:
    """A square of 2 km with a notch 200 m wide that reaches from the north to its middle, and a plain square."""
    notch = [(0, 0), (2000, 0), (2000, 2000), (1100, 2000), (1100, 1000), (900, 1000), (900, 2000), (0, 2000)]
    plain = [(0, 0), (2000, 0), (2000, 2000), (0, 2000)]
    return Areas([Area("notched", shapely.Polygon(degrees(notch))), Area("plain", shapely.Polygon(degrees(plain)))])


def test_distance_to_a_route_is_to_its_line_and_beyond_its_ends_to_the_end(bent: Routes) -> None:
    found = bent.distance_m(first(4), *ask((500, 0), (500, 30), (-300, 400), (1100, 500)))
    assert found == pytest.approx([0, 30, 500, 100], abs=1)


def test_beyond_a_corridor_counts_from_its_edge(bent: Routes) -> None:
    found = bent.beyond_m(first(4), *ask((500, 0), (500, 59), (500, 61), (500, 160)))
    assert found == pytest.approx([0, 0, 1, 100], abs=0.5)


@settings(max_examples=200)
@given(x=st.floats(-2000, 3000), y=st.floats(-2000, 3000))
def test_the_fast_answer_about_a_corridor_is_the_exact_one(x: float, y: float) -> None:
    line = shapely.LineString(degrees([(0, 0), (1000, 0), (1000, 1000)]))
    routes = Routes([Route("r1", line, 60.0)])
    lon, lat = ask((x, y))
    exact = max(float(routes.distance_m(first(1), lon, lat)[0]) - 60.0, 0.0)
    assert float(routes.beyond_m(first(1), lon, lat)[0]) == pytest.approx(exact, abs=1e-6)


def test_progress_along_a_route_follows_its_bends(bent: Routes) -> None:
    found = bent.progress_m(first(3), *ask((250, 20), (1000, 0), (980, 700)))
    assert found == pytest.approx([250, 1000, 1700], abs=2)
    assert bent.length_m == pytest.approx([2000], abs=2)


def test_each_fix_is_asked_about_its_own_shape(notched: Areas) -> None:
    lon, lat = ask((1000, 1500), (1000, 1500))
    assert notched.outside_m(np.array([0, 1]), lon, lat) == pytest.approx([100, 0], abs=0.5)


def test_outside_an_area_counts_from_its_border(notched: Areas) -> None:
    found = notched.outside_m(first(4), *ask((500, 500), (-30, 500), (1000, 1100), (2300, -400)))
    assert found == pytest.approx([0, 30, 100, 500], abs=1)


def test_a_hole_is_outside() -> None:
    ring = shapely.Polygon(
        degrees([(0, 0), (1000, 0), (1000, 1000), (0, 1000)]),
        [degrees([(400, 400), (600, 400), (600, 600), (400, 600)])],
    )
    assert Areas([Area("a", ring)]).outside_m(first(1), *ask((500, 500))) == pytest.approx([100], abs=0.5)


@pytest.mark.parametrize(
    ("area", "start", "end", "leaves"),
    [
        (0, (800, 1900), (1200, 1900), True),  # across the notch
        (0, (800, 900), (1200, 900), False),  # below it
        (0, (100, 100), (800, 1900), False),
        (1, (800, 1900), (1200, 1900), False),  # a convex area can't be left between two points inside
    ],
)
def test_a_path_between_two_points_inside_leaves_an_area_only_across_its_notch(
    notched: Areas, area: int, start: tuple[float, float], end: tuple[float, float], leaves: bool
) -> None:
    assert notched.leaves(np.array([area]), *ask(start), *ask(end)).tolist() == [leaves]


def test_outside_a_circle_counts_from_its_edge() -> None:
    circles = Circles([Post("p1", shapely.Point(LON, LAT), 80.0)])
    assert circles.outside_m(first(3), *ask((0, 0), (60, 50), (0, -180))) == pytest.approx([0, 0, 100], abs=0.5)


def test_a_path_is_as_near_to_a_checkpoint_as_its_nearest_point() -> None:
    circles = Circles([Checkpoint("c1", shapely.Point(LON, LAT), 50.0)])
    starts, ends = ask((-300, 30), (100, 0), (0, 40)), ask((300, 30), (400, 0), (0, 40))
    least, over = circles.path_distance_m(first(3), *starts, *ends)
    assert least == pytest.approx([30, 100, 40], abs=0.5), "passing, leaving, standing"
    assert over == pytest.approx([2 * np.hypot(300, 30), 500, 80], abs=1)


def test_standing_is_allowed_in_a_place_and_within_its_margin() -> None:
    yard = AllowedStop("s1", shapely.Polygon(degrees([(0, 0), (50, 0), (50, 50), (0, 50)])))
    found = Places([yard], margin_m=10).contain(*ask((25, 25), (58, 25), (62, 25)))
    assert found.tolist() == [True, True, False]
    assert Places([], margin_m=10).contain(*ask((25, 25))).tolist() == [False]


def test_no_shapes_and_no_fixes_are_no_trouble() -> None:
    nothing, none = np.empty(0), np.empty(0, np.int64)
    assert len(Routes([]).beyond_m(none, nothing, nothing)) == 0
    assert len(Areas([]).outside_m(none, nothing, nothing)) == 0
    assert len(Areas([]).leaves(none, nothing, nothing, nothing, nothing)) == 0
    assert len(Circles([]).outside_m(none, nothing, nothing)) == 0


def test_a_path_passes_the_pieces_of_a_route_it_runs_along() -> None:
    cells = Cells(np.array([shapely.LineString([(0, 0), (1280, 0)])], object))
    paths = Paths(first(1), np.array([0.0]), np.array([5.0]), np.array([640.0]), np.array([5.0]))
    passed = cells.passed(paths, np.array([10.0]))[0]
    assert passed[:64].all()
    assert not passed[66:].any()
    assert passed.shape == (CELLS,)


def test_a_silence_reaches_the_pieces_its_time_allowed() -> None:
    cells = Cells(np.array([shapely.LineString([(0, 0), (1280, 0)])], object))
    there_and_back = Paths(first(1), np.array([0.0]), np.array([0.0]), np.array([0.0]), np.array([0.0]))
    reached = cells.within_reach(there_and_back, np.array([400.0]))[0]
    assert reached.sum() == 20, "200 m out and 200 m back, in pieces of 10 m"

"""Local metres against an independent geodesic (Vincenty's inverse formula on WGS-84)."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geofence.projection import distance_m, metres_per_degree

_A, _F = 6_378_137.0, 1 / 298.257223563


def geodesic_m(lon0: float, lat0: float, lon1: float, lat1: float) -> float:
    """Vincenty 1975, inverse; for points that are not antipodal."""
    b = _A * (1 - _F)
    u0, u1 = (math.atan((1 - _F) * math.tan(math.radians(v))) for v in (lat0, lat1))
    length = lam = math.radians(lon1 - lon0)
    for _ in range(50):
        sin_s = math.hypot(
            math.cos(u1) * math.sin(lam),
            math.cos(u0) * math.sin(u1) - math.sin(u0) * math.cos(u1) * math.cos(lam),
        )
        if sin_s == 0:
            return 0.0
        cos_s = math.sin(u0) * math.sin(u1) + math.cos(u0) * math.cos(u1) * math.cos(lam)
        sigma = math.atan2(sin_s, cos_s)
        sin_a = math.cos(u0) * math.cos(u1) * math.sin(lam) / sin_s
        cos2_a = 1 - sin_a**2
        cos_m = cos_s - 2 * math.sin(u0) * math.sin(u1) / cos2_a if cos2_a else 0.0
        c = _F / 16 * cos2_a * (4 + _F * (4 - 3 * cos2_a))
        before = lam
        lam = length + (1 - c) * _F * sin_a * (sigma + c * sin_s * (cos_m + c * cos_s * (2 * cos_m**2 - 1)))
        if abs(lam - before) < 1e-12:
            break
    k = cos2_a * (_A**2 - b**2) / b**2
    big_a = 1 + k / 16384 * (4096 + k * (-768 + k * (320 - 175 * k)))
    big_b = k / 1024 * (256 + k * (-128 + k * (74 - 47 * k)))
    inner = cos_s * (2 * cos_m**2 - 1) - big_b / 6 * cos_m * (4 * sin_s**2 - 3) * (4 * cos_m**2 - 3)
    return b * big_a * (sigma - big_b * sin_s * (cos_m + big_b / 4 * inner))


def test_the_geodesic_of_this_test_is_right_where_the_answer_is_known() -> None:
    assert geodesic_m(0, 0, 1, 0) == pytest.approx(111_319.491, abs=0.01)
    assert geodesic_m(0, 0, 0, 1) == pytest.approx(110_574.389, abs=0.01)


@settings(max_examples=200)
@given(
    lat=st.floats(-60, 60),
    reach_km=st.sampled_from([5.0, 25.0]),
    bearing=st.floats(0, 2 * math.pi),
    step_m=st.floats(20, 500),
    way=st.floats(0, 2 * math.pi),
)
def test_neighbouring_points_near_the_origin_are_as_far_apart_as_the_docstring_says(
    lat: float, reach_km: float, bearing: float, step_m: float, way: float
) -> None:
    east, north = (float(v[0]) for v in metres_per_degree(np.array([lat])))
    x, y = reach_km * 1000 * math.sin(bearing), reach_km * 1000 * math.cos(bearing)
    lon0, lat0 = 100 + x / east, lat + y / north
    lon1, lat1 = lon0 + step_m * math.sin(way) / east, lat0 + step_m * math.cos(way) / north
    bound = 0.002 if reach_km <= 5 else 0.008
    assume(abs(lat0) <= 60 and abs(lat1) <= 60)
    assert abs(step_m / geodesic_m(lon0, lat0, lon1, lat1) - 1) < bound


@settings(max_examples=200)
@given(lat=st.floats(-75, 75), x=st.floats(-3e4, 3e4), y=st.floats(-3e4, 3e4))
def test_distance_between_two_points_is_the_geodesic_to_a_thousandth(lat: float, x: float, y: float) -> None:
    east, north = (float(v[0]) for v in metres_per_degree(np.array([lat])))
    lon1, lat1 = 20 + x / east, lat + y / north
    true_m = geodesic_m(20, lat, lon1, lat1)
    found_m = float(distance_m(*(np.array([v]) for v in (20.0, lat, lon1, lat1)))[0])
    assert found_m == pytest.approx(true_m, rel=1e-3, abs=0.01)

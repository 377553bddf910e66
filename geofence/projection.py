"""Local metres from WGS-84 degrees.

Around an origin the ellipsoid is replaced by its tangent: one degree of longitude and of latitude have fixed lengths
in metres there, from the radii of curvature of WGS-84 (NIMA TR8350.2). Within 25 km of the origin and below 60° of
latitude a distance between two neighbouring points is wrong by less than 0.8 %, within 5 km by less than 0.2 %: well
below the accuracy of any terminal for the tens of metres that matter to a corridor.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SEMI_MAJOR_M = 6_378_137.0
_ECCENTRICITY_2 = 6.694_379_990_14e-3


def metres_per_degree(lat: Floats) -> tuple[Floats, Floats]:
    """Length of one degree of longitude and of latitude, in metres, at each latitude `lat` (degrees)."""
    phi = np.radians(lat)
    w2 = 1.0 - _ECCENTRICITY_2 * np.sin(phi) ** 2
    prime_vertical_m = _SEMI_MAJOR_M / np.sqrt(w2)
    meridian_m = prime_vertical_m * (1.0 - _ECCENTRICITY_2) / w2
    degree = np.pi / 180.0
    return prime_vertical_m * np.cos(phi) * degree, meridian_m * degree


def displacement_m(lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats) -> tuple[Floats, Floats]:
    """Metres east and north from point 0 to point 1, elementwise. For points less than a few tens of km apart."""
    east, north = metres_per_degree((lat0 + lat1) * 0.5)
    return (lon1 - lon0) * east, (lat1 - lat0) * north


def distance_m(lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats) -> Floats:
    """Metres between point 0 and point 1, elementwise. For points less than a few tens of km apart."""
    east_m, north_m = displacement_m(lon0, lat0, lon1, lat1)
    return np.hypot(east_m, north_m)

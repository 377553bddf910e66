"""A flat metric frame around one point, good to a fraction of a metre in a few tens of kilometres."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SEMI_MAJOR_M = 6378137.0
_ECCENTRICITY_2 = 6.69437999014e-3


@dataclass(frozen=True, slots=True)
class Frame:
    """Metres east and north of (`lon`, `lat`), with the WGS-84 radii of curvature at that latitude."""

    lon: float
    lat: float

    def _metres_per_degree(self) -> tuple[float, float]:
        phi = math.radians(self.lat)
        w = 1.0 - _ECCENTRICITY_2 * math.sin(phi) ** 2
        north = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_2) / w**1.5
        east = _SEMI_MAJOR_M / math.sqrt(w) * math.cos(phi)
        return math.radians(1.0) * east, math.radians(1.0) * north

    def metres(self, lon: Floats, lat: Floats) -> Floats:
        """Shape (N, 2): east, north."""
        east, north = self._metres_per_degree()
        return np.column_stack(((lon - self.lon) * east, (lat - self.lat) * north))

    def degrees(self, xy: Floats) -> Floats:
        """Shape (N, 2): lon, lat."""
        east, north = self._metres_per_degree()
        xy = np.atleast_2d(xy)
        return np.column_stack((xy[:, 0] / east + self.lon, xy[:, 1] / north + self.lat))

"""Routes in equal pieces: which of them a path may have passed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geofence.projection import Floats

CELLS = 128

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Paths:
    """N straight paths from point 0 to point 1, each in the metres of its route. Shapes (N,)."""

    route: NDArray[np.integer[Any]]
    x0_m: Floats
    y0_m: Floats
    x1_m: Floats
    y1_m: Floats

    def take(self, index: NDArray[np.integer[Any]] | Bools) -> "Paths":
        return Paths(self.route[index], self.x0_m[index], self.y0_m[index], self.x1_m[index], self.y1_m[index])

    @property
    def length_m(self) -> Floats:
        length_m: Floats = np.hypot(self.x1_m - self.x0_m, self.y1_m - self.y0_m)
        return length_m


class Cells:
    """The middles of CELLS equal pieces of each route, in the route's own metres."""

    def __init__(self, lines: NDArray[np.object_]) -> None:
        shares = (np.arange(CELLS) + 0.5) / CELLS
        middles = shapely.line_interpolate_point(lines[:, None], shares, normalized=True)
        places: Floats = shapely.get_coordinates(middles).reshape(-1, CELLS, 2)
        self._x_m, self._y_m = np.ascontiguousarray(places[:, :, 0]), np.ascontiguousarray(places[:, :, 1])
        self.half_m: Floats = shapely.length(lines).astype(np.float64) / CELLS / 2

    def passed(self, paths: Paths, within_m: Floats) -> Bools:
        """Which middles each path passes at no more than its `within_m`. Shape (N, CELLS)."""
        ax, ay = self._x_m[paths.route] - paths.x0_m[:, None], self._y_m[paths.route] - paths.y0_m[:, None]
        dx, dy = (paths.x1_m - paths.x0_m)[:, None], (paths.y1_m - paths.y0_m)[:, None]
        length2 = dx * dx + dy * dy
        with np.errstate(divide="ignore", invalid="ignore"):
            along = (ax * dx + ay * dy) / length2
        along = np.where(length2 > 0, np.clip(along, 0.0, 1.0), 0.0)
        ax -= along * dx
        ay -= along * dy
        near: Bools = ax * ax + ay * ay <= (within_m * within_m)[:, None]
        return near

    def within_reach(self, paths: Paths, reach_m: Floats) -> Bools:
        """Over which middles a way of no more than `reach_m` leads from point 0 to point 1. Shape (N, CELLS)."""
        x_m, y_m = self._x_m[paths.route], self._y_m[paths.route]
        over_m = np.hypot(x_m - paths.x0_m[:, None], y_m - paths.y0_m[:, None])
        over_m += np.hypot(x_m - paths.x1_m[:, None], y_m - paths.y1_m[:, None])
        reached: Bools = over_m <= reach_m[:, None]
        return reached

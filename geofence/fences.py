"""Many fixes against the shapes each of them is assigned to, in one vectorised call.

Every question takes arrays of equal length N: the number of a shape for each fix, and the fix's lon and lat. Shapes are
projected once, each about its own centre, so that distances come out in metres whatever the size of the county.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geofence.cells import Cells
from geofence.projection import Floats, metres_per_degree
from geofence.shapes import AllowedStop, Area, Checkpoint, Post, Route

Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]


class _Local:
    """Shapes projected to metres about their own centres, and the projection of fixes onto them."""

    def __init__(self, geometries: Sequence[Any]) -> None:
        bounds = np.array([g.bounds for g in geometries], np.float64).reshape(-1, 4)
        self.lon0 = (bounds[:, 0] + bounds[:, 2]) / 2
        self.lat0 = (bounds[:, 1] + bounds[:, 3]) / 2
        self.east, self.north = metres_per_degree(self.lat0)
        projected = [self._to_metres(g, i) for i, g in enumerate(geometries)]
        self.geometries = np.array(projected, dtype=object)
        if projected:
            shapely.prepare(self.geometries)

    def _to_metres(self, geometry: Any, i: int) -> Any:
        origin = np.array([self.lon0[i], self.lat0[i]])
        scale = np.array([self.east[i], self.north[i]])
        return shapely.transform(geometry, lambda xy: (xy - origin) * scale)

    def xy_m(self, shape: Ints, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        return (lon - self.lon0[shape]) * self.east[shape], (lat - self.lat0[shape]) * self.north[shape]


class Routes:
    """Distance to, and progress along, assigned routes."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.ids = [r.id for r in routes]
        self.corridor_m = np.array([r.corridor_m for r in routes], np.float64)
        self._local = _Local([r.line for r in routes])
        # A fix inside the prepared corridor polygon (which lies within the true corridor) needs no distance.
        self._corridors = shapely.buffer(self._local.geometries, self.corridor_m)
        shapely.prepare(self._corridors)
        self.cells = Cells(self._local.geometries)
        self._starts = [r.line.coords[0][:2] for r in routes]
        self.length_m: Floats = shapely.length(self._local.geometries).astype(np.float64)

    def distance_m(self, route: Ints, lon: Floats, lat: Floats) -> Floats:
        """Metres from each fix to its route's line."""
        x, y = self._local.xy_m(route, lon, lat)
        distance: Floats = shapely.distance(self._local.geometries[route], shapely.points(x, y))
        return distance

    def beyond_m(self, route: Ints, lon: Floats, lat: Floats) -> Floats:
        """Metres by which each fix lies outside its route's corridor: 0 inside. Ten times as fast as `distance_m` where
        most fixes are on their routes."""
        x, y = self._local.xy_m(route, lon, lat)
        out: Floats = np.zeros(len(x))
        off = np.flatnonzero(~shapely.contains_xy(self._corridors[route], x, y))
        if len(off):
            shape = route[off]
            distance = shapely.distance(self._local.geometries[shape], shapely.points(x[off], y[off]))
            out[off] = np.maximum(distance - self.corridor_m[shape], 0.0)
        return out

    def start(self, route: int) -> tuple[float, float]:
        """(lon, lat) of the route's first position."""
        lon, lat = self._starts[route]
        return float(lon), float(lat)

    def xy_m(self, route: Ints, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Metres east and north of each fix from the middle of its route's bounds."""
        return self._local.xy_m(route, lon, lat)

    def progress_m(self, route: Ints, lon: Floats, lat: Floats) -> Floats:
        """Metres along its route of the point nearest to each fix."""
        x, y = self._local.xy_m(route, lon, lat)
        progress: Floats = shapely.line_locate_point(self._local.geometries[route], shapely.points(x, y))
        return progress


class Areas:
    """How far outside assigned areas fixes lie, and whether a path leaves them."""

    def __init__(self, areas: Sequence[Area | AllowedStop]) -> None:
        self.ids = [a.id for a in areas]
        self._local = _Local([a.polygon for a in areas])
        hulls = shapely.convex_hull(self._local.geometries)
        area_m2, hull_m2 = shapely.area(self._local.geometries), shapely.area(hulls)
        self._convex: Bools = hull_m2 <= area_m2 * (1 + 1e-9) if len(areas) else np.empty(0, bool)

    def centre(self, area: int) -> tuple[float, float]:
        """(lon, lat) of the middle of the area's bounds."""
        return float(self._local.lon0[area]), float(self._local.lat0[area])

    def outside_m(self, area: Ints, lon: Floats, lat: Floats) -> Floats:
        """Metres from each fix to its area: 0 inside."""
        x, y = self._local.xy_m(area, lon, lat)
        geometries = self._local.geometries[area]
        out: Floats = np.zeros(len(x))
        beyond = ~shapely.contains_xy(geometries, x, y)
        if beyond.any():
            out[beyond] = shapely.distance(geometries[beyond], shapely.points(x[beyond], y[beyond]))
        return out

    def depth_m(self, area: Ints, lon: Floats, lat: Floats) -> Floats:
        """Metres from each fix inside its area to the area's edge: 0 outside."""
        x, y = self._local.xy_m(area, lon, lat)
        geometries, points = self._local.geometries[area], shapely.points(x, y)
        depth: Floats = shapely.distance(shapely.boundary(geometries), points)
        return np.where(shapely.contains_xy(geometries, x, y), depth, 0.0)

    def leaves(self, area: Ints, lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats) -> Bools:
        """Whether the straight path between two fixes that both lie inside their area leaves it on the way."""
        out: Bools = np.zeros(len(area), bool)
        bent = np.flatnonzero(~self._convex[area]) if len(area) else np.empty(0, np.int64)
        if len(bent):
            shape = area[bent]
            x0, y0 = self._local.xy_m(shape, lon0[bent], lat0[bent])
            x1, y1 = self._local.xy_m(shape, lon1[bent], lat1[bent])
            paths = shapely.linestrings(np.stack([np.stack([x0, y0], -1), np.stack([x1, y1], -1)], 1))
            out[bent] = ~shapely.covers(self._local.geometries[shape], paths)
        return out


class Circles:
    """Posts and checkpoints: distances from their centres."""

    def __init__(self, circles: Sequence[Post | Checkpoint]) -> None:
        self.ids = [c.id for c in circles]
        self.lon = np.array([c.point.x for c in circles], np.float64)
        self.lat = np.array([c.point.y for c in circles], np.float64)
        self.radius_m = np.array([c.radius_m for c in circles], np.float64)
        self.east, self.north = metres_per_degree(self.lat)

    def xy_m(self, circle: Ints, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Metres east and north from each fix's circle's centre."""
        return (lon - self.lon[circle]) * self.east[circle], (lat - self.lat[circle]) * self.north[circle]

    def distance_m(self, circle: Ints, lon: Floats, lat: Floats) -> Floats:
        """Metres from each fix to the centre of its circle."""
        return np.hypot(*self.xy_m(circle, lon, lat))

    def outside_m(self, circle: Ints, lon: Floats, lat: Floats) -> Floats:
        """Metres by which each fix lies outside its circle: 0 inside."""
        return np.maximum(self.distance_m(circle, lon, lat) - self.radius_m[circle], 0.0)

    def depth_m(self, circle: Ints, lon: Floats, lat: Floats) -> Floats:
        """Metres from each fix inside its circle to the circle's edge: 0 outside."""
        return np.maximum(self.radius_m[circle] - self.distance_m(circle, lon, lat), 0.0)

    def path_distance_m(
        self, circle: Ints, lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats
    ) -> tuple[Floats, Floats]:
        """For the straight path from fix 0 to fix 1: its least distance to the circle's centre, and the length of the
        way from fix 0 over the centre to fix 1, both in metres. A path that could have led over the centre unseen is
        one whose time allows the second."""
        x0, y0 = self.xy_m(circle, lon0, lat0)
        x1, y1 = self.xy_m(circle, lon1, lat1)
        dx, dy = x1 - x0, y1 - y0
        length2 = dx * dx + dy * dy
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.clip(-(x0 * dx + y0 * dy) / length2, 0.0, 1.0)
        at = np.where(length2 > 0, at, 0.0)
        return np.hypot(x0 + at * dx, y0 + at * dy), np.hypot(x0, y0) + np.hypot(x1, y1)


class Places:
    """Polygons in which standing is allowed: is a point in any of them? For few points at a time."""

    def __init__(self, stops: Sequence[AllowedStop], margin_m: float) -> None:
        shapes = [self._grown(s.polygon, margin_m) for s in stops]
        self._tree = shapely.STRtree(shapes)

    @staticmethod
    def _grown(geometry: Any, by_m: float) -> Any:
        scale = np.concatenate(metres_per_degree(np.array([geometry.centroid.y])))
        grown = shapely.buffer(shapely.transform(geometry, lambda xy: xy * scale), by_m)
        return shapely.transform(grown, lambda xy: xy / scale)

    def contain(self, lon: Floats, lat: Floats) -> Bools:
        """Whether each point lies in any of the places."""
        out: Bools = np.zeros(len(lon), bool)
        points = self._tree.query(shapely.points(lon, lat), predicate="intersects")[0]
        out[points] = True
        return out

"""The county on a flat sheet: metres east and north of its centre, and back to WGS-84 degrees."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LON0, LAT0 = 113.6, 34.6
_RADIUS_M = 6_371_008.8
NORTH_M = math.pi * _RADIUS_M / 180.0
EAST_M = NORTH_M * math.cos(math.radians(LAT0))


def lonlat(xy: Floats) -> Floats:
    """Degrees (lon, lat) of points in metres, shape (…, 2)."""
    degrees: Floats = xy / np.array([EAST_M, NORTH_M]) + np.array([LON0, LAT0])
    return degrees


def metres(degrees: Floats) -> Floats:
    """Metres of points in degrees (lon, lat), shape (…, 2)."""
    xy: Floats = (degrees - np.array([LON0, LAT0])) * np.array([EAST_M, NORTH_M])
    return xy


def coordinates(xy: Floats) -> list[list[float]]:
    """GeoJSON positions of points in metres, to about a decimetre."""
    rounded: list[list[float]] = np.round(lonlat(np.asarray(xy, np.float64)), 6).tolist()
    return rounded


def point_geometry(xy: Sequence[float]) -> dict[str, Any]:
    """A GeoJSON Point of a point in metres."""
    return {"type": "Point", "coordinates": coordinates(np.array([xy], np.float64))[0]}


def line_geometry(xy: Floats) -> dict[str, Any]:
    """A GeoJSON LineString of a line in metres."""
    return {"type": "LineString", "coordinates": coordinates(xy)}


def polygon_geometry(polygon: Any) -> dict[str, Any]:
    """A GeoJSON Polygon or MultiPolygon of a shapely one in metres."""
    parts = [_rings(p) for p in getattr(polygon, "geoms", [polygon])]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _rings(polygon: Any) -> list[list[list[float]]]:
    return [coordinates(np.asarray(r.coords, np.float64)) for r in (polygon.exterior, *polygon.interiors)]


def feature(geometry: dict[str, Any], properties: dict[str, Any], identity: str | None = None) -> dict[str, Any]:
    """A GeoJSON Feature."""
    made: dict[str, Any] = {"type": "Feature", "geometry": geometry, "properties": properties}
    return made if identity is None else {"type": "Feature", "id": identity} | made

"""The shapes that supervision knows. Geometry is WGS-84 (lon, lat); radii and widths are metres."""

from dataclasses import dataclass, field

import shapely


@dataclass(frozen=True, slots=True)
class Route:
    """A prescribed road section and the half width of the corridor around it."""

    id: str
    line: shapely.LineString
    corridor_m: float = 60.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon, with holes or in parts, that a duty is to stay in."""

    id: str
    polygon: shapely.Polygon | shapely.MultiPolygon
    name: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """A circle that an officer on post duty is to stay in."""

    id: str
    point: shapely.Point
    radius_m: float = 80.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place to be passed within `radius_m`; `route` names the route it belongs to, if any."""

    id: str
    point: shapely.Point
    radius_m: float = 50.0
    route: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class AllowedStop:
    """A place where standing still is no finding: a station, a fuel stop."""

    id: str
    polygon: shapely.Polygon | shapely.MultiPolygon
    name: str = ""


@dataclass(frozen=True, slots=True)
class Shapes:
    """All shapes of a plan, by id."""

    routes: dict[str, Route] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    allowed_stops: dict[str, AllowedStop] = field(default_factory=dict)

    def checkpoints_of_routes(self) -> dict[str, list[str]]:
        """The ids of each route's checkpoints, in the order of the plan; no entry for a route without any."""
        found: dict[str, list[str]] = {}
        for checkpoint in self.checkpoints.values():
            if checkpoint.route is not None:
                found.setdefault(checkpoint.route, []).append(checkpoint.id)
        return found

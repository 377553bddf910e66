"""Beats: what devices are assigned to: routes with checkpoints, areas, posts, standby yards, allowed stops."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import shapely

from hardware import plane
from hardware.track import Track

CORRIDOR_M, POST_RADIUS_M, CHECKPOINT_RADIUS_M, STANDBY_RADIUS_M = 60.0, 80.0, 50.0, 150.0


@dataclass(frozen=True, slots=True)
class Stop:
    """A place where standing still is allowed."""

    id: str
    name: str
    node: int
    polygon: shapely.Polygon


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place on a route that is to be passed; `vertex` is where on its track."""

    id: str
    name: str
    vertex: int


@dataclass(frozen=True)
class RouteBeat:
    """A prescribed road section, patrolled to and fro."""

    id: str
    name: str
    unit: str
    track: Track
    checkpoints: tuple[Checkpoint, ...]
    foot: bool

    @cached_property
    def line(self) -> shapely.LineString:
        line = shapely.LineString(self.track.xy)
        shapely.prepare(line)
        return line


@dataclass(frozen=True)
class AreaBeat:
    """An area patrolled over those of its roads that lie well inside; `home` is where it is entered."""

    id: str
    name: str
    unit: str
    polygon: shapely.Polygon
    edges: frozenset[int]
    nodes: tuple[int, ...]
    home: int
    foot: bool


@dataclass(frozen=True, slots=True)
class PostBeat:
    """A post: a circle to stay in."""

    id: str
    name: str
    unit: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class StandbyBeat:
    """A station's yard and its surroundings, where cars stand by."""

    id: str
    name: str
    unit: str
    node: int
    polygon: shapely.Polygon


@dataclass(frozen=True, slots=True)
class Beats:
    """All beats of a county."""

    car_routes: list[RouteBeat] = field(default_factory=list)
    foot_routes: list[RouteBeat] = field(default_factory=list)
    car_areas: list[AreaBeat] = field(default_factory=list)
    foot_areas: list[AreaBeat] = field(default_factory=list)
    posts: list[PostBeat] = field(default_factory=list)
    standbys: list[StandbyBeat] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)

    def features(self) -> list[dict[str, Any]]:
        """The plan's GeoJSON features."""
        out = []
        for route in (*self.car_routes, *self.foot_routes):
            line = plane.line_geometry(route.track.xy)
            out.append(plane.feature(line, {"kind": "route", "corridor_m": CORRIDOR_M, "name": route.name}, route.id))
            for c in route.checkpoints:
                properties = {
                    "kind": "checkpoint", "radius_m": CHECKPOINT_RADIUS_M, "route": route.id, "name": c.name,
                }  # fmt: skip
                out.append(plane.feature(plane.point_geometry(route.track.xy[c.vertex]), properties, c.id))
        areas: list[AreaBeat | StandbyBeat] = [*self.car_areas, *self.foot_areas, *self.standbys]
        for area in areas:
            polygon = plane.polygon_geometry(area.polygon)
            out.append(plane.feature(polygon, {"kind": "area", "name": area.name}, area.id))
        for post in self.posts:
            properties = {"kind": "post", "radius_m": POST_RADIUS_M, "name": post.name}
            out.append(plane.feature(plane.point_geometry((post.x, post.y)), properties, post.id))
        for stop in self.stops:
            polygon = plane.polygon_geometry(stop.polygon)
            out.append(plane.feature(polygon, {"kind": "allowed-stop", "name": stop.name}, stop.id))
        return out

"""Shapes from GeoJSON (RFC 7946): every error names the feature, what is wrong with it and what was expected."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import shapely
from shapely.validation import explain_validity

from geofence.shapes import AllowedStop, Area, Checkpoint, Post, Route, Shapes


class PlanError(ValueError):
    """A plan that can't be used. `where` names the place in the document, `expected` what should stand there."""

    def __init__(self, where: str, problem: str, expected: str) -> None:
        super().__init__(f"{where}: {problem}; expected {expected}")
        self.where = where
        self.problem = problem
        self.expected = expected


def parse_shapes(document: Any) -> Shapes:
    """The shapes of a GeoJSON FeatureCollection.

    Raises:
        PlanError: on the first feature that is not as the contract says.
    """
    if not isinstance(document, Mapping) or document.get("type") != "FeatureCollection":
        raise PlanError("plan", "not a GeoJSON FeatureCollection", '{"type": "FeatureCollection", "features": [...]}')
    features = document.get("features")
    if not isinstance(features, list):
        raise PlanError("plan.features", f"is {_kind_of(features)}", "a list of features")
    shapes = Shapes()
    for position, feature in enumerate(features):
        _add_feature(shapes, position, feature)
    for checkpoint in shapes.checkpoints.values():
        if checkpoint.route is not None and checkpoint.route not in shapes.routes:
            raise PlanError(
                f"feature {checkpoint.id!r}",
                f"names the route {checkpoint.route!r}",
                "the id of a route of this plan",
            )
    return shapes


def _add_feature(shapes: Shapes, position: int, feature: Any) -> None:
    where = f"feature {position}"
    if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
        raise PlanError(where, f"is {_kind_of(feature)}", 'an object with "type": "Feature"')
    identity = feature.get("id")
    if not isinstance(identity, str | int) or isinstance(identity, bool) or identity == "":
        raise PlanError(where, "has no id", 'a member "id" with the name of the shape')
    where = f"feature {identity!r}"
    properties = feature.get("properties")
    if not isinstance(properties, Mapping):
        raise PlanError(where, "has no properties", 'an object "properties" with a "kind"')
    kind = properties.get("kind")
    build = _BUILDERS.get(kind) if isinstance(kind, str) else None
    if build is None:
        raise PlanError(f"{where}, properties.kind", f"is {kind!r}", "one of " + ", ".join(_BUILDERS))
    geometry = _geometry(where, feature.get("geometry"), _GEOMETRY_OF[str(kind)])
    build(shapes, str(identity), geometry, properties, where)


def _add_route(shapes: Shapes, identity: str, geometry: Any, properties: Mapping[str, Any], where: str) -> None:
    if geometry.length == 0:
        raise PlanError(where, "the line has no length", "at least two different positions")
    route = Route(identity, geometry, _metres(where, properties, "corridor_m", 60.0), _name(properties))
    _put(shapes.routes, identity, route, where)


def _add_area(shapes: Shapes, identity: str, geometry: Any, properties: Mapping[str, Any], where: str) -> None:
    _put(shapes.areas, identity, Area(identity, geometry, _name(properties)), where)


def _add_post(shapes: Shapes, identity: str, geometry: Any, properties: Mapping[str, Any], where: str) -> None:
    post = Post(identity, geometry, _metres(where, properties, "radius_m", 80.0), _name(properties))
    _put(shapes.posts, identity, post, where)


def _add_checkpoint(shapes: Shapes, identity: str, geometry: Any, properties: Mapping[str, Any], where: str) -> None:
    route = properties.get("route")
    if route is not None and not isinstance(route, str | int):
        raise PlanError(f"{where}, properties.route", f"is {_kind_of(route)}", "the id of a route")
    radius_m = _metres(where, properties, "radius_m", 50.0)
    checkpoint = Checkpoint(identity, geometry, radius_m, None if route is None else str(route), _name(properties))
    _put(shapes.checkpoints, identity, checkpoint, where)


def _add_allowed_stop(shapes: Shapes, identity: str, geometry: Any, properties: Mapping[str, Any], where: str) -> None:
    _put(shapes.allowed_stops, identity, AllowedStop(identity, geometry, _name(properties)), where)


_BUILDERS: dict[str, Callable[[Shapes, str, Any, Mapping[str, Any], str], None]] = {
    "route": _add_route,
    "area": _add_area,
    "post": _add_post,
    "checkpoint": _add_checkpoint,
    "allowed-stop": _add_allowed_stop,
}
_GEOMETRY_OF = {
    "route": ("LineString",),
    "area": ("Polygon", "MultiPolygon"),
    "post": ("Point",),
    "checkpoint": ("Point",),
    "allowed-stop": ("Polygon", "MultiPolygon"),
}


def _geometry(where: str, value: Any, types: tuple[str, ...]) -> Any:
    where = f"{where}, geometry"
    expected = " or ".join(types)
    if not isinstance(value, Mapping) or value.get("type") not in types:
        found = value.get("type") if isinstance(value, Mapping) else None
        raise PlanError(where, f"is {found or _kind_of(value)}", expected)
    _check_positions(where, value.get("coordinates"), depth=0)
    try:
        geometry = shapely.force_2d(shapely.geometry.shape(dict(value)))
    except (ValueError, TypeError, IndexError, shapely.errors.ShapelyError) as error:
        raise PlanError(where, f"can't be read ({error})", f"the coordinates of a {expected}") from error
    if geometry.is_empty:
        raise PlanError(where, "is empty", f"a {expected} with positions")
    if not geometry.is_valid:
        raise PlanError(where, explain_validity(geometry), f"a simple {expected} that does not cross itself")
    shapely.prepare(geometry)
    return geometry


def _check_positions(where: str, value: Any, depth: int) -> None:
    if not isinstance(value, list | tuple) or depth > 4:
        raise PlanError(where, f"coordinates hold {_kind_of(value)}", "positions [lon, lat]")
    if value and all(isinstance(v, int | float) and not isinstance(v, bool) for v in value):
        lon, lat = value[:2] if len(value) >= 2 else (math.nan, math.nan)
        if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
            raise PlanError(where, f"position {list(value)}", "[lon, lat] in degrees, lon -180…180 and lat -90…90")
        return
    for item in value:
        _check_positions(where, item, depth + 1)


def _metres(where: str, properties: Mapping[str, Any], key: str, default: float) -> float:
    value = properties.get(key, default)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0.0 < value <= 100_000.0:
        raise PlanError(f"{where}, properties.{key}", f"is {value!r}", "metres, more than 0")
    return float(value)


def _name(properties: Mapping[str, Any]) -> str:
    name = properties.get("name", "")
    return name if isinstance(name, str) else ""


def _put(shapes: dict[str, Any], identity: str, shape: Any, where: str) -> None:
    if identity in shapes:
        raise PlanError(where, "stands twice", "an id of its own for each shape of a kind")
    shapes[identity] = shape


def _kind_of(value: Any) -> str:
    return "missing" if value is None else f"a {type(value).__name__}"

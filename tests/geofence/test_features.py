"""Shapes from GeoJSON: what is good is taken, what is not is named."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.features import PlanError, parse_shapes

SQUARE = [[[120.0, 30.0], [120.1, 30.0], [120.1, 30.1], [120.0, 30.1], [120.0, 30.0]]]
BOW = [[[120.0, 30.0], [120.1, 30.1], [120.1, 30.0], [120.0, 30.1], [120.0, 30.0]]]
LINE = [[120.0, 30.0], [120.1, 30.0]]


def feature(kind: Any, geometry: Any, identity: Any = "x1", **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": identity, "geometry": geometry, "properties": {"kind": kind, **properties}}


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def area(coordinates: Any = SQUARE, **changes: Any) -> dict[str, Any]:
    return feature("area", {"type": "Polygon", "coordinates": coordinates}) | changes


def point(kind: str, coordinates: Any = (120.0, 30.0), **properties: Any) -> dict[str, Any]:
    return feature(kind, {"type": "Point", "coordinates": list(coordinates)}, **properties)


def route(coordinates: Any = LINE, identity: Any = "x1", **properties: Any) -> dict[str, Any]:
    return feature("route", {"type": "LineString", "coordinates": coordinates}, identity, **properties)


def test_shapes_of_every_kind_are_read_with_their_figures_and_names() -> None:
    shapes = parse_shapes(
        collection(
            route(identity="r1", corridor_m=40, name="North road"),
            area(),
            point("post", radius_m=30, identity="p1"),
            point("checkpoint", route="r1", identity="c1"),
            feature("allowed-stop", {"type": "MultiPolygon", "coordinates": [SQUARE]}, 7),
        )
    )
    assert (shapes.routes["r1"].corridor_m, shapes.routes["r1"].name) == (40, "North road")
    assert shapes.posts["p1"].radius_m == 30
    assert (shapes.checkpoints["c1"].radius_m, shapes.checkpoints["c1"].route) == (50, "r1")
    assert list(shapes.areas) == ["x1"]
    assert list(shapes.allowed_stops) == ["7"], "a number is a name, too"


def test_heights_are_let_go() -> None:
    shapes = parse_shapes(collection(route([[120.0, 30.0, 12.5], [120.1, 30.0, 13.0]])))
    assert not shapes.routes["x1"].line.has_z


@pytest.mark.parametrize(
    ("broken", "named", "said"),
    [
        (area(BOW), "'x1'", "Self-intersection"),
        (area([[[120.0, 91.0], *SQUARE[0][1:]]]), "'x1'", "91"),
        (area([[[10**400, 30.0], *SQUARE[0][1:]]]), "'x1'", "position"),
        (area([[[181.0, 30.0], *SQUARE[0][1:]]]), "'x1'", "181"),
        (area([[[float("nan"), 30.0], *SQUARE[0][1:]]]), "'x1'", "nan"),
        (area([[["120", 30.0], *SQUARE[0][1:]]]), "'x1'", "str"),
        (area([[[120.0], *SQUARE[0][1:]]]), "'x1'", "position"),
        (area([[]]), "'x1'", "geometry"),
        (area([]), "'x1'", "empty"),
        (area(SQUARE, id=None), "feature 0", "no id"),
        (area(SQUARE, id=""), "feature 0", "no id"),
        (area(SQUARE, id=True), "feature 0", "no id"),
        (area(SQUARE, properties=None), "'x1'", "no properties"),
        (area(SQUARE, geometry=None), "'x1'", "missing"),
        (area(SQUARE, type="Thing"), "feature 0", "Feature"),
        (feature("castle", {"type": "Point", "coordinates": [1, 2]}), "'x1'", "castle"),
        (feature(["area"], {"type": "Point", "coordinates": [1, 2]}), "'x1'", "kind"),
        (feature("route", {"type": "Polygon", "coordinates": SQUARE}), "'x1'", "LineString"),
        (feature("area", {"type": "Point", "coordinates": [120, 30]}), "'x1'", "Polygon"),
        (route([[120.0, 30.0], [120.0, 30.0]]), "'x1'", ""),
        (route([[120.0, 30.0]]), "'x1'", ""),
        (route(LINE, corridor_m=0), "'x1'", "corridor_m"),
        (route(LINE, corridor_m=10**400), "'x1'", "corridor_m"),
        (route(LINE, corridor_m="wide"), "'x1'", "corridor_m"),
        (route(LINE, corridor_m=float("nan")), "'x1'", "corridor_m"),
        (point("post", radius_m=-5), "'x1'", "radius_m"),
        (point("checkpoint", route="r9"), "'x1'", "r9"),
        (point("checkpoint", route=[1]), "'x1'", "route"),
        ("no feature", "feature 0", "str"),
    ],
)
def test_a_feature_that_is_not_as_it_should_be_is_named(broken: Any, named: str, said: str) -> None:
    with pytest.raises(PlanError) as caught:
        parse_shapes(collection(broken))
    assert named in str(caught.value)
    assert said in str(caught.value)
    assert "expected" in str(caught.value)


def test_two_shapes_of_a_kind_may_not_share_a_name_but_two_of_different_kinds_may() -> None:
    with pytest.raises(PlanError, match=r"feature 'x1'.*twice"):
        parse_shapes(collection(route(), route()))
    assert parse_shapes(collection(route(), area())).routes.keys() == {"x1"}


def test_of_several_broken_features_the_first_is_named() -> None:
    with pytest.raises(PlanError, match="feature 'second'"):
        parse_shapes(collection(area(), area(BOW, id="second"), area(BOW, id="third")))


@pytest.mark.parametrize("document", [None, [], "x", {}, {"type": "Feature"}, {"type": "FeatureCollection"}])
def test_a_document_that_is_no_collection_is_told_what_it_should_be(document: Any) -> None:
    with pytest.raises(PlanError, match="plan"):
        parse_shapes(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(["route", "area", "post", "checkpoint", "allowed-stop"]) | JSON
TYPES = st.sampled_from(["Point", "LineString", "Polygon", "MultiPolygon"]) | JSON
NUMBER = st.floats(-200, 200) | st.sampled_from([0, 30, 120, True, None, float("inf")])
POSITIONS = st.recursive(st.lists(NUMBER, max_size=4), lambda inner: st.lists(inner, max_size=5), max_leaves=20)
FEATURES = st.fixed_dictionaries(
    {
        "type": st.just("Feature"),
        "id": st.text(max_size=3) | JSON,
        "geometry": st.fixed_dictionaries({"type": TYPES, "coordinates": POSITIONS | JSON}),
        "properties": st.fixed_dictionaries(
            {"kind": KINDS}, optional={"corridor_m": JSON, "radius_m": JSON, "route": JSON}
        ),
    }
)


@settings(max_examples=600)
@given(features=st.lists(FEATURES | JSON, max_size=3) | JSON, rest=JSON)
def test_no_json_whatever_raises_anything_but_a_plan_error(features: Any, rest: Any) -> None:
    for document in ({"type": "FeatureCollection", "features": features}, rest):
        with contextlib.suppress(PlanError):
            parse_shapes(document)

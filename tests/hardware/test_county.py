"""The county is the same for the same seed, hangs together, and looks like a county."""

import json

import numpy as np
import shapely

from hardware.county import County, build


def test_same_seed_same_map(county: County) -> None:
    again = build(5)

    assert json.dumps(again.basemap()) == json.dumps(county.basemap())
    assert again.beats.features() == county.beats.features()
    assert build(6).basemap() != county.basemap()


def test_every_station_reaches_every_other_by_road(county: County) -> None:
    first, *others = county.stations.values()

    reached = county.network.reach(first, county.network.metres)

    assert set(others) <= set(reached)


def test_base_map_says_what_each_thing_is(county: County) -> None:
    properties = [f["properties"] for f in county.basemap()["features"]]

    assert {p["kind"] for p in properties} == {"road", "water", "builtup", "boundary", "place"}
    roads = {p["class"] for p in properties if p["kind"] == "road"}
    assert roads == {"highway", "primary", "secondary", "street"}
    assert {p["place"] for p in properties if p["kind"] == "place"} == {"town", "village", "station"}
    assert all(p["name"] for p in properties)


def test_county_is_about_thirty_by_twenty_five_kilometres_and_holds_its_towns(county: County) -> None:
    west, south, east, north = county.boundary.bounds

    assert 28_000 <= east - west <= 33_000
    assert 22_000 <= north - south <= 28_000
    assert all(county.boundary.contains(shapely.Point(t.x, t.y)) for t in county.towns)


def test_routes_run_on_roads(county: County) -> None:
    roads = shapely.unary_union([shapely.LineString(e.line) for e in county.network.edges])

    for route in (*county.beats.car_routes, *county.beats.foot_routes):
        points = shapely.points(route.track.xy[:, 0], route.track.xy[:, 1])
        assert np.max(shapely.distance(roads, points)) < 1.0
        assert route.checkpoints

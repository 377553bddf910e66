"""A fictitious county, drawn from a seed: its land, its roads, its beats, and the map of it for a wall."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from hardware import names, plane
from hardware.beats import Beats
from hardware.curves import blob, smooth
from hardware.day import Day
from hardware.drafting import Drafter
from hardware.layout import Town, draw_connectors, draw_highway, draw_ring, draw_towns
from hardware.roads import RoadNetwork, Way, cut
from hardware.villages import Village, draw_villages

if TYPE_CHECKING:
    from hardware.scenario import Scenario


@dataclass(frozen=True, slots=True)
class County:
    """The county: everything in metres about its centre (see `plane`)."""

    seed: int
    towns: list[Town]
    villages: list[Village]
    ways: list[Way]
    network: RoadNetwork
    stations: dict[str, int]
    beats: Beats
    water: list[tuple[str, shapely.Polygon]]
    boundary: shapely.Polygon

    def basemap(self) -> dict[str, Any]:
        """The map as GeoJSON. `properties.kind` is road, water, builtup, boundary or place; a road has a `class`, a
        place has `place`: town, village or station."""
        features = [plane.feature(plane.polygon_geometry(self.boundary), _words("boundary", names.COUNTY))]
        features += [plane.feature(plane.polygon_geometry(w), _words("water", n)) for n, w in self.water]
        settled: list[Town | Village] = [*self.towns, *self.villages]
        features += [plane.feature(plane.polygon_geometry(s.built), _words("builtup", s.name)) for s in settled]
        for klass in ("street", "secondary", "primary", "highway"):
            features += [
                plane.feature(plane.line_geometry(w.line), {"kind": "road", "class": klass, "name": w.name})
                for w in self.ways
                if w.klass == klass
            ]
        for place, kind in [(t, "town") for t in self.towns] + [(v, "village") for v in self.villages]:
            here = plane.point_geometry((place.x, place.y))
            features.append(plane.feature(here, _words("place", place.name) | {"place": kind}))
        for town in self.towns:
            station = plane.point_geometry(self.network.xy[self.stations[town.id]])
            words = _words("place", f"{town.name}派出所") | {"place": "station", "unit": f"county.{town.id}"}
            features.append(plane.feature(station, words))
        return {"type": "FeatureCollection", "features": features}

    def plan(self, start_s: float, hours: float, cars: int, officers: int) -> dict[str, Any]:
        """The supervision plan of :meth:`shift`, as GeoJSON."""
        return self.shift(start_s, hours, cars, officers).plan

    def shift(self, start_s: float, hours: float, cars: int, officers: int) -> "Scenario":
        """Days on duty: eight-hour shifts round the clock from `start_s`, an act in every third or fourth duty."""
        from hardware.scenario import shift

        return shift(self, start_s, hours, cars, officers)

    def demo(
        self, start_s: float, minutes: float, cars: int = 24, officers: int = 36, day: Day = Day.INCIDENTS
    ) -> "Scenario":
        """A scenario that starts mid-shift: a quarter of an hour of history before `start_s`, with a stop already under
        way that becomes too long within the first minute; then an act an hour, or, on a day of incidents, every few
        minutes."""
        from hardware.scenario import demo

        return demo(self, start_s, minutes, cars, officers, day)


def build(seed: int = 1) -> County:
    """The county of a seed."""
    rng = np.random.default_rng([seed, 1])
    boundary = shapely.Polygon(_outline(rng))
    towns = draw_towns(rng)
    ring = draw_ring(towns[0], rng)
    lake = shapely.Polygon(blob((-11_200.0, 6_600.0), 1350.0, rng, 0.22)).buffer(0)
    water = [(names.LAKE, lake), (names.RIVER, _river(lake, towns[0], boundary, rng))]
    ways = [w for t in towns for w in t.streets]
    connectors = draw_connectors(towns, ring, lake, rng)
    villages = draw_villages(connectors, towns, lake, rng)
    ways += [ring, draw_highway(rng), *connectors, *(w for v in villages for w in v.lanes)]
    network = cut(ways)
    drafter = Drafter(towns, network, rng)
    beats = drafter.draft()
    return County(seed, towns, villages, ways, network, drafter.stations, beats, water, boundary)


def _words(kind: str, name: str) -> dict[str, Any]:
    return {"kind": kind, "name": name}


def _outline(rng: np.random.Generator) -> plane.Floats:
    t = np.linspace(0, 2 * np.pi, 121)
    r = (np.abs(np.cos(t) / 15_400) ** 4 + np.abs(np.sin(t) / 12_600) ** 4) ** -0.25
    for k in range(3, 11):
        r *= 1 + rng.normal(0, 0.011) * np.cos(k * t + rng.uniform(0, 6.3))
    r[-1] = r[0]
    return np.column_stack([r * np.cos(t), r * np.sin(t)])


def _river(lake: shapely.Polygon, seat: Town, boundary: shapely.Polygon, rng: np.random.Generator) -> shapely.Polygon:
    """From the lake past the county town's south side and out of the county."""
    south = seat.built.bounds[1]
    km = [(-11.0, 6.2), (-9.4, 3.4), (-6.4, 1.6), (-4.6, -0.9), (-2.4, 0.0), (0.6, 0.0), (3.4, -1.2)]
    km += [(6.4, -4.8), (9.6, -5.9), (12.6, -8.2), (16.2, -10.2)]
    points = [(x * 1000 + float(rng.normal(0, 120)), y * 1000 + float(rng.normal(0, 120))) for x, y in km]
    points[4:6] = [(points[4][0], south - 330), (points[5][0], south - 420)]
    line = smooth(points, 120.0)
    along = np.linspace(0, 60, len(line))
    line = line + np.column_stack([np.sin(along), np.cos(along * 0.8)]) * 90
    widths = np.linspace(38, 75, len(line) - 1)
    pieces = [shapely.LineString(line[i : i + 2]).buffer(float(w)) for i, w in enumerate(widths)]
    river = shapely.unary_union(pieces).simplify(4).difference(lake).intersection(boundary)
    return max(getattr(river, "geoms", [river]), key=lambda g: g.area)

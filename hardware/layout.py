"""Drawing the county's ways: street grids bent by the land, the ring, the highway, the roads between towns."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely.ops import substring

from hardware import names
from hardware.curves import Point, Warp, smooth, winding
from hardware.plane import Floats
from hardware.roads import HIGHWAY, PRIMARY, SECONDARY, STREET, Way


@dataclass(frozen=True, slots=True)
class Town:
    """A town: where it is, and the outline of what is built there (metres)."""

    id: str
    name: str
    x: float
    y: float
    streets: list[Way]
    built: shapely.Polygon


def draw_towns(rng: np.random.Generator) -> list[Town]:
    """The county town and the towns around it, each a little elsewhere for each seed."""
    towns = []
    street_names = list(rng.permutation(names.STREETS))
    for ident, name, x_km, y_km, across, along in names.TOWNS:
        is_seat = ident == names.TOWN_IDS[0]
        jitter = np.zeros(2) if is_seat else rng.uniform(-400, 400, 2)
        x, y = x_km * 1000 + jitter[0], y_km * 1000 + jitter[1]
        gaps = (230.0, 400.0) if is_seat else (130.0, 270.0)
        streets = _grid((x, y), across, along, gaps, street_names, rng, is_seat)
        lines = shapely.MultiLineString([w.line for w in streets])
        built = lines.buffer(150).buffer(-70).simplify(12)
        if built.geom_type != "Polygon":
            built = max(built.geoms, key=lambda g: g.area)
        towns.append(Town(ident, name, x, y, streets, shapely.Polygon(built.exterior)))
    return towns


def _grid(
    centre: Point,
    across: int,
    along: int,
    gaps: tuple[float, float],
    street_names: list[str],
    rng: np.random.Generator,
    seat: bool,
) -> list[Way]:
    """Streets of uneven spacing, some of them short, turned and bent; the middle ones are main streets."""
    angle = rng.uniform(-0.3, 0.3)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    warp = Warp(rng, 45.0 if seat else 25.0, 1500.0 if seat else 700.0)
    u, v = (_spaced(n, gaps, rng) for n in (across, along))
    ways = []
    for axis, (own, other) in enumerate(((u, v), (v, u))):
        middle = {len(own) // 3, 2 * len(own) // 3} if seat else {len(own) // 2}
        for i, at in enumerate(own):
            main = i in middle
            low, high = 0, len(other) - 1
            if not main and rng.random() < 0.55:
                low, high = _shortened(len(other), rng)
            start, end = other[low] - 25.0, other[high] + 25.0
            t = np.linspace(start, end, max(3, int((end - start) / 110)))
            flat = np.column_stack([np.full(len(t), at), t] if axis == 0 else [t, np.full(len(t), at)])
            if main:
                name = names.MAIN_STREETS[(2 * axis + i) % len(names.MAIN_STREETS)]
            else:
                name = street_names[int(rng.integers(len(street_names)))]
            klass = SECONDARY if main else STREET
            ways.append(Way(name, klass, warp(flat @ turn + np.array(centre))))
    if seat:
        corner = np.array([[u[1], v[0] - 25], [u[len(u) // 2], v[len(v) // 2]], [u[-2], v[-1] + 25]])
        ways.append(Way(names.DIAGONAL, SECONDARY, warp(smooth([(p[0], p[1]) for p in corner]) @ turn + centre)))
    return ways


def _spaced(n: int, gaps: tuple[float, float], rng: np.random.Generator) -> Floats:
    at: Floats = np.concatenate([[0.0], np.cumsum(rng.uniform(*gaps, n - 1))])
    at -= at[-1] / 2
    return at


def _shortened(n: int, rng: np.random.Generator) -> tuple[int, int]:
    keep = int(rng.integers(max(2, n // 2), n))
    low = int(rng.integers(0, n - keep + 1))
    return low, min(n - 1, low + keep)


def draw_ring(seat: Town, rng: np.random.Generator) -> Way:
    """The ring road around the county town."""
    t = np.linspace(0, 2 * np.pi, 25)[:-1]
    west, south, east, north = seat.built.bounds
    a, b = (east - west) / 2 + 900, (north - south) / 2 + 800
    # A squarish oval, as rings around grids are.
    r = (np.abs(np.cos(t) / a) ** 2.8 + np.abs(np.sin(t) / b) ** 2.8) ** (-1 / 2.8)
    r *= 1 + rng.normal(0, 0.02, len(t))
    points = [(float(seat.x + ri * np.cos(ti)), float(seat.y + ri * np.sin(ti))) for ri, ti in zip(r, t, strict=True)]
    return Way(names.RING, PRIMARY, smooth([*points, points[0]], 160.0))


def draw_highway(rng: np.random.Generator) -> Way:
    """The motorway that crosses the county south of its town."""
    points = [
        (-15.4, -5.4),
        (-10.5, -5.3),
        (-5.5, -4.9),
        (0.0, -5.2),
        (5.5, -4.4),
        (10.0, -2.2),
        (15.4, -1.0),
    ]
    moved = [(x * 1000, y * 1000 + float(rng.uniform(-200, 200))) for x, y in points]
    return Way(names.HIGHWAY_NAME, HIGHWAY, smooth(moved, 180.0), interchange=True)


def draw_connectors(towns: Sequence[Town], ring: Way, lake: shapely.Polygon, rng: np.random.Generator) -> list[Way]:
    """Roads from town to town and to the ring, streets out to the ring, roads out of the county."""
    by_id = {t.id: t for t in towns}
    circle = shapely.LineString(ring.line)
    ways = [_to_ring(end, circle) for end in _main_ends(towns[0])]
    for a, b, klass, name, interchange in names.CONNECTORS:
        town_a, town_b = by_id.get(a), by_id.get(b)
        far_a, far_b = town_a or towns[0], town_b or towns[0]
        start = _gate(town_a, far_b) if town_a else _onto(circle, far_b)
        end = _gate(town_b, far_a) if town_b else _onto(circle, far_a)
        line = winding(start, end, rng)
        for _ in range(40):
            drawn = shapely.LineString(line)
            if drawn.is_simple and not drawn.intersects(lake.buffer(120)):
                break
            line = winding(start, end, rng, 0.09)
        ways.extend(_bored(name, klass, line) if name == names.TUNNEL_ROAD else [Way(name, klass, line, interchange)])
    for town, heading, name in (
        ("shuanghe", (-15.4, -0.4), "G318 国道"),
        ("shiqiao", (15.4, 4.2), "G318 国道"),
        ("liulin", (-6.4, 12.4), "S217 省道"),
        ("wangzhuang", (-3.4, -12.4), "S217 省道"),
        ("qinglong", (10.6, -12.4), "S219 省道"),
        ("baishi", (6.5, 12.4), "X012 白石路"),
    ):
        goal = (heading[0] * 1000, heading[1] * 1000)
        ways.append(Way(name, SECONDARY, winding(_nearest_end(by_id[town], goal), goal, rng)))
    return ways


def _bored(name: str, klass: str, line: Floats) -> list[Way]:
    """The road with a tunnel in its middle."""
    drawn = shapely.LineString(line)
    middle = drawn.length / 2
    cuts = (0.0, middle - names.TUNNEL_M / 2, middle + names.TUNNEL_M / 2, drawn.length)
    pieces = [np.array(substring(drawn, a, b).coords) for a, b in pairwise(cuts)]
    return [Way(name, klass, piece, tunnel=i == 1) for i, piece in enumerate(pieces)]


def _main_ends(town: Town) -> list[Point]:
    mains = [w for w in town.streets if w.klass == SECONDARY]
    return [(float(p[0]), float(p[1])) for w in mains for p in (w.line[0], w.line[-1])]


def _gate(town: Town | None, other: Town) -> Point:
    assert town is not None
    return _nearest_end(town, (other.x, other.y))


def _nearest_end(town: Town, goal: Point) -> Point:
    return min(_main_ends(town), key=lambda p: float(np.hypot(p[0] - goal[0], p[1] - goal[1])))


def _onto(circle: shapely.LineString, town: Town) -> Point:
    point = circle.interpolate(circle.project(shapely.Point(town.x, town.y)))
    return (point.x, point.y)


def _to_ring(end: Point, circle: shapely.LineString) -> Way:
    point = circle.interpolate(circle.project(shapely.Point(end)))
    line = np.linspace(np.array(end), np.array([point.x, point.y]), 6)
    return Way(names.MAIN_STREETS[int(abs(end[0] + end[1])) % 6], SECONDARY, line)

"""Villages beside the roads between towns: a lane, a cross lane, a handful of houses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from hardware import names
from hardware.curves import winding
from hardware.layout import Town
from hardware.roads import STREET, Way

_APART_M = 900.0


@dataclass(frozen=True, slots=True)
class Village:
    """A village: its name, where it lies, its lanes and the outline of its houses (metres)."""

    name: str
    x: float
    y: float
    lanes: list[Way]
    built: shapely.Polygon


def draw_villages(
    roads: Sequence[Way], towns: Sequence[Town], lake: shapely.Polygon, rng: np.random.Generator
) -> list[Village]:
    """Villages along `roads`, as many as there are names, none too near to a town or to each other."""
    words = rng.permutation(names.VILLAGES).tolist()
    seat = shapely.Point(towns[0].x, towns[0].y).buffer(3300)
    closed = shapely.unary_union([lake.buffer(150), seat, *[t.built.buffer(700) for t in towns]])
    villages: list[Village] = []
    for road in roads:
        if road.klass == STREET or road.tunnel:
            continue
        line = shapely.LineString(road.line)
        at = float(rng.uniform(500, 1100))
        while at < line.length - 500 and words:
            village = _draw(line, at, words[-1], rng)
            here = shapely.Point(village.x, village.y)
            near = any(np.hypot(v.x - village.x, v.y - village.y) < _APART_M for v in villages)
            if not near and not closed.intersects(here) and max(abs(village.x) / 14, abs(village.y) / 11.2) < 1000:
                villages.append(village)
                words.pop()
            at += float(rng.uniform(1500, 2600))
    return villages


def _draw(line: shapely.LineString, at: float, word: str, rng: np.random.Generator) -> Village:
    start, ahead = (np.array(line.interpolate(at + d).coords[0]) for d in (0.0, 30.0))
    course = (ahead - start) / np.hypot(*(ahead - start))
    turn = rng.uniform(-0.5, 0.5) + np.pi / 2 * rng.choice([-1, 1])
    out = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ course
    length = float(rng.uniform(650, 1500))
    end = start + out * length
    lane = winding((start[0], start[1]), (end[0], end[1]), rng, 0.04)
    corner = lane[int(len(lane) * 0.7)]
    across = np.array([-out[1], out[0]]) * rng.uniform(190, 330)
    cross = np.linspace(corner - across, corner + across * rng.uniform(0.6, 1.2), 6)
    houses = shapely.MultiLineString([cross, lane[int(len(lane) * 0.62) :]])
    built = houses.buffer(float(rng.uniform(70, 110))).simplify(15)
    lanes = [Way(f"{word}路", STREET, lane), Way(f"{word}街", STREET, cross)]
    return Village(word, float(corner[0]), float(corner[1]), lanes, shapely.Polygon(built.exterior))

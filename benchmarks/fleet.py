"""A made-up fleet of any size, fix by fix: what all benchmarks feed on.

Half of the devices patrol routes, a quarter areas, an eighth stands at posts, an eighth waits in an area. All move
along their shapes and report every `EVERY_S` with the noise of a receiver under open sky; three in a hundred misbehave
for a quarter of each hour: they leave their shape, stand still, fall silent, or their position leaps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.fixes import DeviceTable, FixBatch
from analytics.planning import Plan, parse_plan

START_S = 1_767_571_200.0  # 2026-01-05T00:00:00Z
EVERY_S = 5.0
HOURS = 24
VERTICES = 120
_PLACES = 1_024  # along each path, equally spaced
_LON0, _LAT0 = 112.0, 32.0
_METRES = np.array([93_900.0, 110_900.0])  # of a degree of longitude and of latitude there
_COUNTY_M = 60_000.0
_NOISE_M = 4.0
_AWAY_M = 400.0
BEHAVES, STRAYS, STANDS, SILENT, LEAPS = range(5)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything."""

    devices: int = 2_000
    routes: int = 500
    areas: int = 1_000
    checkpoints_per_route: int = 5
    allowed_stops: int = 50
    misbehaving: float = 0.03
    cycle_s: float = 3_600.0  # an act lasts a quarter of it, and comes again


class Fleet:
    """A plan, and the fixes of its devices at any time."""

    def __init__(
        self, size: Size = Size(), seed: int = 1, *, start_s: float = START_S, every_s: float = EVERY_S
    ) -> None:
        self.size, self.start_s, self.every_s = size, start_s, every_s
        rng = np.random.default_rng(seed)
        routes = _routes(rng, size.routes)
        areas = _areas(rng, size.areas)
        self._rng = rng
        i = np.arange(size.devices)
        self._on_route = i % 2 == 0
        self._in_area = i % 4 == 1
        self._standby = i % 8 == 7
        shape = np.where(self._on_route, i // 2 % size.routes, size.routes + i // 4 % size.areas)
        self._shape: Ints = shape
        out_and_back = np.concatenate([routes, routes[:, ::-1]], axis=1)
        rounds = 0.6 * areas + 0.4 * areas.mean(axis=1, keepdims=True)
        self._paths = np.stack([_even(p) for p in (*out_and_back, *np.concatenate([rounds, rounds[:, :1]], axis=1))])
        self._middles = self._paths.mean(axis=1)
        self._lengths_m = np.linalg.norm(np.diff(self._paths, axis=1), axis=2).sum(axis=1)
        moves = self._on_route | self._in_area
        self._speed_mps = np.where(moves, np.where(i % 16 < 12, rng.uniform(6, 14, len(i)), 1.4), 0.0)
        self._from_m = rng.uniform(0, 1, len(i)) * self._lengths_m[shape]
        self._phase_s = rng.uniform(0, every_s, len(i))
        self._act = np.where(rng.random(len(i)) < size.misbehaving, rng.integers(STRAYS, LEAPS + 1, len(i)), BEHAVES)
        self._act_s = rng.uniform(0, size.cycle_s, len(i))
        self.names = [f"{'off' if n % 16 >= 8 else 'car'}-{n:06d}" for n in range(size.devices)]
        self.document = self._document(routes, areas)

    def plan(self) -> Plan:
        return parse_plan(self.document)

    def devices(self) -> DeviceTable:
        return DeviceTable(self.names)

    def rounds(self, count: int, first: int = 0) -> Iterator[FixBatch]:
        """`count` rounds in each of which every device (but the silent) reports once, in order of time."""
        for n in range(first, first + count):
            yield self._round(self.start_s + n * self.every_s)

    def batches(self, fixes: int, at_most: int, first: int = 0) -> Iterator[FixBatch]:
        """About `fixes` fixes in order of time, in batches of `at_most`."""
        rounds = -(-fixes // self.size.devices)
        together = max(1, at_most // self.size.devices)
        for n in range(first, first + rounds, together):
            batch = FixBatch.concatenate(list(self.rounds(min(together, first + rounds - n), n)))
            for start in range(0, len(batch), at_most):
                yield batch.take(slice(start, start + at_most))

    def _round(self, from_s: float) -> FixBatch:
        t_s = from_s + self._phase_s
        cycles, second = np.divmod(t_s - self.start_s + self._act_s, self.size.cycle_s)
        act_s = self.size.cycle_s / 4
        act = np.where(second < act_s, self._act, BEHAVES)
        stood_s = np.where(self._act == STANDS, cycles * act_s + np.minimum(second, act_s), 0.0)
        gone_m = self._from_m + self._speed_mps * (t_s - self.start_s - stood_s)
        x_y = self._at(gone_m)
        x_y += self._rng.normal(0.0, _NOISE_M, x_y.shape)
        x_y[:, 0] += np.where(act == STRAYS, _AWAY_M, 0.0)
        leaps = (act == LEAPS) & (self._rng.random(len(t_s)) < 0.3)
        x_y[:, 1] += np.where(leaps, 20 * _AWAY_M, 0.0)
        lon_lat = x_y / _METRES + (_LON0, _LAT0)
        speed = np.where(act == STANDS, 0.0, self._speed_mps)
        heard = np.flatnonzero(act != SILENT)
        heard = heard[np.argsort(t_s[heard], kind="stable")]
        heading = np.zeros(len(heard))
        accuracy = np.full(len(heard), 2 * _NOISE_M)
        return FixBatch.build(heard, t_s[heard], lon_lat[heard, 0], lon_lat[heard, 1], speed[heard], heading, accuracy)

    def _at(self, gone_m: Floats) -> Floats:
        """The places (metres) after `gone_m` along each device's path, which it walks again and again. Posts and
        standbys stand still at the middle of their area's round."""
        share = gone_m / self._lengths_m[self._shape] % 1.0 * (_PLACES - 1)
        place = share.astype(np.int64)
        part = (share - place)[:, None]
        paths = self._paths
        moving = (1 - part) * paths[self._shape, place] + part * paths[self._shape, place + 1]
        at: Floats = np.where((self._speed_mps > 0)[:, None], moving, self._middles[self._shape])
        return at

    def _document(self, routes: Floats, areas: Floats) -> dict[str, Any]:
        features = [_feature(f"r{n}", "LineString", _degrees(r), kind="route") for n, r in enumerate(routes)]
        rings = [[*_degrees(a), _degrees(a)[0]] for a in areas]
        features += [_feature(f"a{n}", "Polygon", [ring], kind="area") for n, ring in enumerate(rings)]
        step = VERTICES // self.size.checkpoints_per_route
        for n, route in enumerate(routes):
            for k, place in enumerate(_degrees(route[step // 2 :: step])):
                features.append(_feature(f"c{n}.{k}", "Point", place, kind="checkpoint", route=f"r{n}"))
        for n in range(self.size.allowed_stops):
            square = np.array([[0, 0], [80, 0], [80, 80], [0, 80], [0, 0]]) + self._rng.uniform(0, _COUNTY_M, 2)
            features.append(_feature(f"s{n}", "Polygon", [_degrees(square)], kind="allowed-stop"))
        from_text, to_text = (_rfc3339(self.start_s + hours * 3_600) for hours in (0, HOURS))
        duties = []
        for n, (device, shape) in enumerate(zip(self.names, self._shape.tolist(), strict=True)):
            duty = {"id": f"d{n}", "device": device, "from": from_text, "to": to_text}
            area = f"a{shape - self.size.routes}"
            if self._on_route[n]:
                duty |= {"kind": "patrol", "route": f"r{shape}"}
            elif self._in_area[n]:
                duty |= {"kind": "patrol", "area": area}
            elif self._standby[n]:
                duty |= {"kind": "standby", "area": area}
            else:
                post = _degrees(self._middles[shape : shape + 1])[0]
                features.append(_feature(f"p{n}", "Point", post, kind="post", radius_m=80))
                duty |= {"kind": "post", "post": f"p{n}"}
            duties.append(duty)
        devices = [{"id": d, "kind": "car" if d.startswith("car") else "officer"} for d in self.names]
        return {"type": "FeatureCollection", "features": features, "devices": devices, "duties": duties}


def _routes(rng: np.random.Generator, count: int) -> Floats:
    """Winding lines of VERTICES positions about 90 m apart, in metres."""
    heading = rng.uniform(0, 2 * np.pi, (count, 1)) + np.cumsum(rng.normal(0, 0.15, (count, VERTICES)), axis=1)
    legs = 90.0 * np.stack([np.cos(heading), np.sin(heading)], axis=2)
    start: Floats = rng.uniform(0, _COUNTY_M, (count, 1, 2))
    return start + np.cumsum(legs, axis=1)


def _areas(rng: np.random.Generator, count: int) -> Floats:
    """Rings of 60 positions around a centre, bent inwards and outwards, in metres; not closed."""
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    waves = rng.uniform(0, 2 * np.pi, (count, 3))
    bend = sum(0.08 * np.sin((k + 2) * angle + waves[:, k : k + 1]) for k in range(3))
    radius = rng.uniform(500, 1_500, (count, 1)) * (1 + bend)
    ring = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2)
    centre: Floats = rng.uniform(0, _COUNTY_M, (count, 1, 2))
    return centre + ring


def _even(path: Floats) -> Floats:
    """`path` as _PLACES equally spaced positions."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    at = np.linspace(0.0, along[-1], _PLACES)
    return np.stack([np.interp(at, along, path[:, 0]), np.interp(at, along, path[:, 1])], axis=1)


def _degrees(x_y: Floats) -> list[list[float]]:
    degrees: list[list[float]] = np.round(x_y / _METRES + (_LON0, _LAT0), 7).tolist()
    return degrees


def _feature(identity: str, geometry: str, coordinates: object, **properties: object) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": identity,
        "geometry": {"type": geometry, "coordinates": coordinates},
        "properties": properties,
    }


def _rfc3339(t_s: float) -> str:
    return datetime.fromtimestamp(t_s, UTC).isoformat()

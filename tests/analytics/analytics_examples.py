"""A small county to tell stories in: where things are, how devices move, and what the engine says of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

import numpy as np

from analytics.alerts import Alert, AlertChange, Change
from analytics.catalogue import default_rules
from analytics.engine import LATENESS_S, Engine
from analytics.fixes import DeviceTable, FixBatch, FixFlag
from analytics.outcome import Crossing
from analytics.planning import Plan, parse_plan
from analytics.rulebook import Rulebook
from geofence.projection import metres_per_degree

LON, LAT = 120.15, 30.25
T0 = 1_767_571_200.0  # 2026-01-05T00:00:00Z
_EAST, _NORTH = (float(v[0]) for v in metres_per_degree(np.array([LAT])))

Place = tuple[float, float]  # metres east and north of the county's origin


def lonlat(place: Place) -> Place:
    """Degrees of a place in metres."""
    return LON + place[0] / _EAST, LAT + place[1] / _NORTH


def feature(identity: str, kind: str, places: Sequence[Place], **properties: Any) -> dict[str, Any]:
    """A GeoJSON feature of `kind` with its corners, bends or centre at `places` (metres)."""
    positions = [list(lonlat(p)) for p in places]
    geometry: dict[str, Any] = {"type": "Point", "coordinates": positions[0]}
    if kind == "route":
        geometry = {"type": "LineString", "coordinates": positions}
    elif kind in ("area", "allowed-stop"):
        geometry = {"type": "Polygon", "coordinates": [[*positions, positions[0]]]}
    return {"type": "Feature", "id": identity, "geometry": geometry, "properties": {"kind": kind, **properties}}


# A straight route of 6 km with two checkpoints on it and one beside; a square area with a notch; a post; a station.
FEATURES = (
    feature("r1", "route", [(0, 0), (6000, 0)], corridor_m=60),
    feature("c1", "checkpoint", [(1500, 0)], radius_m=50, route="r1"),
    feature("c2", "checkpoint", [(3000, 0)], radius_m=50, route="r1"),
    feature("a1", "area", [(0, 0), (2000, 0), (2000, 2000), (1100, 2000), (1000, 600), (900, 2000), (0, 2000)]),
    feature("p1", "post", [(0, -2000)], radius_m=80),
    feature("s1", "allowed-stop", [(4950, -50), (5050, -50), (5050, 50), (4950, 50)]),
    feature("st", "area", [(-300, 3000), (-100, 3000), (-100, 3200), (-300, 3200)]),
)


def duty(device: str, place: str, minutes: float, *, start: float = 0, **more: Any) -> dict[str, Any]:
    """A duty of `device` from minute `start` for `minutes`, at the shape `place` of FEATURES."""
    key, kind = {
        "r1": ("route", "patrol"),
        "a1": ("area", "patrol"),
        "p1": ("post", "post"),
        "st": ("area", "standby"),
    }[place]
    span = {"from": T0 + 60 * start, "to": T0 + 60 * (start + minutes)}
    return {"id": f"{device}/{start:g}", "device": device, "kind": kind, key: place, **span, **more}


def plan_of(*duties: Mapping[str, Any], **members: Any) -> Plan:
    """The plan of the county with `duties` and further members of the document."""
    return parse_plan({"type": "FeatureCollection", "features": list(FEATURES), "duties": list(duties), **members})


@dataclass
class Track:
    """What a device reports, told in order: `Track("car-1").drive((3000, 0), mps=10).stay(600)`.

    Positions carry a Gaussian error of `noise_m`, the same for the same `seed`.
    """

    device: str
    at: Place = (0.0, 0.0)
    start: float = 0.0  # minutes after T0
    every_s: float = 10.0
    noise_m: float = 3.0
    accuracy_m: float = 5.0
    seed: int = 1
    rows: list[tuple[float, float, float, float, float, float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.t_s = T0 + 60 * self.start
        self._random = np.random.default_rng(self.seed)

    def report(self, place: Place, *, speed: float = np.nan, flags: int = 0, exact: bool = False) -> Self:
        """One fix at `place` now."""
        noise = np.zeros(2) if exact else self._random.normal(0.0, self.noise_m, 2)
        lon, lat = lonlat((place[0] + noise[0], place[1] + noise[1]))
        self.rows.append((self.t_s, lon, lat, speed, np.nan, self.accuracy_m, flags))
        return self

    def stay(self, seconds: float, **how: Any) -> Self:
        """Report from here for `seconds`."""
        for _ in range(round(seconds / self.every_s)):
            self.report(self.at, **how)
            self.t_s += self.every_s
        return self

    def drive(self, to: Place, mps: float = 10.0, **how: Any) -> Self:
        """Go straight to `to`."""
        length_m = float(np.hypot(to[0] - self.at[0], to[1] - self.at[1]))
        steps = max(1, round(length_m / mps / self.every_s))
        start = self.at
        for i in range(steps):
            share = i / steps
            self.report((start[0] + share * (to[0] - start[0]), start[1] + share * (to[1] - start[1])), **how)
            self.t_s += self.every_s
        self.at = to
        return self

    def ping(self, seconds: float) -> Self:
        """Say for `seconds` no more than that it is there."""
        for _ in range(round(seconds / self.every_s)):
            self.rows.append((self.t_s, *[np.nan] * 5, int(FixFlag.PING)))
            self.t_s += self.every_s
        return self

    def leap(self, to: Place) -> Self:
        """Be elsewhere from now on."""
        self.at = to
        return self

    def silent(self, seconds: float) -> Self:
        """Report nothing for `seconds`."""
        self.t_s += seconds
        return self

    @property
    def minute(self) -> float:
        """Minutes after T0 now."""
        return (self.t_s - T0) / 60


def fixes_of(tracks: Iterable[Track], devices: DeviceTable) -> FixBatch:
    """All fixes of `tracks`, in order of time."""
    columns: list[tuple[Any, ...]] = [(devices.index(t.device), *row) for t in tracks for row in t.rows]
    if not columns:
        return FixBatch.empty()
    batch = FixBatch.build(*(np.array(c) for c in zip(*columns, strict=True)))
    return batch.take(np.argsort(batch.t_s, kind="stable"))


class Ledger:
    """Applies changes as a store does, and holds each to its promise: only what is known can change."""

    def __init__(self, alerts: Iterable[Alert] = ()) -> None:
        self.alerts = {a.id: a for a in alerts}
        self.history: list[AlertChange] = []

    def apply(self, changes: Iterable[AlertChange]) -> None:
        for change in changes:
            identity = change.alert.id
            if change.change is Change.RAISED:
                assert identity not in self.alerts, f"raised twice: {change.alert}"
            else:
                assert self.alerts.get(identity) == change.before, f"changed from what it was not: {change}"
            self.alerts[identity] = change.alert
            if change.change is Change.WITHDRAWN:
                del self.alerts[identity]
            self.history.append(change)

    def told(self) -> list[dict[str, Any]]:
        """Every alert but for its identity, in an order that depends on nothing else."""
        return told(self.alerts.values())


def told(alerts: Iterable[Alert]) -> list[dict[str, Any]]:
    """The alerts without their identities, ordered by device, start and rule."""
    ordered = sorted(alerts, key=lambda a: (a.device, a.start_s, a.rule, a.duty or ""))
    names = [n for n in Alert.__slots__ if n != "id"]
    return [{n: getattr(a, n) for n in names} for a in ordered]


def rules_of(plan: Plan) -> Rulebook:
    """The catalogue with the plan's settings."""
    return default_rules().amended(plan.rules)


def cut(fixes: FixBatch, at: Sequence[int]) -> Iterator[FixBatch]:
    """The batches between the positions `at`."""
    edges = [0, *sorted(at), len(fixes)]
    for start, end in pairwise(edges):
        if end > start:
            yield fixes.take(slice(start, end))


@dataclass
class Seen:
    """What came of a replay."""

    alerts: list[Alert]
    crossings: list[Crossing]

    def of(self, rule: str) -> list[Alert]:
        return [a for a in self.alerts if a.rule == rule]


def replay(plan: Plan, *tracks: Track, until: float | None = None) -> Seen:
    """What the engine says of the sorted stream, once its clock has come to minute `until`."""
    devices = DeviceTable([t.device for t in tracks])
    fixes = fixes_of(tracks, devices)
    began_s = float(fixes.t_s.min()) if len(fixes) else T0
    engine = Engine(plan, rules_of(plan), devices, lateness_s=0.0, began_s=began_s)
    last_s = float(fixes.t_s.max()) if len(fixes) else T0
    outcome = engine.advance(fixes, last_s)
    ledger = Ledger()
    ledger.apply(outcome.changes)
    ledger.apply(engine.tick(last_s + LATENESS_S if until is None else T0 + 60 * until).changes)
    ordered = sorted(ledger.alerts.values(), key=lambda a: (a.start_s, a.device, a.rule))
    return Seen(ordered, list(outcome.crossings))

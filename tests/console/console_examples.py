"""Alerts, fixes and plans for the tests of the console."""

from typing import Any

import numpy as np

from analytics.alerts import Alert, AlertChange, Change, Grade
from analytics.fixes import FixBatch

NOW = 1_767_600_000.0  # 2026-01-05 08:00 UTC


def drive(device: int, n: int, *, start_s: float = NOW) -> FixBatch:
    """`n` fixes of one device, five seconds apart."""
    k = np.arange(n)
    known = np.full(n, 5.0)
    return FixBatch.build(np.full(n, device), start_s + k * 5.0, 113 + k * 1e-4, 22 + k * 1e-4, known, known, known)


def stop(device: str = "car-1", *, start_s: float = NOW, grade: Grade = Grade.B) -> Alert:
    """An overtime stop that lasts."""
    return Alert("overtime-stop", 1, grade, device, "d1", start_s, None, start_s + 600, 113.1, 22.9, {"minutes": 10.0})


def raised(*alerts: Alert) -> list[AlertChange]:
    """`alerts`, each just raised."""
    return [AlertChange(Change.RAISED, alert) for alert in alerts]


KEPT = (stop("car-1"), stop("car-2", grade=Grade.A, start_s=NOW + 3600))


def plan() -> dict[str, Any]:
    """A route, an area, a post, two duties, two devices."""
    ring = [[113, 22], [113.1, 22], [113.1, 22.1], [113, 22.1], [113, 22]]
    return {
        "type": "FeatureCollection",
        "features": [
            _feature("r1", "route", "LineString", [[113, 22], [113.1, 22]]),
            _feature("a1", "area", "Polygon", [ring]),
            _feature("p1", "post", "Point", [113, 22]),
        ],
        "devices": [{"id": "car-1", "kind": "car", "unit": "county.east", "name": "粤A2"}],
        "duties": [
            {
                "id": "d1",
                "device": "car-1",
                "kind": "patrol",
                "from": "2026-01-05T08:00:00+08:00",
                "to": "2026-01-05T20:00:00+08:00",
                "route": "r1",
            },
            {
                "id": "d2",
                "device": "off-9",
                "kind": "post",
                "from": "2026-01-05T20:00:00+08:00",
                "to": "2026-01-06T02:00:00+08:00",
                "post": "p1",
            },
        ],
        "rules": {"overtime-stop": {"minutes": 12}},
    }


def self_crossing() -> dict[str, Any]:
    """The same with an area like a bow tie."""
    document = plan()
    ring = [[113, 22], [113.1, 22.1], [113.1, 22], [113, 22.1], [113, 22]]
    document["features"].append(_feature("bow-tie", "area", "Polygon", [ring]))
    return document


def _feature(identity: str, kind: str, geometry: str, coordinates: list[Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": identity,
        "geometry": {"type": geometry, "coordinates": coordinates},
        "properties": {"kind": kind, "name": f"{kind} {identity}"},
    }

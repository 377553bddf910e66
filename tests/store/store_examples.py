"""Fixes, alerts and plans for the tests of the store."""

from typing import Any

import numpy as np

from analytics.alerts import Alert, AlertChange, Change, Grade
from analytics.fixes import FixBatch

NOON = 1_767_600_000.0  # 2026-01-05 08:00 UTC


def drive(device: int, n: int, *, start_s: float = NOON, every_s: float = 5.0) -> FixBatch:
    """`n` fixes of one device, some without speed, heading or accuracy."""
    k = np.arange(n)
    unknown = np.where(k % 3 == 0, np.nan, k.astype(float))
    return FixBatch.build(
        np.full(n, device), start_s + k * every_s, 113 + k * 1e-4, 22 + k * 1e-4, unknown, unknown, unknown
    )


def stop(device: str = "car-1", *, start_s: float = NOON, grade: Grade = Grade.B, **detail: Any) -> Alert:
    """An overtime stop that lasts."""
    return Alert(
        "overtime-stop", 1, grade, device, "d1", start_s, None, start_s + 600, 113.1, 22.9, {"minutes": 10.0} | detail
    )


def raised(*alerts: Alert) -> list[AlertChange]:
    """`alerts`, each just raised."""
    return [AlertChange(Change.RAISED, alert) for alert in alerts]


def plan(name: str = "one") -> dict[str, Any]:
    """A plan with a shape of each kind that the store tells apart, two duties, two devices."""
    return {
        "type": "FeatureCollection",
        "name": name,
        "features": [
            {
                "type": "Feature",
                "id": "r1",
                "geometry": {"type": "LineString", "coordinates": [[113, 22], [113.1, 22]]},
                "properties": {"kind": "route", "name": "沿江路"},
            },
            {
                "type": "Feature",
                "id": "p1",
                "geometry": {"type": "Point", "coordinates": [113, 22]},
                "properties": {"kind": "post", "radius_m": 80},
            },
        ],
        "devices": [
            {"id": "car-2", "kind": "car", "unit": "county.east", "name": "粤A2"},
            {"id": "off-1", "kind": "officer", "unit": "county.west"},
        ],
        "duties": [
            {
                "id": "d1",
                "device": "car-2",
                "kind": "patrol",
                "from": "2026-01-05T08:00:00+08:00",
                "to": "2026-01-05T20:00:00+08:00",
                "route": "r1",
                "breaks": [],
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
    }


def same_fixes(one: FixBatch, other: FixBatch) -> bool:
    """Whether two batches hold the same fixes in the same order, the unknown counted as equal."""
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in ("device", "t_s", "lon", "lat", "speed_mps", "heading_deg", "accuracy_m", "flags")
    )

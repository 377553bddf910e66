"""The contract's files: traces and plan out, alerts in."""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks.judge.frame import Floats
from benchmarks.judge.window import CHECKPOINT_M, CORRIDOR_M, POST_M, Raised, Window


class UnreadableAlerts(Exception):  # noqa: N818 - the name says what happened
    """A line of alerts.jsonl that isn't what the contract promises."""


def write_traces(windows: Sequence[Window], path: Path, rng: np.random.Generator) -> int:
    """All fixes, device by device, each device's in no order (the contract allows any). Returns their number."""
    count = 0
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("device", "time", "lon", "lat"))
        for window in windows:
            places = window.frame.degrees(window.xy)
            for i in rng.permutation(len(window.t)).tolist():
                t = window.start_s + float(window.t[i])
                rows.writerow((window.device, f"{t:.3f}", f"{places[i, 0]:.7f}", f"{places[i, 1]:.7f}"))
            count += len(window.t)
    return count


def write_plan(windows: Sequence[Window], path: Path) -> None:
    """One plan for all windows: a shape, its checkpoints and a duty for each."""
    features: list[dict[str, Any]] = []
    duties: list[dict[str, Any]] = []
    for window in windows:
        shape, name = window.duty.shape, f"{window.device}-{window.duty.shape}"
        properties: dict[str, Any] = {"kind": shape}
        if shape == "route":
            properties["corridor_m"] = CORRIDOR_M
        if shape == "post":
            properties["radius_m"] = POST_M
        features.append(_feature(name, _geometry(window), properties))
        for k, place in enumerate(window.frame.degrees(window.duty.checkpoints)):
            point = {"type": "Point", "coordinates": _rounded(place)}
            checkpoint = {"kind": "checkpoint", "radius_m": CHECKPOINT_M, "route": name}
            features.append(_feature(f"{window.device}-c{k}", point, checkpoint))
        duties.append(
            {
                "id": f"{window.device}-duty",
                "device": window.device,
                "kind": "post" if shape == "post" else "patrol",
                "from": stamp(window.start_s),
                "to": stamp(window.start_s + window.length_s),
                shape: name,
            }
        )
    document = {"type": "FeatureCollection", "features": features, "duties": duties}
    path.write_text(json.dumps(document))


def read_alerts(path: Path) -> list[Raised]:
    """The alerts of a replay, as the judge sees them."""
    alerts = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            row = json.loads(line)
            alerts.append(
                Raised(
                    str(row["rule"]),
                    str(row["device"]),
                    _seconds(row["from"]),
                    None if row["to"] is None else _seconds(row["to"]),
                    _seconds(row["detail"]["noticed"]),
                    row["detail"],
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableAlerts(f"{path}:{number}: {error!r}; expected an alert as in the contract") from error
    return alerts


def stamp(t: float) -> str:
    """RFC 3339, UTC, milliseconds."""
    return datetime.fromtimestamp(t, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(f"{value}: a time without its offset")
    return at.timestamp()


def _feature(name: str, geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": name, "geometry": geometry, "properties": properties}


def _geometry(window: Window) -> dict[str, Any]:
    geometry = window.duty.geometry
    if window.duty.shape == "area":
        geometry = shapely.geometry.polygon.orient(geometry)  # RFC 7946: the outer ring counterclockwise
        ring = window.frame.degrees(np.asarray(geometry.exterior.coords))
        return {"type": "Polygon", "coordinates": [[_rounded(p) for p in ring]]}
    places = window.frame.degrees(np.asarray(geometry.coords))
    if window.duty.shape == "post":
        return {"type": "Point", "coordinates": _rounded(places[0])}
    return {"type": "LineString", "coordinates": [_rounded(p) for p in places]}


def _rounded(place: Floats) -> list[float]:
    return [round(float(place[0]), 7), round(float(place[1]), 7)]

"""Recording a scenario into a folder: plan, base map, traces, truth."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hardware.county import build
from hardware.scenario import Scenario

HEADER = "device,time,lon,lat,speed,heading,accuracy,mock\n"
_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was written: files by name, and how much."""

    files: dict[str, Path]
    devices: int
    duties: int
    fixes: int
    acts: int


def write_county(
    out: Path,
    seed: int,
    hours: float,
    cars: int,
    officers: int,
    start: float,
    progress: Callable[[int, int], None] | None = None,
) -> Recorded:
    """Simulate a county from `start` (Unix seconds) and write it into the folder `out`.

    `progress(done, total)` counts devices.
    """
    return write_scenario(out, build(seed).shift(start, hours, cars, officers), progress)


def write_scenario(out: Path, scenario: Scenario, progress: Callable[[int, int], None] | None = None) -> Recorded:
    """Write `plan.geojson`, `basemap.geojson`, `traces.csv.gz` (in the order of arrival, with what came late or twice),
    `truth.jsonl` and `near-misses.jsonl` into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    files = {
        name: out / name
        for name in ("plan.geojson", "basemap.geojson", "traces.csv.gz", "truth.jsonl", "near-misses.jsonl")
    }
    _write_json(files["plan.geojson"], scenario.plan)
    _write_json(files["basemap.geojson"], scenario.county.basemap())
    for name, deeds in (("truth.jsonl", scenario.truth), ("near-misses.jsonl", scenario.near_misses)):
        lines = "".join(json.dumps(d.document(), ensure_ascii=False) + "\n" for d in deeds)
        files[name].write_text(lines, encoding="utf-8")
    fixes = _write_traces(files["traces.csv.gz"], scenario, progress)
    duties = sum(len(s.duties) for s in scenario.stories)
    acts = sum(not d.side_effect for d in scenario.truth)
    return Recorded(files, len(scenario.stories), duties, fixes, acts)


def _write_json(file: Path, document: dict[str, Any]) -> None:
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def _write_traces(file: Path, scenario: Scenario, progress: Callable[[int, int], None] | None) -> int:
    number: list[np.ndarray[Any, Any]] = []
    traces = []
    for n, story in enumerate(scenario.stories):
        for trace in scenario.traces(story):
            number.append(np.full(len(trace), n))
            traces.append(trace)
        if progress is not None:
            progress(n + 1, len(scenario.stories))
    names = [s.device.id for s in scenario.stories]
    columns = ("arrival", "t", "lon", "lat", "speed", "heading", "accuracy", "mock")
    empty = np.empty(0)
    arrival, *rest = (np.concatenate([empty, *(getattr(t, c) for t in traces)]) for c in columns)
    device = np.concatenate([empty, *number]).astype(np.int64)
    # A zeroed time stamp in the archive's header: the same scenario gives the same bytes.
    with file.open("wb") as raw, gzip.GzipFile("", "wb", 3, raw, mtime=0) as packed:
        packed.write(HEADER.encode())
        order = np.argsort(arrival, kind="stable")
        for start in range(0, len(order), _ROWS):
            rows = order[start : start + _ROWS]
            values = zip(device[rows].tolist(), *(c[rows].tolist() for c in rest), strict=True)
            packed.write(
                "".join(
                    f"{names[d]},{t:.0f},{lon:.7f},{lat:.7f},{speed:.2f},{heading:.0f},{acc:.1f},{mock:.0f}\n"
                    for d, t, lon, lat, speed, heading, acc, mock in values
                ).encode()
            )
    return len(arrival)

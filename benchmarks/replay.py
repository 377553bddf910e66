"""How fast `ducha replay` goes through a large recording, reading included."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from analytics.catalogue import default_rules
from benchmarks.figures import Figure, at_least
from benchmarks.fleet import Fleet
from console.replay import Replayed, read_plan, replay

_TARGET = 100_000  # half of the engine's


def measure(*, quick: bool = False) -> list[Figure]:
    """The rates of the best of three replays."""
    fixes = 400_000 if quick else 2_000_000
    with tempfile.TemporaryDirectory(prefix="ducha-replay-") as folder:
        traces, plan = Path(folder) / "traces.csv", Path(folder) / "plan.geojson"
        fleet = Fleet()
        plan.write_text(json.dumps(fleet.document), "utf-8")
        _write(fleet, fixes, traces)
        mebibytes = traces.stat().st_size / (1 << 20)
        runs = [replay([traces], read_plan(plan), default_rules()) for _ in range(3)]
    best = min(runs, key=_took_s)
    return [
        at_least(
            f"replay of {best.fixes:,} fixes (CSV, {mebibytes:.0f} MiB), {len(best.alerts):,} alerts",
            best.fixes / _took_s(best),
            _TARGET,
            "fixes/s",
        ),
        Figure("replay, of that reading", f"{best.fixes / best.reading_s:,.0f} fixes/s ({best.reading_s:.1f} s)"),
        Figure("replay, of that judging", f"{best.fixes / best.judging_s:,.0f} fixes/s ({best.judging_s:.1f} s)"),
    ]


def _took_s(run: Replayed) -> float:
    return run.reading_s + run.judging_s


def _write(fleet: Fleet, fixes: int, file: Path) -> None:
    names = pa.array(fleet.names)
    writer = None
    for batch in fleet.batches(fixes, 200_000):
        table = pa.table(
            {
                "device": names.take(pa.array(batch.device)),
                "time": np.round(batch.t_s, 3),
                "lon": np.round(batch.lon, 7),
                "lat": np.round(batch.lat, 7),
                "speed": np.round(batch.speed_mps, 1),
                "heading": batch.heading_deg,
                "accuracy": np.round(batch.accuracy_m, 1),
            }
        )
        writer = writer or pyarrow.csv.CSVWriter(file, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()

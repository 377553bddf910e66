"""Trace files that tests write, and what is read of them."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pa_parquet

from analytics.fixes import DeviceTable
from ingest.traces import Traces, read_traces

NOON_S = 1_767_614_400.0


HEADER = "device,time,lon,lat,note"


def row(i: int, note: str = "", device: str = "car-1") -> str:
    return f"{device},{NOON_S + i:.0f},120.{i:03d},30.25,{note}"


def read(folder: Path, content: str | bytes, name: str = "traces.csv", devices: DeviceTable | None = None) -> Traces:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_traces(file, DeviceTable() if devices is None else devices)


def named_lines(traces: Traces) -> list[int]:
    return [int(text.split(":")[1]) for text in traces.rejects.named]


def parquet(folder: Path, times: pa.Array, **columns: pa.Array) -> Traces:
    n = len(times)
    usual = {"device": pa.array(["car-1"] * n), "lon": pa.array([120.5] * n), "lat": pa.array([30.5] * n)}
    file = folder / "traces.PARQUET"
    pa_parquet.write_table(pa.table({"time": times} | usual | columns), file)
    return read_traces(file, DeviceTable())


def gpx(*tracks: str, prefix: str = "", version: str = "1.1", before: str = "") -> str:
    space = f"http://www.topografix.com/GPX/{version.replace('.', '/')}"
    declared = f'xmlns{":" + prefix[:-1] if prefix else ""}="{space}"'
    return f'{before}<{prefix}gpx version="{version}" {declared}>{"".join(tracks)}</{prefix}gpx>'


def track(points: Sequence[str], name: str = "<name>car-1</name>", prefix: str = "", after: str = "") -> str:
    inner = "".join(f'<{prefix}trkpt lat="30" lon="{120 + i}">{p}</{prefix}trkpt>' for i, p in enumerate(points))
    return f"<{prefix}trk>{name}<{prefix}trkseg>{inner}</{prefix}trkseg>{after}</{prefix}trk>"

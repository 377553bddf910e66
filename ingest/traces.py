"""Recorded traces from CSV (.gz), Parquet or GPX files.

A malformed row is named, counted and left out. Columns: `device, time, lon, lat`, then optionally `speed` (m/s),
`heading` (degrees), `accuracy` (metres), `mock` (0 or 1) and whatever else, which is ignored. `time` is RFC 3339 with
an offset or Unix seconds.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
from numpy.typing import NDArray

from analytics.fixes import DeviceTable, FixBatch, FixFlag

REQUIRED = ("device", "time", "lon", "lat")
OPTIONAL = ("speed", "heading", "accuracy", "mock")
_EARLIEST_S, _LATEST_S = 631_152_000.0, 4_102_444_800.0  # 1990 and 2100
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_ISO_TIME = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$"
_NAMED_REJECTS = 20


class TraceError(ValueError):
    """A file that can't be read as traces: the message names the file, and the line or column."""


@dataclass(slots=True)
class Rejects:
    """Malformed rows of one file: how many, and the first of them by line."""

    count: int = 0
    named: list[str] = field(default_factory=list)

    def add(self, file: Path, lines: NDArray[np.int64], problem: str, expected: str) -> None:
        self.count += len(lines)
        for line in lines[: max(0, _NAMED_REJECTS - len(self.named))].tolist():
            self.named.append(f"{file.name}:{line}: {problem}; expected {expected}")


@dataclass(frozen=True, slots=True)
class Traces:
    """The fixes of one file, the rows it had, and what was left out."""

    fixes: FixBatch
    rows: int
    rejects: Rejects


def read_traces(file: Path, devices: DeviceTable) -> Traces:
    """All fixes of `file`; devices not yet known are added to `devices`.

    Raises:
        TraceError: where the file is missing, of no known kind, or lacks a column.
    """
    if not file.is_file():
        raise TraceError(f"{file}: no such file; expected traces as .csv, .csv.gz, .parquet or .gpx")
    rejects = Rejects()
    try:
        if file.suffix == ".gpx":
            table, lines = _gpx_table(file), None
        elif file.suffix == ".parquet":
            table, lines = pa_parquet.read_table(file), None
        elif file.name.endswith((".csv", ".csv.gz")):
            table, lines = _csv_table(file, rejects)
        else:
            raise TraceError(f"{file}: unknown kind of file; expected .csv, .csv.gz, .parquet or .gpx")
        header = table.column_names
    except (pa.ArrowInvalid, OSError, EOFError, UnicodeDecodeError, ET.ParseError) as error:
        raise TraceError(f"{file}: can't be read ({str(error).splitlines()[0]})") from error
    missing = [c for c in REQUIRED if c not in header]
    if missing:
        raise TraceError(f"{file}:1: no column {', '.join(missing)}; expected the header {','.join(REQUIRED)}[,…]")
    rows = table.num_rows + rejects.count
    if lines is None:
        lines = np.arange(table.num_rows, dtype=np.int64) + 1
    return Traces(_fixes(file, table, lines, devices, rejects), rows, rejects)


def _csv_table(file: Path, rejects: Rejects) -> tuple[pa.Table, NDArray[np.int64]]:
    skipped: list[int] = []

    def skip(row: Any) -> str:
        skipped.append(row.number)
        return "skip"

    table = pa_csv.read_csv(
        file,
        # One thread, so that a row that is left out has a number.
        read_options=pa_csv.ReadOptions(block_size=1 << 24, use_threads=False),
        parse_options=pa_csv.ParseOptions(invalid_row_handler=skip),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: pa.string() for name in (*REQUIRED, *OPTIONAL)},
            include_columns=None,
            strings_can_be_null=False,
        ),
    )
    lines = np.arange(2, table.num_rows + len(skipped) + 2, dtype=np.int64)
    lines = lines[~np.isin(lines, skipped)] if skipped else lines
    rejects.add(file, np.array(skipped, np.int64), "the row has too few or too many columns", "as many as the header")
    return table, lines[: table.num_rows]


def _gpx_table(file: Path) -> pa.Table:
    columns: dict[str, list[str]] = {name: [] for name in REQUIRED}
    track = file.stem
    for event, element in ET.iterparse(file, events=("start", "end")):
        tag = element.tag.rsplit("}", 1)[-1]
        if event == "start":
            track = file.stem if tag == "trk" else track
        elif tag == "name" and element.text:
            track = element.text.strip()
        elif tag == "trkpt":
            time = next((c.text for c in element if c.tag.rsplit("}", 1)[-1] == "time"), None)
            values = (track, time or "", element.get("lon", ""), element.get("lat", ""))
            for name, value in zip(REQUIRED, values, strict=True):
                columns[name].append(value)
            element.clear()
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _fixes(file: Path, table: pa.Table, lines: NDArray[np.int64], devices: DeviceTable, rejects: Rejects) -> FixBatch:
    good = np.ones(table.num_rows, bool)

    def check(fine: NDArray[np.bool_], problem: str, expected: str) -> None:
        rejects.add(file, lines[good & ~fine], problem, expected)
        np.logical_and(good, fine, out=good)

    time_s = _times(table["time"])
    lon, lat = _numbers(table["lon"]), _numbers(table["lat"])
    check((time_s >= _EARLIEST_S) & (time_s < _LATEST_S), "time", "RFC 3339 or Unix seconds, between 1990 and 2100")
    check((lon >= -180) & (lon <= 180), "lon", "degrees from -180 to 180")
    check((lat >= -90) & (lat <= 90), "lat", "degrees from -90 to 90")
    optional: dict[str, NDArray[np.float64]] = {}
    for name in OPTIONAL:
        if name in table.column_names:
            values, empty = _numbers(table[name]), _empty(table[name])
            check(~np.isnan(values) | empty, name, "a number or nothing")
            optional[name] = values
    for name, unit in (("speed", "m/s"), ("accuracy", "metres")):
        if name in optional:
            check(~(optional[name] < 0), name, f"{unit}, not negative")
    named = pc.cast(table["device"], pa.string()).combine_chunks().dictionary_encode()
    if isinstance(named, pa.ChunkedArray):
        named = named.combine_chunks()
    code = np.asarray(named.indices.fill_null(-1), np.int64)
    words = [str(w) for w in named.dictionary.to_pylist()]
    blank = np.array([not w.strip() for w in words] + [True], bool)
    check(~blank[code], "device", "a name")
    number = np.array([devices.index(w) if w.strip() else 0 for w in words] + [0], np.int32)
    keep = np.flatnonzero(good)
    mock = optional.get("mock")

    def kept(name: str) -> NDArray[np.float64] | None:
        return optional[name][keep] if name in optional else None

    return FixBatch.build(
        number[code[keep]],
        time_s[keep],
        lon[keep],
        lat[keep],
        speed_mps=kept("speed"),
        heading_deg=kept("heading"),
        accuracy_m=kept("accuracy"),
        flags=None if mock is None else np.where(np.nan_to_num(mock[keep]) > 0, int(FixFlag.MOCK), 0),
    )


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Floats of a column of numbers or texts; NaN where there is no number."""
    if not _is_text(column):
        column = pc.cast(column, pa.float64(), safe=False)
    else:
        try:
            column = pc.cast(column, pa.float64())
        except pa.ArrowInvalid:
            fine = pc.match_substring_regex(column, _NUMBER)
            column = pc.cast(pc.utf8_trim_whitespace(pc.if_else(fine, column, None)), pa.float64())
    values: NDArray[np.float64] = column.to_numpy(zero_copy_only=False).astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _times(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Unix seconds of a column of numbers, timestamps or texts; NaN where there is no time."""
    if pa.types.is_timestamp(column.type):
        return _numbers(pc.cast(pc.cast(column, pa.timestamp("us", "UTC")), pa.int64())) / 1e6
    values = _numbers(column)
    if _is_text(column) and np.isnan(values).any():
        iso = pc.match_substring_regex(column, _ISO_TIME)
        texts = pc.if_else(iso, column, None)
        try:
            moments = pc.cast(texts, pa.timestamp("us", "UTC"))
            seconds = _numbers(pc.cast(moments, pa.int64())) / 1e6
        except pa.ArrowInvalid:  # a day that no calendar has: one by one, to leave out only that
            seconds = np.array([_seconds(text) for text in texts.to_pylist()], np.float64)
        values = np.where(np.isnan(values), seconds, values)
    return values


def _seconds(text: str | None) -> float:
    try:
        return datetime.fromisoformat(text).timestamp() if text else np.nan
    except ValueError:
        return np.nan


def _empty(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    empty = pc.is_null(column)
    if _is_text(column):
        empty = pc.or_kleene(empty, pc.equal(pc.utf8_trim_whitespace(column), ""))
    out: NDArray[np.bool_] = empty.fill_null(True).to_numpy(zero_copy_only=False).astype(bool)
    return out


def _is_text(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def in_time_order(fixes: FixBatch, at_most: int) -> Iterator[FixBatch]:
    """The fixes in order of time, in batches of about `at_most`; no instant is split over two batches."""
    fixes = fixes.take(np.argsort(fixes.t_s, kind="stable"))
    start = 0
    while start < len(fixes):
        end = min(start + at_most, len(fixes))
        if end < len(fixes):
            end = int(np.searchsorted(fixes.t_s, fixes.t_s[end - 1], side="right"))
        yield fixes.take(slice(start, end))
        start = end

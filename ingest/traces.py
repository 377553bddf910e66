"""Recorded traces from CSV, Parquet or GPX files; CSV and GPX may be compressed with gzip.

A malformed row is named, counted and left out. Columns: `device, time, lon, lat`, then optionally `speed` (m/s),
`heading` (degrees), `accuracy` (metres), `mock` (0 or 1), `created_at` and whatever else, which is ignored. `time` is
RFC 3339 with an offset or Unix seconds. A figure beside the position that can't be (a negative speed, a heading of 361)
means that the terminal doesn't know it. A row that repeats a fix and was `created_at` long after it is a ping
too: it says that the device was there to say so.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analytics.fixes import DeviceTable, FixBatch, FixFlag
from ingest.csv_traces import read_csv_rows
from ingest.decode import PING_S
from ingest.gpx_traces import read_gpx_rows
from ingest.parquet_traces import read_parquet_rows
from ingest.trace_rows import BLANKS, OPTIONAL, Rejects, Rows, TraceError

__all__ = ["TraceError", "Traces", "in_time_order", "read_traces"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_EARLIEST_S, _LATEST_S = 631_152_000.0, 4_102_444_800.0  # 1990 and 2100
PINGS_PAST_S = 30 * 86_400.0  # a file doesn't say what the time was: a clock farther ahead of its fix is wrong
_KINDS = ".csv, .csv.gz, .parquet or .gpx"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_UNKNOWN = r"^[+-]?(?i:nan|inf|infinity|null|none)$"
_ISO_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6})\d*)? ?([Zz]|[+-]\d\d(?::?\d\d)?)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Traces:
    """The fixes and pings of one file, how many rows it had, how many of its lines were blank, and what was left out.

    Fixes and malformed rows are the rows; with the blank lines (and the header of CSV) they are the file's lines.
    """

    fixes: FixBatch
    pings: FixBatch
    rows: int
    blank: int
    rejects: Rejects


def read_traces(file: Path, devices: DeviceTable) -> Traces:
    """All fixes of `file`; devices not yet known are added to `devices`.

    Raises:
        TraceError: where the file is missing, of no known kind, or lacks a column.
    """
    if not file.is_file():
        raise TraceError(f"{file}: no such file; expected traces as {_KINDS}")
    rejects = Rejects(file)
    try:
        rows = _read(file, rejects)
        fixes, pings = _fixes(rows, devices, rejects)
    except (pa.ArrowException, OSError, EOFError, zlib.error, UnicodeError, LookupError, OverflowError) as error:
        raise TraceError(f"{file}: can't be read ({str(error).splitlines()[0][:200]})") from error
    # Nothing of a file is ever left out without a word.
    assert len(fixes) + rejects.count + rows.blank == rows.total, file
    return Traces(fixes, pings, rows.total - rows.blank, rows.blank, rejects)


def _read(file: Path, rejects: Rejects) -> Rows:
    name = file.name.lower()
    packed = name.endswith(".gz")
    name = name.removesuffix(".gz")
    if not name.endswith((".csv", ".gpx", ".parquet")):
        raise TraceError(f"{file}: unknown kind of file; expected {_KINDS}")
    data = file.read_bytes()
    if packed or data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    if name.endswith(".csv"):
        return read_csv_rows(file, data, rejects)
    if name.endswith(".parquet"):
        return read_parquet_rows(file, data)
    stem = file.name[: len(name) - len(".gpx")].strip(BLANKS)
    return read_gpx_rows(file, data, stem, rejects)


def _fixes(rows: Rows, devices: DeviceTable, rejects: Rejects) -> tuple[FixBatch, FixBatch]:
    columns, lines = rows.columns, rows.lines
    good = np.ones(len(lines), bool)

    def check(name: str, fine: Bools, expected: str) -> None:
        bad = np.flatnonzero(good & ~fine)
        rejects.add(lines[bad].tolist(), columns[name].take(pa.array(bad[:100])).to_pylist(), name, expected)
        np.logical_and(good, fine, out=good)

    time_s = _times(columns["time"])
    lon, lat = _numbers(columns["lon"]), _numbers(columns["lat"])
    check(
        "time",
        (time_s >= _EARLIEST_S) & (time_s < _LATEST_S),
        "RFC 3339 with an offset or Unix seconds, between 1990 and 2100",
    )
    check("lon", (lon >= -180) & (lon <= 180), "degrees from -180 to 180")
    check("lat", (lat >= -90) & (lat <= 90), "degrees from -90 to 90")
    optional: dict[str, Floats] = {}
    for name in (n for n in OPTIONAL if n != "created_at"):
        if name in columns:
            optional[name] = _numbers(columns[name])
            check(name, ~np.isnan(optional[name]) | _unknown(columns[name]), "a number or nothing")
    code, number, named = _devices(columns["device"], devices)
    check("device", named[code], "a name")
    keep = np.flatnonzero(good)
    mock = optional.get("mock")
    heading = optional.get("heading")
    fixes = FixBatch.build(
        number[code[keep]],
        time_s[keep],
        lon[keep],
        lat[keep],
        speed_mps=_not_negative(optional.get("speed"), keep),
        heading_deg=None if heading is None else np.where((heading < 0) | (heading > 360), np.nan, heading)[keep],
        accuracy_m=_not_negative(optional.get("accuracy"), keep),
        flags=None if mock is None else np.where(np.nan_to_num(mock[keep]) > 0, int(FixFlag.MOCK), 0),
    )
    if "created_at" not in columns:
        return fixes, FixBatch.empty()
    made_s = _times(columns["created_at"])[keep]
    late_s = made_s - fixes.t_s
    ping = np.flatnonzero((late_s >= PING_S) & (late_s <= PINGS_PAST_S) & _repeated(fixes, made_s))
    return fixes, FixBatch.pings(fixes.device[ping], made_s[ping])


def _repeated(fixes: FixBatch, made_s: Floats) -> Bools:
    """Which fixes stand in several rows made at different times. (Where each stands once, `created_at` may as well say
    when it was written to a table.)"""
    order = np.lexsort((made_s, fixes.t_s, fixes.device))
    device, t_s, made_s = fixes.device[order], fixes.t_s[order], made_s[order]
    again = (device[1:] == device[:-1]) & (t_s[1:] == t_s[:-1]) & (made_s[1:] != made_s[:-1])
    repeated = np.zeros(len(fixes), bool)
    repeated[order[1:][again]] = repeated[order[:-1][again]] = True
    return repeated


def _not_negative(values: Floats | None, keep: NDArray[np.intp]) -> Floats | None:
    return None if values is None else np.where(values < 0, np.nan, values)[keep]


def _devices(column: pa.ChunkedArray, devices: DeviceTable) -> tuple[NDArray[np.int64], NDArray[np.int32], Bools]:
    """For each row the place of its name among those there are; the number of each of these names in `devices`; and
    whether it is a name at all. The last stands for none."""
    encoded = pc.cast(column, pa.string()).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = [str(w).strip(BLANKS) for w in encoded.dictionary.to_pylist()]
    code = np.asarray(encoded.indices.fill_null(len(words)), np.int64)
    number = np.array([devices.index(w) if w else 0 for w in words] + [0], np.int32)
    return code, number, np.array([bool(w) for w in words] + [False], bool)


def _numbers(column: pa.ChunkedArray) -> Floats:
    """Floats of a column of numbers or texts; NaN where there is no number."""
    if not _is_text(column):
        column = pc.cast(column, pa.float64(), safe=False)
    else:
        try:
            column = pc.cast(column, pa.float64())
        except pa.ArrowInvalid:
            column = pc.utf8_trim(column, BLANKS)
            column = pc.cast(pc.if_else(pc.match_substring_regex(column, _NUMBER), column, None), pa.float64())
    values: Floats = column.to_numpy(zero_copy_only=False).astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _times(column: pa.ChunkedArray) -> Floats:
    """Unix seconds of a column of numbers, timestamps or texts, to the microsecond; NaN where there is no time."""
    if pa.types.is_timestamp(column.type):
        return _seconds_of(column)
    if not _is_text(column):
        return _numbers(column)
    try:
        return _seconds_of(pc.cast(column, pa.timestamp("us", "UTC")))
    except pa.ArrowInvalid:
        # Not all are times as Arrow reads them: some are numbers, or have blanks around them, or are no times.
        column = pc.utf8_trim(column, BLANKS)
    values = _numbers(column)
    texts = np.flatnonzero(np.isnan(values))
    values[texts] = [_seconds(text) for text in column.take(pa.array(texts)).to_pylist()]
    return values


def _seconds_of(moments: pa.ChunkedArray) -> Floats:
    # An integer of any unit becomes one of microseconds; what is finer than these is cut off.
    micros = pc.cast(pc.cast(moments, pa.timestamp("us", "UTC"), safe=False), pa.int64())
    return _numbers(micros) / 1e6


def _seconds(text: str | None) -> float:
    match = _ISO_TIME.fullmatch(text) if text else None
    if match is None:
        return np.nan
    day, clock, fraction, zone = match.groups()
    try:
        return (
            datetime.fromisoformat(f"{day}T{clock}{zone.upper()}").timestamp()
            + int((fraction or "0").ljust(6, "0")) / 1e6
        )
    except (ValueError, OverflowError):
        return np.nan


def _unknown(column: pa.ChunkedArray) -> Bools:
    """Where a figure is left out, or said not to be known."""
    unknown = pc.is_null(column, nan_is_null=True)
    if _is_text(column):
        column = pc.utf8_trim(column, BLANKS)
        unknown = pc.or_kleene(unknown, pc.or_kleene(pc.equal(column, ""), pc.match_substring_regex(column, _UNKNOWN)))
    elif pa.types.is_floating(column.type):
        unknown = pc.or_kleene(unknown, pc.is_inf(column))
    out: Bools = unknown.fill_null(True).to_numpy(zero_copy_only=False).astype(bool)
    return out


def _is_text(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(column.type))


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

"""Times in trace files, as texts, numbers and timestamps; and what else a Parquet file may hold."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from trace_examples import HEADER, NOON_S, gpx, named_lines, parquet, read, track

from ingest.traces import TraceError

TIMES = {
    "2026-01-05T12:00:00Z": 0.0,
    "2026-01-05t12:00:00z": 0.0,
    "2026-01-05 20:00:00+08:00": 0.0,
    "2026-01-05 20:00:00 +0800": 0.0,
    "2026-01-05 20:00:00+08": 0.0,
    "2026-01-05T12:00Z": 0.0,
    "2026-01-05T12:00:00.123456789Z": 0.123456,
    "2026-01-05T12:00:00.5+00:00": 0.5,
    "1767614400.25": 0.25,
    " 1767614400 ": 0.0,
    "1.7676144e9": 0.0,
}


NO_TIMES = (
    "2026-01-05T12:00:00",
    "2026-01-05",
    "12:00:00Z",
    "05/01/2026 12:00",
    "2026-01-05T25:00:00Z",
    "1767614400000",
)


@pytest.mark.parametrize(("text", "after_s"), TIMES.items())
@pytest.mark.parametrize("beside", ["2026-01-05T12:00:00Z", "1767614400", ""])
def test_times_are_read_to_the_microsecond(tmp_path: Path, text: str, after_s: float, beside: str) -> None:
    traces = read(tmp_path, "\n".join([HEADER, f"a,{text},1,2,", f"a,{beside},1,2,"]))
    assert traces.fixes.t_s[0] == pytest.approx(NOON_S + after_s, abs=5e-7)


@pytest.mark.parametrize("text", NO_TIMES)
@pytest.mark.parametrize("kind", ["csv", "gpx", "parquet", "dictionary"])
def test_a_time_without_a_zone_or_none_at_all_is_refused_in_every_kind_of_file(
    tmp_path: Path, text: str, kind: str
) -> None:
    if kind == "csv":
        traces = read(tmp_path, f"device,time,lon,lat\ncar-1,{text},1,2\n")
    elif kind == "gpx":
        traces = read(tmp_path, gpx(track([f"<time>{text}</time>"])), "a.gpx")
    else:
        times = pa.array([text])
        traces = parquet(tmp_path, times.dictionary_encode() if kind == "dictionary" else times)
    assert traces.rejects.count == 1
    assert f"time is {text!r}" in traces.rejects.named[0]


MICROS = [1_767_614_400_000_000, 1_767_614_400_123_457, 1_767_614_401_500_000]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "+08:00"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_timestamps_with_a_zone_are_read_to_the_microsecond(
    tmp_path: Path, unit: str, zone: str, dictionary: bool
) -> None:
    per_s = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[unit]
    values = [m * per_s // 1_000_000 + (477 if unit == "ns" else 0) for m in MICROS]
    times = pa.array(values, pa.timestamp(unit, zone))
    traces = parquet(tmp_path, times.dictionary_encode() if dictionary else times)
    expected = [v * max(1, 1_000_000 // per_s) // max(1, per_s // 1_000_000) / 1e6 for v in values]
    assert traces.fixes.t_s.tolist() == expected


@pytest.mark.parametrize(
    "times",
    [
        pa.array(["2026-01-05T12:00:00Z", "2026-01-05T12:00:01+00:00"]),
        pa.array(["2026-01-05T12:00:00Z", "1767614401"]).dictionary_encode(),
        pa.array(["2026-01-05T12:00:00Z", "2026-01-05T12:00:01Z"], pa.large_string()),
        pa.array([NOON_S, NOON_S + 1]),
        pa.array([int(NOON_S), int(NOON_S) + 1]),
        pa.array([int(NOON_S), int(NOON_S) + 1], pa.uint32()),
        pa.array([str(NOON_S), str(NOON_S + 1)]).cast(pa.decimal128(20, 3)),
    ],
    ids=lambda t: str(t.type),
)
def test_times_may_be_texts_or_numbers_of_any_type(tmp_path: Path, times: pa.Array) -> None:
    assert parquet(tmp_path, times).fixes.t_s.tolist() == [NOON_S, NOON_S + 1]


@pytest.mark.parametrize(
    "times",
    [
        pa.array(MICROS, pa.timestamp("us")),
        pa.array([m * 1000 for m in MICROS], pa.timestamp("ns")),
        pa.array([m // 1000 for m in MICROS], pa.timestamp("ms")).dictionary_encode(),
        pa.array([dt.date(2026, 1, 5)] * 3, pa.date32()),
        pa.array([dt.date(2026, 1, 5)] * 3, pa.date64()),
        pa.array([dt.time(12)] * 3),
        pa.array([dt.timedelta(1)] * 3),
        pa.array([[1]] * 3),
        pa.array([True] * 3),
    ],
    ids=lambda t: str(t.type),
)
def test_times_without_a_zone_and_what_is_no_time_are_refused_in_one_line(tmp_path: Path, times: pa.Array) -> None:
    with pytest.raises(TraceError, match="column time") as caught:
        parquet(tmp_path, times)
    assert "expected" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nulls_are_malformed_where_they_are_needed_and_unknown_where_not(tmp_path: Path) -> None:
    times = pa.array([MICROS[0], None, MICROS[2], MICROS[2]], pa.timestamp("us", "UTC"))
    traces = parquet(
        tmp_path,
        times,
        device=pa.array(["car-1", "car-1", None, "\u3000car-1 "]),
        speed=pa.array([None, None, 3.0, float("nan")]),
        accuracy=pa.array([-1.0, 2.0, 3.0, None]),
        mock=pa.array([None, True, True, True]),
    )
    assert (len(traces.fixes), named_lines(traces)) == (2, [2, 3])
    assert np.isnan(traces.fixes.speed_mps).all()
    assert traces.fixes.flags.tolist() == [0, 1]


def test_numbers_may_be_names_and_texts_numbers(tmp_path: Path) -> None:
    times = pa.array([MICROS[0]], pa.timestamp("us", "UTC"))
    traces = parquet(
        tmp_path, times, device=pa.array([7]), lon=pa.array(["120.5 "]), lat=pa.array([30.5], pa.float32())
    )
    assert traces.fixes.lon.tolist() == [120.5]


@pytest.mark.parametrize("column", ["device", "lon", "speed"])
def test_a_column_of_a_type_that_can_not_be_is_refused_by_name(tmp_path: Path, column: str) -> None:
    with pytest.raises(TraceError, match=f"column {column} is of type list"):
        parquet(tmp_path, pa.array([MICROS[0]], pa.timestamp("us", "UTC")), **{column: pa.array([[1.0]])})

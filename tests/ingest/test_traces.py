"""Recorded traces from files: what is good is read, what is not is named by its line and left out."""

import contextlib
import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from analytics.fixes import DeviceTable, FixFlag
from ingest.traces import TraceError, Traces, in_time_order, read_traces

NOON_S = 1_767_614_400.0
NOON = "2026-01-05T12:00:00Z"
HEADER = "device,time,lon,lat"
GOOD = f"car-1,{NOON},120.15,30.25"


def read(folder: Path, text: str | bytes, name: str = "traces.csv", devices: DeviceTable | None = None) -> Traces:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_traces(file, devices or DeviceTable())


def test_times_are_rfc_3339_with_an_offset_or_unix_seconds_in_one_file(tmp_path: Path) -> None:
    rows = [NOON, "2026-01-05T20:00:00+08:00", "2026-01-05 12:00:00.250Z", "1767614400", "1767614400.5"]
    traces = read(tmp_path, "\n".join([HEADER, *(f"car-1,{t},120.15,30.25" for t in rows)]))
    assert traces.fixes.t_s.tolist() == [NOON_S, NOON_S, NOON_S + 0.25, NOON_S, NOON_S + 0.5]
    assert traces.rejects.count == 0


def test_optional_columns_are_read_and_others_ignored(tmp_path: Path) -> None:
    text = f"{HEADER},speed,heading,accuracy,seq,mock,note\n{GOOD},3.5,90,8,17,1,hello\n{GOOD},,,,,,\n"
    fixes = read(tmp_path, text).fixes
    assert (fixes.speed_mps[0], fixes.heading_deg[0], fixes.accuracy_m[0]) == (3.5, 90, 8)
    assert np.isnan([fixes.speed_mps[1], fixes.heading_deg[1], fixes.accuracy_m[1]]).all()
    assert fixes.flags.tolist() == [FixFlag.MOCK, FixFlag.NONE]


def test_columns_may_stand_in_any_order_and_rows_too(tmp_path: Path) -> None:
    devices = DeviceTable(["car-2"])
    text = f"lat,lon,time,device\n30.25,120.15,{NOON},car-1\n30.26,120.16,1767614000,car-2\n"
    fixes = read(tmp_path, text, devices=devices).fixes
    assert [devices.names[d] for d in fixes.device] == ["car-1", "car-2"]
    assert fixes.lon.tolist() == [120.15, 120.16]


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "gpx"])
def test_every_kind_of_file_gives_the_same_fixes(tmp_path: Path, kind: str) -> None:
    names, times = ["car-1", "car-1", "car-2"], [NOON_S, NOON_S + 10, NOON_S + 5]
    lon, lat = [120.15, 120.16, 120.17], [30.25, 30.26, 30.27]
    file = tmp_path / f"traces.{kind}"
    rows = [f"{d},{t},{x},{y}" for d, t, x, y in zip(names, times, lon, lat, strict=True)]
    text = "\n".join([HEADER, *rows])
    if kind == "csv":
        file.write_text(text)
    elif kind == "csv.gz":
        file.write_bytes(gzip.compress(text.encode()))
    elif kind == "parquet":
        moments = pa.array([int(t * 1000) for t in times], pa.timestamp("ms", "UTC"))
        pa_parquet.write_table(pa.table({"device": names, "time": moments, "lon": lon, "lat": lat}), file)
    else:
        stamps = ["2026-01-05T12:00:00Z", "2026-01-05T12:00:10Z", "2026-01-05T12:00:05Z"]
        points = [
            f'<trkpt lon="{x}" lat="{y}"><time>{t}</time></trkpt>' for x, y, t in zip(lon, lat, stamps, strict=True)
        ]
        tracks = [("car-1", points[:2]), ("car-2", points[2:])]
        body = "".join(f"<trk><name>{n}</name><trkseg>{''.join(p)}</trkseg></trk>" for n, p in tracks)
        file.write_text(f'<gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1">{body}</gpx>')

    devices = DeviceTable()
    traces = read_traces(file, devices)

    assert [devices.names[d] for d in traces.fixes.device] == names
    assert traces.fixes.t_s.tolist() == times
    assert traces.fixes.lon.tolist() == lon
    assert traces.fixes.lat.tolist() == lat
    assert (traces.rows, traces.rejects.count) == (3, 0)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("car-1,1767614400,120.15", "columns"),
        ("car-1,1767614400,120.15,30.25,7", "columns"),
        ("car-1,1767614400,east,30.25", "lon"),
        ("car-1,1767614400,,30.25", "lon"),
        ("car-1,1767614400,180.01,30.25", "lon"),
        ("car-1,1767614400,nan,30.25", "lon"),
        ("car-1,1767614400,120.15,91", "lat"),
        ("car-1,1767614400,120.15,NaN", "lat"),
        ("car-1,1767614400,120.15,inf", "lat"),
        ("car-1,0,120.15,30.25", "time"),
        ("car-1,1970-01-01T00:00:00Z,120.15,30.25", "time"),
        ("car-1,2100-01-01T00:00:00Z,120.15,30.25", "time"),
        ("car-1,2026-01-05T12:00:00,120.15,30.25", "time"),
        ("car-1,noon,120.15,30.25", "time"),
        ("car-1,2026-02-30T12:00:00Z,120.15,30.25", "time"),
        (",1767614400,120.15,30.25", "device"),
        ("  ,1767614400,120.15,30.25", "device"),
    ],
)
def test_a_broken_row_is_named_by_its_line_and_the_rest_kept(tmp_path: Path, row: str, problem: str) -> None:
    traces = read(tmp_path, "\n".join([HEADER, GOOD, GOOD, row, GOOD, ""]))
    assert len(traces.fixes) == 3
    assert (traces.rows, traces.rejects.count) == (4, 1)
    [named] = traces.rejects.named
    assert named.startswith("traces.csv:4: ")
    assert problem in named
    assert "expected" in named


@pytest.mark.parametrize(("column", "value"), [("speed", "fast"), ("accuracy", "8m"), ("heading", "N"), ("mock", "no")])
def test_a_broken_figure_beside_the_position_is_named_too(tmp_path: Path, column: str, value: str) -> None:
    traces = read(tmp_path, f"{HEADER},{column}\n{GOOD},1\n{GOOD},{value}\n")
    assert len(traces.fixes) == 1
    assert traces.rejects.named[0].startswith(f"traces.csv:3: {column} is {value!r}; expected a number")


@pytest.mark.parametrize(
    ("column", "value"),
    [("speed", "-1"), ("speed", "NaN"), ("accuracy", "-1"), ("heading", "-1"), ("heading", "361"), ("speed", " ")],
)
def test_a_figure_that_means_unknown_keeps_its_position(tmp_path: Path, column: str, value: str) -> None:
    traces = read(tmp_path, f"{HEADER},{column}\n{GOOD},1\n{GOOD},{value}\n")
    name = {"speed": "speed_mps", "accuracy": "accuracy_m", "heading": "heading_deg"}[column]
    figures = getattr(traces.fixes, name)
    assert traces.rejects.count == 0
    assert figures[0] == 1
    assert np.isnan(figures[1])


def test_lines_keep_their_numbers_after_rows_of_a_wrong_length(tmp_path: Path) -> None:
    rows = [GOOD, "too,short", GOOD, f"car-1,{NOON},400,30.25", "a,b,c,d,e,f", f"car-1,{NOON},120.15,99"]
    traces = read(tmp_path, "\n".join([HEADER, *rows]))
    assert sorted(int(n.split(":")[1]) for n in traces.rejects.named) == [3, 5, 6, 7]


def test_of_many_broken_rows_the_first_are_named_and_all_counted(tmp_path: Path) -> None:
    traces = read(tmp_path, "\n".join([HEADER, *(f"car-1,{NOON},500,30.25" for _ in range(100))]))
    assert traces.rejects.count == 100
    assert len(traces.rejects.named) == 20


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("device,time,lon\n", "traces.csv", "no column lat"),
        ("a,b\n1,2\n", "traces.csv", "no column device, time, lon, lat"),
        ("", "traces.csv", "can't be read"),
        ("x", "traces.docx", "unknown kind"),
        ("not gzip", "traces.csv.gz", "can't be read"),
        (gzip.compress(GOOD.encode() * 50, mtime=0)[:40], "traces.csv.gz", "can't be read"),
        ("not parquet", "traces.parquet", "can't be read"),
        ("<gpx><trk>", "traces.gpx", "can't be read"),
    ],
)
def test_a_file_that_can_not_be_read_is_named_with_what_was_expected(
    tmp_path: Path, text: str | bytes, name: str, said: str
) -> None:
    with pytest.raises(TraceError) as caught:
        read(tmp_path, text, name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"nowhere\.csv: no such file"):
        read_traces(tmp_path / "nowhere.csv", DeviceTable())


def test_a_header_alone_is_no_fixes(tmp_path: Path) -> None:
    traces = read(tmp_path, HEADER + "\n")
    assert (len(traces.fixes), traces.rows, traces.rejects.count) == (0, 0, 0)


def test_a_huge_line_is_a_broken_row_or_an_unreadable_file_and_no_more(tmp_path: Path) -> None:
    with contextlib.suppress(TraceError):
        assert len(read(tmp_path, f"{HEADER}\n{GOOD}\n{'x' * 20_000_000}\n{GOOD}\n").fixes) == 2


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_a_header_that_is_not_text_is_an_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(TraceError):
        read(tmp_path, b"\x80\n" + GOOD.encode())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    body=st.lists(st.binary(max_size=40) | st.just(GOOD.encode()) | st.text(max_size=30).map(str.encode), max_size=8),
    name=st.sampled_from(["a.csv", "a.csv", "a.csv.gz", "a.gpx", "a.parquet"]),
    headed=st.booleans(),
)
def test_no_bytes_whatever_raise_anything_but_a_trace_error(
    tmp_path: Path, body: list[bytes], name: str, headed: bool
) -> None:
    data = b"\n".join(([HEADER.encode()] if headed else []) + body)
    assume(headed or _is_text(data))
    with contextlib.suppress(TraceError):
        traces = read(tmp_path, gzip.compress(data) if name.endswith("gz") else data, name)
        assert len(traces.fixes) + traces.rejects.count == traces.rows
        assert traces.blank >= 0


def test_fixes_come_in_order_of_time_and_no_instant_is_split(tmp_path: Path) -> None:
    times = [5, 1, 3, 3, 3, 2, 4]
    fixes = read(tmp_path, "\n".join([HEADER, *(f"car-{i},{NOON_S + t},1,1" for i, t in enumerate(times))])).fixes
    batches = [(b.t_s - NOON_S).tolist() for b in in_time_order(fixes, 3)]
    assert batches == [[1, 2, 3, 3, 3], [4, 5]]

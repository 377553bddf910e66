"""What loggers, spreadsheets and other people's tools write: read whole, or refused in one line that says why."""

import datetime as dt
import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.fixes import DeviceTable
from ingest.traces import TraceError, Traces, read_traces

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


@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_quote_that_is_not_closed_costs_its_own_row_alone(tmp_path: Path, column: int, end: str) -> None:
    fields = row(3, "stop").split(",")
    fields[column] = '"' + fields[column]
    lines = [HEADER, row(0), "", row(1), ",".join(fields), *(row(i) for i in range(4, 300))]
    traces = read(tmp_path, end.join(lines) + end)
    assert (len(traces.fixes), traces.rejects.count, traces.blank) == (298, 1, 1)
    assert named_lines(traces) == [5]


def test_two_stray_quotes_far_apart_do_not_swallow_what_is_between(tmp_path: Path) -> None:
    lines = [row(i, '"gate' if i in (10, 200) else "") for i in range(300)]
    traces = read(tmp_path, "\n".join([HEADER, *lines]))
    assert len(traces.fixes) == 298
    assert named_lines(traces) == [12, 202]


@pytest.mark.parametrize(
    "note", ['7" tablet', '"said ""no"""', '"a, b"', '"a,""b"",c"', '""', '"x"', 'a"b"c', '"，"', '7" and 9"']
)
def test_quotes_that_are_closed_or_inside_a_field_are_text(tmp_path: Path, note: str) -> None:
    traces = read(tmp_path, "\n".join([HEADER, row(0), row(1, note), row(2)]))
    assert (len(traces.fixes), traces.rejects.count) == (3, 0)


def test_every_field_may_be_quoted(tmp_path: Path) -> None:
    lines = [",".join(f'"{field}"' for field in line.split(",")) for line in (HEADER, row(0), row(1))]
    traces = read(tmp_path, "\n".join(lines))
    assert traces.fixes.t_s.tolist() == [NOON_S, NOON_S + 1]


def test_a_field_over_two_lines_is_two_lines_named(tmp_path: Path) -> None:
    traces = read(tmp_path, "\n".join([HEADER, row(0), row(1, '"first'), 'second"', row(2)]))
    assert (len(traces.fixes), named_lines(traces)) == (2, [3, 4])


def test_blank_lines_are_counted_and_keep_the_numbers_of_the_others(tmp_path: Path) -> None:
    lines = ["", "  ", HEADER, row(0), "", "\u3000", ",,,,", row(1), "car-1,1767614400,n/a,30,", "", row(2), ""]
    traces = read(tmp_path, "\n".join(lines) + "\n")
    assert (len(traces.fixes), traces.rejects.count, traces.blank) == (3, 1, 7)
    assert traces.rejects.named == ["traces.csv:9: lon is 'n/a'; expected degrees from -180 to 180"]


def test_a_long_value_is_shown_shortened_and_on_one_line(tmp_path: Path) -> None:
    traces = read(tmp_path, "\n".join([HEADER, row(0), "car-1," + "x\t" * 5000 + ",1,2,"]))
    [named] = traces.rejects.named
    assert len(named) < 200
    assert "…" in named


def test_a_line_without_end_is_one_malformed_row(tmp_path: Path) -> None:
    traces = read(tmp_path, "\n".join([HEADER, row(0), "x" * 20_000_000, row(1)]))
    assert (len(traces.fixes), named_lines(traces)) == (2, [3])


@pytest.mark.parametrize("kind", ["good", "broken", "blank"])
@pytest.mark.parametrize("closed", [True, False])
def test_the_last_line_counts_with_an_end_and_without(tmp_path: Path, kind: str, closed: bool) -> None:
    last = {"good": row(1), "broken": '"', "blank": " "}[kind]
    traces = read(tmp_path, "\n".join([HEADER, row(0), last]) + ("\n" if closed else ""))
    assert len(traces.fixes) + traces.rejects.count + traces.blank == 2


LINES = st.sampled_from(
    [
        *(row(0), row(1, "x"), row(2, '"'), row(3, '7"'), row(4, '"a,b"')),
        *('"', '"a', 'a"', '""', '","', '"\n"', "", " ", ",,,,", ",", "\u3000", "é"),
        *(f'car-1,"{NOON_S}",1,2,', "car-1,x,1,2,", "1,2", "a,b,c,d,e,f,g", "警车,1767614400,1,2,停"),
    ]
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(LINES | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=12)),
    end=st.sampled_from(["\n", "\r\n"]),
    closed=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"]),
)
def test_rows_and_blank_lines_and_the_header_are_the_lines_of_the_file(
    tmp_path: Path, lines: list[str], end: str, closed: bool, encoding: str
) -> None:
    text = end.join([HEADER, *lines]) + (end if closed else "")
    traces = read(tmp_path, text.encode(encoding))
    in_file = text.replace("\r\n", "\n").count("\n") + (not text.endswith("\n"))
    assert 1 + len(traces.fixes) + traces.rejects.count + traces.blank == in_file
    assert len(traces.fixes) + traces.rejects.count == traces.rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"])
@pytest.mark.parametrize("name", ["a.csv", "A.CSV", "a.csv.gz", "A.CSV.GZ"])
def test_chinese_names_are_read_in_whatever_encoding_is_written_here(tmp_path: Path, encoding: str, name: str) -> None:
    devices = DeviceTable()
    data = "\r\n".join([HEADER, row(0, "停在门口", "警车01"), row(1, "", "警车01")]).encode(encoding)
    traces = read(tmp_path, gzip.compress(data) if name.lower().endswith("gz") else data, name, devices)
    assert (devices.names, len(traces.fixes)) == (["警车01"], 2)


def test_one_line_that_is_no_text_costs_itself_alone(tmp_path: Path) -> None:
    lines = [HEADER, row(0, "停", "警车01"), row(1), row(2, "断", "警车01")]
    data = "\n".join(lines).encode() + b"\n" + row(3).encode() + b"\xe5\x81\n" + row(4).encode()
    traces = read(tmp_path, data)
    assert (len(traces.fixes), named_lines(traces)) == (4, [5])


@pytest.mark.parametrize("blank", [" ", "\t", "\xa0", "\u3000", "\u2003", "\u200b", "\ufeff"])
def test_white_space_around_names_and_values_is_trimmed(tmp_path: Path, blank: str) -> None:
    devices = DeviceTable()
    fields = ["car-1", "2026-01-05T12:00:00Z", "120.5", "30.5", "7"]
    header = ",".join(f"{blank}{h.title()}{blank}" for h in ("device", "time", "lon", "lat", "speed"))
    lines = [header, ",".join(f"{blank}{f}{blank}" for f in fields), ",".join(fields)]
    traces = read(tmp_path, "\n".join(lines), devices=devices)
    assert devices.names == ["car-1"]
    assert traces.fixes.t_s.tolist() == [NOON_S, NOON_S]
    assert traces.fixes.lon.tolist() == [120.5, 120.5]
    assert traces.fixes.speed_mps.tolist() == [7, 7]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_semicolons_and_tabs_separate_too(tmp_path: Path, separator: str) -> None:
    lines = [line.replace(",", separator) for line in (HEADER, row(0, '"a'), row(1))]
    traces = read(tmp_path, "\n".join(lines))
    assert (len(traces.fixes), named_lines(traces)) == (1, [2])


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("device,time,lon,lat,speed,speed", "'speed' stands twice"),
        ("device,time,lon,lat,note,Note ", "'note' stands twice"),
        ("device,time,lon,lon,lat", "'lon' stands twice"),
        ("DEVICE,device,time,lon,lat", "'device' stands twice"),
        ("device,lon,lat", "no column time"),
        ('"device,time,lon,lat', "no column device, time, lon, lat"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_header_that_can_not_be_is_refused_by_name(tmp_path: Path, header: str, said: str, kind: str) -> None:
    names = header.split(",")
    if kind == "parquet" and not header.startswith('"'):
        table = pa.Table.from_arrays([pa.array(["1"]) for _ in names], names=names)
        pa_parquet.write_table(table, tmp_path / "a.parquet")
        file = tmp_path / "a.parquet"
    else:
        file = tmp_path / "a.csv"
        file.write_text(header + "\n" + ",".join("1" for _ in names))
    with pytest.raises(TraceError) as caught:
        read_traces(file, DeviceTable())
    assert said in str(caught.value)
    assert "expected" in str(caught.value)


def test_columns_without_a_name_are_no_columns_that_stand_twice(tmp_path: Path) -> None:
    traces = read(tmp_path, "device,time,lon,lat,,\ncar-1,1767614400,1,2,,\n")
    assert len(traces.fixes) == 1


def test_a_header_that_comes_again_is_a_malformed_row(tmp_path: Path) -> None:
    traces = read(tmp_path, "\n".join([HEADER, row(0), HEADER, row(1)]))
    assert (len(traces.fixes), named_lines(traces)) == (2, [3])


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


def parquet(folder: Path, times: pa.Array, **columns: pa.Array) -> Traces:
    n = len(times)
    usual = {"device": pa.array(["car-1"] * n), "lon": pa.array([120.5] * n), "lat": pa.array([30.5] * n)}
    file = folder / "traces.PARQUET"
    pa_parquet.write_table(pa.table({"time": times} | usual | columns), file)
    return read_traces(file, DeviceTable())


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


def gpx(*tracks: str, prefix: str = "", version: str = "1.1", before: str = "") -> str:
    space = f"http://www.topografix.com/GPX/{version.replace('.', '/')}"
    declared = f'xmlns{":" + prefix[:-1] if prefix else ""}="{space}"'
    return f'{before}<{prefix}gpx version="{version}" {declared}>{"".join(tracks)}</{prefix}gpx>'


def track(points: Sequence[str], name: str = "<name>car-1</name>", prefix: str = "", after: str = "") -> str:
    inner = "".join(f'<{prefix}trkpt lat="30" lon="{120 + i}">{p}</{prefix}trkpt>' for i, p in enumerate(points))
    return f"<{prefix}trk>{name}<{prefix}trkseg>{inner}</{prefix}trkseg>{after}</{prefix}trk>"


TIME = "<time>2026-01-05T12:00:00Z</time>"


@pytest.mark.parametrize(
    ("tracks", "names"),
    [
        (track([TIME + "<name>P0</name>", TIME]), ["car-1", "car-1"]),
        (track(["<name>P0</name>" + TIME], name=""), ["file"]),
        (track([TIME], name="<name> \u3000</name>"), ["file"]),
        (track([TIME], name="<name>\n\u3000car-1\xa0\n</name>"), ["car-1"]),
        (track([TIME], name="<name><![CDATA[car-1]]></name>"), ["car-1"]),
        (track([TIME], name="<name>a &amp; b</name>"), ["a & b"]),
        (track([TIME], name="", after="<name>late</name>"), ["late"]),
        (track([TIME], name="<extensions><name>no</name></extensions>"), ["file"]),
        (track([TIME + "<extensions><name>no</name><time>2001-01-01T00:00:00Z</time></extensions>"]), ["car-1"]),
        (track([TIME + "<x:time>no</x:time>"], name="<x:name>no</x:name>"), ["file"]),
        (track([TIME]) + track([TIME], name="") + track([TIME], name="<name>car-2</name>"), ["car-1", "file", "car-2"]),
        ("<metadata><name>no</name></metadata>" + track([TIME], name=""), ["file"]),
        (f'<wpt lat="1" lon="2">{TIME}<name>no</name></wpt>' + track([TIME], name=""), ["file"]),
        (f'<rte><name>no</name><rtept lat="1" lon="2">{TIME}</rtept></rte>' + track([TIME], name=""), ["file"]),
    ],
)
def test_the_device_is_the_name_of_the_track_or_else_of_the_file(tmp_path: Path, tracks: str, names: list[str]) -> None:
    devices = DeviceTable()
    traces = read(tmp_path, gpx(tracks), "file.gpx", devices)
    assert [devices.names[d] for d in traces.fixes.device] == names
    assert traces.fixes.t_s.tolist() == [NOON_S] * len(names)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("prefix", ["", "gpx:", "g:"])
@pytest.mark.parametrize("name", ["A.GPX", "a.gpx", "a.gpx.gz", "A.Gpx.GZ"])
def test_versions_prefixes_and_suffixes_are_all_one(tmp_path: Path, version: str, prefix: str, name: str) -> None:
    devices = DeviceTable()
    point = f"<{prefix}time>\n  2026-01-05T12:00:00Z\t</{prefix}time>"
    text = gpx(track([point] * 3, name="", prefix=prefix), prefix=prefix, version=version)
    traces = read(tmp_path, gzip.compress(text.encode()) if name.lower().endswith("gz") else text, name, devices)
    assert (len(traces.fixes), devices.names) == (3, [name[:1]])


def test_segments_of_a_track_are_one_device(tmp_path: Path) -> None:
    text = gpx(track([TIME], after=f'<trkseg><trkpt lat="1" lon="2">{TIME}</trkpt></trkseg>'))
    assert read(tmp_path, text, "a.gpx").fixes.lat.tolist() == [30, 1]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("GBK", "gbk"),
        ("gb2312", "gbk"),
        ("GB18030", "gb18030"),
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("utf-16le", "utf-16-le"),
        ("UTF-8", "gbk"),
        ("GBK", "utf-8"),
        ("utf-16", "utf-8"),
        ("ISO-8859-1", "ascii"),
        (None, "gbk"),
        (None, "utf-16"),
    ],
)
def test_gpx_is_read_in_the_encodings_that_are_written_here(
    tmp_path: Path, declared: str | None, encoding: str
) -> None:
    before = f'<?xml version="1.0" encoding="{declared}"?>\n' if declared else ""
    name = "car" if encoding == "ascii" else "督察警车零壹号"
    devices = DeviceTable()
    traces = read(
        tmp_path, gpx(track([TIME], name=f"<name>{name}</name>"), before=before).encode(encoding), "a.gpx", devices
    )
    assert (devices.names, len(traces.fixes)) == ([name], 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html><body>Login</body></html>", "not GPX (its root is <html>)"),
        ("<!DOCTYPE html><html><br></html>", "not GPX (its root is <html>)"),
        ("<kml/>", "not GPX"),
        ("", "not GPX"),
        ("device,time,lon,lat\n", "not GPX"),
        ('<?xml version="1.0" encoding="klingon"?><gpx/>', "klingon"),
        ("<gpx><trk></gpx>", "can't be read"),
        ('<!DOCTYPE gpx [<!ENTITY a "b">]><gpx/>', "declares an entity"),
    ],
)
def test_what_is_not_gpx_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TraceError) as caught:
        read(tmp_path, text, "a.gpx")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_broken_point_is_named_by_its_line(tmp_path: Path) -> None:
    text = '<gpx>\n<trk>\n<trkseg>\n<trkpt lat="1" lon="2">' + TIME + '</trkpt>\n<trkpt lat="x" lon="2">'
    traces = read(tmp_path, text + TIME + '</trkpt><trkpt lat="1" lon="2"/>\n</trkseg></trk></gpx>', "a.gpx")
    assert traces.rejects.named == [
        "a.gpx:5: lat is 'x'; expected degrees from -90 to 90",
        "a.gpx:5: time is empty; expected RFC 3339 with an offset or Unix seconds, between 1990 and 2100",
    ]


def test_waypoints_alone_are_said_to_be_no_trace(tmp_path: Path) -> None:
    traces = read(tmp_path, gpx(f'<wpt lat="1" lon="2">{TIME}</wpt>'), "a.gpx")
    assert len(traces.fixes) == 0
    assert traces.rejects.remarks == [
        "a.gpx: holds no track points (trkpt); its 1 waypoints and route points are no trace"
    ]

"""Traces as CSV that people and programs write: quotes, lines, encodings, headers."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trace_examples import HEADER, NOON_S, named_lines, read, row

from analytics.fixes import DeviceTable
from ingest.traces import TraceError, read_traces


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

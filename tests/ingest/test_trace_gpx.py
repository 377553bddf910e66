"""Traces as GPX, of whatever version and writing."""

import gzip
from pathlib import Path

import pytest
from trace_examples import NOON_S, gpx, read, track

from analytics.fixes import DeviceTable
from ingest.traces import TraceError

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

"""Playback of true files over HTTP, read by FFmpeg; and what is told of gaps."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import av
import httpx
import pytest
from camera_rows import EIGHT, write_camera, write_segment
from recorded import record, write_file, write_sound
from tap_server import Clip

Console = Callable[..., Any]
RATE = 15


def at(second: float) -> datetime:
    return EIGHT + timedelta(seconds=second)


def span(begins: float, ends: float, **more: str) -> str:
    return urlencode({"from": at(begins).isoformat(), "to": at(ends).isoformat()} | more)


@pytest.fixture
def folder(postgres_uri: str, tmp_path: Path, clip: Clip) -> Path:
    """Camera cam-1 with 4 s from 08:00:00, then a gap, then 3 s from 08:00:10, in two files."""
    write_camera(postgres_uri, folder=tmp_path, kind="window")
    for begins, seconds, seq in ((0, 4, 0), (10, 3, 5)):
        file = f"cam-1.video/20260105/0800{begins:02}-{seq}.mp4"
        parts = write_file(tmp_path / file, clip, seconds)
        record(postgres_uri, tmp_path, "cam-1.video", at(begins), parts, file, seq=seq)
    write_segment(postgres_uri, 4, at(4), seconds=6, type="gap", reason="source-lost")
    return tmp_path


def frames(url: str, *, from_s: float | None = None) -> list[float]:
    with av.open(url) as media:
        stream = media.streams.video[0]
        if from_s is not None:
            media.seek(int(from_s * av.time_base), any_frame=False)
        return [float(frame.pts * stream.time_base) for frame in media.decode(stream)]


@pytest.mark.usefixtures("folder")
def test_a_player_gets_every_picture(address: str) -> None:
    url = f"{address}/api/v1/recordings/cam-1/playlist.m3u8?{span(0, 60)}"
    with av.open(url) as media:
        assert sum(packet.size > 0 for packet in media.demux(video=0)) == (4 + 3) * RATE


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("begins", "ends"), [(0, 4), (10, 13)])
def test_what_lies_between_gaps_can_be_decoded_whole(address: str, begins: int, ends: int) -> None:
    url = f"{address}/api/v1/recordings/cam-1/playlist.m3u8?{span(begins, ends)}"
    assert len(frames(url)) == (ends - begins) * RATE


@pytest.mark.usefixtures("folder")
def test_a_part_is_only_that_part(address: str) -> None:
    url = f"{address}/api/v1/recordings/cam-1/playlist.m3u8?{span(1, 3)}"
    assert len(frames(url)) == 2 * RATE


@pytest.mark.usefixtures("folder")
def test_a_player_can_seek(address: str) -> None:
    url = f"{address}/api/v1/recordings/cam-1/playlist.m3u8?{span(0, 4)}"
    assert len(frames(url, from_s=2.0)) == 2 * RATE


@pytest.mark.usefixtures("folder")
def test_gaps_and_files_are_discontinuities_with_their_time(console: Console) -> None:
    text = console(lambda client: client.get(f"/api/v1/recordings/cam-1/playlist.m3u8?{span(0, 60)}")).text
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert lines.count("#EXT-X-DISCONTINUITY") == 1
    assert [line for line in lines if "DATE-TIME" in line] == [
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-05T08:00:00Z",
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-05T08:00:10Z",
    ]
    assert [line.partition('"')[2].partition('"')[0] for line in lines if "EXT-X-MAP" in line] == [
        "files/cam-1.video/20260105/080000-0.mp4",
        "files/cam-1.video/20260105/080010-5.mp4",
    ]
    assert sum(line.startswith("#EXT-X-BYTERANGE") for line in lines) == 7


def test_sound_is_a_rendition_of_its_own(address: str, postgres_uri: str, folder: Path) -> None:
    file = "cam-1.audio/20260105/080000-0.mp4"
    record(postgres_uri, folder, "cam-1.audio", at(0), write_sound(folder / file, 4), file)
    url = f"{address}/api/v1/recordings/cam-1/playlist.m3u8?{span(0, 4)}"
    master = httpx.get(url).text
    assert "#EXT-X-MEDIA:TYPE=AUDIO" in master
    assert "#EXT-X-STREAM-INF:BANDWIDTH=" in master
    with av.open(url) as media:
        assert {stream.type for stream in media.streams} == {"video", "audio"}
        counts = {"video": 0, "audio": 0}
        for packet in media.demux():
            counts[packet.stream.type] += packet.size > 0
    assert counts["video"] == 4 * RATE
    assert counts["audio"] >= 60


def test_bytes_are_served_by_range(console: Console, folder: Path) -> None:
    file = "cam-1.video/20260105/080000-0.mp4"

    async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
        url = f"/api/v1/recordings/cam-1/files/{file}"
        return [await client.get(url, headers={"range": r}) for r in ("bytes=4-7", "bytes=99999999-", "bytes=-8")]

    part, beyond, tail = console(ask)
    whole = (folder / file).read_bytes()
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{len(whole)}"
    assert beyond.status_code == 416
    assert tail.content == whole[-8:]


@pytest.mark.parametrize(
    "file",
    [
        "cam-1.video/20260105/unknown.mp4",
        "cam-1.video/../secret.txt",
        "cam-1.video/%2e%2e/secret.txt",
        "cam-1.video%2f..%2fsecret.txt",
        "%2Fetc%2Fpasswd",
        "/etc/passwd",
        "..",
        "cam-2.video/20260105/080000-0.mp4",
        "cam-1.video/20260105/080000-0.mp4%00",
        "cam-1.video/20260105",
    ],
)
def test_no_other_file_is_given(console: Console, folder: Path, file: str) -> None:
    (folder / "secret.txt").write_text("secret")
    answer = console(lambda client: client.get(f"/api/v1/recordings/cam-1/files/{file}"))
    assert answer.status_code in (404, 422)
    assert "secret" not in answer.text.replace("secret.txt", "")


@pytest.fixture(params=["link to a file", "link to a folder", "from the root", "upwards", "a folder"])
def astray(request: pytest.FixtureRequest, postgres_uri: str, folder: Path, tmp_path_factory: Any) -> str:
    """A name that a row does hold, but that leads out of the recorder's folder."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.mp4").write_text("secret")
    inner = folder / "cam-1.video"
    names = {
        "link to a file": "cam-1.video/link.mp4",
        "link to a folder": "cam-1.video/away/secret.mp4",
        "from the root": f"{outside}/secret.mp4",
        "upwards": f"cam-1.video/../../{outside.name}/secret.mp4",
        "a folder": "cam-1.video/20260105",
    }
    (inner / "link.mp4").symlink_to(outside / "secret.mp4")
    (inner / "away").symlink_to(outside, target_is_directory=True)
    write_segment(postgres_uri, 99, at(50), file=names[request.param])
    return names[request.param]


def test_not_even_a_row_leads_out_of_the_folder(console: Console, astray: str) -> None:
    quoted = astray.replace("/", "%2F").replace("..", "%2e%2e")
    answer = console(lambda client: client.get(f"/api/v1/recordings/cam-1/files/{quoted}"))
    assert answer.status_code == 404
    assert answer.text.count("secret") == answer.text.count("secret.mp4")


@pytest.mark.usefixtures("folder")
def test_stretches_and_gaps_are_told_with_their_reasons(console: Console, postgres_uri: str) -> None:
    write_segment(postgres_uri, 9, at(20))
    answer = console(lambda client: client.get(f"/api/v1/recordings?camera=cam-1&{span(-60, 60)}"))
    told = [(row["kind"], row["from"][-9:], row["to"][-9:], row["reason"]) for row in answer.json()["items"]]
    assert told == [
        ("recorded", "08:00:00Z", "08:00:04Z", None),
        ("gap", "08:00:04Z", "08:00:10Z", "source-lost"),
        ("recorded", "08:00:10Z", "08:00:13Z", None),
        ("gap", "08:00:13Z", "08:00:20Z", "undeclared"),
        ("recorded", "08:00:20Z", "08:00:21Z", None),
    ]


@pytest.mark.usefixtures("folder")
def test_what_is_under_way_at_the_beginning_is_told(console: Console) -> None:
    answer = console(lambda client: client.get(f"/api/v1/recordings?camera=cam-1&{span(5, 12)}"))
    assert [(row["kind"], row["reason"]) for row in answer.json()["items"]] == [
        ("gap", "source-lost"),
        ("recorded", None),
    ]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"cam-1/playlist.m3u8?{span(100, 200)}", 404),
        (f"cam-9/playlist.m3u8?{span(0, 10)}", 404),
        (f"cam-1/playlist.m3u8?{span(10, 0)}", 422),
        (f"cam-1/playlist.m3u8?{span(0, 13 * 3600)}", 422),
        (f"cam-1/playlist.m3u8?{span(0, 10, media='smell')}", 422),
    ],
)
def test_what_is_not_there_or_not_possible_is_said(console: Console, path: str, status: int) -> None:
    answer = console(lambda client: client.get(f"/api/v1/recordings/{path}"))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")

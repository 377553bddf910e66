"""The whole way of a picture: a virtual camera, the real worker with its tap and recorder, the console, a viewer."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import av
import httpx
import numpy as np
import pytest
from viewer import pictures, viewer
from waiting import wait_until

from hardware.cameras import CameraServer, CameraSpec, Fault
from hardware.cameras.encoder import AudioCodec
from hardware.cameras.picture import Picture, Size
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.worker import Worker
from ingest.config import DatabaseSettings

RATE = 10
PATIENCE_S = 60.0


class Bar:
    """A white bar that walks."""

    def picture(self, t_s: float, size: Size) -> Picture:
        picture = np.full((size[1], size[0], 3), 90, np.uint8)
        picture[:, int(t_s * 40) % (size[0] - 20) :][:, :20] = 255
        return picture


@pytest.fixture
def cameras() -> Iterator[CameraServer]:
    spec = CameraSpec(
        name="hall",
        view=Bar(),
        size=(160, 120),
        fps=float(RATE),
        bitrate_bps=200_000,
        keyframe_every_s=0.5,
        audio=AudioCodec.PCMA,
        noise=0.0,
    )
    with CameraServer([spec]) as server:
        yield server


@pytest.fixture
def api(address: str, cameras: CameraServer, postgres_uri: str, tmp_path: Path) -> Iterator[str]:
    """The API of a console beside a worker with one camera, cam-1, which is live."""
    recorder = RecorderSettings(
        folder=str(tmp_path / "recordings"),
        key=str(tmp_path / "key.pem"),
        tap=str(tmp_path / "tap.sock"),
        reserve_gb=0.0,
        segment_s=0.5,
        stall_s=5.0,
    )
    camera = CameraSettings(id="cam-1", url=cameras.url("hall"), kind=Kind.WINDOW, name="窗口 1")
    settings = Settings(database=DatabaseSettings(url=postgres_uri), recorder=recorder, cameras=(camera,))
    with Worker(settings):
        url = f"{address}/api/v1"
        wait_until(lambda: state(url) == "live", PATIENCE_S)
        yield url


def state(api: str) -> str | None:
    items = httpx.get(f"{api}/cameras", verify=False).json()["items"]
    return items[0]["state"] if items else None


def test_a_viewer_sees_and_hears_a_camera(api: str) -> None:
    async def look() -> tuple[list[int], str]:
        async with (
            httpx.AsyncClient(base_url=api.removesuffix("/api/v1")) as client,
            viewer(client, sound=True) as (connection, answer),
        ):
            return await pictures(connection, 30), answer.headers["x-sound"]

    times, sound = asyncio.run(look())
    assert sound == "pcm_alaw"
    steps = sorted(later - earlier for earlier, later in pairwise(times))
    assert steps[len(steps) // 2] == pytest.approx(90_000 / RATE, rel=0.1)
    assert httpx.get(f"{api}/cameras/cam-1/snapshot").headers["content-type"] == "image/jpeg"


def test_what_was_recorded_is_played_and_a_cut_is_told(api: str, cameras: CameraServer) -> None:
    began = datetime.now(UTC) - timedelta(minutes=1)
    query = {"from": began.isoformat(), "to": (began + timedelta(minutes=5)).isoformat()}

    def told(kind: str) -> list[dict[str, Any]]:
        items = httpx.get(f"{api}/recordings", params={"camera": "cam-1"} | query, verify=False).json()["items"]
        return [row for row in items if row["media"] == "video" and row["kind"] == kind]

    def recorded_s() -> float:
        spans = [(datetime.fromisoformat(row["to"]), datetime.fromisoformat(row["from"])) for row in told("recorded")]
        return sum((to - begin).total_seconds() for to, begin in spans)

    def played() -> int:
        """The pictures of the playlist."""
        with av.open(f"{master}&media=video") as media:
            return sum(packet.size > 0 for packet in media.demux(video=0))

    master = f"{api}/recordings/cam-1/playlist.m3u8?{urlencode(query)}"
    wait_until(lambda: recorded_s() >= 2 and played() >= 2 * RATE, PATIENCE_S)
    cameras.camera("hall").fault(Fault.DIE)
    wait_until(lambda: state(api) != "live", PATIENCE_S)
    cameras.camera("hall").mend(Fault.DIE)
    wait_until(lambda: [row for row in told("gap") if row["reason"] == "source-lost"], PATIENCE_S)
    assert "#EXT-X-MEDIA:TYPE=AUDIO" in httpx.get(master).text
    assert played() >= 2 * RATE

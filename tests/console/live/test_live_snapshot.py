"""Single pictures over a real tap."""

import asyncio
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from camera_rows import write_camera
from tap_server import TapServer, encoded
from waiting import at_best, wait_until

Console = Callable[..., Any]
SNAPSHOT = "/api/v1/cameras/cam-1/snapshot"


def size_of(jpeg: bytes) -> tuple[int, int]:
    with av.open(BytesIO(jpeg), format="jpeg_pipe") as picture:
        frame = next(picture.decode(video=0))
        return frame.width, frame.height


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_snapshot_is_the_newest_keyframe(console: Console, tap: TapServer, codec: str) -> None:
    tap.film(encoded(codec=codec))
    answer = console(lambda client: client.get(SNAPSHOT))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-picture-time"].endswith("Z")

    def age_s() -> float:
        return float(console(lambda client: client.get(SNAPSHOT)).headers["x-picture-age"])

    assert 0 <= at_best(age_s, 3.0) < 3.0
    assert "last-modified" in answer.headers
    assert size_of(answer.content) == (320, 180)


def test_a_large_picture_is_made_smaller(console: Console, tap: TapServer) -> None:
    tap.film(encoded(size=(1920, 1080), rate=5, seconds=1))
    answer = console(lambda client: client.get(SNAPSHOT))
    assert size_of(answer.content) == (1280, 720)


def test_a_picture_that_is_larger_than_the_setting_is_none(console: Console, tap: TapServer) -> None:
    tap.film(encoded(size=(1920, 1080), rate=5, seconds=1))
    refused = console(lambda client: client.get(SNAPSHOT), largest_pixels=1920 * 1088 - 1)
    assert refused.status_code == 503
    expected = "a picture of 2088960 pixels; expected at most 2088959 ([cameras] largest_pixels)"
    assert refused.json()["detail"] == expected
    assert console(lambda client: client.get(SNAPSHOT), largest_pixels=1920 * 1088).status_code == 200


def test_those_who_ask_at_once_get_one_picture(console: Console, tap: TapServer) -> None:
    async def work(client: httpx.AsyncClient) -> list[httpx.Response]:
        return await asyncio.gather(*(client.get(SNAPSHOT) for _ in range(8)))

    assert len({answer.content for answer in console(work)}) == 1
    assert tap.joined == 1
    wait_until(lambda: tap.looking == 0, what="they have left")


@pytest.mark.usefixtures("tap")
@pytest.mark.parametrize("case", ["away", "old"])
def test_without_a_picture_it_says_why(
    console: Console, postgres_uri: str, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    if case == "away":
        write_camera(postgres_uri, tap=Path("/nowhere/tap.sock"), kind="window")
    else:
        monkeypatch.setattr("console.live.snapshot.STALE_S", 0.0)
    answer = console(lambda client: client.get(SNAPSHOT))
    document = answer.json()
    assert (answer.status_code, document["type"]) == (503, "urn:ducha:problem:no-picture")
    assert ("can't be reached" if case == "away" else "s old") in document["detail"]


def test_a_camera_that_the_worker_does_not_know_is_said(console: Console, tap: TapServer) -> None:
    tap.camera = "another"
    answer = console(lambda client: client.get(SNAPSHOT))
    assert (answer.status_code, answer.json()["detail"]) == (503, "no camera cam-1")


def test_a_worker_that_says_nothing_is_not_waited_for(
    console: Console, tap: TapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.live.snapshot.WITHIN_S", 0.5)
    tap.going.clear()
    tap.film(tap.clip)

    def waited_s() -> float:
        began_s = time.monotonic()
        assert console(lambda client: client.get(SNAPSHOT)).status_code == 503
        return time.monotonic() - began_s

    assert at_best(waited_s, promised=3.0) < 3

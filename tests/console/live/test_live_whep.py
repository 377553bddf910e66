"""WHEP with a real tap, a real console and real WebRTC on both sides."""

import asyncio
import gc
import os
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from camera_rows import write_camera
from in_process import InProcess
from tap_server import AAC, ALAW, Clip, TapServer, encoded
from viewer import SDP, WHEP, looking, offer, peer, pictures, viewer
from waiting import at_best

Console = Callable[..., Any]
JOINS = int(os.environ.get("DUCHA_WHEP_JOINS", "60"))


async def until(condition: Callable[[], object], within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("tap")
def test_a_viewer_sees_the_camera_and_begins_with_the_last_group(console: Console) -> None:
    async def work(client: httpx.AsyncClient) -> tuple[list[int], float]:
        async with viewer(client) as (connection, _):
            began_s = time.monotonic()
            first = await pictures(connection, 1)
            took_s = time.monotonic() - began_s
            return first + await pictures(connection, 25), took_s

    times: list[int] = []

    def takes_s() -> float:
        times[:], took_s = console(work)
        return took_s

    assert at_best(takes_s, 2.0) < 2.0
    assert all(later > earlier for earlier, later in pairwise(times))
    steps = sorted(later - earlier for earlier, later in pairwise(times[-15:]))  # by then it is at the present
    assert steps[len(steps) // 2] == pytest.approx(90_000 / 15, abs=2)


def test_viewers_share_one_connection_which_closes_with_the_last(console: Console, tap: TapServer) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        async with viewer(client) as (one, _):
            await pictures(one, 1)
            async with viewer(client) as (other, _):
                await pictures(other, 1)
                assert tap.looking == tap.joined == 1
            await pictures(one, 5)
        await until(lambda: tap.looking == 0)

    console(work)


@pytest.mark.usefixtures("tap")
def test_a_viewer_who_left_is_gone(console: Console) -> None:
    async def work(client: httpx.AsyncClient) -> list[int]:
        async with viewer(client) as (connection, answer):
            await pictures(connection, 1)
            location = answer.headers["location"]
            assert location.startswith(WHEP + "/")
            told = [await client.delete(location) for _ in range(2)]
            return [answer.status_code for answer in told]

    assert console(work) == [204, 404]


def test_it_goes_on_when_the_worker_restarts(console: Console, postgres_uri: str, tmp_path: Path, clip: Clip) -> None:
    server = TapServer(tmp_path / "tap.sock", clip)
    write_camera(postgres_uri, tap=server.path, kind="window")

    async def work(client: httpx.AsyncClient) -> None:
        with server.running():
            connection = peer()
            await looking(client, connection)
            await pictures(connection, 3)
        with server.running():
            await pictures(connection, 20)
        await connection.close()

    console(work)
    assert server.joined == 2


def test_sound_goes_through_where_the_browser_takes_it(console: Console, tap: TapServer) -> None:
    tap.audio = ALAW

    async def work(client: httpx.AsyncClient) -> str:
        async with viewer(client, sound=True) as (connection, answer):
            (track,) = [r.track for r in connection.getReceivers() if r.track and r.track.kind == "audio"]
            async with asyncio.timeout(60):
                frame = await track.recv()
            assert frame.sample_rate == 8000
            return str(answer.headers["x-sound"])

    assert console(work) == "pcm_alaw"


def test_sound_that_would_have_to_be_encoded_is_left_out_and_said(console: Console, tap: TapServer) -> None:
    tap.audio = AAC

    async def work(client: httpx.AsyncClient) -> str:
        async with viewer(client, sound=True) as (connection, answer):
            await pictures(connection, 1)
            return str(answer.headers["x-sound"])

    assert console(work) == "left out; aac can't be sent as it is"


@pytest.mark.usefixtures("tap")
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("", "invalid-offer", 422),
        ("v=0\r\nthis is no SDP", "invalid-offer", 422),
        ("v=0\r\nm=video\r\n", "invalid-offer", 422),
        ("\0" * 100, "invalid-offer", 422),
    ],
    ids=["empty", "text", "cut off", "zeros"],
)
def test_what_is_no_offer_is_refused(console: Console, body: str, kind: str, status: int) -> None:
    answer = console(lambda client: client.post(WHEP, content=body, headers=SDP))
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:ducha:problem:{kind}")


@pytest.mark.usefixtures("tap")
def test_what_is_not_declared_as_sdp_is_refused(console: Console) -> None:
    answer = console(lambda client: client.post(WHEP, content="v=0", headers={"content-type": "text/plain"}))
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [("v=0" * 30_000, {}, 413), ("v=0", {"origin": "http://evil.example"}, 403)],
    ids=["too large", "of another site"],
)
def test_what_the_guard_refuses_does_not_come_in(
    console: Console, body: str, headers: dict[str, str], status: int
) -> None:
    answer = console(lambda client: client.post(WHEP, content=body, headers=SDP | headers))
    assert answer.status_code == status


def test_an_unknown_camera_is_404(console: Console) -> None:
    async def work(client: httpx.AsyncClient) -> httpx.Response:
        return await client.post(WHEP, content=await offer(peer()), headers=SDP)

    assert console(work).status_code == 404


async def refused(client: httpx.AsyncClient, codec: str = "video/H264") -> tuple[int, str, str]:
    connection = peer(codec)
    answer = await client.post(WHEP, content=await offer(connection), headers=SDP)
    await connection.close()
    document = answer.json()
    return answer.status_code, document["type"].rpartition(":")[2], document["detail"]


@pytest.mark.usefixtures("tap")
def test_an_offer_without_h264_is_refused(console: Console) -> None:
    status, kind, detail = console(lambda client: refused(client, "video/VP8"))
    assert (status, kind) == (406, "no-h264")
    assert "offer video/H264" in detail


def test_a_camera_with_h265_is_refused_with_what_to_do(console: Console, tap: TapServer) -> None:
    tap.film(encoded(codec="libx265"))
    status, kind, detail = console(refused)
    assert (status, kind) == (409, "camera-codec")
    assert "sends hevc" in detail
    assert "snapshot" in detail


def test_a_camera_with_b_frames_is_refused(console: Console, tap: TapServer) -> None:
    tap.film(encoded(bframes=2))
    assert console(refused)[:2] == (409, "camera-b-frames")


def test_a_camera_whose_worker_is_away_is_refused_with_the_reason(console: Console, postgres_uri: str) -> None:
    write_camera(postgres_uri, kind="window")
    status, kind, detail = console(refused)
    assert (status, kind) == (503, "no-picture")
    assert "worker can't be reached" in detail


@pytest.mark.usefixtures("tap")
def test_only_so_many_may_look(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.live.whep.MAX_VIEWERS", 1)

    async def work(client: httpx.AsyncClient) -> tuple[int, str, str]:
        async with viewer(client):
            return await refused(client)

    assert console(work)[:2] == (503, "too-many-viewers")


def test_a_viewer_who_never_comes_is_closed(console: Console, tap: TapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.live.whep.CONNECT_S", 2.0)

    async def work(client: httpx.AsyncClient) -> None:
        connection = peer()
        answer = await client.post(WHEP, content=await offer(connection), headers=SDP)
        assert answer.status_code == 201
        assert tap.looking == 1
        await connection.close()
        await until(lambda: tap.looking == 0)

    console(work)


def test_a_viewer_who_falls_silent_is_closed(console: Console, tap: TapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.live.whep.SILENT_S", 3.0)

    async def work(client: httpx.AsyncClient) -> None:
        connection = peer()
        await looking(client, connection)
        await pictures(connection, 1)
        for receiver in connection.getReceivers():  # its machine is cut off: nothing more goes out
            for protocol in receiver.transport.transport._connection._protocols:
                protocol.transport.abort()
        await until(lambda: tap.looking == 0)

    console(work)


def test_everything_ends_when_the_console_stops(console: InProcess, tap: TapServer) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        for _ in range(3):
            await looking(client, peer())

    console(work)
    began_s = time.monotonic()
    console.stop()
    assert time.monotonic() - began_s < 5
    assert tap.idle.wait(30)


def test_joining_and_leaving_leaves_nothing_behind(console: Console, tap: TapServer) -> None:
    process = psutil.Process()

    def held() -> tuple[int, int, int]:
        gc.collect()
        return len(asyncio.all_tasks()), process.num_fds(), process.memory_info().rss

    async def come_and_go(client: httpx.AsyncClient, times: int) -> None:
        for _ in range(times):
            async with viewer(client) as (connection, _):
                await pictures(connection, 1)

    async def work(client: httpx.AsyncClient) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        await come_and_go(client, 10)
        await until(lambda: tap.looking == 0)
        before = held()
        await come_and_go(client, JOINS)
        await until(lambda: tap.looking == 0)
        await until(lambda: held()[:2] <= before[:2])
        return before, held()

    before, after = console(work)
    assert after[0] <= before[0]
    assert after[1] <= before[1]
    assert after[2] - before[2] < 12_000_000 + 20_000 * JOINS

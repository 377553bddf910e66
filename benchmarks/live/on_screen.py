"""What a person at the screen waits for, in headless Chromium: the first picture after a click; how old pictures are.

The click is on the desk's link to the pictures, with nobody looking at the camera: the tap is opened, the connection
negotiated, the last group of pictures sent. The age is from the camera's shutter, whose time it burns into the picture,
to the moment the browser's compositor is to show it; so drawing and encoding the virtual camera's picture are in it.
How much they are is told beside it: the age of packets as they come out of the tap. Told are medians of several
rounds' percentiles, as what else runs on the machine comes in bursts.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from playwright.sync_api import Page, sync_playwright

from benchmarks.cameras import Mosaic
from benchmarks.chromium import CHROMIUM, FLAGS
from benchmarks.figures import Figure
from benchmarks.live import mediamtx
from benchmarks.live.house import House, opened
from benchmarks.rig import ROOT
from console.live.tap import connect
from hardware.cameras import CameraSpec
from hardware.cameras.clockface import read_ms
from ingest.cameras.packets import Media, Packet

CAMERA = "c-0"
BITRATE_BPS = 2_000_000
_FIRST_MS = 1_000.0
_GLASS_MS = 300.0
_PATIENCE_MS = 30_000
_GROUP = 30  # pictures, in two seconds; the last ones are shown in haste when somebody joins
_SCRIPT = Path(__file__).with_name("screen.js")


def measure(*, quick: bool = False) -> list[Figure]:
    if CHROMIUM is None:
        return [Figure("live on the screen", "not measured: no Chromium; expected one on PATH or in DUCHA_CHROMIUM")]
    if not (ROOT / "console" / "static" / "index.html").exists():
        return [Figure("live on the screen", "not measured: the front end is not built")]
    clicks, seconds, rounds = (5, 5.0, 1) if quick else (30, 10.0, 5)
    spec = CameraSpec(name=CAMERA, view=Mosaic(), bitrate_bps=BITRATE_BPS, keyframe_every_s=2.0, noise=0.0)
    with opened([spec]) as house, _page() as page:
        first = _first_pictures(page, house, clicks)
        ages, taps, theirs = [], [], []
        with _peer(house) as peer:
            for _ in range(rounds):
                page.goto(f"{house.address}/desk/video")
                shown, told = _ages(page, house, seconds)
                ages.append(shown)
                taps.append(told)
                if peer is not None:
                    page.goto(peer.page(CAMERA))
                    theirs.append(_ages(page, house, seconds)[0])
        page.goto("about:blank")
    return [
        _figure("first picture after the click, /desk to /desk/video, in Chromium", [first], _FIRST_MS),
        _figure("glass to glass in Chromium on one machine (camera's shutter to compositor)", ages, _GLASS_MS),
        _figure("of that, drawing, encoding, RTSP and demuxing: packets at the tap", taps),
        _figure("MediaMTX on its own page, glass to glass, same camera and browser", theirs)
        if theirs
        else Figure("MediaMTX on its own page, glass to glass, same camera and browser", mediamtx.ABSENT),
    ]


def _figure(what: str, rounds_ms: Sequence[Sequence[float]], target_ms: float | None = None) -> Figure:
    p50, p95, most = np.median([np.percentile(found, (50, 95, 100)) for found in rounds_ms], axis=0)
    told = f"p50 {p50:.0f}, p95 {p95:.0f}, most {most:.0f} ms (n = {sum(map(len, rounds_ms))})"
    return Figure(what, told, f"≤ {target_ms:g} ms" if target_ms else "", bool(p95 <= target_ms) if target_ms else None)


@contextmanager
def _page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.add_init_script(path=_SCRIPT)
        yield page
        browser.close()


@contextmanager
def _peer(house: House) -> Iterator[mediamtx.MediaMtx | None]:
    if mediamtx.BINARY is None:
        yield None
        return
    with mediamtx.running(mediamtx.BINARY, house.sources) as served:
        yield served


def _first_pictures(page: Page, house: House, times: int) -> list[float]:
    """How long it took, in milliseconds, each time."""
    found = []
    for _ in range(times):
        page.goto(f"{house.address}/desk")
        page.locator('a[href="/desk/video"]').click()
        page.wait_for_function("() => window.noted.firstMs > 0", timeout=_PATIENCE_MS)
        found.append(float(page.evaluate("() => window.noted.firstMs - window.noted.clickedMs")))
    return found


def _ages(page: Page, house: House, seconds: float) -> tuple[list[float], list[float]]:
    """How old the pictures were that the page showed, and those that came out of the tap meanwhile, in milliseconds."""
    page.wait_for_function("n => window.noted.agesMs.length > n", arg=2 * _GROUP, timeout=_PATIENCE_MS)
    page.evaluate("() => { window.noted.agesMs.length = 0; }")
    with ThreadPoolExecutor(1) as thread:
        tapped = thread.submit(lambda: asyncio.run(_tapped(house, seconds)))
        page.wait_for_timeout(1_000 * seconds)
        shown: list[float] = page.evaluate("() => window.noted.agesMs")
        return shown, _tap_ages(tapped.result())


async def _tapped(house: House, seconds: float) -> list[Packet]:
    """The pictures that come to a client of the tap in so many seconds, beginning with a keyframe."""
    packets: list[Packet] = []
    async with connect(str(house.tap), CAMERA) as tap:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            packet = await tap.next()
            if isinstance(packet, Packet) and packet.media is Media.VIDEO:
                packets.append(packet)
    return packets


def _tap_ages(packets: Sequence[Packet]) -> list[float]:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    frames: list[Any] = [frame for packet in packets for frame in decoder.decode(av.Packet(packet.data))]
    frames += decoder.decode(None)
    clocks = [read_ms(frame.to_ndarray(format="bgr24")) for frame in frames]
    each = zip(packets, clocks, strict=True)
    return [1_000 * packet.arrived_wall_s - clock for packet, clock in each if clock is not None]

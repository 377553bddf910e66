"""The wall's pictures as a browser plays them: a real console, a real tap, WebRTC."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from camera_rows import write_camera
from playwright.sync_api import Browser, Page, sync_playwright
from tap_server import TapServer, encoded

from console import server
from store.times import moment

CHROMIUM = os.environ.get("DUCHA_CHROMIUM") or shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STATIC = Path(server.__file__).parent / "static"
NOW = 1_767_600_000.0
PLAYED = """id => {
    const video = document.querySelector(`[data-camera="${id}"] video`);
    return video ? [video.getVideoPlaybackQuality().totalVideoFrames, video.currentTime] : [0, 0];
}"""
PATIENCE_MS = 20_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: set DUCHA_CHROMIUM, or install Debian's chromium"),
    pytest.mark.skipif(not (STATIC / "index.html").is_file(), reason="the front end is not built"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    yield page
    page.close()


@pytest.fixture
def wall(postgres_uri: str) -> Iterator[str]:
    """The address of a console with its pages."""
    listening, stop, told = Event(), Event(), []
    options: dict[str, Any] = {"static": STATIC, "sweep": False, "stop": stop, "clock": lambda: NOW}

    def started(url: str) -> None:
        told.append(url)
        listening.set()

    thread = Thread(target=lambda: server.run(postgres_uri, port=0, listening=started, **options))
    thread.start()
    try:
        assert listening.wait(10)
        yield told[0]
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def played(page: Page, camera: str, more_than: int) -> tuple[int, float]:
    """Waits until the tile of `camera` has decoded more than so many pictures."""
    enough = f"id => ({PLAYED})(id)[0] > {more_than}"
    page.wait_for_function(enough, arg=camera, timeout=PATIENCE_MS)
    frames, seconds = page.evaluate(PLAYED, camera)
    return frames, seconds


def test_a_tile_plays_and_is_covered_when_the_camera_stops(wall: str, page: Page, tap: TapServer) -> None:
    page.goto(f"{wall}/wall")
    frames, seconds = played(page, "cam-1", 10)
    later, moved = played(page, "cam-1", frames + 10)
    assert later > frames > 10
    assert moved > seconds
    tile = page.locator('[data-camera="cam-1"]')
    assert tile.get_attribute("data-mode") == "live"
    tile.locator(".latency").wait_for(timeout=PATIENCE_MS)
    tap.going.clear()
    tile.get_by_text("无画面 自").wait_for(timeout=PATIENCE_MS)
    tap.going.set()
    tile.get_by_text("无画面 自").wait_for(state="detached", timeout=PATIENCE_MS)


def test_a_camera_with_h265_is_shown_picture_by_picture(wall: str, page: Page, tap: TapServer) -> None:
    tap.film(encoded(codec="libx265"))
    page.goto(f"{wall}/desk/video")
    tile = page.locator('[data-camera="cam-1"][data-mode="still"]')
    first = tile.locator("img").get_attribute("src", timeout=PATIENCE_MS)
    page.wait_for_function(
        "before => document.querySelector('[data-camera] img').src !== before", arg=first, timeout=PATIENCE_MS
    )
    width = tile.locator("img").evaluate("img => img.decode().then(() => img.naturalWidth)")
    assert width == 320
    tile.get_by_text("静帧").wait_for(timeout=PATIENCE_MS)


def test_a_wall_without_cameras_shows_no_pictures(wall: str, page: Page) -> None:
    page.goto(f"{wall}/wall")
    page.wait_for_selector("canvas.maplibregl-canvas", timeout=PATIENCE_MS)
    assert page.locator("[data-camera]").count() == 0


def test_tiles_are_picked_and_laid_out_by_keyboard(wall: str, page: Page, tap: TapServer, postgres_uri: str) -> None:
    for n in range(2, 7):
        changes = {"name": f"窗口 {n}", "kind": "window", "state": "lost", "reason": "connection refused"}
        write_camera(postgres_uri, f"cam-{n}", tap=tap.path, since=moment(NOW - 600), **changes)
    page.goto(f"{wall}/desk/video")
    tiles = page.locator("[data-camera]")
    page.wait_for_function("() => document.querySelectorAll('[data-camera]').length === 4", timeout=PATIENCE_MS)
    page.keyboard.press("Shift+Digit3")
    page.wait_for_function("() => document.querySelectorAll('[data-camera]').length === 6", timeout=PATIENCE_MS)
    page.keyboard.press("2")
    page.wait_for_url("**/desk/video/cam-2", timeout=PATIENCE_MS)
    page.wait_for_function("() => document.querySelectorAll('[data-camera]').length === 1", timeout=PATIENCE_MS)
    tiles.get_by_text("connection refused").wait_for(timeout=PATIENCE_MS)
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelectorAll('[data-camera]').length === 6", timeout=PATIENCE_MS)

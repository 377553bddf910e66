"""The wall's pictures as a browser plays them: a real console, a real tap, WebRTC."""

from browsing import PATIENCE_MS, needs_browser
from camera_rows import write_camera
from console_examples import NOW
from playwright.sync_api import Page
from tap_server import TapServer, encoded

from store.times import moment

PLAYED = """id => {
    const video = document.querySelector(`[data-camera="${id}"] video`);
    return video ? [video.getVideoPlaybackQuality().totalVideoFrames, video.currentTime] : [0, 0];
}"""

pytestmark = needs_browser


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

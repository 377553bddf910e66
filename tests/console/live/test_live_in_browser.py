"""The wall's pictures as a browser plays them: a real console, a real tap, WebRTC."""

import pytest
from browsing import needs_browser
from camera_rows import write_camera
from console_examples import NOW
from playwright.sync_api import Page, expect
from tap_server import TapServer, encoded
from waiting import wait_until

from store.times import moment

PLAYED = """id => {
    const video = document.querySelector(`[data-camera="${id}"] video`);
    return video ? [video.getVideoPlaybackQuality().totalVideoFrames, video.currentTime] : [0, 0];
}"""

pytestmark = needs_browser


def played(page: Page, camera: str, more_than: int) -> tuple[int, float]:
    """Waits until the tile of `camera` has decoded more than so many pictures."""
    enough = f"id => {{ const played = ({PLAYED})(id); return played[0] > {more_than} && played; }}"
    frames, seconds = page.wait_for_function(enough, arg=camera).json_value()
    return frames, seconds


@pytest.fixture
def window(tap: TapServer, postgres_uri: str) -> TapServer:
    """The tap of cam-1, which looks at a window: its picture is for everybody."""
    write_camera(postgres_uri, tap=tap.path, kind="window", name="窗口 1", room=None)
    return tap


def test_a_tile_plays_and_is_covered_when_the_camera_stops(wall: str, page: Page, window: TapServer) -> None:
    page.goto(f"{wall}/wall")
    frames, seconds = played(page, "cam-1", 10)
    later, moved = played(page, "cam-1", frames + 10)
    assert later > frames > 10
    assert moved > seconds
    tile = page.locator('[data-camera="cam-1"]')
    expect(tile).to_have_attribute("data-mode", "live")
    tile.locator(".latency").wait_for()
    window.going.clear()
    tile.get_by_text("无画面 自").wait_for()
    window.going.set()
    tile.get_by_text("无画面 自").wait_for(state="detached")


def test_before_its_first_picture_a_tile_connects_and_has_lost_nothing(
    wall: str, page: Page, window: TapServer
) -> None:
    window.going.clear()
    window.film(window.clip)  # what was filmed until now was seen by nobody
    page.goto(f"{wall}/wall")
    tile = page.locator('[data-camera="cam-1"]')
    tile.get_by_text("正在连接").wait_for()
    longer_than_a_picture_may_be_old = "() => performance.now() > 6000"
    page.wait_for_function(longer_than_a_picture_may_be_old)
    assert tile.get_by_text("无画面").count() == 0
    window.going.set()
    played(page, "cam-1", 10)


def test_an_interrogation_is_counted_and_not_shown_until_somebody_says_why(
    wall: str, page: Page, tap: TapServer, postgres_uri: str
) -> None:
    write_camera(postgres_uri, tap=tap.path)
    page.goto(f"{wall}/wall")
    page.locator('[data-camera="cam-1"][data-mode="counts"]').wait_for()
    assert page.locator('[data-camera="cam-1"] video').count() == 0
    page.keyboard.press("1")
    page.wait_for_url("**/desk/video/cam-1")
    page.get_by_role("textbox").fill("投诉 0417")
    assert page.locator("video").count() == 0
    page.keyboard.press("Enter")
    played(page, "cam-1", 10)
    page.locator('[data-camera="cam-1"]').get_by_text("投诉 0417").first.wait_for()


def test_a_camera_has_the_same_number_and_key_on_the_wall_and_among_the_pictures(
    wall: str, page: Page, window: TapServer, postgres_uri: str
) -> None:
    for n in (2, 3):
        write_camera(postgres_uri, f"cam-{n}", tap=window.path, name=f"窗口 {n}", kind="window", room=None)
    numbers = """() => Object.fromEntries([...document.querySelectorAll("[data-camera]")].map(
        (tile) => [tile.dataset.camera, [tile.dataset.number, tile.querySelector("kbd")?.textContent]]))"""
    expected = {"cam-1": ["1", "1"], "cam-2": ["2", "2"], "cam-3": ["3", "3"]}
    for screen in ("wall", "desk/video"):
        page.goto(f"{wall}/{screen}")
        wait_until(lambda: page.evaluate(numbers) == expected, 60, "the numbers", lambda: page.evaluate(numbers))
        page.keyboard.press("3")
        page.wait_for_url("**/desk/video/cam-3")


def test_a_camera_with_h265_is_shown_picture_by_picture(wall: str, page: Page, window: TapServer) -> None:
    window.film(encoded(codec="libx265"))
    page.goto(f"{wall}/desk/video")
    tile = page.locator('[data-camera="cam-1"][data-mode="still"]')
    first = tile.locator("img").get_attribute("src")
    page.wait_for_function("before => document.querySelector('[data-camera] img').src !== before", arg=first)
    expect(tile.locator("img")).to_have_js_property("naturalWidth", 320)
    tile.get_by_text("静帧").wait_for()


def test_a_wall_without_cameras_shows_no_pictures(wall: str, page: Page) -> None:
    page.goto(f"{wall}/wall")
    page.wait_for_selector("canvas.maplibregl-canvas")
    expect(page.locator("[data-awaited]")).to_have_count(0)
    expect(page.locator("[data-camera]")).to_have_count(0)


def test_tiles_are_picked_and_laid_out_by_keyboard(wall: str, page: Page, tap: TapServer, postgres_uri: str) -> None:
    for n in range(2, 7):
        changes = {"name": f"窗口 {n}", "kind": "window", "state": "lost", "reason": "connection refused"}
        write_camera(postgres_uri, f"cam-{n}", tap=tap.path, since=moment(NOW - 600), **changes)
    page.goto(f"{wall}/desk/video")
    tiles = page.locator("[data-camera]")
    page.wait_for_function("() => document.querySelectorAll('[data-camera]').length === 4")
    page.keyboard.press("Shift+Digit3")
    page.wait_for_function("() => document.querySelectorAll('[data-camera]').length === 6")
    page.keyboard.press("2")
    page.wait_for_url("**/desk/video/cam-2")
    page.wait_for_function("() => document.querySelectorAll('[data-camera]').length === 1")
    tiles.get_by_text("connection refused").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelectorAll('[data-camera]').length === 6")

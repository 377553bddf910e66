"""Law 6 in the browser: nobody sees into an interrogation room before they have said why, and until then not one byte
of a picture is asked for."""

import hashlib
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from browsing import STATIC, needs_browser
from camera_rows import write_camera
from chained import record_chain
from console_examples import NOW, raised
from playwright.sync_api import Page, expect
from serving import serving
from tap_server import Clip, TapServer

from analytics.alerts import Alert, Grade
from analytics.fixes import FixBatch
from store.ledger import Ledger
from store.looks import SHIFT_S
from store.records import AlertPicture

pytestmark = needs_browser

ROOM = "讯问室 2"
WHY = "投诉 0417"
ALERT = Alert("single-officer", 1, Grade.A, "cam-1", None, NOW - 60, None, NOW - 50, 113.1, 22.1, {})
PICTURE = re.compile(r"/api/v1/.*(/whep|/snapshot|/pictures/\d+|/playlist\.m3u8|/files/)")
SETTLED = "() => performance.now() > 4000"


def jpeg() -> bytes:
    """A grey picture."""
    written, data = cv2.imencode(".jpg", np.full((180, 320, 3), 120, np.uint8))
    assert written
    return data.tobytes()


@pytest.fixture
def room(ledger: Ledger, tap: TapServer, postgres_uri: str, tmp_path: Path, clip: Clip) -> None:
    """An interrogation room that is live, was recorded, and has an alert with a kept picture."""
    folder = tmp_path / "recordings"
    record_chain(postgres_uri, folder, clip, {"cam-1": [(NOW - 90, NOW - 30)]})
    write_camera(postgres_uri, tap=tap.path, folder=folder, room=ROOM)
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "0.jpg").write_bytes(jpeg())
    digest = hashlib.sha256(jpeg()).digest()
    kept = AlertPicture(ALERT.id, 0, NOW - 50, digest, str(tmp_path / "kept"), "0.jpg")
    ledger.commit(FixBatch.empty(), raised(ALERT), pictures=[kept], received_s=NOW)


@pytest.fixture
def asked(page: Page) -> list[str]:
    """The pictures that the page has asked the server for."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if PICTURE.search(request.url) else None)
    return found


SCREENS = {
    "/wall": '[data-camera="cam-1"][data-mode="counts"]',
    f"/desk/{ALERT.id}": f'[data-shown="{ALERT.id}"][aria-busy="false"] [data-mode="counts"]',
    "/desk/rooms": '[data-camera="cam-1"][data-mode="counts"]',
    "/desk/video": '[data-camera="cam-1"][data-mode="counts"]',
    "/desk/video/cam-1": 'form [role="textbox"], form input',
    "/desk/evidence?camera=cam-1&at=2026-01-05T07:59:00Z": "form.purpose input",
}


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("screen", SCREENS)
def test_before_a_purpose_is_given_no_picture_is_asked_for(
    wall: str, page: Page, asked: list[str], screen: str
) -> None:
    page.goto(wall + screen)
    page.locator(SCREENS[screen]).first.wait_for()
    page.wait_for_function(SETTLED)  # whatever would ask for one has had its time
    assert asked == []
    assert page.locator("video:visible, .app img").count() == 0


@pytest.mark.usefixtures("room")
def test_the_desks_pictures_come_with_the_purpose_and_under_a_watermark_that_says_it(
    wall: str, page: Page, asked: list[str]
) -> None:
    page.goto(f"{wall}/desk/{ALERT.id}")
    page.get_by_text("讯问室画面须先说明事由").wait_for()
    page.keyboard.press("v")
    page.wait_for_url("**/desk/video/cam-1")
    page.get_by_role("textbox").fill("  ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox")).to_be_visible()
    assert asked == []
    page.get_by_role("textbox").fill(WHY)
    page.keyboard.press("Enter")
    live = page.locator('[data-camera="cam-1"][data-mode="live"]')
    live.wait_for()
    assert [url for url in asked if "/whep" in url]
    live.get_by_text(f"{WHY} 督察台 2026-01-05 16:00").first.wait_for()

    page.keyboard.press("Escape")
    page.wait_for_url(f"**/desk/{ALERT.id}")
    kept = page.locator("[data-kept]")
    kept.get_by_text(f"{WHY} 督察台 2026-01-05 16:00").first.wait_for()
    expect(kept.locator("img")).to_have_js_property("naturalWidth", 320)
    kept.get_by_role("button").click()
    kept.locator('[aria-pressed="true"]').get_by_text(WHY).first.wait_for()


@pytest.mark.usefixtures("room")
def test_what_was_recorded_comes_with_the_purpose_and_under_a_watermark_that_says_it(
    wall: str, page: Page, asked: list[str]
) -> None:
    page.goto(f"{wall}/desk/evidence?camera=cam-1&at=2026-01-05T07:59:00Z")
    page.locator("form.purpose input").fill(WHY)
    page.keyboard.press("Enter")
    tile = page.locator('[data-camera="cam-1"][data-shown]')
    tile.wait_for()
    assert [url for url in asked if "/playlist.m3u8" in url]
    tile.get_by_text(f"{WHY} 督察台 2026-01-05 16:00").first.wait_for()


GONE = "服务器不再认得此浏览器"


def give(page: Page) -> None:
    """Says why."""
    page.get_by_role("textbox", name="事由").fill(WHY)
    page.keyboard.press("Enter")


@pytest.mark.usefixtures("room")
def test_when_the_shift_ends_the_live_picture_stops_and_the_page_says_so_and_asks_again(
    postgres_uri: str, page: Page
) -> None:
    now = [NOW]
    with serving(postgres_uri, static=STATIC, clock=lambda: now[0]) as address:
        page.goto(f"{address}/desk/video/cam-1")
        give(page)
        live = page.locator('[data-camera="cam-1"][data-mode="live"]')
        expect(live).to_be_visible()
        now[0] = NOW + SHIFT_S
        expect(page.get_by_role("alert")).to_contain_text("所说明的事由已满 12 小时")
        expect(live).to_have_count(0)
        give(page)
        expect(live).to_be_visible()


@pytest.mark.usefixtures("room")
def test_when_the_browsers_cookie_is_gone_a_live_picture_that_ends_is_asked_for_with_a_purpose_again(
    wall: str, page: Page
) -> None:
    page.goto(f"{wall}/desk/video/cam-1")
    page.get_by_role("textbox").fill(WHY)
    with page.expect_response(re.compile("/whep$")) as answer:
        page.keyboard.press("Enter")
    live = page.locator('[data-camera="cam-1"][data-mode="live"]')
    expect(live).to_be_visible()
    page.context.clear_cookies()
    ended = page.request.delete(wall + answer.value.headers["location"])
    assert ended.status == 204
    expect(page.get_by_role("alert")).to_contain_text(GONE)
    give(page)
    expect(live).to_be_visible()


@pytest.mark.usefixtures("room")
def test_when_the_browsers_cookie_is_gone_playback_says_what_happened_and_goes_on_with_a_purpose(
    wall: str, page: Page
) -> None:
    page.goto(f"{wall}/desk/evidence?camera=cam-1&at=2026-01-05T07:58:40Z")
    give(page)
    shown = page.locator('[data-camera="cam-1"][data-shown] video')
    expect(shown).to_be_visible()
    page.context.clear_cookies()
    page.keyboard.press("Space")
    expect(page.get_by_role("alert")).to_contain_text(GONE)
    give(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(shown).to_be_visible()


@pytest.mark.usefixtures("room")
def test_when_the_browsers_cookie_is_gone_the_desk_says_so_where_a_kept_picture_stood(wall: str, page: Page) -> None:
    page.goto(f"{wall}/desk/video/cam-1")
    give(page)
    expect(page.locator('[data-camera="cam-1"][data-mode="live"]')).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{wall}/desk/{ALERT.id}")
    expect(page.get_by_text(GONE)).to_be_visible()
    page.get_by_role("button", name="说明事由 V").click()
    give(page)
    expect(page.locator('[data-camera="cam-1"][data-mode="live"]')).to_be_visible()

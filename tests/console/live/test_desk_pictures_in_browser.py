"""The pictures of somebody who moves: of the nearest camera outdoors, or the word that there is none."""

from browsing import PATIENCE_MS, needs_browser
from camera_rows import write_camera
from console_examples import NOW, raised, stop
from playwright.sync_api import Page
from tap_server import TapServer

from analytics.fixes import FixBatch
from store.ledger import Ledger

pytestmark = needs_browser

ALERT = stop("car-1", start_s=NOW - 60)  # at 113.1° E, 22.9° N


def test_the_nearest_camera_outdoors_is_shown_and_found_by_a_key(
    wall: str, page: Page, tap: TapServer, ledger: Ledger, postgres_uri: str
) -> None:
    write_camera(postgres_uri, tap=tap.path, kind="street", name="路口 12", room=None, lon=113.1, lat=22.905)
    write_camera(postgres_uri, "cam-2", kind="street", name="路口 99", room=None, lon=113.1, lat=22.94)
    write_camera(postgres_uri, "cam-3", kind="window", name="窗口", room=None, lon=113.1, lat=22.9)
    ledger.commit(FixBatch.empty(), raised(ALERT), received_s=NOW)
    page.goto(f"{wall}/desk/{ALERT.id}")
    pictures = page.locator("[data-pictures]")
    live = pictures.locator('[data-camera="cam-1"]')
    live.wait_for(timeout=PATIENCE_MS)
    assert "距 557 m" in pictures.inner_text()
    pictures.locator('[data-recorded="cam-1"]').get_by_text("未录像").wait_for(timeout=PATIENCE_MS)
    page.keyboard.press("v")
    page.wait_for_url("**/desk/video/cam-1", timeout=PATIENCE_MS)


def test_where_no_camera_is_near_that_is_said(wall: str, page: Page, ledger: Ledger, postgres_uri: str) -> None:
    write_camera(postgres_uri, "cam-2", kind="street", name="路口 99", room=None, lon=113.1, lat=22.94)
    ledger.commit(FixBatch.empty(), raised(ALERT), received_s=NOW)
    page.goto(f"{wall}/desk/{ALERT.id}")
    pictures = page.locator("[data-pictures]")
    pictures.get_by_text("附近 2 公里内没有摄像机").wait_for(timeout=PATIENCE_MS)
    pictures.get_by_text("起始处 2 公里内没有摄像机").wait_for(timeout=PATIENCE_MS)

"""The pictures of somebody who moves: of the nearest camera outdoors, or the word that there is none."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from browsing import needs_browser
from camera_rows import write_camera
from chained import record_chain
from console_examples import NOW, drive, raised, stop
from playwright.sync_api import Page, expect
from tap_server import Clip, TapServer

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
    live.wait_for()
    expect(pictures).to_contain_text("距 557 m")
    pictures.locator('[data-recorded="cam-1"]').get_by_text("未录像").wait_for()
    page.keyboard.press("v")
    page.wait_for_url("**/desk/video/cam-1")


def test_a_terminal_that_carries_a_camera_is_shown_by_that_beside_its_track(
    wall: str, page: Page, tap: TapServer, ledger: Ledger, postgres_uri: str, tmp_path: Path, clip: Clip
) -> None:
    body, off = TapServer(tmp_path / "body.sock", clip, camera="off-1"), stop("off-1", start_s=NOW - 60)
    write_camera(postgres_uri, tap=tap.path, kind="street", name="路口 12", room=None, lon=113.1, lat=22.9)
    folder = tmp_path / "recordings"
    record_chain(postgres_uri, folder, clip, {"off-1": [(NOW - 90, NOW - 30)]})
    told = {"kind": "bodycam", "name": "记录仪 1", "room": None, "lon": None, "lat": None}
    write_camera(postgres_uri, "off-1", tap=body.path, folder=folder, **told)
    (number,) = ledger.register(["off-1"])
    ledger.commit(drive(int(number), 12, start_s=NOW - 60), raised(off), received_s=NOW)
    with body.running():
        page.goto(f"{wall}/desk/{off.id}")
        pictures = page.locator("[data-pictures]")
        expect(pictures.locator('[data-camera="off-1"][data-mode="live"]')).to_be_visible()
        expect(pictures.locator('[data-recorded="off-1"] video')).to_be_visible()
        expect(pictures.get_by_text("自带摄像机")).to_have_count(2)
        expect(pictures.locator('[data-camera="cam-1"]')).to_have_count(0)
        expect(page.locator(f'[data-shown="{off.id}"] canvas').first).to_be_visible()
        link = pictures.get_by_role("link")
        expect(link).to_have_attribute("href", re.compile("at="))
        query = parse_qs(urlsplit(link.get_attribute("href") or "").query)
        assert query == {"camera": ["off-1"], "at": ["2026-01-05T07:59:00.000Z"]}
        page.keyboard.press("v")
        page.wait_for_url("**/desk/video/off-1")


def test_where_no_camera_is_near_that_is_said(wall: str, page: Page, ledger: Ledger, postgres_uri: str) -> None:
    write_camera(postgres_uri, "cam-2", kind="street", name="路口 99", room=None, lon=113.1, lat=22.94)
    ledger.commit(FixBatch.empty(), raised(ALERT), received_s=NOW)
    page.goto(f"{wall}/desk/{ALERT.id}")
    pictures = page.locator("[data-pictures]")
    pictures.get_by_text("附近 2 公里内没有摄像机").wait_for()
    pictures.get_by_text("起始处 2 公里内没有摄像机").wait_for()

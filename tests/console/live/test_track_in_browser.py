"""Tracks as a supervisor looks at them: several at once, over a span that is written, with their stops."""

import numpy as np
import pytest
from browsing import needs_browser
from camera_rows import write_camera
from console_examples import NOW, drive
from playwright.sync_api import Page, expect

from analytics.fixes import FixBatch
from store.ledger import Ledger

pytestmark = needs_browser


@pytest.fixture
def driven(ledger: Ledger) -> None:
    """Car 1 drives and then stands for five minutes; car 2 drives."""
    known = np.full(60, 0.0)
    standing = FixBatch.build(
        np.full(60, 1), NOW - 600 + 5.0 * np.arange(60), np.full(60, 113.01), np.full(60, 22.01), known, known, known
    )
    ways = [drive(1, 30, start_s=NOW - 900), standing, drive(2, 20, start_s=NOW - 900)]
    ledger.commit(FixBatch.concatenate(ways), [], received_s=NOW)


@pytest.mark.usefixtures("driven")
def test_two_tracks_are_seen_at_once_with_their_stops(wall: str, page: Page) -> None:
    page.goto(f"{wall}/desk/track/car-1,car-2")
    page.get_by_text("110 个定位点").wait_for()
    stop = page.locator("button[data-stop]")
    expect(stop).to_have_count(1)
    expect(stop).to_contain_text("停留")

    begins = page.locator("label", has_text="从").locator("input")
    begins.fill("gestern")
    begins.press("Enter")
    page.get_by_text("读不懂这个时间").wait_for()
    begins.fill("2026-01-05 15:50:00")  # Beijing time, of which the drives know nothing
    begins.press("Enter")
    page.get_by_text("60 个定位点").wait_for()


def test_a_camera_has_no_track_and_leads_to_its_recording(wall: str, page: Page, postgres_uri: str) -> None:
    write_camera(postgres_uri, name="路口 12", kind="street", room=None)
    page.goto(f"{wall}/desk/track/cam-1")
    page.get_by_text("路口 12 不移动，没有轨迹").wait_for()
    assert page.get_by_role("alert").count() == 0
    page.get_by_role("link", name="录像").click()
    page.wait_for_url("**/desk/evidence?camera=cam-1**")

"""Recordings as a browser plays them: a real console, files as the recorder writes them, one clock for all."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from browsing import needs_browser
from camera_rows import write_camera
from chained import aac, record_chain
from console_examples import NOW, raised
from playwright.sync_api import Page, expect
from tap_server import ALAW, Clip, encoded

from analytics.alerts import Alert, Grade
from analytics.catalogue import default_rules
from analytics.fixes import FixBatch
from store.ledger import Ledger
from store.times import moment, rfc3339

RATE = 15
HOUR = NOW - 3600  # a full one, so that another playlist begins there
SHOWN = "camera => Number(document.querySelector(`[data-camera='${camera}']`)?.dataset.shown ?? 0)"

pytestmark = needs_browser


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def two_cameras(postgres_uri: str, folder: Path, clip: Clip) -> None:
    """A window filmed for a minute; another with ten seconds missing in its middle."""
    spans = {"win-1": [(NOW - 90, NOW - 30)], "win-2": [(NOW - 90, NOW - 65), (NOW - 55, NOW - 30)]}
    record_chain(postgres_uri, folder, clip, spans)
    for camera in spans:
        write_camera(postgres_uri, camera, folder=folder, name=f"窗口 {camera}", kind="window")


def opened(page: Page, wall: str, at: float, *cameras: str) -> None:
    page.goto(f"{wall}/desk/evidence?{urlencode({'camera': ','.join(cameras), 'at': rfc3339(moment(at))})}")


def seen(page: Page, camera: str, from_s: float, to_s: float) -> float:
    """Waits for a picture of `camera` recorded in [from_s, to_s); returns when it was."""
    expression = f"([camera, from, to]) => {{ const at = ({SHOWN})(camera); return at >= from && at < to ? at : 0; }}"
    found: float = page.wait_for_function(expression, arg=[camera, from_s, to_s]).json_value()
    return found


@pytest.mark.usefixtures("two_cameras")
def test_it_opens_at_the_moment_asked_for_with_all_cameras_together(wall: str, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened(page, wall, NOW - 80, "win-1", "win-2")
    for camera in ("win-1", "win-2"):
        assert abs(seen(page, camera, NOW - 81, NOW - 79) - (NOW - 80)) <= 1.5 / RATE
    assert complaints == []


@pytest.mark.usefixtures("two_cameras")
def test_pictures_are_stepped_one_by_one(wall: str, page: Page) -> None:
    opened(page, wall, NOW - 80, "win-1", "win-2")
    first = seen(page, "win-1", NOW - 81, NOW - 79)
    page.keyboard.press(".")
    second = seen(page, "win-1", first + 0.5 / RATE, first + 1.5 / RATE)
    page.keyboard.press("ArrowRight")
    seen(page, "win-1", second + 0.5 / RATE, second + 1.5 / RATE)
    seen(page, "win-2", second + 0.5 / RATE, second + 1.5 / RATE)
    page.keyboard.press(",")
    seen(page, "win-1", second - 0.5 / RATE, second + 0.5 / RATE)


@pytest.mark.usefixtures("two_cameras")
def test_a_click_on_the_ruler_seeks(wall: str, page: Page) -> None:
    opened(page, wall, NOW - 80, "win-1")
    seen(page, "win-1", NOW - 81, NOW - 79)
    ruler = page.locator("[data-view]")
    begins, ends = (float(text) for text in (ruler.get_attribute("data-view") or "").split())
    box = ruler.bounding_box()
    assert box is not None
    at = NOW - 45
    page.mouse.click(box["x"] + box["width"] * (at - begins) / (ends - begins), box["y"] + 10)
    pixel_s = (ends - begins) / box["width"]
    seen(page, "win-1", at - pixel_s - 0.2, at + pixel_s + 0.2)


@pytest.mark.usefixtures("two_cameras")
def test_a_camera_in_a_gap_says_why_and_the_other_plays_on(wall: str, page: Page) -> None:
    opened(page, wall, NOW - 66, "win-1", "win-2")
    seen(page, "win-2", NOW - 67, NOW - 65)
    page.keyboard.press("g")
    gap = page.locator('[data-camera="win-2"][data-spot="gap"]')
    gap.get_by_text("断流").wait_for()
    gap.get_by_text("15:58:55 – 15:59:05").wait_for()
    page.keyboard.press("l")
    seen(page, "win-1", NOW - 64, NOW - 30)
    seen(page, "win-2", NOW - 54, NOW - 30)
    expect(page.locator('[data-camera="win-2"][data-spot="recorded"]')).to_have_count(1)


@pytest.mark.usefixtures("two_cameras")
def test_where_nothing_is_recorded_it_says_so_and_leads_on(wall: str, page: Page) -> None:
    opened(page, wall, NOW - 300, "win-1")
    tile = page.locator('[data-camera="win-1"]')
    tile.get_by_text("未录像").wait_for()
    tile.get_by_role("button", name="到下一段画面").click()
    seen(page, "win-1", NOW - 90.1, NOW - 89)


def test_it_plays_over_the_hour(wall: str, page: Page, postgres_uri: str, folder: Path, clip: Clip) -> None:
    record_chain(postgres_uri, folder, clip, {"win-1": [(HOUR - 8, HOUR + 12)]})
    write_camera(postgres_uri, "win-1", folder=folder, kind="window")
    opened(page, wall, HOUR - 3, "win-1")
    seen(page, "win-1", HOUR - 4, HOUR - 2)
    page.keyboard.press(" ")
    seen(page, "win-1", HOUR + 1, HOUR + 12)


def test_an_interrogation_is_shown_to_nobody_who_does_not_say_why(
    wall: str, page: Page, postgres_uri: str, folder: Path, clip: Clip
) -> None:
    record_chain(postgres_uri, folder, clip, {"room-1": [(NOW - 60, NOW - 30)]})
    write_camera(postgres_uri, "room-1", folder=folder, kind="interrogation")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    opened(page, wall, NOW - 50, "room-1")
    page.get_by_text("填写事由后显示画面").wait_for()
    page.locator('[data-lane="room-1"] .recorded').first.wait_for()
    assert not [url for url in asked if "playlist" in url or "/files/" in url]
    page.get_by_label("事由").fill("投诉核查 0417")
    page.keyboard.press("Enter")
    seen(page, "room-1", NOW - 51, NOW - 49)
    page.locator('[data-camera="room-1"]').get_by_text("投诉核查 0417").first.wait_for()


def test_sound_of_one_camera_is_heard(wall: str, page: Page, postgres_uri: str, folder: Path, clip: Clip) -> None:
    record_chain(postgres_uri, folder, clip, {"win-1": [(NOW - 60, NOW - 30)]}, sound=aac())
    write_camera(postgres_uri, "win-1", folder=folder, kind="window", audio="aac")
    opened(page, wall, NOW - 55, "win-1")
    seen(page, "win-1", NOW - 56, NOW - 54)
    with page.expect_response(re.compile(r"/files/win-1\.audio/.*\.mp4$")) as answer:
        page.keyboard.press("1")
    assert answer.value.ok
    page.keyboard.press("l")
    seen(page, "win-1", NOW - 53, NOW - 30)
    page.get_by_role("button", name="静音", exact=True).wait_for()


def test_sound_that_no_browser_plays_is_said_to_be_in_the_export(
    wall: str, page: Page, postgres_uri: str, folder: Path, clip: Clip
) -> None:
    record_chain(postgres_uri, folder, clip, {"win-1": [(NOW - 60, NOW - 30)]}, sound=ALAW)
    write_camera(postgres_uri, "win-1", folder=folder, kind="window", audio="pcm_alaw")
    opened(page, wall, NOW - 55, "win-1")
    seen(page, "win-1", NOW - 56, NOW - 54)
    page.keyboard.press("1")
    page.locator('[data-camera="win-1"]').get_by_text("不能在浏览器中播放；导出中有").wait_for()
    page.keyboard.press("l")
    seen(page, "win-1", NOW - 53, NOW - 30)  # the picture goes on without it


def test_a_codec_that_the_browser_lacks_is_named(wall: str, page: Page, postgres_uri: str, folder: Path) -> None:
    page.goto(f"{wall}/desk/evidence")
    if page.evaluate("MediaSource.isTypeSupported('video/mp4; codecs=\"hev1.1.6.L93.B0\"')"):
        pytest.skip("this browser plays H.265")
    record_chain(postgres_uri, folder, encoded(codec="libx265"), {"win-1": [(NOW - 60, NOW - 30)]})
    write_camera(postgres_uri, "win-1", folder=folder, kind="window", codec="hevc")
    opened(page, wall, NOW - 55, "win-1")
    page.locator('[data-camera="win-1"]').get_by_text("此浏览器不能播放 HEVC").wait_for()


@pytest.mark.usefixtures("two_cameras")
def test_the_recording_is_verified_on_demand_in_words(wall: str, page: Page) -> None:
    opened(page, wall, NOW - 80, "win-1", "win-2")
    page.get_by_text("未验证").wait_for()
    page.get_by_role("button", name="验证此段").click()
    proofs = page.locator('[data-proof="intact"]')
    proofs.get_by_text("窗口 win-1: 与录制时一致", exact=True).wait_for()
    proofs.get_by_text("窗口 win-2: 与录制时一致，1 处已声明的中断").wait_for()


@pytest.mark.usefixtures("two_cameras")
def test_bookmarks_outlive_the_page_and_lead_back(wall: str, page: Page) -> None:
    opened(page, wall, NOW - 80, "win-1")
    seen(page, "win-1", NOW - 81, NOW - 79)
    page.keyboard.press("b")
    page.locator("input:focus").wait_for()
    page.keyboard.type("开门")
    page.keyboard.press("Enter")
    opened(page, wall, NOW - 40, "win-1")
    seen(page, "win-1", NOW - 41, NOW - 39)
    page.get_by_role("button", name="开门").click()
    seen(page, "win-1", NOW - 81, NOW - 79)


@pytest.mark.usefixtures("two_cameras")
def test_a_selection_is_handed_to_the_export(wall: str, page: Page) -> None:
    opened(page, wall, NOW - 80, "win-1", "win-2")
    seen(page, "win-1", NOW - 81, NOW - 79)
    page.keyboard.press("i")
    page.keyboard.press("g")  # to the gap, which is where it ends
    page.locator('[data-camera="win-2"][data-spot="gap"]').wait_for()
    page.keyboard.press("o")
    page.get_by_text("15:58:40 – 15:58:55", exact=True).wait_for()
    link = page.get_by_role("link", name="导出…")
    expect(link).to_have_attribute("href", re.compile(r"[?&]to="))
    address = urlsplit(link.get_attribute("href") or "")
    assert address.path == "/desk/exports"
    assert parse_qs(address.query) == {
        "camera": ["win-1,win-2"],
        "from": ["2026-01-05T07:58:40.000Z"],
        "to": ["2026-01-05T07:58:55.000Z"],
    }


@pytest.mark.usefixtures("two_cameras")
def test_the_alert_of_a_camera_leads_to_its_recording(wall: str, page: Page, postgres_uri: str) -> None:
    alert = Alert("post-unattended", 1, Grade.B, "win-1", None, NOW - 80, None, NOW - 70, None, None, {})
    with Ledger(postgres_uri) as ledger:
        ledger.seed_rules(default_rules(), now_s=NOW)
        ledger.commit(FixBatch.empty(), raised(alert), received_s=NOW)
    page.goto(f"{wall}/desk")
    page.get_by_role("link", name="查看 15:58:40 的录像").click()
    seen(page, "win-1", NOW - 81, NOW - 79)

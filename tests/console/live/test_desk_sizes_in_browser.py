"""The desk's screens that show a room, one camera alone and what is held, on a phone, a laptop and a desk's screen:
nothing is cut, covered or too small to read, in both languages."""

import hashlib
import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest
from browsing import STATIC, needs_browser, patient_page
from camera_rows import write_camera
from chained import record_chain
from console_examples import NOW, raised
from layout import covered, cut, tiny
from playwright.sync_api import Browser, Page, expect
from serving import serving
from tap_server import Clip, TapServer
from test_purpose_in_browser import jpeg

from analytics.alerts import Alert, Grade
from analytics.catalogue import default_rules
from analytics.fixes import FixBatch
from store.embedded import EmbeddedPostgres
from store.ledger import Ledger
from store.records import AlertPicture
from store.times import moment, rfc3339

pytestmark = needs_browser

SIZES = [(390, 844), (1366, 768), (1920, 1080)]
LEAST_PX = 12.5
# Choices whose words stand in two lines.
ROWS = """all => all.filter(e => e.getBoundingClientRect().height > 60 || [...e.childNodes].some(node => {
    const words = document.createRange();
    words.selectNodeContents(node);
    return new Set([...words.getClientRects()].map(box => Math.round(box.top / 10))).size > 1;
})).map(e => `two lines: ${e.textContent.trim()}`)"""
# Marks over a picture that lie over each other, or reach out of their place.
CROSSED = """all => {
    const boxes = all.map(e => [e.offsetLeft, e.offsetTop, e.offsetLeft + e.offsetWidth, e.offsetTop + e.offsetHeight]);
    const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
    const crossed = boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b => meet(a, b)).map(b => `${a} and ${b}`));
    return crossed.concat(all.filter(e => e.scrollWidth > e.offsetWidth + 1).map(e => e.textContent));
}"""
BEGAN = time.time() - 300
WHY = "投诉核查 2026-0417：当事人称讯问中未记录的中断"
DETAIL = {"people": 1, "required": 3, "seconds": 120.0}
ALERT = Alert("single-officer", 1, Grade.A, "room-1", None, BEGAN, None, BEGAN + 120, 113.1, 22.1, DETAIL)


@pytest.fixture(scope="module")
def county(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, clip: Clip) -> Iterator[str]:
    """A console with a room whose alert kept pictures, a window, a lost camera, and holds in force and released."""
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE sizes TEMPLATE template_ducha STRATEGY file_copy")
    dsn, folder = postgres_server.uri("sizes"), tmp_path_factory.mktemp("sizes")
    with Ledger(dsn) as ledger:
        ledger.seed_rules(default_rules(), now_s=BEGAN)
        digest = hashlib.sha256(jpeg()).digest()
        kept = [AlertPicture(ALERT.id, n, BEGAN + n, digest, str(folder), f"{n}.jpg") for n in range(3)]
        for picture in kept:
            (folder / picture.file).write_bytes(jpeg())
        ledger.commit(FixBatch.empty(), raised(ALERT), pictures=kept, received_s=time.time())
    heard = moment(time.time() + 3600)  # so that the workers are there for as long as the tests take
    tap = TapServer(folder / "tap.sock", clip, camera="win-1")
    room = TapServer(folder / "room.sock", clip, camera="room-1")
    record_chain(dsn, folder / "recordings", clip, {"win-1": [(NOW - 90, NOW - 30)]})
    write_camera(
        dsn,
        "room-1",
        tap=room.path,
        room="讯问室 2（办案中心一层）",
        name="讯问室 2 全景",
        seen_at=heard,
        lost_packets=0,
    )
    told = {"kind": "window", "room": None, "folder": folder / "recordings", "seen_at": heard}
    write_camera(dsn, "win-1", tap=tap.path, name="户籍窗口 2（便民大厅东侧）", lost_packets=1_234, **told)
    reason = "no route to host; expected an RTSP server on port 554"
    write_camera(dsn, "win-2", name="交管窗口 1", state="lost", reason=reason, recorded=False, **told)
    with tap.running(), room.running(), serving(dsn, static=STATIC) as url:
        hold = {"cameras": ["win-1"], "from": rfc3339(moment(NOW - 90)), "to": rfc3339(moment(NOW - 60))}
        hold |= {"case_number": "投诉-2026-0417", "reason": "当事人投诉窗口民警态度，需保全全过程录像", "by": "王建国"}
        holds = [httpx.post(f"{url}/api/v1/holds", json=hold, timeout=10).json()["id"] for _ in range(2)]
        release = {"by": "李明", "reason": "投诉已撤回"}
        httpx.post(f"{url}/api/v1/holds/{holds[0]}/release", json=release, timeout=10).raise_for_status()
        yield url


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}px")
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = request.param
    page = patient_page(browser, viewport={"width": width, "height": height}, locale="zh-CN")
    yield page
    page.close()


def faults(page: Page) -> list[str]:
    """What is wrong with the screen that is open, in its language."""
    width = page.viewport_size and page.viewport_size["width"]
    wide = page.evaluate("[document.documentElement, ...document.querySelectorAll('main')].map((e) => e.scrollWidth)")
    rows = page.locator("nav button:visible, [data-filter]:visible").evaluate_all(ROWS)
    return [f"{px} px wide" for px in wide if px != width] + cut(page) + covered(page) + tiny(page, LEAST_PX) + rows


def is_well_in_both_languages(page: Page) -> None:
    page.locator("[data-awaited]").first.wait_for(state="detached")
    for language in ("zh-CN", "en"):
        page.wait_for_function("(it) => document.documentElement.lang.startsWith(it)", arg=language[:2])
        assert faults(page) == [], language
        page.locator("[data-language]:visible").first.click()


def say_why(page: Page) -> None:
    """Gives the purpose of the room, so that its pictures are shown."""
    page.get_by_role("textbox").fill(WHY)
    page.keyboard.press("Enter")
    expect(page.locator('[data-camera="room-1"][data-mode="live"]')).to_be_visible()


def marks_are_read(page: Page, within: str) -> None:
    """The watermark over each picture there stands in lines that don't cross, and begins with who looks and when."""
    pictures = page.locator(f"{within}:has(> [data-mark])").all()
    assert pictures
    for marks in pictures:
        assert marks.locator("[data-mark]").evaluate_all(CROSSED) == []
        first = marks.locator("[data-mark]").first
        when, why = first.locator("> span").nth(1), first.locator("> span").nth(0)
        assert why.text_content() == WHY
        assert when.evaluate("e => e.offsetTop") < why.evaluate("e => e.offsetTop")


def test_what_is_held(page: Page, county: str) -> None:
    page.goto(f"{county}/desk/holds")
    expect(page.get_by_text("投诉-2026-0417").first).to_be_visible()
    is_well_in_both_languages(page)


@pytest.mark.parametrize(("camera", "shown"), [("win-1", "[data-mode=live]"), ("win-2", "[data-mode]"), ("room-1", "")])
def test_one_camera_alone(page: Page, county: str, camera: str, shown: str) -> None:
    page.goto(f"{county}/desk/video/{camera}")
    expect(page.locator(f'[data-camera="{camera}"]{shown}')).to_be_visible()
    is_well_in_both_languages(page)


def test_what_a_cameras_line_loses_is_told_and_what_nobody_knows_is_a_dash(page: Page, county: str) -> None:
    for camera, told in (("win-1", "丢包 1234"), ("room-1", "丢包 0"), ("win-2", "丢包 —")):
        page.goto(f"{county}/desk/video/{camera}")
        expect(page.locator(f'[data-camera="{camera}"] [data-lost]')).to_have_text(told)


def test_a_room_alone_once_the_purpose_is_given(page: Page, county: str) -> None:
    page.goto(f"{county}/desk/video/room-1")
    say_why(page)
    marks_are_read(page, '[data-camera="room-1"] span')
    is_well_in_both_languages(page)


@pytest.mark.parametrize("said", [False, True], ids=["covered", "shown"])
def test_a_rooms_alert(page: Page, county: str, said: bool) -> None:
    if said:
        page.goto(f"{county}/desk/video/room-1")
        say_why(page)
    page.goto(f"{county}/desk/{ALERT.id}")
    pane = page.locator(f'[data-shown="{ALERT.id}"][aria-busy="false"]')
    expect(pane.locator('[data-camera="room-1"]')).to_be_visible()
    expect(pane.locator("[data-kept] img")).to_have_count(3 if said else 0)
    if said:
        marks_are_read(page, f'[data-shown="{ALERT.id}"] span')
    is_well_in_both_languages(page)

"""The wall on the screens it hangs on: whole, readable from afar, in both languages; what nobody knows is a dash."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import httpx
import numpy as np
import psycopg
import pytest
from between import Between
from browsing import STATIC, needs_browser, patient_page
from camera_rows import write_camera
from console_examples import drive, plan, raised, stop
from layout import covered, cut, meet, tiny
from playwright.sync_api import Browser, Page, expect
from serving import serving
from tap_server import Clip, TapServer

from analytics.alerts import Grade
from analytics.catalogue import default_rules
from analytics.fixes import FixBatch
from store import alert_actions
from store.embedded import EmbeddedPostgres
from store.ledger import Ledger
from store.pool import make_pool

pytestmark = needs_browser

# Width, height, and the smallest type: two metres away from a desk's screen, four from a wall.
SIZES = [(1366, 768, 13), (1920, 1080, 13), (3840, 1080, 18), (3840, 2160, 26)]


@pytest.fixture(scope="module")
def busy(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, clip: Clip) -> Iterator[str]:
    """A console with six cameras, a room, cars, and alerts that last and that are over."""
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE wall_sizes TEMPLATE template_ducha STRATEGY file_copy")
    dsn, now_s = postgres_server.uri("wall_sizes"), time.time()
    alerts = [stop(f"car-{n}", start_s=now_s - 100 * n, grade=Grade("BAC"[n % 3])) for n in range(1, 9)]
    over = [alert.ended(now_s - 10) for alert in alerts[5:]]
    with Ledger(dsn) as ledger:
        ledger.register([f"car-{n}" for n in range(9)])
        ledger.seed_rules(default_rules(), now_s=now_s)
        places = FixBatch.concatenate([drive(n, 12, start_s=now_s - 60) for n in range(9)])
        ledger.commit(places, raised(*alerts[:5], *over), received_s=now_s)
    tap = TapServer(tmp_path_factory.mktemp("wall") / "tap.sock", clip)
    write_camera(dsn, tap=tap.path, room="讯问室 2")
    for n in range(2, 7):
        write_camera(dsn, f"cam-{n}", tap=tap.path, kind="window", name=f"户籍窗口 {n}", room=None)
    with tap.running(), serving(dsn, static=STATIC) as url:
        httpx.put(f"{url}/api/v1/plan", json=plan(), timeout=10).raise_for_status()
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = patient_page(browser, viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    yield page
    page.close()


@pytest.mark.parametrize(("width", "height", "type_px"), SIZES)
def test_the_wall_is_whole_and_readable(page: Page, busy: str, width: int, height: int, type_px: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{busy}/wall")
    page.locator("a[data-alert]").first.wait_for()
    page.locator('[data-camera="cam-1"]').wait_for()
    page.locator(".pane .maplibregl-ctrl-scale").wait_for()  # three maps, drawn in software
    page.locator("[data-awaited]").first.wait_for(state="detached")
    size = "(({scrollWidth, scrollHeight}) => [scrollWidth, scrollHeight])(document.documentElement)"
    for language in ("zh-CN", "en"):
        page.wait_for_function("tag => document.documentElement.lang === tag", arg=language)
        assert page.evaluate(size) == [width, height]
        assert cut(page) + tiny(page, type_px) + covered(page) == []
        assert not meet(page, "[data-legend]", ".pane .maplibregl-ctrl-scale")
        page.locator("[data-language]").evaluate("button => button.click()")  # a wall has no hands to do it


def test_single_pictures_have_their_names_and_ages_at_every_size(page: Page, busy: str) -> None:
    picture = cv2.imencode(".jpg", np.zeros((90, 160, 3), np.uint8))[1].tobytes()
    late = {"content-type": "image/jpeg", "x-picture-age": "2.4"}  # as behind a slow line
    page.route("**/whep", lambda route: route.abort())
    page.route("**/snapshot", lambda route: route.fulfill(body=picture, headers=late))
    page.goto(f"{busy}/wall")
    for width, height, _ in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for language in ("zh-CN", "en"):
            page.wait_for_function("tag => document.documentElement.lang === tag", arg=language)
            expect(page.locator('[data-mode="still"] .latency').first).to_contain_text("2.4")
            assert cut(page) == []
            page.locator("[data-language]").evaluate("button => button.click()")


def test_what_nobody_told_the_wall_is_a_dash_at_every_size(page: Page, busy: str) -> None:
    with Between(busy).running() as line:
        line.refuse("/api/v1")
        page.goto(f"{line.address}/wall")
        for width, height, _ in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            expect(page.locator("[data-number] b")).to_have_text(["—"] * 6)
            shown = page.locator("[data-figures] :is(b, dd)").all_inner_texts()
            assert not [text for text in shown if any(letter.isdigit() for letter in text.replace("限 6", ""))]
            assert cut(page) == []


def test_that_the_connection_is_lost_is_read_from_as_far_as_the_rest_at_every_size(page: Page, busy: str) -> None:
    with Between(busy).running() as line:
        page.goto(f"{line.address}/wall")
        page.locator("a[data-alert]").first.wait_for()
        line.stall()
        page.locator(".lost").wait_for()
        for width, height, type_px in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function("width => innerWidth === width", arg=width)
            assert cut(page) + tiny(page, type_px) == []
        line.go_on()


def escalate(dsn: str, now_s: float) -> list[str]:
    """What the clock of a console does every two seconds."""

    async def work() -> list[str]:
        async with make_pool(dsn) as pool:
            return await alert_actions.escalate(pool, now_s)

    with ThreadPoolExecutor(1) as thread:  # the browser has this one's event loop
        return thread.submit(asyncio.run, work()).result()


def test_an_alert_that_went_a_level_up_comes_before_one_that_was_raised_since(
    page: Page, postgres_uri: str, ledger: Ledger
) -> None:
    now_s = time.time()
    first, since = (stop(device, start_s=now_s - 60) for device in ("car-1", "car-2"))
    ledger.commit(FixBatch.empty(), raised(first), received_s=now_s - 250)
    ledger.commit(FixBatch.empty(), raised(since), received_s=now_s - 100)

    def cards(page: Page) -> list[str]:
        found: list[str] = page.locator("a[data-alert]").evaluate_all("all => all.map((card) => card.dataset.alert)")
        return found

    with serving(postgres_uri, static=STATIC) as url:
        page.goto(f"{url}/wall")
        page.locator(f'a[data-alert="{first.id}"]').wait_for()
        assert cards(page) == [since.id, first.id]
        assert escalate(postgres_uri, now_s + 60) == [first.id]
        page.locator(f'a[data-alert="{first.id}"]', has_text="已升级 1 级").wait_for()
        assert cards(page) == [first.id, since.id]

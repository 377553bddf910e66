"""接入 as a supervisor works with it: devices that nobody has named and messages that nobody can read, by way of a real
broker and a real ingest."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from browsing import PATIENCE_MS, STATIC, needs_browser, patient_page
from paho.mqtt import publish
from playwright.sync_api import Browser, Page, expect
from serving import serving
from waiting import wait_until

from analytics.fixes import FixBatch
from ingest.broker import EmbeddedBroker
from ingest.config import BrokerSettings, DatabaseSettings, Settings, WorkerSettings
from ingest.metrics import Metrics
from ingest.service import serve
from ingest.unknown import Unknown
from store.intake import Intake
from store.records import Batch, DeadLetter

pytestmark = needs_browser

PATIENCE_S = PATIENCE_MS / 1000
TOPIC = "ducha/county.west/off-12/fix"


class Door:
    """A broker, the ingest behind it, and the console that shows what waits there."""

    def __init__(self, dsn: str, broker: EmbeddedBroker, address: str) -> None:
        self._dsn = dsn
        self._broker = broker
        self.address = address

    @contextmanager
    def ingest(self, **settings: Any) -> Iterator[None]:
        """One that holds back whom nobody has named."""
        worker = WorkerSettings(
            tick_s=0.05, mark_s=0.05, plan_poll_s=0.1, settle_s=0.0, unknown=Unknown.HOLD, **settings
        )
        broker = BrokerSettings(host=self._broker.host, port=self._broker.port)
        everything = Settings(database=DatabaseSettings(url=self._dsn), broker=broker, ingest=worker)
        metrics, stop = Metrics(), threading.Event()
        thread = threading.Thread(target=serve, args=(everything, stop), kwargs={"metrics": metrics})
        thread.start()
        try:
            connected = "ducha_ingest_broker_connected"
            wait_until(lambda: metrics.registry.get_sample_value(connected), PATIENCE_S, "ingest is connected")
            yield
        finally:
            stop.set()
            thread.join(20)
            assert not thread.is_alive()

    def say(self, payload: object, topic: str = TOPIC) -> None:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        publish.single(topic, body, qos=1, hostname=self._broker.host, port=self._broker.port)

    def fixes(self, device: str, at_s: float) -> int:
        """How many fixes are stored of a device within an hour of a time."""
        span = {"from": f"{at_s - 3600:.0f}", "to": f"{at_s + 3600:.0f}"}
        answer = httpx.get(f"{self.address}/api/v1/devices/{device}/track", params=span, timeout=PATIENCE_S)
        return len(answer.json()["t"]) if answer.status_code == 200 else 0


def fix(tst: float) -> dict[str, Any]:
    return {"_type": "location", "tst": int(tst), "lat": 22.9, "lon": 113.1, "vel": 0, "acc": 6}


@pytest.fixture
def door(postgres_uri: str) -> Iterator[Door]:
    with EmbeddedBroker() as broker, serving(postgres_uri, static=STATIC) as address:
        yield Door(postgres_uri, broker, address)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = patient_page(browser, viewport={"width": 1366, "height": 768}, locale="zh-CN")
    yield page
    page.close()


def test_an_unknown_device_is_seen_from_wall_and_desk_and_accepted_with_one_click(door: Door, page: Page) -> None:
    now_s = time.time()
    page.goto(f"{door.address}/wall")
    expect(page.locator("[data-intake] b")).to_have_text("0 / 0")
    with door.ingest():
        door.say([fix(now_s - 20), fix(now_s - 10), fix(now_s)])
        expect(page.locator("[data-intake] b")).to_have_text("1 / 0")
        page.goto(f"{door.address}/desk")
        badge = page.locator("nav [data-intake]")
        expect(badge).to_have_text("1")
        badge.click()
        page.wait_for_url("**/desk/intake")

        card = page.locator('[data-device="off-12"]')
        card.get_by_text("3 个定位点").wait_for()
        card.get_by_role("button", name="接收").click()
        card.wait_for(state="detached")
        page.get_by_text("没有未登记的终端").wait_for()
        wait_until(lambda: door.fixes("off-12", now_s) == 3, PATIENCE_S, "what was kept of it is taken in")
        page.get_by_role("status").get_by_role("link").click()
        page.get_by_text("3 个定位点").wait_for()
        expect(page.locator("nav [data-intake]")).to_have_count(0)


def test_a_dead_letter_is_shown_with_its_reason_and_read_again_after_a_mend(door: Door, page: Page) -> None:
    now_s = time.time()
    before_s = now_s - 2 * 86_400
    with door.ingest(past_days=1.0):
        door.say(fix(now_s))
        wait_until(lambda: unknown(door) == ["off-12"], PATIENCE_S, "it is held")
        httpx.post(f"{door.address}/api/v1/devices/unknown/off-12/accept", timeout=PATIENCE_S).raise_for_status()
        wait_until(lambda: door.fixes("off-12", now_s) == 1, PATIENCE_S, "it is taken in")
        door.say(fix(before_s))
        door.say(b"never JSON")
        page.goto(f"{door.address}/desk/intake")
        letters = page.locator("[data-letter]")
        expect(letters).to_have_count(2)
        late = page.locator("[data-letter]", has_text="时间超出范围")
        late.get_by_text("tst: expected Unix seconds from").wait_for()
        page.locator("[data-letter]", has_text="不是 JSON").get_by_text("never JSON").wait_for()
    late.get_by_role("button", name="重读").click()
    late.get_by_text("已交接入重读").wait_for()
    with door.ingest(past_days=30.0):
        late.wait_for(state="detached")
        wait_until(lambda: door.fixes("off-12", before_s) == 1, PATIENCE_S, "what can be read now is stored")
        expect(letters).to_have_count(1)

        page.locator('[data-deed="replay-all"]').click()
        # Nothing was mended for it: it comes back, and can be asked for again.
        expect(letters.get_by_role("button", name="重读")).to_have_count(1)
        letters.get_by_text("出现 2 次").wait_for()


def unknown(door: Door) -> list[str]:
    items = httpx.get(f"{door.address}/api/v1/devices/unknown", timeout=PATIENCE_S).json()["items"]
    return [row["device"] for row in items]


def test_by_keyboard_one_moves_through_all_that_waits_and_deals_with_it(
    postgres_uri: str, door: Door, page: Page
) -> None:
    with door.ingest():
        for device in ("off-1", "off-2"):
            door.say(fix(time.time()), f"ducha/county.west/{device}/fix")
        wait_until(lambda: len(unknown(door)) == 2, PATIENCE_S, "both are held")
    with Intake(postgres_uri) as intake:
        letter = DeadLetter("owntracks/off-1/phone", "json", "expected JSON: x", b"{")
        intake.take(Batch(FixBatch.empty(), dead_letters=[letter]), received_s=time.time())
    page.goto(f"{door.address}/desk/intake")
    expect(page.locator("[data-device]")).to_have_count(2)
    first, second = page.locator("[data-device]").evaluate_all("all => all.map((card) => card.dataset.device)")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator(f'[data-device="{first}"]').wait_for(state="detached")
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.locator(f'[data-device="{second}"]').wait_for(state="detached")
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.locator("[data-letter] [data-marked]").wait_for()
    wait_until(lambda: unknown(door) == [], PATIENCE_S, "none waits", lambda: unknown(door))
    page.keyboard.press("Escape")
    page.wait_for_url("**/desk")


CHINESE = re.compile(r"[\u4e00-\u9fff]")
WORDS = {
    "zh-CN": ("没有未登记的终端", "没有无法读取的报文"),
    "en-GB": ("No unknown devices", "No unreadable messages"),
}


@pytest.mark.parametrize("locale", WORDS)
def test_where_nothing_waits_it_says_so_and_how_it_would_come(browser: Browser, door: Door, locale: str) -> None:
    page = patient_page(browser, locale=locale)
    page.goto(f"{door.address}/desk/intake")
    for words in WORDS[locale]:
        page.get_by_text(words).wait_for()
    if locale == "en-GB":
        page.locator("[data-language]").evaluate("button => button.remove()")
        expect(page.locator(".app")).not_to_contain_text(CHINESE, use_inner_text=True)
    page.close()


def test_what_can_not_be_done_is_said_and_until_the_server_speaks_nothing_is_claimed(
    browser: Browser, door: Door
) -> None:
    page = patient_page(browser, locale="zh-CN")
    page.route("**/api/v1/devices/unknown", lambda route: route.abort())
    page.goto(f"{door.address}/desk/intake")
    expect(page.get_by_text("等待服务器数据")).to_have_count(2)
    assert page.get_by_text("没有未登记的终端").count() == 0
    page.unroute("**/api/v1/devices/unknown")
    page.get_by_text("没有未登记的终端").wait_for()
    with door.ingest():
        door.say(fix(time.time()))
        card = page.locator('[data-device="off-12"]')
        card.wait_for()
        page.route("**/api/v1/devices/unknown", lambda route: route.abort())  # the screen does not see that it is gone
        httpx.post(f"{door.address}/api/v1/devices/unknown/off-12/accept", timeout=PATIENCE_S).raise_for_status()
        card.get_by_role("button", name="接收").click()
        page.get_by_role("alert").wait_for()
    page.close()

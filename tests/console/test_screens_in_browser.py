"""What the screens say while they don't know, or no longer know; and many of them at once."""

import time
from collections.abc import Iterator

import pytest
from between import Between
from browsing import PATIENCE_MS, STATIC, needs_browser, patient_page
from console_examples import raised, stop
from playwright.sync_api import Browser, Locator, Page, expect
from serving import metric, serving
from waiting import wait_until

from analytics.alerts import Alert, Grade
from analytics.fixes import FixBatch
from store.ledger import Ledger

pytestmark = needs_browser

EVENTS = "/api/v1/events"
NUMBERS = ("present", "away", "silent", "recording", "red", "oldest")
UNKNOWN = "—"


@pytest.fixture
def console(postgres_uri: str) -> Iterator[str]:
    """The address of a console with its pages, by the wall clock."""
    with serving(postgres_uri, static=STATIC) as address:
        yield address


@pytest.fixture
def line(console: str) -> Iterator[Between]:
    """What stands between the browser and that console."""
    with Between(console).running() as between:
        yield between


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = patient_page(browser, viewport={"width": 1920, "height": 1080})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    page.close()
    assert faults == []


def red(device: str = "car-1") -> Alert:
    return stop(device, start_s=time.time() - 5, grade=Grade.A)


def raise_alerts(ledger: Ledger, *alerts: Alert) -> None:
    ledger.commit(FixBatch.empty(), raised(*alerts), received_s=time.time())


def number(page: Page, name: str) -> Locator:
    return page.locator(f'[data-number="{name}"] b')


def shows(page: Page, text: str) -> None:
    page.get_by_text(text).first.wait_for()


@pytest.mark.parametrize("screen", ["/wall", "/", "/desk/video"])
def test_a_page_that_never_heard_the_server_knows_nothing_and_says_so(page: Page, line: Between, screen: str) -> None:
    line.refuse("/api")
    page.goto(line.address + screen)
    shows(page, "等待服务器数据")
    shows(page, "与服务器的连接中断")
    for claim in ("没有未结警示", "规则在运行", "没有摄像机"):
        assert page.get_by_text(claim).count() == 0, claim
    assert page.get_by_text("正常", exact=True).count() == 0
    if screen == "/wall":
        for name in NUMBERS:
            expect(number(page, name)).to_have_text(UNKNOWN)
    assert "0" not in "".join(page.locator("[data-figures] dd").all_inner_texts())


def test_until_the_list_of_alerts_has_come_there_is_no_number_of_them(
    page: Page, ledger: Ledger, line: Between
) -> None:
    raise_alerts(ledger, red())
    line.hold("/api/v1/alerts")
    page.goto(f"{line.address}/wall")
    page.locator('[data-component="database"][data-state="ok"]').wait_for()
    shows(page, "等待服务器数据")
    expect(number(page, "red")).to_have_text(UNKNOWN)
    assert page.get_by_text("没有未结警示").count() == 0
    line.let_go()
    page.locator("a[data-alert]").wait_for()
    expect(number(page, "red")).to_have_text("1")
    expect(page.get_by_text("等待服务器数据")).to_have_count(0)


def test_the_rules_run_only_where_ingest_says_so(page: Page, line: Between) -> None:
    page.goto(f"{line.address}/wall")
    shows(page, "没有未结警示")
    expect(page.locator('[data-component="ingest"]')).not_to_have_attribute("data-state", "ok")  # none ever ran here
    shows(page, "规则可能没有运行")
    expect(page.get_by_text("规则在运行")).to_have_count(0)


def test_while_the_line_stalls_every_figure_is_grey_and_after_it_is_bright_again(
    page: Page, ledger: Ledger, line: Between
) -> None:
    raise_alerts(ledger, red())
    page.goto(f"{line.address}/wall")
    page.locator("a[data-alert]").wait_for()
    line.stall()
    shows(page, "与服务器的连接中断")
    grey = """() => [...document.querySelectorAll("[data-figures]")].map((e) => getComputedStyle(e).opacity)"""
    wait_until(lambda: set(page.evaluate(grey)) == {"0.45"}, 60, "every figure is grey", lambda: page.evaluate(grey))
    line.go_on()
    page.get_by_text("与服务器的连接中断").wait_for(state="detached")
    wait_until(lambda: set(page.evaluate(grey)) == {"1"}, 60, "every figure is bright", lambda: page.evaluate(grey))


def test_eight_tabs_share_one_event_stream_and_all_hear_of_an_alert(
    browser: Browser, ledger: Ledger, console: str
) -> None:
    tabs = browser.new_context()
    tabs.set_default_timeout(PATIENCE_MS)
    pages = [tabs.new_page() for _ in range(8)]
    for page in pages:
        page.goto(f"{console}/")
    for page in pages:
        page.locator('[data-figures] dd:has-text("0")').first.wait_for()

    def streams() -> float:
        return metric(console, "ducha_console_event_clients")

    wait_until(lambda: streams() == 1, 30, "one stream is open", streams)
    raise_alerts(ledger, red())
    for page in pages:
        expect(page).to_have_title("▲1 督察")
    for page in pages[1:]:
        page.close()
    raise_alerts(ledger, red("car-2"))
    expect(pages[0]).to_have_title("▲2 督察")
    tabs.close()
    wait_until(lambda: streams() == 0, 30, "no stream is open", streams)


def test_a_flood_is_at_most_ten_cards_and_none_is_lost(page: Page, ledger: Ledger, line: Between) -> None:
    rules = ("overtime-stop", "off-route", "speeding", "signal-lost")
    devices = [f"car-{n}" for n in range(50)]
    ledger.register(devices)
    page.goto(f"{line.address}/wall")
    shows(page, "没有未结警示")
    for n, rule in enumerate(rules):
        alerts = [
            Alert(rule, 1, Grade.C, device, None, time.time() - 5, None, time.time(), 113.1, 22.9, {})
            for device in devices
        ]
        raise_alerts(ledger, *alerts)
        expect(page.locator("header h2").first).to_have_text(f"进行中 {50 * (n + 1)}")
    of_all = """() => {
        const cards = [...document.querySelectorAll("a[data-alert]")].map((card) => Number(card.dataset.count));
        const more = document.querySelector(".more")?.textContent.replaceAll(/[^0-9]/g, "") ?? "";
        return [cards.length, cards.reduce((sum, count) => sum + count, Number(more))];
    }"""
    wait_until(lambda: page.evaluate(of_all)[1] == 200, 60, "each has its card", lambda: page.evaluate(of_all))
    assert page.evaluate(of_all)[0] <= 10
    shows(page, "最新")


def test_a_new_red_alert_is_spoken_and_holds_the_large_pane(page: Page, ledger: Ledger, line: Between) -> None:
    page.goto(f"{line.address}/wall")
    shows(page, "没有未结警示")
    raise_alerts(ledger, stop("car-2", start_s=time.time() - 60), red("car-1"))
    spoken = page.locator('[aria-live="assertive"]')
    expect(spoken).to_contain_text("红色警示：超时停靠 警车 1")
    held = page.locator("[data-focus]", has_text="固定：红色未确认")
    held.wait_for()
    held.get_by_text("警车 1").first.wait_for()


def test_an_address_that_is_no_screen_says_so_and_shows_where_to_go(page: Page, line: Between) -> None:
    page.goto(f"{line.address}/walls")
    shows(page, "没有这个页面")
    page.keyboard.press("2")
    page.wait_for_url("**/wall")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()


@pytest.mark.parametrize(("locale", "word"), [("en-GB", "Choose a screen"), ("zh-CN", "选一个画面")])
def test_a_page_speaks_the_browsers_language_until_another_is_chosen(
    browser: Browser, line: Between, locale: str, word: str
) -> None:
    page = patient_page(browser, locale=locale)
    page.goto(line.address)
    shows(page, word)
    page.locator("aside footer button[lang]").click()
    other = {"en-GB": "选一个画面", "zh-CN": "Choose a screen"}[locale]
    shows(page, other)
    page.reload()
    shows(page, other)
    page.close()


@pytest.mark.parametrize("screen", ["/", "/wall", "/desk/video"])
def test_on_a_phone_nothing_is_cut(browser: Browser, ledger: Ledger, line: Between, screen: str) -> None:
    raise_alerts(ledger, red())
    page = patient_page(browser, viewport={"width": 390, "height": 844})
    page.goto(line.address + screen)
    page.wait_for_function("() => document.title.startsWith('▲1')")
    cut = """() => [...document.querySelectorAll('button, a, h1, h2, b, dd')]
        .filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.closest('nav, .maplibregl-map'))
        .map((e) => [e.className, e.textContent.trim().slice(0, 20), e.getBoundingClientRect()])
        .filter(([, , box]) => box.width && (box.right > innerWidth + 1 || box.left < -1))
        .map(([name, text]) => `${name}: ${text}`)"""
    assert page.evaluate(cut) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.close()

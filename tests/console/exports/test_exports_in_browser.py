"""The screen of exports as people use it: one asks, another approves, the ZIP is downloaded and proves itself."""

from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from browsing import needs_browser
from export_site import Site
from playwright.sync_api import Page, expect
from recorded_camera import at_ns

from store.evidence.export_verification import verify_export
from store.times import moment, rfc3339

pytestmark = needs_browser


@pytest.fixture
def screen(pages: str) -> str:
    return f"{pages}/desk/exports"


def prefilled(screen: str) -> str:
    begins, ends = (rfc3339(moment(at_ns(second) / 1e9)) for second in (0.5, 5.5))
    return f"{screen}?{urlencode({'camera': 'c-1', 'from': begins, 'to': ends})}"


def ask(page: Page) -> None:
    page.fill("[name=case]", "A-1")
    page.fill("[name=reason]", "投诉")
    page.fill("[name=by]", "甲")
    page.press("[name=by]", "Enter")


def test_one_asks_another_approves_and_the_download_proves_itself(
    screen: str, site: Site, page: Page, tmp_path: Path
) -> None:
    page.goto(prefilled(screen))
    expect(page.get_by_label("窗口 c-1")).to_be_checked()
    ask(page)
    card = page.locator("article")
    expect(card).to_have_attribute("data-state", "requested")
    page.evaluate("document.activeElement.blur()")

    page.keyboard.press("a")
    page.fill("[name=name]", "甲")
    page.press("[name=name]", "Enter")
    expect(card.get_by_role("alert")).to_contain_text("申请人不能批准自己的申请")
    page.fill("[name=name]", "乙")
    page.press("[name=name]", "Enter")
    with site.exporter():
        expect(card).to_have_attribute("data-state", "ready")
    expect(card).to_contain_text("核验完整")

    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("d")
    page.fill("[name=name]", "丙")
    with page.expect_download() as taken:
        page.press("[name=name]", "Enter")
    taken.value.save_as(tmp_path / "taken.zip")
    assert verify_export(tmp_path / "taken.zip").sound
    expect(card).to_contain_text("下载 1 次")
    expect(card).to_contain_text("保管记录")
    exports = screen.replace("/desk", "/api/v1")
    (row,) = httpx.get(exports).json()["items"]
    history = httpx.get(f"{exports}/{row['id']}").json()["history"]
    assert [line["actor"] for line in history] == ["甲", "乙", "ducha", "丙"]


def test_a_rejection_says_why_and_what_is_wrong_is_said_in_its_place(screen: str, page: Page) -> None:
    page.goto(screen)
    expect(page.get_by_text("还没有导出")).to_be_visible()
    page.get_by_label("窗口 c-2").check()
    page.fill("[name=from]", "昨天")
    expect(page.get_by_role("alert")).to_contain_text("写成 2026-01-05 08:00:00")
    page.fill("[name=from]", "2026-01-05 08:00:00")
    page.fill("[name=to]", "2026-01-05 08:10:00")
    ask(page)
    wrong = page.locator("form").get_by_role("alert")
    expect(wrong).to_contain_text("请改选摄像机或时段。有误项：摄像机。")
    expect(wrong.locator("[lang=en]")).to_contain_text("c-2: nothing is recorded")
    page.goto(prefilled(screen))
    ask(page)
    card = page.locator("article")
    card.locator("[data-deed=reject]").click()
    page.fill("[name=name]", "乙")
    page.fill("[name=why]", "无案由")
    page.press("[name=why]", "Enter")
    expect(card).to_have_attribute("data-state", "rejected")
    expect(card).to_contain_text("无案由")
    expect(card).to_contain_text("保全已解除")
    expect(card.locator("[data-deed]")).to_have_count(0)

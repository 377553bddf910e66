"""The screen of legal holds as people use it: one is placed, seen and released, and an export leads to its own."""

from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from browsing import needs_browser
from playwright.sync_api import Page, expect
from recorded_camera import at_ns

from store.times import moment, rfc3339

pytestmark = needs_browser


@pytest.fixture
def screen(pages: str) -> str:
    return f"{pages}/desk/holds"


def ask(pages: str, path: str, **told: Any) -> dict[str, Any]:
    """What somebody else's request is answered."""
    answer = httpx.post(f"{pages}/api/v1{path}", json=told)
    assert answer.is_success, answer.text
    row: dict[str, Any] = answer.json()
    return row


def held(pages: str, case_number: str) -> str:
    """The id of a hold that somebody has placed."""
    told = {"cameras": ["c-1"], "from": recorded_at(0), "to": recorded_at(60), "reason": "投诉", "by": "甲"}
    return str(ask(pages, "/holds", **told, case_number=case_number)["id"])


def recorded_at(second: float) -> str:
    return rfc3339(moment(at_ns(second) / 1e9))


def prefilled(screen: str) -> str:
    return f"{screen}?{urlencode({'camera': 'c-1', 'from': recorded_at(0), 'to': recorded_at(48 * 3600)})}"


def place(page: Page) -> None:
    page.fill("[name=case]", "A-2")
    page.fill("[name=reason]", "投诉")
    page.fill("[name=by]", "甲")
    page.press("[name=by]", "Enter")


def test_a_hold_is_placed_seen_and_released_with_who_and_why(screen: str, page: Page) -> None:
    page.goto(prefilled(screen))
    expect(page.get_by_text("没有生效中的保全")).to_be_visible()
    expect(page.get_by_label("窗口 c-1")).to_be_checked()
    place(page)
    card = page.locator("article")
    expect(card).to_have_attribute("data-state", "in_force")
    for said in ("窗口 c-1", "A-2", "投诉", "甲 设置"):
        expect(card).to_contain_text(said)

    page.keyboard.press("Escape")
    page.keyboard.press("r")
    release = card.locator("[type=submit]")
    expect(release).to_be_disabled()
    page.fill("[name=name]", "乙")
    page.press("[name=name]", "Enter")
    expect(release).to_be_disabled()
    page.fill("[name=why]", "结案")
    page.press("[name=why]", "Enter")
    expect(card).to_have_attribute("data-state", "released")
    expect(card).to_contain_text("乙 解除")
    expect(card).to_contain_text("结案")
    expect(card.locator("[data-deed]")).to_have_count(0)
    (row,) = httpx.get(screen.replace("/desk", "/api/v1")).json()["items"]
    assert row["cameras"] == ["c-1"]
    assert (row["placed_by"], row["released_by"], row["release_reason"]) == ("甲", "乙", "结案")


def test_the_filter_shows_those_in_force_or_those_that_were_released(pages: str, screen: str, page: Page) -> None:
    over, lasting = held(pages, "A-1"), held(pages, "A-2")
    ask(pages, f"/holds/{over}/release", by="乙", reason="结案")
    page.goto(screen)
    shown = page.locator("article")
    expect(shown).to_have_attribute("data-hold", lasting)
    page.keyboard.press("f")
    expect(shown).to_have_attribute("data-hold", over)
    page.keyboard.press("f")
    expect(shown).to_have_count(2)


def test_somebody_else_was_quicker_to_release(pages: str, screen: str, page: Page) -> None:
    hold = held(pages, "A-1")
    page.goto(screen)
    card = page.locator("article")
    card.locator("[data-deed=release]").click()
    page.fill("[name=name]", "乙")
    page.fill("[name=why]", "结案")
    ask(pages, f"/holds/{hold}/release", by="丙", reason="撤诉")
    page.press("[name=why]", "Enter")
    expect(card.get_by_role("alert")).to_contain_text("此项保全已经解除")
    expect(card).to_contain_text("丙 解除")


def test_an_export_and_its_hold_lead_to_each_other(pages: str, page: Page) -> None:
    told = {"cameras": ["c-1"], "from": recorded_at(1), "to": recorded_at(5), "reason": "投诉", "requested_by": "甲"}
    export = ask(pages, "/exports", **told, case_number="A-1")
    page.goto(f"{pages}/desk/exports")
    page.get_by_role("link", name="已保全").click()
    card = page.locator("article")
    expect(card).to_have_attribute("data-hold", export["hold"])
    card.get_by_role("link", name="随导出申请设置").click()
    expect(page.locator("article")).to_have_attribute("data-export", export["id"])
    expect(page.get_by_text("保管记录", exact=True)).to_be_visible()

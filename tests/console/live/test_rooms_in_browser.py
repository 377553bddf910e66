"""The rooms as a supervisor works with them: a real console, a real tap, a browser."""

from typing import Any

import httpx
import pytest
from browsing import needs_browser
from camera_rows import write_camera
from playwright.sync_api import Locator, Page
from tap_server import TapServer

pytestmark = needs_browser

ROOM = "讯问室 2"


@pytest.fixture
def card(wall: str, page: Page, tap: TapServer, postgres_uri: str) -> Locator:
    """The card of a room that a camera films, on the screen of rooms."""
    write_camera(postgres_uri, tap=tap.path, room=ROOM)
    page.goto(f"{wall}/desk/rooms")
    card = page.locator(f'[data-room="{ROOM}"]')
    card.wait_for()
    return card


def shows(card: Locator, text: str) -> None:
    card.get_by_text(text).first.wait_for()


def begin(page: Page, key: str) -> None:
    """Opens the form of a step; it listens once it has the focus."""
    page.keyboard.press(key)
    page.locator("form:focus").wait_for()


def the_session(wall: str) -> Any:
    (session,) = httpx.get(f"{wall}/api/v1/sessions", timeout=5).json()["items"]
    return session


def test_a_session_is_opened_somebody_signed_in_and_the_session_closed_by_keyboard(
    wall: str, page: Page, card: Locator
) -> None:
    shows(card, "未登记讯问")
    begin(page, "o")
    page.keyboard.press("2")
    page.keyboard.type("0417")
    page.keyboard.press("Enter")
    shows(card, "案号 0417")
    begin(page, "i")
    page.keyboard.press("2")
    page.keyboard.type("李某")
    page.keyboard.press("Enter")
    card.locator('[data-person="李某"]').get_by_text("被讯问人").wait_for()
    card.locator('[data-clock="holding"]').get_by_text("/ 8 小时").wait_for()
    shows(card, "应不少于 3 人（被讯问人 1 + 民警 2）")
    told = the_session(wall)
    assert (told["kind"], told["case_number"], told["closed_at"]) == ("administrative", "0417", None)

    begin(page, "c")
    shows(card, "还有 1 人未签出")
    page.keyboard.press("Enter")
    shows(card, "未登记讯问")
    told = the_session(wall)
    assert told["closed_at"] is not None
    assert [(p["name"], p["role"], p["signed_out"] is None) for p in told["people"]] == [("李某", "detainee", False)]


def test_what_is_done_elsewhere_is_seen_and_what_can_not_be_done_is_said(wall: str, page: Page, card: Locator) -> None:
    shows(card, "未登记讯问")
    session = httpx.post(f"{wall}/api/v1/sessions", json={"room": ROOM, "kind": "criminal"}).json()["id"]
    shows(card, "讯问中")
    httpx.post(f"{wall}/api/v1/sessions/{session}/sign-in", json={"name": "张", "role": "officer"})
    card.locator('[data-person="张"]').wait_for()
    begin(page, "i")
    page.keyboard.press("1")
    page.keyboard.type("张")
    page.keyboard.press("Enter")
    shows(card, "同名的人已经签入")
    shows(card, "is signed in already")
    page.keyboard.press("Escape")
    begin(page, "x")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    shows(card, "没有人签入")


def test_the_picture_needs_a_purpose_and_lies_under_a_watermark_and_what_nobody_knows_is_said_so(
    page: Page, card: Locator
) -> None:
    card.locator('[data-camera="cam-1"][data-mode="counts"]').wait_for()
    shows(card, "人数不明：尚未看过")
    shows(card, "画面 从未录制")
    page.keyboard.press("v")
    page.wait_for_url("**/desk/video/cam-1")
    page.get_by_role("textbox").fill("投诉 0417")
    page.keyboard.press("Enter")
    picture = page.locator('[data-camera="cam-1"][data-mode="live"]')
    picture.wait_for()
    picture.get_by_text("投诉 0417 督察台 2026-01-05 16:00").first.wait_for()


def test_without_rooms_it_says_how_they_come_and_escape_leads_back(wall: str, page: Page) -> None:
    page.goto(f"{wall}/desk/rooms")
    page.get_by_text("没有讯问室").wait_for()
    page.keyboard.press("?")
    help_sheet = page.get_by_role("dialog")
    help_sheet.get_by_text("登记讯问").wait_for()
    page.keyboard.press("Escape")
    help_sheet.wait_for(state="detached")
    page.keyboard.press("Escape")
    page.wait_for_url("**/desk")

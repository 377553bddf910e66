"""The desk as a supervisor works with it: an act is done to the alert that is selected, and shown as it was done."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from browsing import PATIENCE_MS, STATIC, needs_browser, patient_page
from console_examples import NOW, drive, plan, raised, stop
from playwright.sync_api import Browser, Page, Route, expect
from serving import serving
from waiting import wait_until

from analytics.alerts import Grade
from analytics.fixes import FixBatch
from store.ledger import Ledger

pytestmark = needs_browser

PATIENCE_S = PATIENCE_MS / 1000
FIRST, SECOND, THIRD = (stop(f"car-{n}", start_s=NOW - 100 * n) for n in (1, 2, 3))


@pytest.fixture
def desk(postgres_uri: str, ledger: Ledger) -> Iterator[str]:
    """A console with three orange alerts of cars, of which each is somewhere."""
    places = [drive(n, 2, start_s=NOW) for n in range(4)]
    ledger.commit(FixBatch.concatenate(places), raised(FIRST, SECOND, THIRD), received_s=NOW)
    with serving(postgres_uri, static=STATIC, clock=lambda: NOW + 10) as url:
        county = plan() | {"devices": [{"id": f"car-{n}", "kind": "car"} for n in range(4)]}
        httpx.put(f"{url}/api/v1/plan", json=county, timeout=PATIENCE_S).raise_for_status()
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = patient_page(browser, viewport={"width": 1366, "height": 768}, locale="zh-CN")
    yield page
    page.close()


def alert(desk: str, identity: str) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"{desk}/api/v1/alerts/{identity}", timeout=PATIENCE_S).json()
    return answer


def is_in(desk: str, identity: str, state: str) -> Callable[[], bool]:
    return lambda: alert(desk, identity)["state"] == state


def rows(page: Page) -> list[str]:
    """The ids of the list, from above."""
    found: list[str] = page.locator("button[data-alert]").evaluate_all("all => all.map(row => row.dataset.alert)")
    return found


def open_list(page: Page, desk: str, count: int = 3) -> list[str]:
    """Opens the desk, with its first alert selected and shown whole."""
    page.goto(f"{desk}/desk")
    page.locator(f"button[data-alert] >> nth={count - 1}").wait_for()
    ids = rows(page)
    page.locator(f'button[data-alert="{ids[0]}"]').click()
    page.locator(f'[data-shown="{ids[0]}"][aria-busy="false"]').wait_for()
    return ids


def test_an_act_right_after_moving_on_is_about_the_alert_that_was_moved_to(desk: str, page: Page) -> None:
    first, second, third = open_list(page, desk)
    held: list[Route] = []
    page.route(f"**/api/v1/alerts/{second}", lambda route: held.append(route))
    page.keyboard.press("j")
    page.keyboard.press("a")
    wait_until(is_in(desk, second, "ACKED"), PATIENCE_S, "the second is acknowledged")
    expect(page.locator(f'[data-shown="{second}"]')).to_have_count(1)
    for route in held:
        route.continue_()
    assert [alert(desk, other)["state"] for other in (first, third)] == ["NEW", "NEW"]


def test_steps_that_nobody_took_are_not_shown_as_taken_and_no_finding_is_chosen_for_one(desk: str, page: Page) -> None:
    first, second, _ = open_list(page, desk)
    steps = page.locator(".steps")

    def offered() -> object:
        return page.locator("[data-action]").evaluate_all("all => all.map(b => b.dataset.action)")

    acts = ["ack", "shelve", "false-alarm", "note"]
    wait_until(lambda: offered() == acts, PATIENCE_S, "the acts of a new alert", offered)
    page.keyboard.press("a")
    steps.locator('[data-step="ACKED"].on').wait_for()
    httpx.post(f"{desk}/api/v1/alerts/{first}/explain", json={"note": "轮胎漏气"}).raise_for_status()
    steps.locator('[data-step="EXPLAINED"].on').wait_for()
    expect(steps.locator('[data-step="DISPATCHED"]')).to_have_text("未派单")

    page.keyboard.press("c")
    page.locator("form:focus").wait_for()
    form = page.locator("form.form")
    expect(form).to_contain_text("轮胎漏气")
    expect(form.locator('[aria-pressed="true"]')).to_have_count(0)
    page.locator("textarea").fill("已核实")
    expect(form.locator("button[type=submit]")).to_be_disabled()
    page.keyboard.press("Enter")
    form.locator("button", has_text="有正当理由").click()
    form.locator("button[type=submit]").click()
    wait_until(is_in(desk, first, "CLOSED"), PATIENCE_S, "the first is closed")
    # It has left the list, and the next one is shown in its place.
    page.locator(f'[data-shown="{second}"]').wait_for()
    page.keyboard.press("u")
    wait_until(is_in(desk, first, "NEW"), PATIENCE_S, "the last step is undone")


def test_whom_to_send_is_offered_with_the_way_and_written_down(desk: str, page: Page) -> None:
    first, *_ = open_list(page, desk)
    page.keyboard.press("a")
    page.locator('[data-action="dispatch"]').wait_for()
    page.keyboard.press("d")
    page.locator("form:focus").wait_for()
    buttons = page.locator("form.form fieldset button")
    expect(buttons).to_have_text([re.compile("约.*分")] * 3)
    second = buttons.nth(1).inner_text()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    wait_until(is_in(desk, first, "DISPATCHED"), PATIENCE_S, "the first is dispatched")
    note = next(h["note"] for h in alert(desk, first)["history"] if h["action"] == "dispatch")
    assert note.startswith("派 ")
    assert second.split("·")[0].replace("2", "", 1).strip() in note


def test_the_place_is_kept_where_an_alert_leaves_the_list_elsewhere(desk: str, page: Page) -> None:
    first, second, third = open_list(page, desk)
    page.keyboard.press("j")
    page.locator(f'[data-shown="{second}"][aria-busy="false"]').wait_for()
    httpx.post(f"{desk}/api/v1/alerts/{second}/false-alarm", json={"code": "gps-drift"}).raise_for_status()
    page.locator(f'button[data-alert="{second}"]').wait_for(state="detached")
    expect(page.locator(f'[data-shown="{second}"]')).to_have_count(1)
    page.keyboard.press("j")
    page.locator(f'[data-shown="{third}"]').wait_for()
    expect(page.locator(f'button[data-alert="{first}"]')).to_have_count(1)


def test_an_alert_that_does_not_exist_is_said_and_leads_back(desk: str, page: Page) -> None:
    page.goto(f"{desk}/desk/00000000-0000-0000-0000-000000000000")
    page.get_by_text("没有这条警示").wait_for()
    page.get_by_role("button", name="回到警示列表").click()
    page.wait_for_url("**/desk")


def test_ended_and_ongoing_are_told_apart_in_words(desk: str, page: Page, ledger: Ledger) -> None:
    open_list(page, desk)
    expect(page.locator("button[data-alert]", has_text="进行中")).to_have_count(3)
    ledger.commit(FixBatch.empty(), raised(SECOND.ended(NOW + 5)), received_s=NOW)
    ended = page.locator(f'button[data-alert="{SECOND.id}"]', has_text="已结束")
    ended.wait_for()
    expect(page.locator("button[data-alert]", has_text="进行中")).to_have_count(2)


def test_the_newest_tabs_grades_and_order_have_keys(desk: str, page: Page, ledger: Ledger) -> None:
    open_list(page, desk)
    newest = stop("car-7", grade=Grade.C, start_s=NOW)
    ledger.commit(FixBatch.empty(), raised(newest), received_s=NOW + 9)
    page.locator(f'button[data-alert="{newest.id}"]').wait_for()
    page.keyboard.press("g")
    page.locator(f'[data-shown="{newest.id}"]').wait_for()
    page.keyboard.press("3")
    wait_until(lambda: rows(page) == [newest.id], PATIENCE_S, "only the yellow one is listed")
    page.keyboard.press("0")
    page.keyboard.press("o")
    wait_until(lambda: rows(page)[0] == newest.id and len(rows(page)) == 4, PATIENCE_S, "the newest is first")
    page.keyboard.press("]")
    wait_until(lambda: rows(page) == [], PATIENCE_S, "none is in hand")

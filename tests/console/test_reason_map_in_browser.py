"""The map that says why an alert was raised: what it tells is read together, also where there is little room."""

from collections.abc import Iterator

import httpx
import pytest
from browsing import PATIENCE_MS, STATIC, needs_browser, patient_page
from console_examples import NOW, drive, plan, raised, stop
from layout import meet
from playwright.sync_api import Browser, Page, expect
from serving import serving

from store.ledger import Ledger

pytestmark = needs_browser

ALERT = stop("car-1", start_s=NOW - 60)
SCALE, LEGEND = ".map .maplibregl-ctrl-scale", ".map .legend"


@pytest.fixture
def desk(postgres_uri: str, ledger: Ledger) -> Iterator[str]:
    """A console with an alert of a car on its route, whose track is known."""
    ledger.commit(drive(1, 24, start_s=NOW - 120), raised(ALERT), received_s=NOW)
    with serving(postgres_uri, static=STATIC, clock=lambda: NOW + 10) as url:
        httpx.put(f"{url}/api/v1/plan", json=plan(), timeout=PATIENCE_MS / 1000).raise_for_status()
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = patient_page(browser, locale="zh-CN")
    yield page
    page.close()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1366, 768), (1920, 1080)])
def test_its_legend_leaves_its_scale_free_in_both_languages(page: Page, desk: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{desk}/desk/{ALERT.id}")
    page.locator(f'[data-shown="{ALERT.id}"][aria-busy="false"]').wait_for()
    for language, corridor in (("zh-CN", "规定路段 ± 60 m"), ("en", "Prescribed route ± 60 m")):
        page.wait_for_function("tag => document.documentElement.lang === tag", arg=language)
        expect(page.locator(SCALE)).to_be_visible()
        expect(page.locator(LEGEND)).to_contain_text(corridor)
        expect(page.locator(LEGEND)).to_be_visible()
        assert not meet(page, LEGEND, SCALE)
        page.locator("[data-language]:visible").first.click()

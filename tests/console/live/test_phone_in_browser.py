"""Every screen there is on a phone, 390 px wide: nothing is cut, covered or too small to touch, and one gets back."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from browsing import STATIC, needs_browser, patient_page
from camera_rows import write_camera
from chained import record_chain
from console_examples import NOW, drive, plan, raised, stop
from layout import covered, cut, meet, small
from playwright.sync_api import Browser, Page, expect
from serving import serving
from tap_server import Clip, TapServer

from analytics.alerts import Grade
from analytics.catalogue import default_rules
from analytics.fixes import FixBatch
from store.embedded import EmbeddedPostgres
from store.intake import Intake
from store.records import Batch, DeadLetter, Deferred, Held, HeldDevice
from store.times import moment, rfc3339

pytestmark = needs_browser

WIDE, HIGH = 390, 844
FINGER_PX = 40

ROUTER = Path(STATIC.parent / "web" / "src" / "router.ts").read_text("utf-8")
PATHS = re.findall(r'path: "([^"]+)"', ROUTER)
RED = stop("car-1", start_s=time.time() - 60, grade=Grade.A)
# A screen with another parameter needs an example here. RED stands for the id of the red alert.
EXAMPLES = {"device": "car-1", "camera": "cam-1", "alert": "RED", "rest": "no-such-screen"}


def addresses(path: str) -> list[str]:
    """A route as somebody comes to it: without its parameter where it may be left out, and with an example."""
    name = re.compile(r"/:(\w+)(\([^)]*\)\*|\?)?")
    filled = name.sub(lambda found: f"/{EXAMPLES[found[1]]}", path)
    return [filled, name.sub("", path)] if path.endswith("?") else [filled]


SCREENS = [*(address for path in PATHS for address in addresses(path)), "/desk/evidence?camera=cam-1,cam-2"]


def test_the_screens_are_those_of_the_router() -> None:
    assert len(PATHS) == ROUTER.count("component:") > 10
    assert {"/", "/wall", "/desk", "/desk/rooms", "/desk/intake", "/no-such-screen"} <= set(SCREENS)


@pytest.fixture(scope="module")
def county(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, clip: Clip) -> Iterator[str]:
    """A console with something on each screen: alerts, cars, rooms, exports, holds, unknown devices, dead letters."""
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE phone TEMPLATE template_ducha STRATEGY file_copy")
    dsn, folder, now_s = postgres_server.uri("phone"), tmp_path_factory.mktemp("phone"), time.time()
    orange = stop("car-2", start_s=now_s - 300)
    held = Held((HeldDevice("off-12-with-a-long-name-of-its-own", "county.west.of.the.river", 3, drive(0, 3)),))
    reason = "lat: expected -90 to 90, got 91.0"
    letter = DeadLetter("ducha/county.west.of.the.river/car-17/fix", "latitude", reason, b'{"lat":91}' * 40)
    with Intake(dsn) as intake:
        intake.register([f"car-{n}" for n in range(3)])
        intake.seed_rules(default_rules(), now_s=now_s)
        places = FixBatch.concatenate([drive(n, 12, start_s=now_s - 60) for n in range(3)])
        alerts = raised(RED, orange, orange.ended(now_s - 10))
        intake.take(Batch(places, alerts, dead_letters=[letter]), Deferred(held=held), received_s=now_s)
    record_chain(dsn, folder / "recordings", clip, {"cam-2": [(NOW - 90, NOW - 30)]})
    tap = TapServer(folder / "tap.sock", clip)
    write_camera(dsn, tap=tap.path, room="讯问室 2")
    wide = "户籍窗口 2（便民大厅东侧）"
    write_camera(dsn, "cam-2", tap=tap.path, folder=folder / "recordings", kind="window", name=wide, room=None)
    with tap.running(), serving(dsn, static=STATIC) as url:
        httpx.put(f"{url}/api/v1/plan", json=plan(), timeout=10).raise_for_status()
        told = {"cameras": ["cam-2"], "from": rfc3339(moment(NOW - 90)), "to": rfc3339(moment(NOW - 60))}
        told |= {"case_number": "投诉-0417", "reason": "投诉"}
        httpx.post(f"{url}/api/v1/exports", json=told | {"requested_by": "甲"}, timeout=10).raise_for_status()
        httpx.post(f"{url}/api/v1/holds", json=told | {"by": "甲"}, timeout=10).raise_for_status()
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = patient_page(browser, viewport={"width": WIDE, "height": HIGH}, locale="zh-CN")
    yield page
    page.close()


def come_to(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function("() => document.title.startsWith('▲1')")
    page.locator("main").wait_for()
    page.locator("[data-awaited]").first.wait_for(state="detached")


def faults(page: Page) -> list[str]:
    """What is wrong with the screen that is open, in its language."""
    wide = page.evaluate("[document.documentElement, ...document.querySelectorAll('main')].map((e) => e.scrollWidth)")
    page.evaluate("document.querySelector('main').scrollTo(0, 0)")
    return [f"{px} px wide" for px in wide if px != WIDE] + cut(page) + small(page, FINGER_PX) + covered(page)


@pytest.mark.parametrize("screen", SCREENS)
def test_on_a_phone_a_screen_is_read_touched_and_left(page: Page, county: str, screen: str) -> None:
    come_to(page, county + screen.replace("RED", RED.id))
    assert faults(page) == []
    page.locator("[data-language]:visible").first.click()
    page.wait_for_function("() => document.documentElement.lang === 'en'")
    assert faults(page) == []
    if page.locator("a[data-screen]").count() == 0:  # the start page is where one gets back to
        page.locator("a[data-home]:visible").first.click()
        page.locator("a[data-screen]").first.wait_for()


@pytest.mark.parametrize(
    ("screen", "pane", "over"),
    [
        ("/wall", ".pane", ["scale", "legend"]),
        ("/desk/RED", ".reason", ["scale", "legend"]),
        ("/desk/track/car-1", "main", ["scale"]),
    ],
)
def test_on_a_phone_a_maps_scale_and_legend_cover_nothing_of_it(
    page: Page, county: str, screen: str, pane: str, over: list[str]
) -> None:
    come_to(page, county + screen.replace("RED", RED.id))
    places = {"scale": f"{pane} .maplibregl-ctrl-scale", "legend": f"{pane} .county-map-foot .legend"}
    for _ in range(2):
        for what in over:
            expect(page.locator(places[what])).to_be_visible()
            assert not meet(page, f"{pane} .county-map-canvas", places[what])
        assert "legend" not in over or not meet(page, places["scale"], places["legend"])
        page.locator("[data-language]:visible").first.click()

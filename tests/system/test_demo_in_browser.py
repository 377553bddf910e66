"""The demo as its user sees it: one command, then a wall with moving cars and a true alert."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from chromium import CHROMIUM, FLAGS, needs_chromium
from playwright.sync_api import Page, sync_playwright
from waiting import wait_until

from console.demo_shift import FILE

PATIENCE_MS = 180_000
STATIC = Path(__file__).resolve().parents[2] / "console" / "static" / "index.html"
STARTED_S, FIRST_ALERT_S, STOPPED_S = 60.0, 60.0, 5.0
PATIENCE_S = PATIENCE_MS / 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[str]:
    """The demo's address; at the end its whole group is told to stop, as by Ctrl-C, and must with status 0, in time and
    in order."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (folder / "demo.log").open("wb")
    command = [sys.executable, "-m", "console", "demo", "--port", str(port), "--data", str(folder), "--minutes", "5"]
    process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        assert process.poll() is None, (folder / "demo.log").read_text("utf-8")
        try:
            return httpx.get(f"{address}/readyz", timeout=10, verify=False).status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(ready, STARTED_S, "the console answers")
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        began_s = time.monotonic()
        assert process.wait(60) == 0, (folder / "demo.log").read_text("utf-8")
        print(f"stopped after {time.monotonic() - began_s:.1f} s")
        assert time.monotonic() - began_s < STOPPED_S
        assert "starting it again" not in (folder / "demo.log").read_text("utf-8")


def asked(url: str) -> Any:
    return httpx.get(url, timeout=60, verify=False).json()  # no certificates are loaded


def positions(address: str) -> dict[str, tuple[float, float]]:
    return {p["device"]: (p["lon"], p["lat"]) for p in asked(f"{address}/api/v1/positions")["items"]}


def test_cars_move_and_the_first_true_alert_comes_within_a_minute(demo: str, folder: Path) -> None:
    wait_until(lambda: len(positions(demo)) >= 50, PATIENCE_S, "devices have positions")
    before = positions(demo)

    def moved() -> bool:
        now = positions(demo)
        return sum(now[d] != at for d, at in before.items()) >= 20

    wait_until(moved, PATIENCE_S, "cars move")
    wait_until(lambda: asked(f"{demo}/api/v1/alerts")["items"], PATIENCE_S, "an alert is raised")
    began_s = json.loads((folder / FILE).read_bytes())["since_s"]
    noticed = [alert["detail"]["noticed"] for alert in asked(f"{demo}/api/v1/alerts?state=all")["items"]]
    assert min(datetime.fromisoformat(at).timestamp() for at in noticed) - began_s < FIRST_ALERT_S


@pytest.mark.timeout(900)
@pytest.mark.browser
@needs_chromium
@pytest.mark.skipif(not STATIC.is_file(), reason="the front end is not built")
def test_the_wall_shows_the_alert_and_the_desk_deals_with_it(demo: str) -> None:
    wait_until(lambda: asked(f"{demo}/api/v1/alerts")["items"], PATIENCE_S, "an alert is raised")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.set_default_timeout(PATIENCE_MS)
        complaints: list[str] = []
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        _look_at_wall(page, demo)
        _acknowledge_on_desk(page, demo)
        browser.close()
    assert complaints == []


def _look_at_wall(page: Page, demo: str) -> None:
    page.goto(f"{demo}/wall")
    page.wait_for_selector("canvas.maplibregl-canvas")
    page.locator("a[data-alert]", has_text="未确认").first.wait_for()
    overflow = page.evaluate("document.documentElement.scrollHeight > innerHeight")
    assert not overflow


def _acknowledge_on_desk(page: Page, demo: str) -> None:
    page.goto(f"{demo}/desk")
    page.locator("button[data-alert]", has_text="未确认").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/*")
    alert = page.url.rsplit("/", 1)[1].split("?")[0]
    page.wait_for_selector("canvas.maplibregl-canvas")
    page.locator(f'[data-shown="{alert}"][aria-busy="false"]').wait_for()
    page.keyboard.press("a")
    state = f"{demo}/api/v1/alerts/{alert}"
    wait_until(lambda: asked(state)["state"] == "ACKED", 60, "the alert is acknowledged")

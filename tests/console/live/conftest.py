"""A camera that films: a tap with an H.264 clip, and its row; and a browser that looks at a console."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from browsing import STATIC
from camera_rows import write_camera
from chromium import CHROMIUM, FLAGS
from console_examples import NOW
from playwright.sync_api import Browser, Page, sync_playwright
from tap_server import Clip, TapServer, encoded

from console import server


@pytest.fixture(scope="session")
def clip() -> Clip:
    """Two seconds of H.264 without B-frames."""
    return encoded()


@pytest.fixture
def tap(postgres_uri: str, tmp_path: Path, clip: Clip) -> Iterator[TapServer]:
    """The tap of camera cam-1, which is in the test's database."""
    server = TapServer(tmp_path / "tap.sock", clip)
    write_camera(postgres_uri, tap=server.path)
    with server.running():
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    yield page
    page.close()


@pytest.fixture
def wall(postgres_uri: str) -> Iterator[str]:
    """The address of a console with its pages, whose clock stands still."""
    listening, stop, told = Event(), Event(), []
    options: dict[str, Any] = {"static": STATIC, "sweep": False, "stop": stop, "clock": lambda: NOW}

    def started(url: str) -> None:
        told.append(url)
        listening.set()

    thread = Thread(target=lambda: server.run(postgres_uri, port=0, listening=started, **options))
    thread.start()
    try:
        assert listening.wait(10)
        yield told[0]
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()

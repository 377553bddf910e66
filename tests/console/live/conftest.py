"""A camera that films: a tap with an H.264 clip, and its row; and a browser that looks at a console."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import STATIC, patient_page
from camera_rows import write_camera
from console_examples import NOW
from playwright.sync_api import Browser, Page
from serving import serving
from tap_server import Clip, TapServer, encoded


@pytest.fixture(scope="session")
def clip() -> Clip:
    """Two seconds of H.264 without B-frames."""
    return encoded()


@pytest.fixture
def tap(postgres_uri: str, tmp_path: Path, clip: Clip) -> Iterator[TapServer]:
    """The tap of camera cam-1, which is in the test's database."""
    server = TapServer(tmp_path / "tap.sock", clip)
    write_camera(postgres_uri, tap=server.path, kind="window", room=None)
    with server.running():
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = patient_page(browser, viewport={"width": 1920, "height": 1080})
    yield page
    page.close()


@pytest.fixture
def wall(postgres_uri: str) -> Iterator[str]:
    """The address of a console with its pages, whose clock stands still."""
    with serving(postgres_uri, static=STATIC, clock=lambda: NOW) as url:
        yield url

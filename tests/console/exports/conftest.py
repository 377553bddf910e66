"""A recorder with two cameras and their footage, and the database that knows of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import STATIC, patient_page
from camera_films import film, later, sound, together
from export_site import NOW_S, SECONDS, Site
from playwright.sync_api import Browser, Page
from recorded_camera import record, streamed, write_rows
from serving import serving

from console.exports.settings import ExportSettings


@pytest.fixture
def site(postgres_uri: str, tmp_path: Path, console: Callable[..., Any]) -> Site:
    folder = tmp_path / "recordings"
    picture, packets = film()
    voice, tones = sound("pcm_alaw", float(SECONDS))
    twice = [*packets, *later(packets, 3.0)]
    record(
        folder,
        {"c-1": streamed((picture, voice), together(twice, tones)), "c-2": streamed((picture,), twice)},
        pack_s=2.0,
    )
    write_rows(postgres_uri, folder, ["c-1", "c-2"])
    settings = ExportSettings(folder=str(tmp_path / "exports"), key=str(tmp_path / "exporter.pem"), reserve_gb=0)
    return Site(postgres_uri, folder, settings, console)


@pytest.fixture
def pages(site: Site) -> Iterator[str]:
    """The address of a console of the site that serves its pages."""
    with serving(site.dsn, static=STATIC, clock=lambda: NOW_S, export_settings=site.settings) as url:
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = patient_page(browser, viewport={"width": 1366, "height": 768})
    yield page
    page.close()

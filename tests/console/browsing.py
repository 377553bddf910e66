"""What the tests that look at the pages need besides the browser itself."""

from pathlib import Path
from typing import Any

import pytest
from chromium import needs_chromium
from playwright.sync_api import Browser, Page

from console import server

STATIC = Path(server.__file__).parent / "static"
# A page of maps is drawn in software, beside five other tests on two cores: a step may take half a minute.
PATIENCE_MS = 180_000

needs_browser = [
    pytest.mark.browser,
    needs_chromium,
    pytest.mark.skipif(not (STATIC / "index.html").is_file(), reason="the front end is not built"),
]


def patient_page(browser: Browser, **options: Any) -> Page:
    """A page in a context of its own, with Playwright's `options` of contexts, that waits as long as `PATIENCE_MS`
    for whatever it is asked."""
    page = browser.new_page(**options)
    page.set_default_timeout(PATIENCE_MS)
    return page

"""A browser for the tests that look at the pages."""

import os
import shutil
from pathlib import Path

import pytest

from console import server

CHROMIUM = os.environ.get("DUCHA_CHROMIUM") or shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STATIC = Path(server.__file__).parent / "static"
PATIENCE_MS = 20_000

needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: set DUCHA_CHROMIUM, or install Debian's chromium"),
    pytest.mark.skipif(not (STATIC / "index.html").is_file(), reason="the front end is not built"),
]

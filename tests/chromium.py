"""The browser of the tests: where there is a Chromium, and how it is started."""

import os
import shutil

import pytest

# The headless shell draws the same pages with half the work.
CHROMIUM = os.environ.get("DUCHA_CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--accept-lang=zh-CN",
]
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: set DUCHA_CHROMIUM, or install Debian's chromium-headless-shell"
)

"""The browser that is measured in: where there is one, and how it is started."""

import os
import shutil

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
    "--accept-lang=zh-CN",
    "--autoplay-policy=no-user-gesture-required",
]

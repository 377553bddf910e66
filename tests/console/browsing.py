"""What the tests that look at the pages need besides the browser itself."""

from pathlib import Path

import pytest
from chromium import needs_chromium

from console import server

STATIC = Path(server.__file__).parent / "static"
PATIENCE_MS = 60_000

needs_browser = [
    pytest.mark.browser,
    needs_chromium,
    pytest.mark.skipif(not (STATIC / "index.html").is_file(), reason="the front end is not built"),
]

"""A camera that films: a tap with an H.264 clip, and its row."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from camera_rows import write_camera
from tap_server import Clip, TapServer, encoded


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

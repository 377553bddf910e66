import pytest

from hardware.cameras import CameraServer, CameraSpec
from hardware.cameras.digest import Credentials
from hardware.cameras.encoder import AudioCodec
from hardware.cameras.figures import DrawnFigure, Look
from hardware.cameras.places import service_window
from hardware.cameras.scene import Scene


@pytest.fixture(scope="session")
def window() -> Scene:
    look = Look((138, 170, 214), (26, 24, 28), (96, 58, 30), (70, 44, 26), uniform=True)
    return Scene(service_window(), {"clerk": DrawnFigure(look, 1)}, {"clerk": "desk"})


@pytest.fixture
def server(window: Scene):
    cheap = {"view": window, "size": (640, 360), "fps": 12.0, "bitrate_bps": 800_000}
    specs = [
        CameraSpec(name="win-1", **cheap),
        CameraSpec(name="room-1", audio=AudioCodec.AAC, credentials=Credentials("admin", "s3cret, too"), **cheap),
        CameraSpec(name="street-1", audio=None, **cheap),
    ]
    with CameraServer(specs) as server:
        yield server

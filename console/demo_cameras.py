"""The demo's cameras: virtual ones that speak real RTSP, one that is worn and publishes, and the process that records
and watches them for real.

The cameras live by the wall clock; a county whose clock runs faster, or has run ahead, is shown without them.
"""

import hashlib
import random
import socket
import tempfile
import threading
from pathlib import Path
from typing import Any

from console.processes import Child
from hardware.cameras.bodycam import wear
from hardware.cameras.county import DemoCameras, demo_cameras
from hardware.cameras.server import CameraServer
from hardware.day import Day
from hardware.registrar import Registration, register
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.config import DatabaseSettings
from ingest.stopping import stopper

SIZE, FPS = (640, 360), 10.0
MINUTES = 480.0
RESERVE_GB = 1.0  # that stay free on the disk
ROOM = "讯问室 1"
SESSION = Registration(
    ROOM, "criminal", "演示-0001", (("民警甲", "officer"), ("民警乙", "officer"), ("演示对象", "detainee"))
)
_SIGHTS = {
    "win-1": ("户籍窗口", Kind.WINDOW),
    "win-2": ("出入境窗口", Kind.WINDOW),
    "win-3": ("车管窗口", Kind.WINDOW),
    "room-1": (ROOM, Kind.INTERROGATION),
    "hall-1": ("候问室", Kind.WAITING),
    "street-1": ("所门口", Kind.STREET),
}
_WORN = CameraSettings(id="body-1", name="执法记录仪 1", kind=Kind.BODYCAM)
_SOCKET_BYTES = 100
_OUTGOING = 32_768  # from here on the kernel gives ports to outgoing connections


def children(
    data: Path, seed: int, day: Day, database_url: str, console_port: int, stations: list[dict[str, Any]]
) -> list[Child]:
    """The processes that the demo's cameras need. `stations` are the base map's features that cameras hang at."""
    base_port = _free_ports(len(_SIGHTS))
    return [
        Child("scenes", _scenes, (seed, day, base_port, f"http://127.0.0.1:{console_port}")),
        Child("cameras", _cameras, (data, seed, day, database_url, base_port, stations)),
    ]


def _county(seed: int, day: Day) -> DemoCameras:
    return demo_cameras(seed, minutes=MINUTES, size=SIZE, fps=FPS, day=day)


def _scenes(seed: int, day: Day, base_port: int, console: str) -> None:
    """The virtual cameras, who registers the session in the interrogation room, and who wears a camera."""
    stop = stopper()
    with CameraServer(_county(seed, day).specs, port=base_port):
        threading.Thread(target=register, args=(console, SESSION, stop), daemon=True).start()
        wear(f"{console}/api/v1/devices/{_WORN.id}/whip", stop)


def _cameras(
    data: Path, seed: int, day: Day, database_url: str, base_port: int, stations: list[dict[str, Any]]
) -> None:
    from ingest.__main__ import log_to_stderr
    from ingest.cameras.worker import serve

    log_to_stderr()
    serve(_settings(data, seed, day, database_url, base_port, stations), stopper())


def _settings(
    data: Path, seed: int, day: Day, database_url: str, base_port: int, stations: list[dict[str, Any]]
) -> Settings:
    county = _county(seed, day)
    cameras = []
    for number, spec in enumerate(county.specs):
        name, kind = _SIGHTS[spec.name]
        station = stations[number % len(stations)] if stations else None
        lon, lat = station["geometry"]["coordinates"][:2] if station else (None, None)
        who = spec.credentials
        cameras.append(
            CameraSettings(
                id=spec.name,
                url=f"rtsp://127.0.0.1:{base_port + number}/{spec.name}",
                kind=kind,
                name=name,
                username=who.user if who else None,
                password=who.password if who else None,
                unit=station["properties"].get("unit") if station else None,
                room=ROOM if kind is Kind.INTERROGATION else None,
                lon=lon,
                lat=lat,
                region=dict(county.regions.get(spec.name, {})),
            )
        )
    cameras.append(_WORN)
    recorder = RecorderSettings(
        folder=str(data / "recordings"),
        recorder="demo/recorder",
        bureau="demo",
        key=str(data / "recorder.pem"),
        tap=str(_socket(data)),
        keep_days=2,
        reserve_gb=RESERVE_GB,
    )
    return Settings(database=DatabaseSettings(url=database_url), recorder=recorder, cameras=tuple(cameras))


def _socket(data: Path) -> Path:
    """In the demo's folder, or, where its path is too long for a socket, in the temporary one."""
    here = data.absolute() / "tap.sock"
    if len(str(here).encode()) <= _SOCKET_BYTES:
        return here
    name = hashlib.sha256(str(here).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"ducha-{name}.sock"


def _free_ports(count: int) -> int:
    """The first of `count` free ports in a row."""
    bases = range(18_554, _OUTGOING, count)
    for base in random.sample(bases, len(bases)):  # another demo may be looking just now
        try:
            for port in range(base, base + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise OSError("no free ports for the cameras; expected some from 18554 on")

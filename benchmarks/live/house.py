"""Where viewers look: a virtual camera or two, the process that takes their packets in, and the console, each apart."""

import json
import re
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.cameras import serving
from benchmarks.rig import within
from console import server
from hardware.cameras import CameraSpec
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.worker import serve
from ingest.config import DatabaseSettings
from ingest.stopping import stopper
from store.embedded import EmbeddedPostgres
from store.migrate import migrate

_PROCESSES = get_context("spawn")
_STARTED_S = 60.0
_STOPPED_S = 10.0


@dataclass(frozen=True, slots=True)
class House:
    """`sources` are the cameras' own addresses (RTSP), by id; `console` and `worker` are process ids."""

    address: str
    console: int
    worker: int
    tap: Path
    sources: dict[str, str]

    def whep(self, camera: str) -> str:
        """Where a viewer of `camera` joins."""
        return f"{self.address}/api/v1/cameras/{camera}/whep"

    def whip(self, camera: str) -> str:
        """Where `camera`, which somebody wears, publishes."""
        return f"{self.address}/api/v1/devices/{camera}/whip"

    def is_live(self) -> bool:
        """Whether every camera is that has an address."""
        with urllib.request.urlopen(f"{self.address}/api/v1/cameras", timeout=5) as answer:
            cameras = json.load(answer)["items"]
        return {camera["id"] for camera in cameras if camera["state"] == "live"} >= self.sources.keys()

    def viewers(self) -> int:
        """How many look just now, as the console tells."""
        with urllib.request.urlopen(f"{self.address}/metrics", timeout=5) as answer:
            found = re.search(r"^ducha_console_video_viewers (\S+)$", answer.read().decode(), re.MULTILINE)
        return int(float(found[1])) if found else 0


@contextmanager
def opened(specs: Sequence[CameraSpec], worn: Sequence[str] = ()) -> Iterator[House]:
    """Everything running, the cameras live under the names of their specs, those `worn` awaited; all stopped and
    forgotten at the end.

    Raises:
        TimeoutError: when it is not so within a minute.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ducha-live-")))
        urls = stack.enter_context(serving(specs))
        sources = {spec.name: url for spec, url in zip(specs, urls, strict=True)}
        dsn = stack.enter_context(EmbeddedPostgres(folder / "postgres")).uri()
        migrate(dsn)
        settings = _settings(dsn, folder, sources, worn)
        worker = stack.enter_context(_process(_take_in, settings))
        told, telling = _PROCESSES.Pipe(duplex=False)
        console = stack.enter_context(_process(_show, dsn, telling))
        if not told.poll(_STARTED_S):
            raise TimeoutError(f"the console did not listen within {_STARTED_S:g} s")
        house = House(told.recv(), console, worker, Path(settings.recorder.tap), sources)
        within(_STARTED_S, house.is_live)
        yield house


def _settings(dsn: str, folder: Path, sources: dict[str, str], worn: Sequence[str]) -> Settings:
    recorder = RecorderSettings(
        folder=str(folder / "recordings"),
        key=str(folder / "key.pem"),
        tap=str(folder / "tap.sock"),
        reserve_gb=0.0,
        look=False,
    )
    fixed = [CameraSettings(id=camera, url=url, kind=Kind.WINDOW) for camera, url in sources.items()]
    moving = [CameraSettings(id=camera, kind=Kind.BODYCAM) for camera in worn]
    return Settings(database=DatabaseSettings(url=dsn), recorder=recorder, cameras=(*fixed, *moving))


@contextmanager
def _process(work: Any, *arguments: object) -> Iterator[int]:
    process = _PROCESSES.Process(target=work, args=arguments)
    process.start()
    assert process.pid is not None
    try:
        yield process.pid
    finally:
        process.terminate()
        process.join(_STOPPED_S)


def _take_in(settings: Settings) -> None:
    serve(settings, stopper())


def _show(dsn: str, listening: "Connection[str, None]") -> None:
    server.run(dsn, port=0, listening=listening.send)

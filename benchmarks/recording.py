"""Recording, hashing and chaining against FFmpeg's stream copy of the same cameras, in the same run.

The peer is `ffmpeg -c copy -f segment`, as the FFmpeg that PyAV carries does it: a thread a camera, segments of a
minute, nothing hashed, nothing fsynced.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil  # type: ignore[import-untyped]

from benchmarks.figures import Figure, at_most
from hardware.cameras import CameraServer, CameraSpec
from hardware.cameras.picture import Picture, Size
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.worker import serve
from ingest.config import DatabaseSettings
from store.embedded import EmbeddedPostgres
from store.evidence.verification import verify_folder
from store.migrate import migrate

CAMERAS = 4
BITRATE_BPS = 2_000_000
_WARM_UP_S = 6.0
_PROCESSES = get_context("spawn")


class Mosaic:
    """A picture that fills its bitrate and is quickly made: tiles that slide."""

    def __init__(self) -> None:
        self._tiles = np.random.default_rng(1).integers(40, 215, (1440, 2560, 3), np.uint8)
        self._tiles = np.repeat(np.repeat(self._tiles[::16, ::16], 16, 0), 16, 1)

    def picture(self, t_s: float, size: Size) -> Picture:
        """What is seen at `t_s` seconds."""
        left, top = round(40 * t_s) % 1000, round(25 * t_s) % 600
        return np.ascontiguousarray(self._tiles[top : top + size[1], left : left + size[0]])


def measure(*, quick: bool = False) -> list[Figure]:
    seconds = 10.0 if quick else 40.0
    with _cameras() as urls, tempfile.TemporaryDirectory(prefix="ducha-recording-") as folder:
        ours = _share(_record, (urls, folder), seconds)
        copied = _share(_copy, (urls, folder), seconds)
        report = verify_folder(Path(folder) / "recordings")
        if not report.sound:
            raise RuntimeError(f"what was recorded is not intact: {report.findings[0]}")
        stored_bps = report.bytes * 8 / (seconds + _WARM_UP_S) / CAMERAS
    return [
        Figure(
            f"recording, hashing and chaining a camera (720p15 with sound, {stored_bps / 1e6:.1f} Mbit/s)",
            f"{100 * ours / CAMERAS:.1f} % of a core: {CAMERAS / ours:.0f} cameras a core",
        ),
        Figure("FFmpeg's stream copy of the same", f"{100 * copied / CAMERAS:.1f} % of a core"),
        at_most("recording against stream copy, CPU", ours / copied, 1.5, "times"),
    ]


@contextmanager
def _cameras() -> Iterator[list[str]]:
    """Virtual cameras in a process of their own; their addresses."""
    ours, theirs = _PROCESSES.Pipe()
    stop = _PROCESSES.Event()
    process = _PROCESSES.Process(target=_serve, args=(theirs, stop))
    process.start()
    try:
        if not ours.poll(30):
            raise RuntimeError("the cameras did not start within 30 s")
        yield ours.recv()
    finally:
        stop.set()
        process.join(30)


def _serve(addresses: Any, stop: Flag) -> None:
    view = Mosaic()
    specs = [
        CameraSpec(name=f"c-{n}", view=view, bitrate_bps=BITRATE_BPS, keyframe_every_s=2.0, noise=0.0)
        for n in range(CAMERAS)
    ]
    with CameraServer(specs) as server:
        addresses.send([server.url(spec.name) for spec in specs])
        stop.wait()


def _share(work: Any, arguments: tuple[list[str], str], seconds: float) -> float:
    """CPU seconds a second that a process needs for `work`, once everything runs."""
    stop = _PROCESSES.Event()
    process = _PROCESSES.Process(target=work, args=(*arguments, stop))
    process.start()
    try:
        time.sleep(_WARM_UP_S)
        watched = psutil.Process(process.pid)
        began, began_s = watched.cpu_times(), time.monotonic()
        time.sleep(seconds)
        ended, took_s = watched.cpu_times(), time.monotonic() - began_s
    finally:
        stop.set()
        process.join(30)
    return float(ended.user + ended.system - began.user - began.system) / took_s


def _record(urls: list[str], folder: str, stop: Flag) -> None:
    with EmbeddedPostgres(Path(folder) / "postgres") as postgres:
        migrate(postgres.uri())
        settings = Settings(
            database=DatabaseSettings(url=postgres.uri()),
            recorder=RecorderSettings(
                folder=f"{folder}/recordings",
                key=f"{folder}/key.pem",
                tap=f"{folder}/tap.sock",
                reserve_gb=0.0,
                look=False,
            ),
            cameras=tuple(CameraSettings(id=f"c-{n}", url=url, kind=Kind.WINDOW) for n, url in enumerate(urls)),
        )
        ended = threading.Event()
        threading.Thread(target=_pass_on, args=(stop, ended), daemon=True).start()
        serve(settings, ended)


def _pass_on(stop: Flag, ended: threading.Event) -> None:
    stop.wait()
    ended.set()


def _copy(urls: list[str], folder: str, stop: Flag) -> None:
    for number, url in enumerate(urls):
        threading.Thread(target=_copied, args=(url, f"{folder}/copy-{number}-%03d.mkv"), daemon=True).start()
    stop.wait()


def _copied(url: str, files: str) -> None:
    options = {"segment_time": "60", "segment_format": "matroska"}
    with (
        av.open(url, options={"rtsp_transport": "tcp"}) as source,
        av.open(files, "w", format="segment", options=options) as out,
    ):
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)

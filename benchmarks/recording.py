"""Recording, hashing and chaining against FFmpeg's stream copy of the same cameras at the same time.

The peer is `ffmpeg -c copy -f segment`: RTSP over TCP as here, segments of a second as here, nothing hashed, nothing
fsynced, nothing handed on. Twice: as a library in one process, a thread a camera, which is the least it can cost; and
as the program, a process a camera, where there is one (`DUCHA_FFMPEG`, or `ffmpeg` on the path). CPU is user and
system time of their processes, once every stream is being written; that of PostgreSQL, to which recordings are told,
is left out. All run at once, and again in the other order, for whoever connects first is woken first. A run in which a
stream broke off is none.
"""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from typing import Any

import av
import psutil  # type: ignore[import-untyped]

from benchmarks.cameras import Mosaic, serving
from benchmarks.figures import Figure, at_most
from benchmarks.rig import let_run, within
from hardware.cameras import CameraSpec
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.worker import serve
from ingest.config import DatabaseSettings
from store.embedded import EmbeddedPostgres
from store.evidence.verification import verify_folder
from store.migrate import migrate

STREAMS = (8, 16, 24)
FILMS = 2  # of which the streams are, for encoding so many would take the whole machine
BITRATE_BPS = 2_000_000
TARGET = 1.5
_LEAST_STORED = 0.6  # of what the cameras send: they come near it, and a segment is only counted when it is whole
FFMPEG = os.environ.get("DUCHA_FFMPEG") or shutil.which("ffmpeg")
_PROCESSES = get_context("spawn")

Shares = dict[str, float]
"""CPU seconds a second, by contestant."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to store streams. `start` has it run on some addresses and in a folder, and gives its processes; each
    stream comes to lie in a folder of its own there, found by `streams`."""

    name: str
    start: Callable[[list[str], Path], AbstractContextManager[list[int]]]
    streams: str

    def stored_bytes(self, folder: Path) -> list[int]:
        """How much there is of each stream."""
        return [
            sum(file.stat().st_size for file in stream.rglob("*.m*")) for stream in sorted(folder.glob(self.streams))
        ]

    def has_begun(self, folder: Path, streams: int) -> bool:
        stored = self.stored_bytes(folder)
        return len(stored) == streams and all(stored)


def measure(*, quick: bool = False) -> list[Figure]:
    counts, seconds = (STREAMS[:1], 8.0) if quick else (STREAMS, 30.0)
    figures: list[Figure] = []
    by_library: list[float] = []
    by_program: list[float] = []
    view = Mosaic()
    specs = [CameraSpec(name=f"c-{n}", view=view, bitrate_bps=BITRATE_BPS, noise=0.0) for n in range(FILMS)]
    with serving(specs) as films:
        for count in counts:
            urls = [films[n % FILMS] for n in range(count)]
            rounds = [_round(CONTESTANTS[::step], urls, seconds) for step in (1, -1)]
            mean = {each.name: sum(shares[each.name] for shares in rounds) / len(rounds) for each in CONTESTANTS}
            figures.append(_figure(count, mean))
            by_library.append(mean["recorder"] / mean["library"])
            if "program" in mean:
                by_program.append(mean["recorder"] / mean["program"])
    figures.append(
        at_most("recording against stream copy in one process, CPU, the worst", max(by_library), TARGET, "times")
    )
    if by_program:
        what = "recording against `ffmpeg`, a process a camera, CPU, the worst"
        figures.append(at_most(what, max(by_program), TARGET, "times"))
    return figures


def _figure(count: int, mean: Shares) -> Figure:
    percent = {name: f"{100 * share / count:.2f} %" for name, share in mean.items()}
    found = f"{percent['recorder']} of a core a camera: {count / mean['recorder']:.0f} a core; "
    found += f"stream copy in one process {percent['library']}"
    if "program" in percent:
        found += f", `ffmpeg` {percent['program']}"
    return Figure(f"recording, hashing and chaining {count} cameras (720p15 with sound, 2 Mbit/s)", found)


def _round(contestants: tuple[Contestant, ...], urls: list[str], seconds: float) -> Shares:
    with tempfile.TemporaryDirectory(prefix="ducha-recording-") as made:
        folders = {each: Path(made) / each.name for each in contestants}
        with ExitStack() as running:
            processes = {}
            for each, folder in folders.items():
                folder.mkdir()
                processes[each] = running.enter_context(each.start(urls, folder))
            within(120, lambda: all(each.has_begun(folder, len(urls)) for each, folder in folders.items()))
            shares = _watched(processes, folders, seconds)
        report = verify_folder(Path(made) / "recorder" / "recordings")
        if not report.sound:
            raise RuntimeError(f"what was recorded is not intact: {report.findings[0]}")
        return shares


def _watched(processes: dict[Contestant, list[int]], folders: dict[Contestant, Path], seconds: float) -> Shares:
    used = {each: _used_s(pids) for each, pids in processes.items()}
    held = {each: each.stored_bytes(folder) for each, folder in folders.items()}
    began_s = time.monotonic()
    let_run(seconds)
    took_s = time.monotonic() - began_s
    shares = {each.name: (_used_s(pids) - used[each]) / took_s for each, pids in processes.items()}
    for each, folder in folders.items():
        for before, after in zip(held[each], each.stored_bytes(folder), strict=True):
            if after - before < _LEAST_STORED * BITRATE_BPS / 8 * seconds:
                raise RuntimeError(f"{each.name}: of one stream only {after - before} bytes came in {seconds:g} s")
    return shares


def _used_s(processes: list[int]) -> float:
    used = [psutil.Process(process).cpu_times() for process in processes]
    return float(sum(times.user + times.system for times in used))


@contextmanager
def _process(work: Any, urls: list[str], folder: Path) -> Iterator[list[int]]:
    stop = _PROCESSES.Event()
    process = _PROCESSES.Process(target=work, args=(urls, str(folder), stop))
    process.start()
    try:
        yield [process.pid or 0]
    finally:
        stop.set()
        process.join(30)


def recording(urls: list[str], folder: Path) -> AbstractContextManager[list[int]]:
    """The real recorder in a process of its own, into `recordings` of the folder."""
    return _process(_record, urls, folder)


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


def _copying(urls: list[str], folder: Path) -> AbstractContextManager[list[int]]:
    return _process(_copy, urls, folder)


def _copy(urls: list[str], folder: str, stop: Flag) -> None:
    for url, files in zip(urls, _files(Path(folder), len(urls)), strict=True):
        threading.Thread(target=_copied, args=(url, files), daemon=True).start()
    stop.wait()


def _copied(url: str, files: str) -> None:
    options = {"segment_time": "1", "segment_format": "matroska"}
    with (
        av.open(url, options={"rtsp_transport": "tcp"}) as source,
        av.open(files, "w", format="segment", options=options) as out,
    ):
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)


@contextmanager
def _programs(urls: list[str], folder: Path) -> Iterator[list[int]]:
    quiet = [str(FFMPEG), "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp"]
    copy = ["-c", "copy", "-f", "segment", "-segment_time", "1", "-segment_format", "matroska"]
    programs = [
        subprocess.Popen([*quiet, "-i", url, *copy, files])
        for url, files in zip(urls, _files(folder, len(urls)), strict=True)
    ]
    try:
        yield [program.pid for program in programs]
    finally:
        for program in programs:
            program.terminate()
        for program in programs:
            program.wait(30)


def _files(folder: Path, streams: int) -> list[str]:
    """How a stream copy names its segments."""
    folders = [folder / str(number) for number in range(streams)]
    for each in folders:
        each.mkdir()
    return [str(each / "%05d.mkv") for each in folders]


CONTESTANTS = (
    Contestant("recorder", recording, "recordings/*.video"),
    Contestant("library", _copying, "*"),
    *((Contestant("program", _programs, "*"),) if FFMPEG else ()),
)

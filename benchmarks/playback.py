"""From a click on the evidence screen's ruler to the first picture of the new place, in a real browser.

Twelve minutes of 720p15 with sound, as the recorder writes them, are searched at random places. The peer, in the same
run and browser: a plain <video> over the same packets in one progressive MP4, which FFmpeg made.
"""

import asyncio
import random
import socket
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import av
import numpy as np
import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from benchmarks.chromium import CHROMIUM, FLAGS
from benchmarks.figures import Figure, at_most
from benchmarks.filmed import BITRATE_BPS, FPS, SIZE, Film, filmed, record
from benchmarks.rig import ROOT
from console import server
from ingest.cameras.packets import Media, Packet
from store.embedded import EmbeddedPostgres
from store.migrate import migrate
from store.recordings import CameraRow, Recordings
from store.times import moment, rfc3339

SECONDS = 720
CAMERA = "hall-1"
TARGET_S = 1.0
_PATIENCE_S = 30.0
_SETTLE_MS = 200  # before the next
_PAGE = "whole.html"
_LONG_AGO_S = 1_767_571_200.0
_LONG = """
INSERT INTO segments (stream, seq, session, type, begins, ends, file, "offset", bytes, init_bytes)
SELECT %(stream)s, 1000000 + n, 'c-20260105', 'segment', %(begins)s + n * interval '1 second',
    %(begins)s + (n + 1) * interval '1 second', %(stream)s || '/20260105/080000-' || n / 300 || '.mp4',
    700 + n::bigint * 250000, 250000, 700
FROM generate_series(0, 12 * 3600 - 1) AS n
"""
# A picture counts when the browser has presented it, and it is the one of that place.
_VIEW = "document.querySelector('[data-view]').dataset.view.split(' ').map(Number)"
_SEEK_ON_RULER = """
async ({ part, at, frame }) => {
  const track = document.querySelector('[data-view]'), box = track.getBoundingClientRect();
  const tile = document.querySelector('[data-camera]');
  const point = { bubbles: true, button: 0, pointerId: 1, clientX: box.left + part * box.width, clientY: box.top + 9 };
  track.setPointerCapture = () => {};
  const began = performance.now();
  track.dispatchEvent(new PointerEvent('pointerdown', point));
  track.dispatchEvent(new PointerEvent('pointerup', point));
  const shown = () => Math.abs(Number(tile.dataset.shown) - at) <= frame;
  while (!shown()) {
    if (performance.now() - began > 10_000) return [null, `${tile.dataset.shown} is shown, not ${at}`];
    await new Promise((done) => setTimeout(done, 1));
  }
  return [(performance.now() - began) / 1000, ''];
}
"""
_SEEK_IN_FILE = """
async ({ at, frame }) => {
  const video = document.querySelector('video');
  const began = performance.now();
  const shown = new Promise((done) => {
    const look = (_, { mediaTime }) => {
      if (Math.abs(mediaTime - at) <= frame) done((performance.now() - began) / 1000);
      else video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    setTimeout(() => done(null), 10_000);
  });
  video.currentTime = at;
  const took = await shown;
  return [took, took === null ? `${video.currentTime} was never shown` : ''];
}
"""


def measure(*, quick: bool = False) -> list[Figure]:
    what = f"click on the ruler to the picture of that moment, {SECONDS // 60} min of 720p{FPS} with sound"
    if CHROMIUM is None:
        return [Figure(what, "not measured: no Chromium; expected one on PATH or in DUCHA_CHROMIUM")]
    if not (ROOT / "console" / "static" / "index.html").exists():
        return [Figure(what, "not measured: the front end is not built")]
    seeks = 10 if quick else 60
    film = filmed()
    with tempfile.TemporaryDirectory(prefix="ducha-playback-") as name:
        folder = Path(name)
        _mux(film, folder / "whole.mp4")
        (folder / _PAGE).write_text('<video src="whole.mp4" width="1280" muted preload="auto"></video>', "utf-8")
        with EmbeddedPostgres(folder / "postgres") as postgres:
            begins_s = float(int(time.time()) - SECONDS - 60)
            _record(film, folder, postgres.uri(), begins_s)
            with _console(postgres.uri()) as console, _files(folder) as files:
                ours, plain = _compared(console, f"{files}/{_PAGE}", begins_s, seeks)
                playlists = list(_playlists(console, postgres.uri()))
    told = f"{seeks} random seeks, {BITRATE_BPS / 1e6:.0f} Mbit/s, a keyframe every 2 s"
    (p50, p95), (plain50, plain95) = (np.percentile(found, (50, 95)) for found in (ours, plain))
    return [
        Figure(f"{what} ({told}), p50", f"{p50:.2f} s"),
        at_most(f"{what}, p95", float(p95), TARGET_S, "s"),
        Figure("a plain <video> over one progressive MP4 of the same, p50 / p95", f"{plain50:.2f} / {plain95:.2f} s"),
        *playlists,
    ]


def _compared(console: str, file: str, begins_s: float, seeks: int) -> tuple[list[float], list[float]]:
    """Seconds of each seek on the screen, and in the file, to the same places."""
    from playwright.sync_api import sync_playwright

    chance, frame_s = random.Random(1), 1.5 / FPS
    places_s = [chance.uniform(2, SECONDS - 4) for _ in range(seeks)]
    ours, plain = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        at = rfc3339(moment(begins_s + 1))
        page.goto(f"{console}/desk/evidence?{urlencode({'camera': CAMERA, 'at': at})}")
        page.wait_for_selector("[data-shown]", timeout=_PATIENCE_S * 1000)
        from_s, to_s = page.evaluate(_VIEW)
        for place_s in places_s:
            at_s = begins_s + place_s
            click = {"part": (at_s - from_s) / (to_s - from_s), "at": at_s, "frame": frame_s}
            ours.append(_told(page.evaluate(_SEEK_ON_RULER, click)))
            page.wait_for_timeout(_SETTLE_MS)
        page.goto(file)
        page.wait_for_function("document.querySelector('video').readyState >= 2", timeout=_PATIENCE_S * 1000)
        for place_s in places_s:
            plain.append(_told(page.evaluate(_SEEK_IN_FILE, {"at": place_s, "frame": frame_s})))
            page.wait_for_timeout(_SETTLE_MS)
        browser.close()
    return ours, plain


def _told(answer: Any) -> float:
    took_s, problem = answer
    if took_s is None:
        raise RuntimeError(f"a seek did not arrive: {problem}")
    return float(took_s)


def _record(film: Film, folder: Path, dsn: str, begins_s: float) -> None:
    migrate(dsn)
    record(folder / "recordings", folder / "key.pem", dsn, {CAMERA: film.packets(begins_s, SECONDS)})
    now_s = time.time()
    with Recordings(dsn) as rows:
        row = CameraRow(
            id=CAMERA,
            name=CAMERA,
            kind="waiting",
            unit=None,
            room=None,
            lon=None,
            lat=None,
            recorder="recorder-1",
            folder=str(folder / "recordings"),
            tap=str(folder / "tap.sock"),
            state="live",
            reason=None,
            since_s=now_s,
            codec="h264",
            width=SIZE[0],
            height=SIZE[1],
            audio="aac",
            recorded=True,
            seen_s=now_s,
        )
        rows.write_cameras([row], notify=False)


def _mux(film: Film, path: Path) -> None:
    """The same packets in one MP4 with its index in front, nothing encoded anew."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as file:
        streams: dict[Media, Any] = {}
        bases = {info.media: Fraction(*info.time_base) for info in film.streams}
        for info in film.streams:
            video = info.media is Media.VIDEO
            stream = file.add_stream("h264", rate=FPS) if video else file.add_stream("aac", rate=info.sample_rate)
            if video:
                stream.width, stream.height, stream.pix_fmt = info.width, info.height, "yuv420p"
            stream.codec_context.extradata = info.extradata
            stream.time_base = bases[info.media]
            streams[info.media] = stream
        for item in film.packets(0.0, SECONDS):
            if isinstance(item, Packet):
                packet = av.Packet(item.data)
                packet.pts, packet.dts, packet.duration = item.pts, item.dts, item.duration
                packet.time_base = bases[item.media]  # a muxer chooses its own for its stream
                packet.stream, packet.is_keyframe = streams[item.media], item.is_keyframe
                file.mux(packet)


@contextmanager
def _console(dsn: str) -> Iterator[str]:
    listening, stop, told = threading.Event(), threading.Event(), list[str]()

    def started(address: str) -> None:
        told.append(address)
        listening.set()

    thread = threading.Thread(target=partial(server.run, dsn, port=0, sweep=False, listening=started, stop=stop))
    thread.start()
    try:
        if not listening.wait(30):
            raise RuntimeError("the console did not start within 30 s")
        yield told[0]
    finally:
        stop.set()
        thread.join(30)


@contextmanager
def _files(folder: Path) -> Iterator[str]:
    """The folder over HTTP with byte ranges, by the server software that the console uses too."""
    app = Starlette(routes=[Mount("/", StaticFiles(directory=folder))])
    listener = socket.create_server(("127.0.0.1", 0))
    server_ = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server_.serve([listener])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server_.should_exit = True
        thread.join(30)


def _playlists(console: str, dsn: str) -> Iterator[Figure]:
    """How long the console takes for a playlist of fragments of a second, and how large it is."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_LONG, {"stream": f"{CAMERA}.video", "begins": moment(_LONG_AGO_S)})
        connection.execute("ANALYZE segments")
    for hours in (1, 12):
        span = {"from": rfc3339(moment(_LONG_AGO_S)), "to": rfc3339(moment(_LONG_AGO_S + 3600 * hours))}
        address = f"{console}/api/v1/recordings/{CAMERA}/playlist.m3u8?{urlencode(span | {'media': 'video'})}"
        took_s, size = min(_fetched(address) for _ in range(3))
        yield Figure(
            f"playlist of {hours} h, {3600 * hours:,} fragments", f"{1e3 * took_s:.0f} ms, {size / 1e6:.1f} MB"
        )


def _fetched(address: str) -> tuple[float, int]:
    began_s = time.perf_counter()
    with urllib.request.urlopen(address, timeout=30) as answer:
        size = len(answer.read())
    return time.perf_counter() - began_s, size

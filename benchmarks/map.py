"""How much 2,000 moving markers slow the wall's map down, in a real browser on the real console.

The picture is dragged about without pause, so that every frame is drawn anew; frames are counted where the page asks
the browser for them. What counts is the ratio: a headless browser without a graphics card draws the picture itself in
software, and that costs most.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.chromium import CHROMIUM, FLAGS
from benchmarks.figures import Figure, at_most
from benchmarks.fleet import Fleet, Size
from benchmarks.rig import ROOT, Rig, running
from store.ledger import Ledger

_DEVICES = 2_000
_EVERY_S = 1.0
_TARGET = 1.15
_SETTLE_MS = 6_000
_COUNT_FRAMES = """
const ask = window.requestAnimationFrame.bind(window);
window.frames_drawn = 0;
let last = -1;
window.requestAnimationFrame = (draw) => ask((at) => {
  if (at !== last) { last = at; window.frames_drawn += 1; }
  draw(at);
});
"""
_DRAG = """
async (ms) => {
  const canvas = document.querySelector('.maplibregl-canvas');
  const box = canvas.getBoundingClientRect();
  const tell = (target, kind, turn) => target.dispatchEvent(new MouseEvent(kind, {
    bubbles: true, button: 0, buttons: 1,
    clientX: box.left + box.width / 2 + 40 * Math.cos(turn),
    clientY: box.top + box.height / 2 + 40 * Math.sin(turn)}));
  tell(canvas, 'mousedown', 0);
  let turn = 0;
  const mover = setInterval(() => tell(document, 'mousemove', turn += 0.05), 5);
  await new Promise((done) => setTimeout(done, 1000));
  const began = performance.now(), before = window.frames_drawn;
  await new Promise((done) => setTimeout(done, ms));
  const rate = (window.frames_drawn - before) / (performance.now() - began) * 1000;
  clearInterval(mover);
  tell(document, 'mouseup', turn);
  return rate;
}
"""


def measure(*, quick: bool = False) -> list[Figure]:
    """Frames a second with no marker and with 2,000 that move each second."""
    what = f"the wall's map with {_DEVICES:,} markers moving each second"
    if CHROMIUM is None:
        return [Figure(what, "not measured: no Chromium; expected one on PATH or in DUCHA_CHROMIUM")]
    if not (ROOT / "console" / "static" / "index.html").exists():
        return [Figure(what, "not measured: the front end is not built")]
    from playwright.sync_api import sync_playwright

    seconds, times = (4, 1) if quick else (10, 3)
    fleet = Fleet(Size(devices=_DEVICES), start_s=time.time() - 10, every_s=_EVERY_S)
    with running(fleet, console=True) as rig, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.add_init_script(_COUNT_FRAMES)
        page.goto(f"http://127.0.0.1:{rig.console_port}/wall")
        page.wait_for_selector(".maplibregl-canvas")
        page.wait_for_timeout(_SETTLE_MS)
        empty = max(float(page.evaluate(_DRAG, seconds * 1_000)) for _ in range(times))
        with _moving(rig, fleet):
            page.wait_for_timeout(_SETTLE_MS)
            full = max(float(page.evaluate(_DRAG, seconds * 1_000)) for _ in range(times))
            if picture := os.environ.get("DUCHA_BENCH_SCREENSHOT"):
                page.screenshot(path=Path(picture))
        browser.close()
    return [
        Figure("the wall's map, 1920×1080, software drawing", f"{empty:.1f} frames/s empty, {full:.1f} with markers"),
        at_most(f"{what}: empty / full frame rate", empty / full, _TARGET, "×"),
    ]


@contextmanager
def _moving(rig: Rig, fleet: Fleet) -> Iterator[None]:
    """Let all devices move, once a second, as long as the context lasts."""
    stop = threading.Event()

    def move() -> None:
        with Ledger(rig.database, name="benchmark") as ledger:
            numbers = ledger.register(fleet.names)
            while not stop.wait(_EVERY_S):
                now_s = time.time()
                (batch,) = fleet.rounds(1, round((now_s - fleet.start_s) / _EVERY_S) - 1)
                batch.device[:] = numbers[batch.device]
                ledger.commit(batch, received_s=now_s)

    mover = threading.Thread(target=move)
    mover.start()
    try:
        yield
    finally:
        stop.set()
        mover.join(10)

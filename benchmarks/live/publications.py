"""A thousand publications by body-worn cameras: what the process that takes them in, and the console, hold before and
after.

Four at a time, each until its first picture can be had. Before is after the first hundred, when what is made once has
been made; each session that a publication opens stays in the log.
"""

import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from benchmarks.cameras import Mosaic
from benchmarks.figures import Figure
from benchmarks.live.held import STEP, Held, kept
from benchmarks.live.house import House, opened
from benchmarks.rig import within
from hardware.cameras import CameraSpec
from hardware.cameras.bodycam import Bodycam

WORN = tuple(f"body-{n}" for n in range(4))
_PICTURE_S = 20.0
_GONE_S = 15.0  # until nothing of any publication is left


def measure(*, quick: bool = False) -> list[Figure]:
    times = 100 if quick else 1_000
    fixed = CameraSpec(name="c-0", view=Mosaic(), size=(640, 360), bitrate_bps=500_000, noise=0.0)
    with opened([fixed], WORN) as house, ThreadPoolExecutor(len(WORN)) as wearers:
        workers, consoles = [], []
        for _ in range(0, times + 1, STEP):
            list(wearers.map(lambda camera: _publish(house, camera, STEP // len(WORN)), WORN))
            within(_GONE_S, lambda: Held.by(house.worker).udp == 0)
            workers.append(Held.by(house.worker))
            consoles.append(Held.by(house.console))
    return [
        kept(f"the camera process, {times:,} publications by WHIP", workers),
        kept("the console meanwhile", consoles),
    ]


def _publish(house: House, camera: str, times: int) -> None:
    for _ in range(times):
        worn = Bodycam(house.whip(camera), size=(320, 180), sound=False)
        began_s = time.monotonic()
        worn.start()
        try:
            within(_PICTURE_S, lambda began_s=began_s: _has_picture(house, camera, time.monotonic() - began_s))
        finally:
            worn.stop()


def _has_picture(house: House, camera: str, of_last_s: float) -> bool:
    try:
        with urllib.request.urlopen(f"{house.address}/api/v1/cameras/{camera}/snapshot", timeout=5) as answer:
            return float(answer.headers["x-picture-age"]) < of_last_s
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        return False

"""A thousand viewers who join and leave: what the console holds before and after, and whether others notice.

Four at a time, each until its first picture. Before is after the first hundred, when what is made once has been made.
UDP sockets are the viewers' own; other files may come as the pool of database connections fills.
"""

import time

import numpy as np
import psutil  # type: ignore[import-untyped]

from benchmarks.cameras import Mosaic
from benchmarks.figures import Figure
from benchmarks.live.held import STEP, Held, kept
from benchmarks.live.house import House, opened
from benchmarks.live.viewers import Received, crowd
from benchmarks.rig import let_run, within
from hardware.cameras import CameraSpec

BUSY, OTHER = "c-0", "c-1"
WARM_UP = 100
_BITRATE_BPS = 500_000
_LET_GO_S = 30.0  # the console lets go of a viewer that vanished after 12 s
_ALONE_S = 30.0


def measure(*, quick: bool = False) -> list[Figure]:
    times = 100 if quick else 1_000
    specs = [
        CameraSpec(name=name, view=Mosaic(), size=(640, 360), bitrate_bps=_BITRATE_BPS, noise=0.0)
        for name in (BUSY, OTHER)
    ]
    with opened(specs) as house, crowd(house.whep(BUSY)) as many, crowd(house.whep(OTHER)) as one:
        one.look(1)
        many.come_and_go(WARM_UP)
        within(_LET_GO_S, lambda: _is_left(house))
        held = [_held(house)]
        one.received()
        let_run(_ALONE_S)
        alone = one.received()
        began_s = time.monotonic()
        for done in range(STEP, times + 1, STEP):
            many.come_and_go(STEP)
            if done < times:
                held.append(_held(house))
        took_s = time.monotonic() - began_s
        seen = one.received()
        within(_LET_GO_S, lambda: _is_left(house))
        held.append(_held(house))
    return [
        kept(f"the console, {times:,} viewers joined and left", [console for console, _ in held]),
        kept("the camera process meanwhile", [worker for _, worker in held]),
        Figure(
            "the viewer of another camera meanwhile",
            f"{seen.packets} packets in {took_s:.0f} s, {seen.lost} lost; from picture to picture {_waits(seen)}; "
            f"before the joins {_waits(alone)}",
            "none lost",
            seen.lost == 0,
        ),
    ]


def _is_left(house: House) -> bool:
    """Whether the one who stays is alone, also at the tap: there are the socket that listens and his."""
    taps = [each for each in psutil.Process(house.worker).net_connections("unix") if each.laddr == str(house.tap)]
    return house.viewers() == 1 and len(taps) == 2


def _held(house: House) -> tuple[Held, Held]:
    return Held.by(house.console), Held.by(house.worker)


def _waits(seen: Received) -> str:
    p50, p99, most = 1e3 * np.percentile(seen.waits_s, (50, 99, 100))
    return f"p50 {p50:.0f}, p99 {p99:.0f}, most {most:.0f} ms"

"""What one more viewer costs: CPU time of the console with 0, 1, 5 and 10 viewers of one camera, and the slope.

The peer is MediaMTX with the same camera and the same viewers, turn about in the same run. CPU time is the process's
own (user and system), so a busy machine disturbs it little; the median of the rounds is told. A virtual camera that is
held up sends less than it should: so the slope is told for the nominal bitrate, in proportion to what was sent.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import linear_regression, median

import psutil  # type: ignore[import-untyped]

from benchmarks.cameras import Mosaic
from benchmarks.figures import Figure, at_most
from benchmarks.live import mediamtx
from benchmarks.live.house import opened
from benchmarks.live.viewers import Received, Viewers, crowd
from benchmarks.rig import let_run
from hardware.cameras import CameraSpec

CAMERA = "c-0"
BITRATE_BPS = 2_000_000
NUMBERS = (0, 1, 5, 10)
_GROUP = 30  # pictures, in two seconds; the last ones are sent in haste when somebody joins
_TARGET = 3.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Shares of a core by number of viewers, the slope from one to ten; bits a second sent to each, packets lost."""

    slope: float
    shares: dict[int, float]
    bps: float
    lost: int

    @property
    def more(self) -> float:
        """The share of a core that one more viewer takes at the nominal bitrate."""
        return self.slope * max(1.0, BITRATE_BPS / self.bps)


@dataclass(frozen=True, slots=True)
class Side:
    """A server, its process, and who looks at what it serves."""

    process: psutil.Process
    viewers: Viewers


def measure(*, quick: bool = False) -> list[Figure]:
    rounds, seconds = (1, 4.0) if quick else (5, 8.0)
    spec = CameraSpec(name=CAMERA, view=Mosaic(), bitrate_bps=BITRATE_BPS, keyframe_every_s=2.0, noise=0.0)
    with opened([spec]) as house, ExitStack() as stack:
        ours = Side(psutil.Process(house.console), stack.enter_context(crowd(house.whep(CAMERA))))
        theirs = stack.enter_context(_peer(house.sources))
        costs = [(_cost(ours, seconds), _cost(theirs, seconds) if theirs else None) for _ in range(rounds)]
    our_costs = [our for our, _ in costs]
    their_costs = [their for _, their in costs if their is not None]
    return [*_told(our_costs), *_compared(our_costs, their_costs)]


@contextmanager
def _peer(sources: dict[str, str]) -> Iterator[Side | None]:
    if mediamtx.BINARY is None:
        yield None
        return
    with mediamtx.running(mediamtx.BINARY, sources) as served, crowd(served.whep(CAMERA)) as viewers:
        yield Side(psutil.Process(served.process), viewers)


def _cost(side: Side, seconds: float) -> Cost:
    """One round. At its end nobody looks."""
    shares: dict[int, float] = {}
    came, viewer_seconds = Received(), 0.0
    for number in NUMBERS:
        side.viewers.look(number)
        side.viewers.see(2 * _GROUP)
        side.viewers.received()
        began, began_s = side.process.cpu_times(), time.monotonic()
        let_run(seconds)
        ended, took_s = side.process.cpu_times(), time.monotonic() - began_s
        shares[number] = float(ended.user + ended.system - began.user - began.system) / took_s
        came += side.viewers.received()
        viewer_seconds += number * took_s
    side.viewers.look(0)
    some = [number for number in NUMBERS if number]
    sent_bps = 8 * came.bytes * (1 + came.lost / came.packets) / viewer_seconds
    return Cost(linear_regression(some, [shares[number] for number in some]).slope, shares, sent_bps, came.lost)


def _told(costs: list[Cost]) -> list[Figure]:
    by_number = ", ".join(f"{n}: {100 * median(cost.shares[n] for cost in costs):.1f}" for n in NUMBERS)
    bps, lost = median(cost.bps for cost in costs), sum(cost.lost for cost in costs)
    return [
        at_most(
            f"one more viewer (720p15, 2 Mbit/s), CPU of the console, median of {len(costs)} rounds",
            100 * _more(costs),
            _TARGET,
            "% of a core",
        ),
        Figure(
            "the console with so many viewers of one camera",
            f"{by_number} % of a core, sending {bps / 1e6:.1f} Mbit/s to each; {lost} packets lost by the viewers",
        ),
    ]


def _compared(ours: list[Cost], theirs: list[Cost]) -> list[Figure]:
    what = "MediaMTX, one more viewer of the same camera"
    if not theirs:
        return [Figure(what, mediamtx.ABSENT)]
    told = f"{100 * _more(theirs):.2f} % of a core; ours {_more(ours) / _more(theirs):.1f} times as much"
    return [Figure(what, told)]


def _more(costs: list[Cost]) -> float:
    return median(cost.more for cost in costs)

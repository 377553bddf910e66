"""Whether looking at cameras grows: 24 simulated minutes of 8 cameras, as fast as they can be looked at.

Another process draws and encodes what the cameras see; this one decodes a keyframe a second of each and gives it to
the camera's `Watcher`, with the default detector and every video rule, as the camera process does.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import linear_regression

import psutil  # type: ignore[import-untyped]

from analytics.catalogue import video_rules
from analytics.video.regions import Region
from analytics.video.watcher import NOTHING_KNOWN, Outlook, Watcher
from benchmarks.figures import Figure
from benchmarks.films import SIZE, STREAM, film
from hardware.cameras.county import DemoCameras, demo_cameras
from ingest.cameras.detectors import default_detector
from ingest.cameras.packets import Packet
from ingest.cameras.pictures import decoded, pixels

CAMERAS = 8
MINUTES = 24
SEEDS = (1, 2)  # a county has six cameras
BITRATE_BPS = 500_000  # of keyframes alone
TARGET_MB = 1.0  # from the second minute to the last
_PROCESSES = get_context("spawn")


def measure(*, quick: bool = False) -> list[Figure]:
    minutes = 4 if quick else MINUTES
    detector = default_detector()
    watchers = [Watcher(outlook, detector, video_rules()) for outlook in _outlooks()]
    process = psutil.Process()
    megabytes, alerts = [], 0
    with _filmed(minutes) as rounds:
        for second, keyframes in enumerate(rounds, 1):
            for watcher, keyframe in zip(watchers, keyframes, strict=True):
                sampled = watcher.sample(pixels(decoded(keyframe, STREAM)), keyframe.arrived_s, NOTHING_KNOWN)
                alerts += len(sampled.changes)
            if second % 60 == 0:
                megabytes.append(process.memory_info().rss / 1e6)
                print(f"minute {second // 60} of {minutes}: {megabytes[-1]:.1f} MB", file=sys.stderr)
    after = megabytes[1:]  # what is made once has been made in the first minute
    growth, slope = after[-1] - after[0], linear_regression(range(len(after)), after).slope
    each = " ".join(f"{value:.0f}" for value in megabytes)
    return [
        Figure(
            f"memory, {CAMERAS} cameras (720p) looked at for {minutes} simulated minutes, {alerts} alerts told",
            f"{after[0]:.1f} MB after two minutes, {after[-1]:.1f} at the end, {slope:+.3f} MB a minute (each: {each})",
            f"no growth (≤ {TARGET_MB:g} MB)",
            growth <= TARGET_MB,
        )
    ]


def _counties() -> list[DemoCameras]:
    return [demo_cameras(seed, minutes=MINUTES, size=SIZE) for seed in SEEDS]


def _outlooks() -> list[Outlook]:
    return [
        Outlook(
            f"{spec.name}-{seed}",
            tuple(Region.of(name, box) for name, box in county.regions.get(spec.name, {}).items()),
            counts=not spec.name.startswith("street"),
        )
        for seed, county in zip(SEEDS, _counties(), strict=True)
        for spec in county.specs
    ][:CAMERAS]


@contextmanager
def _filmed(minutes: int) -> Iterator[Iterator[list[Packet]]]:
    """A keyframe of every camera, second by second, from another process."""
    receiving, sending = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_film, args=(minutes, sending), daemon=True)
    process.start()
    sending.close()
    try:
        yield iter(receiving.recv, None)
    finally:
        process.terminate()
        process.join(10)


def _film(minutes: int, sending: "Connection[list[Packet] | None, None]") -> None:
    specs = [spec for county in _counties() for spec in county.specs][:CAMERAS]
    films = [film(spec, seconds=60 * minutes, fps=1, bitrate_bps=BITRATE_BPS) for spec in specs]
    for keyframes in zip(*films, strict=True):
        sending.send(list(keyframes))
    sending.send(None)

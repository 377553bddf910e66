"""How often each camera of a county is looked at: 45 windows and 8 rooms, 720p25, a keyframe a second each.

Films of three windows and two rooms are shown to many cameras each, not all at the same instant, through real fan-outs
to real `Looking` objects with the default detector and every video rule, as in the cameras' process, which the films'
packets keep as busy as those of its sources would. Nothing is recorded and no database is there.
"""

import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

from msgspec.structs import replace as changed

from analytics.catalogue import video_rules
from analytics.video.watcher import Watcher
from benchmarks.figures import Figure
from benchmarks.films import SIZE, STREAM, TICKS, film
from hardware.cameras.county import demo_cameras
from ingest.cameras.album import Album
from ingest.cameras.config import CameraSettings, Kind
from ingest.cameras.detectors import default_detector
from ingest.cameras.facts import Facts
from ingest.cameras.fanout import Fanout
from ingest.cameras.looking import Looking, View
from ingest.cameras.lookout import outlook_of, shares
from ingest.cameras.outbox import Outbox
from ingest.cameras.packets import Packet
from store.records import Sight

FPS = 25
BITRATE_BPS = 2_000_000
SHOWN = {"win-1": 15, "win-2": 15, "win-3": 15, "room-1": 4, "hall-1": 4}  # cameras that see each film
_KINDS = {"win": Kind.WINDOW, "room": Kind.INTERROGATION, "hall": Kind.WAITING}
_WARM_S = 3.0  # until each camera's usual picture is known


class _Noted(Outbox):
    """Notes when each camera was seen."""

    def __init__(self) -> None:
        super().__init__()
        self.at_s: dict[str, list[float]] = defaultdict(list)

    def saw(self, sight: Sight, *, changed: bool) -> None:
        super().saw(sight, changed=changed)
        self.at_s[sight.camera].append(time.monotonic())


def measure(*, quick: bool = False) -> list[Figure]:
    seconds = 10 if quick else 20
    county = demo_cameras(1, size=SIZE)
    films = {
        spec.name: list(film(spec, seconds=seconds, fps=FPS, bitrate_bps=BITRATE_BPS))
        for spec in county.specs
        if spec.name in SHOWN
    }
    cameras = [
        CameraSettings(
            id=f"{name}-{number}",
            url="rtsp://127.0.0.1/",
            kind=_KINDS[name.partition("-")[0]],
            region=dict(county.regions[name]) if name.startswith("win") else {},
        )
        for name, many in SHOWN.items()
        for number in range(many)
    ]
    shown = {camera.id: films[camera.id.rpartition("-")[0]] for camera in cameras}
    return [_looked(cameras, shown, threads) for threads in (1, 2)]


def _looked(cameras: Sequence[CameraSettings], films: Mapping[str, Sequence[Packet]], threads: int) -> Figure:
    fanouts = {camera.id: Fanout() for camera in cameras}
    outbox, stop = _Noted(), Event()
    with tempfile.TemporaryDirectory() as folder:
        lookers = []
        for share in shares(cameras, threads):
            detector = default_detector()
            views = [
                View(
                    camera.id,
                    fanouts[camera.id],
                    Watcher(outlook_of(camera), detector, video_rules()),
                    Album(camera.id, Path(folder)),
                )
                for camera in share
            ]
            looking = Looking(views, Facts(share, lambda _stream: None), outbox)
            lookers.append(Thread(target=looking.run, args=(stop,), daemon=True))
        for looker in lookers:
            looker.start()
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        _show({fanouts[camera]: packets for camera, packets in films.items()})
        cpu_s = time.process_time() - began_cpu_s
        took_s = time.monotonic() - began_s
        stop.set()
        for looker in lookers:
            looker.join()
    looks = {camera.id: [t for t in outbox.at_s[camera.id] if t > began_s + _WARM_S] for camera in cameras}
    intervals = [later - former for times in looks.values() for former, later in pairwise(times)]
    rate = statistics.median(len(times) for times in looks.values()) / (took_s - _WARM_S)
    by = f"{threads} thread{'s' * (threads > 1)}"
    return Figure(
        f"45 windows and 8 rooms (720p25) looked at for {took_s:.0f} s by {by}, one run",
        f"each {rate:.2f} times a second (median), intervals {statistics.median(intervals):.2f} s median, "
        f"{max(intervals):.2f} s worst; {cpu_s / took_s:.2f} cores used (load {os.getloadavg()[0]:.1f})",
    )


def _show(films: Mapping[Fanout, Sequence[Packet]]) -> None:
    """Each camera its film, in real time."""
    for fanout in films:
        fanout.open((STREAM,))
    began_s, began_wall_s = time.monotonic(), time.time()
    for due_s, fanout, packet in sorted(_timetable(films), key=lambda entry: entry[0]):
        if (early_s := began_s + due_s - time.monotonic()) > 0:
            time.sleep(early_s)
        fanout.publish(changed(packet, arrived_wall_s=began_wall_s + due_s))


def _timetable(films: Mapping[Fanout, Sequence[Packet]]) -> Iterator[tuple[float, Fanout, Packet]]:
    """When each packet comes: no two cameras begin their seconds together."""
    for number, (fanout, packets) in enumerate(films.items()):
        for packet in packets:
            yield packet.pts / TICKS + number / len(films), fanout, packet

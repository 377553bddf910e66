"""Records one camera: a subscription, cut into segments, each stored with its leaf; and what is not recorded, declared.

On a thread of its own, so that a disk that is slow for one camera holds up no other; what comes meanwhile waits in the
subscription, and what does not fit there becomes a gap (`disk-slow`).
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import structlog

from ingest.cameras.annexb import MalformedVideo
from ingest.cameras.fanout import Closed, Ending, Fanout, Item, Lost, Opened
from ingest.cameras.fmp4 import UnsupportedStream
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.packets import Media, Packet
from ingest.cameras.packs import Sync
from ingest.cameras.retention import Retention
from ingest.cameras.segmenter import Segment, Segmenter
from ingest.cameras.stream_log import Expected, StreamLog
from store.evidence.errors import EvidenceError
from store.evidence.leaf import Reason
from store.evidence.log import EvidenceLog

log = structlog.get_logger("ingest.cameras")

LOOK_S = 1.0  # how often it is looked whether something has to be declared, though no group of pictures is whole
ROOM_S = 1.0  # how often the disk is asked for its room


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock (Unix nanoseconds) and the monotonic one."""

    wall_ns: Callable[[], int] = time.time_ns
    mono_ns: Callable[[], int] = time.monotonic_ns


class Room:
    """Whether more than `reserve_bytes` are free on the disk of `folder`; asked at most once a second."""

    def __init__(self, folder: Path, reserve_bytes: int) -> None:
        self._folder = folder
        self._reserve_bytes = reserve_bytes
        self._asked_s = -ROOM_S
        self._there = True

    def __call__(self) -> bool:
        if time.monotonic() - self._asked_s >= ROOM_S:
            self._there = self.free_bytes() > self._reserve_bytes
            self._asked_s = time.monotonic()
        return self._there

    def free_bytes(self) -> int:
        """What is free on the disk."""
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize


class Recorder:
    """Records what `fanout` tells of `camera` until it ends; `failed` hears what makes recording impossible. A camera
    that is `expected` only while it publishes is in no session otherwise."""

    def __init__(
        self,
        camera: str,
        fanout: Fanout,
        evidence: EvidenceLog,
        folder: Path,
        metrics: CameraMetrics,
        failed: Callable[[BaseException], None],
        *,
        segment_s: float = 1.0,
        pack_s: float = 300.0,
        expected: Expected = Expected.ALWAYS,
        has_room: Callable[[], bool] = lambda: True,
        retention: Retention | None = None,
        sync: Sync = os.fsync,
        clock: Clock | None = None,
    ) -> None:
        self._camera = camera
        self._metrics = metrics
        self._failed = failed
        self._expected = expected
        self._retention = retention
        self._clock = clock or Clock()
        self._subscription = fanout.subscribe()
        self._segmenter = Segmenter(segment_s)
        self._open = False
        self._streams = {
            media: StreamLog(
                f"{camera}.{media}",
                folder,
                evidence,
                pack_s=pack_s,
                expected=expected,
                has_room=has_room,
                sync=sync,
            )
            for media in Media
        }
        self._thread = Thread(target=self._run, name=f"recorder {camera}", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Whether, once the fan-out had ended, everything was stored and sealed within `timeout_s`."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._subscription.ended:
                for item in self._subscription.take_group(LOOK_S):
                    self._hear(item)
                self._attend()
            self._store(self._segmenter.flush())
            for stream in self._streams.values():
                stream.close(self._clock.wall_ns(), self._clock.mono_ns())
        except (EvidenceError, OSError) as error:
            log.error("recording has failed", camera=self._camera, error=str(error))
            self._failed(error)
        finally:
            self._subscription.close()

    def _hear(self, item: Item) -> None:
        try:
            if segments := self._segmenter.feed(item):
                self._store(segments)
        except (UnsupportedStream, MalformedVideo) as error:
            log.error("what comes can't be stored", camera=self._camera, error=str(error))
        if not isinstance(item, Packet):
            self._hear_news(item)

    def _hear_news(self, item: Opened | Closed | Lost) -> None:
        match item:
            case Opened():
                self._open = True  # with other parameters, where it was: what follows adjoins
            case Closed(ending):
                self._open = False
                self._hear_end(ending)
            case Lost(packets):
                self._metrics.lost_packets.labels(self._camera).inc(packets)
                self._interrupt(Reason.DISK_SLOW)

    def _hear_end(self, ending: Ending) -> None:
        if self._expected is Expected.ALWAYS:
            if ending is not Ending.STOPPED:  # of that the next start declares the whole
                self._interrupt(Reason.SOURCE_LOST)
        elif ending is Ending.IN_ORDER:
            for stream in self._streams.values():
                stream.end(self._clock.wall_ns(), self._clock.mono_ns())
        else:
            self._interrupt(Reason.STOPPED if ending is Ending.STOPPED else Reason.SOURCE_LOST)

    def _interrupt(self, reason: Reason) -> None:
        for stream in self._streams.values():
            stream.interrupt(reason)

    def _store(self, segments: list[Segment]) -> None:
        for segment in segments:
            began_s = time.monotonic()
            if self._streams[segment.info.media].record(segment) is not None:
                self._metrics.store.observe(time.monotonic() - began_s)
                self._metrics.recorded_bytes.labels(self._camera).inc(len(segment.fragment))
                self._metrics.segments.labels(self._camera).inc()

    def _attend(self) -> None:
        wall_ns, mono_ns = self._clock.wall_ns(), self._clock.mono_ns()
        pending = self._segmenter.pending
        for media, stream in self._streams.items():
            if media not in pending:
                stream.attend(wall_ns, mono_ns, alive=self._open)
        if self._retention is not None:
            self._retention.look([stream.stream for stream in self._streams.values()], wall_ns, mono_ns)

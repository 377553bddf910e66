"""Records one camera: a subscription, cut into segments, each stored with its leaf; and what is not recorded, declared.

On a thread of its own, so that a disk that is slow for one camera holds up no other; what comes meanwhile waits in the
subscription, and what does not fit there becomes a gap (`disk-slow`).
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread

import structlog

from ingest.cameras.annexb import MalformedVideo
from ingest.cameras.fanout import Closed, Ending, Fanout, Item, Lost, Opened
from ingest.cameras.fmp4 import UnsupportedStream
from ingest.cameras.keep_going import keep_going
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.packets import Media, Packet
from ingest.cameras.packs import Sync
from ingest.cameras.retention import Retention
from ingest.cameras.segmenter import Segment, Segmenter
from ingest.cameras.stream_log import Expected, StreamLog
from store.evidence.errors import EvidenceError, LogBroken, LogCorrupt, LogLocked
from store.evidence.leaf import Reason
from store.evidence.log import EvidenceLog

log = structlog.get_logger("ingest.cameras")

LOOK_S = 1.0  # how often it is looked whether something has to be declared, though no group of pictures is whole
ROOM_S = 1.0  # how often the disk is asked for its room
FULL_S = 10.0  # at least, from a write that the disk refused to the next
STORED_S = 15.0  # a picture that was stored longer ago, and twice as long ago as it lasts, is not the present
MARGIN_BYTES, MARGIN_PART = 64_000_000, 0.05  # that must be free again above the reserve; of a small disk so much


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock (Unix nanoseconds) and the monotonic one."""

    wall_ns: Callable[[], int] = time.time_ns
    mono_ns: Callable[[], int] = time.monotonic_ns


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """Nothing of `camera` is stored since `since_s` (Unix seconds), and the recorder is why."""

    camera: str
    since_s: float
    reason: Reason


class Room:
    """Whether the disk of `folder` may be written: more than `reserve_bytes` are free, asked at most once a second.
    Once it was not so, or the disk refused a write, it has to be clearly so: else a few bytes that come and go make a
    gap each."""

    def __init__(self, folder: Path, reserve_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._reserve_bytes = reserve_bytes
        self._clock = clock
        self._asked_s = -ROOM_S
        self._refused_s = -FULL_S
        self._there = True

    def __call__(self) -> bool:
        now_s = self._clock()
        if now_s - self._asked_s >= ROOM_S:
            disk = os.statvfs(self._folder)
            free, whole = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
            margin = 0 if self._there else min(MARGIN_BYTES, MARGIN_PART * whole)
            self._there = free > self._reserve_bytes + margin and now_s - self._refused_s >= FULL_S
            self._asked_s = now_s
        return self._there

    def refuse(self) -> None:
        """The disk took a write not."""
        self._refused_s = self._clock()
        self._there = False

    def free_bytes(self) -> int:
        """What is free on the disk."""
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize


class _Ended(BaseException):
    """Recording is over for all: the log itself has failed."""

    def __init__(self, why: EvidenceError) -> None:
        super().__init__(str(why))
        self.why = why


class Recorder:
    """Records what `fanout` tells of `camera` until it ends; `failed` hears what makes recording impossible for all. A
    camera that is `expected` only while it publishes is in no session otherwise.

    What goes wrong with this camera alone is said, is a gap (`process-restart`), and is begun anew after a pause.
    """

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
        look_s: float = LOOK_S,
        expected: Expected = Expected.ALWAYS,
        has_room: Callable[[], bool] = lambda: True,
        refused: Callable[[], None] = lambda: None,
        retention: Retention | None = None,
        sync: Sync = os.fsync,
        clock: Clock | None = None,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self.fault: str | None = None
        """Why it failed, from then on until something is stored again."""
        self._camera = camera
        self._fanout = fanout
        self._told = told
        self._metrics = metrics
        self._failed = failed
        self._expected = expected
        self._retention = retention
        self._clock = clock or Clock()
        self._subscription = fanout.subscribe()
        self._segment_s, self._look_s = segment_s, look_s
        self._segmenter = Segmenter(segment_s)
        self._open = False
        self._failed_s = 0.0
        self._stored_until_s: float | None = None  # monotonic, as :attr:`is_recording` is
        self._stream_log = partial(
            StreamLog,
            folder=folder,
            evidence=evidence,
            pack_s=pack_s,
            expected=expected,
            has_room=has_room,
            refused=refused,
            sync=sync,
        )
        self._streams = {media: self._stream_log(f"{camera}.{media}") for media in Media}
        self._thread = Thread(target=self._run, name=f"recorder {camera}", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Whether, once the fan-out had ended, everything was stored and sealed within `timeout_s`."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def is_recording(self) -> bool:
        """Whether a picture was stored in the last seconds."""
        return self._stored_until_s is not None and time.monotonic() < self._stored_until_s

    @property
    def lost(self) -> Unrecorded | None:
        """Since when nothing is stored because of the recorder itself, while that is so."""
        since = [stream.covered_ns for stream in self._streams.values() if stream.covered_ns is not None]
        if self.fault is not None:
            return Unrecorded(self._camera, self._failed_s if not since else min(since) / 1e9, Reason.PROCESS_RESTART)
        for stream in self._streams.values():
            if stream.gap in (Reason.DISK_FULL, Reason.DISK_SLOW) and stream.covered_ns is not None:
                return Unrecorded(self._camera, stream.covered_ns / 1e9, stream.gap)
        return None

    def _run(self) -> None:
        try:
            keep_going(self._record, f"recorder {self._camera}", self._pause, self._metrics)
        except _Ended as ended:
            log.error("recording has failed", camera=self._camera, error=str(ended.why))
            self._failed(ended.why)
        finally:
            self._subscription.close()

    def _record(self) -> None:
        try:
            if self.fault is not None:
                self._begin_anew()
            while not self._subscription.ended:
                for item in self._subscription.take_group(self._look_s):
                    self._hear(item)
                self._attend()
            self._store(self._segmenter.flush())
            for stream in self._streams.values():
                stream.close(self._clock.wall_ns(), self._clock.mono_ns())
        except (LogBroken, LogCorrupt, LogLocked) as error:
            raise _Ended(error) from error
        except Exception as error:
            self._failed_s = self._clock.wall_ns() / 1e9
            self.fault = f"{type(error).__name__}: {error}"
            self._stored_until_s = None
            self._told()
            raise

    def _pause(self, pause_s: float) -> bool:
        """Let go what comes for a while; whether nothing will come any more."""
        until_s = time.monotonic() + pause_s
        while (left_s := until_s - time.monotonic()) > 0 and not self._subscription.ended:
            self._subscription.take(left_s)
        return self._subscription.ended

    def _begin_anew(self) -> None:
        """Go on from what the log says, with what comes from now on."""
        for stream in self._streams.values():
            stream.abandon()
        self._subscription.close()
        self._subscription = self._fanout.subscribe()
        self._segmenter, self._open = Segmenter(self._segment_s), False
        self._streams = {media: self._stream_log(f"{self._camera}.{media}") for media in Media}
        self._attend()  # what is missing is declared, though it may fail again before anything can be stored

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
                if segment.info.media is Media.VIDEO:
                    self._stored_until_s = time.monotonic() + max(STORED_S, 2 * segment.duration_s)
                if self.fault is not None:
                    log.info("a camera is recorded again", camera=self._camera)
                    self.fault = None
                    self._told()

    def _attend(self) -> None:
        wall_ns, mono_ns = self._clock.wall_ns(), self._clock.mono_ns()
        waiting, _ = self._subscription.queued
        pending = self._segmenter.pending
        for media, stream in self._streams.items():
            if not waiting and media not in pending:  # what came while this thread was held up is not missing
                stream.attend(wall_ns, mono_ns, alive=self._open)
        if self._retention is not None:
            self._retention.look([stream.stream for stream in self._streams.values()], wall_ns, mono_ns)

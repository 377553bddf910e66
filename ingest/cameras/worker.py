"""The process that owns a recorder's cameras: sources, fan-outs, recorders, the tap, the log and the database's rows.

Everything is started and stopped here, in the order in which packets go. Recording needs nothing but its folder; the
database may be away at any time.
"""

import os
import socket
import sys
import time
from functools import partial
from pathlib import Path
from threading import Event
from typing import Self

import msgspec
import structlog

from analytics.video.recorder_gaps import Hole
from analytics.video.rules.recording_contradicted import Contradiction
from ingest.cameras.awaited import AwaitedFanout, Entrance, awaited
from ingest.cameras.config import CameraSettings, RecorderSettings, Settings
from ingest.cameras.contradictions import Contradictions
from ingest.cameras.decodability import Decodability
from ingest.cameras.fanout import Fanout
from ingest.cameras.log_opening import Memory, Opened, held, identity_in_database, late, open_log
from ingest.cameras.lookout import Lookout
from ingest.cameras.marking import Marking
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.packets import Media, StreamInfo
from ingest.cameras.projection import Projection
from ingest.cameras.recent_losses import RecentLosses
from ingest.cameras.reconcile import reconcile
from ingest.cameras.recorder import Recorder, Room
from ingest.cameras.retention import Retention
from ingest.cameras.segmenter import LONGEST_S
from ingest.cameras.source import Patience, Source
from ingest.cameras.states import Condition, State
from ingest.cameras.stream_log import Expected
from ingest.cameras.tap import Tap
from ingest.errors import IngestError
from store.errors import StoreError
from store.evidence.errors import EvidenceError, LogRolledBack, LogUnavailable
from store.evidence.exported_heads import heads_in
from store.evidence.files import make_folder
from store.evidence.identity import as_bureau, identity_of
from store.evidence.signer import FileSigner
from store.held import Held
from store.recordings import CameraRow, KnownLog, Recordings

HEAD_S = 1.0  # that what was recorded last is soon vouched for, whether its stream goes on or not
LAST_S = 0.5  # for sources to tell what was lost last
STOP_S = 3.0  # for recorders to store and seal what they have

log = structlog.get_logger("ingest.cameras")


class RecordingFailed(IngestError):  # noqa: N818  (a state of the disk)
    """Recording is impossible: the folder, the key or the disk. The message says which and why."""


class CameraWork:
    """One camera: its source, unless it publishes by itself, its fan-out and, where it is to be recorded, its
    recorder."""

    def __init__(self, settings: CameraSettings, worker: "Worker") -> None:
        self.settings = settings
        self.streams: tuple[StreamInfo, ...] = ()  # the last that there were
        self.fanout: Fanout
        self.source: Source | None
        self._worker = worker
        for media in Media:
            worker.lose(settings.id, media, 0)  # so that it is told too that none was
        if settings.publishes:
            self.condition = awaited()
            self.fanout, self.source = AwaitedFanout(self._become), None
        else:
            self.condition = Condition(State.CONNECTING, time.time())
            self.fanout = Fanout()
            self.source = Source(
                settings.id,
                settings.address,
                self.fanout,
                self._become,
                worker.patience,
                largest_pixels=worker.settings.largest_pixels,
                lost=partial(worker.lose, settings.id),
            )
        self._blamed = False  # for pictures that come and can't be decoded
        self.recorder = worker.recorder_of(settings, self.fanout) if settings.record else None

    def judged(self, problem: str | None) -> None:
        """Why its pictures can't be decoded; None when they can again. It is recorded all the same: as it came."""
        if problem is not None and self.condition.state is State.LIVE:
            self._become(Condition(State.UNUSABLE, time.time(), problem))
            self._blamed = True
            log.warning("what is recorded can't be shown", camera=self.settings.id, reason=problem)
        elif problem is None and self._blamed:
            self._become(Condition(State.LIVE, time.time()))

    def _become(self, condition: Condition) -> None:
        self.condition, self._blamed = condition, False
        metrics = self._worker.metrics
        metrics.live.labels(self.settings.id).set(condition.state is State.LIVE)
        metrics.changes.labels(self.settings.id, condition.state.value).inc()
        self._worker.projection.tell()

    def row(self) -> CameraRow:
        """How it is now."""
        told, here = self.settings, self._worker.settings
        self.streams = self.fanout.streams or self.streams
        video = next((info for info in self.streams if info.media is Media.VIDEO), None)
        audio = next((info.codec for info in self.streams if info.media is Media.AUDIO), None)
        fault = self.recorder.fault if self.recorder is not None else None
        condition = self.condition
        if fault is not None and condition.state is State.LIVE:
            condition = Condition(State.UNUSABLE, condition.since_s, f"it can't be recorded: {fault}")
        return CameraRow(
            id=told.id,
            name=told.name or told.id,
            kind=told.kind.value,
            unit=told.unit,
            room=told.looks_into,
            lon=told.lon,
            lat=told.lat,
            recorder=here.recorder,
            folder=str(Path(here.folder).absolute()),
            tap=str(Path(here.tap).absolute()),
            state=condition.state.value,
            reason=condition.reason,
            since_s=condition.since_s,
            codec=video.codec if video else None,
            width=video.width if video else None,
            height=video.height if video else None,
            audio=audio,
            recorded=self.recorder is not None and self.recorder.is_recording,
            seen_s=time.time(),
            lost_packets=self._worker.losses.of(told.id),
        )


class Worker:
    """Owns everything; use it as `with Worker(settings) as worker: worker.run(stop)`.

    Raises:
        RecordingFailed: when the folder, the log or the key can't be used.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: CameraMetrics | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.metrics = metrics or CameraMetrics()
        self.losses = RecentLosses()
        told = Patience(stall_s=settings.recorder.stall_s, keyframe_s=settings.recorder.keyframe_s)
        self.patience = patience or told
        self.is_left_waiting = False
        """Whether a thread still waits in FFmpeg, or looks, at the end."""
        self._failure: BaseException | None = None
        self._failed = Event()
        self._recorded: set[str] = set()  # the cameras that are being recorded
        self._memory = self._remembered(settings)
        self._opened = self._opened_log(settings.recorder)
        self._evidence, self._folder = self._opened.evidence, self._opened.folder
        settings = msgspec.structs.replace(
            settings, recorder=msgspec.structs.replace(settings.recorder, folder=str(self._folder))
        )
        self.settings = settings.recorder
        self._contradictions = Contradictions(settings.database.url, self.settings.recorder)
        found = [*self._opened.contradictions, *self._absent()]
        self._contradictions.tell(found, time.time(), is_all=self._memory.database is not None)
        self._room = Room(self._folder, round(self.settings.reserve_gb * 1e9))
        self._held = Held(settings.database.url)
        self.projection = Projection(
            settings.database.url,
            self._evidence,
            self._folder,
            self.settings.recorder,
            self._rows,
            self.metrics,
            self._identified,
        )
        self.cameras = [CameraWork(camera, self) for camera in settings.cameras]
        fanouts = {camera.settings.id: camera.fanout for camera in self.cameras}
        self._tap = self._opened_tap(fanouts)
        self._awaited = {camera.settings.id: camera.fanout for camera in self.cameras if camera.source is None}
        self._entrance: Entrance | None = None
        self._decodability = Decodability(
            {camera.settings.id: (camera.fanout, camera.judged) for camera in self.cameras},
            self.settings.largest_pixels,
        )
        judged = self._decodability.judged
        self._lookout = (
            Lookout(settings, fanouts, self._evidence.last, judged, self._lost, self.metrics)
            if self.settings.look
            else None
        )

    def __enter__(self) -> Self:
        self._tap.start()
        for camera in self.cameras:
            if camera.recorder is not None:
                camera.recorder.start()
            if camera.source is not None:
                camera.source.start()
        if self._awaited:
            self._entrance = self._opened_entrance()
        self._contradictions.start()
        self.projection.start()
        if self._lookout is not None:
            self._lookout.start()
        self._decodability.start()
        log.info("cameras started", cameras=len(self.cameras), recorder=self.settings.recorder)
        return self

    def run(self, stop: Event) -> None:
        """Sign a head every second until `stop` is set, and mark the log.

        Raises:
            RecordingFailed: when the disk fails in a way that recording can't go on after; the process is to be started
                again.
        """
        while not stop.wait(HEAD_S) and not self._failed.is_set():
            self._sign()
            self._marking.look()
            self._look_what_is_recorded()
            self.metrics.free.set(self._room.free_bytes())
        if self._failure is not None:
            raise RecordingFailed(f"recording can't go on: {self._failure}") from self._failure

    def __exit__(self, *_: object) -> None:
        """Store and seal what there is, sign the last head, let everybody go."""
        if self._entrance is not None:
            self._entrance.close()
        for camera in self.cameras:
            if camera.source is not None:
                camera.source.stop()
        last_s = time.monotonic() + LAST_S
        for camera in self.cameras:
            if camera.source is not None:
                camera.source.join(max(0.0, last_s - time.monotonic()))
            camera.fanout.end()
        if self._lookout is not None and not self._lookout.stop(1.0):
            self.is_left_waiting = True
            log.info("the lookout still looks")
        if not self._decodability.stop(1.0):
            self.is_left_waiting = True
        until_s = time.monotonic() + STOP_S
        for camera in self.cameras:
            if camera.recorder is not None and not camera.recorder.join(max(0.0, until_s - time.monotonic())):
                log.error("a recorder did not end in time", camera=camera.settings.id)
        self._tap.stop(0.2)
        self._sign()
        self.projection.stop(1.0)
        self._contradictions.stop(1.0)
        self._evidence.close()
        self._held.close()
        for camera in self.cameras:
            left_s = max(0.0, until_s + 1.0 - time.monotonic())
            if camera.source is not None and not camera.source.join(left_s):
                self.is_left_waiting = True
                log.info("a source still waits in FFmpeg", camera=camera.settings.id)
        log.info("cameras stopped")

    def recorder_of(self, camera: CameraSettings, fanout: Fanout) -> Recorder:
        """A recorder for a camera, as the settings want it."""
        pack_s = 60 * self.settings.pack_minutes
        retention = Retention(
            self._folder,
            self._evidence,
            self.settings.keep_days,
            pack_s + LONGEST_S,
            self.metrics,
            self._held.deleting,
        )
        return Recorder(
            camera.id,
            fanout,
            self._evidence,
            self._folder,
            self.metrics,
            self._fail,
            segment_s=self.settings.segment_s,
            pack_s=pack_s,
            expected=Expected.WHILE_PUBLISHED if camera.publishes else Expected.ALWAYS,
            has_room=self._room,
            refused=self._room.refuse,
            retention=retention,
            told=self._tell,
        )

    def _tell(self) -> None:
        self.projection.tell()

    def _rows(self) -> list[CameraRow]:
        return [camera.row() for camera in self.cameras]

    def _look_what_is_recorded(self) -> None:
        recorded = {camera.settings.id for camera in self.cameras if camera.recorder and camera.recorder.is_recording}
        if recorded != self._recorded:
            self._recorded = recorded
            self.projection.tell()

    def _lost(self) -> list[Hole]:
        """What is not recorded now because of the recorder itself."""
        now_s = time.time()
        lost = [camera.recorder.lost for camera in self.cameras if camera.recorder is not None]
        return [Hole(each.camera, each.since_s, now_s, each.reason.value) for each in lost if each is not None]

    def _sign(self) -> None:
        try:
            self._evidence.sign_head()
        except LogUnavailable as error:
            log.warning("the log's head could not be signed, trying again", error=str(error))
        except EvidenceError as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._failed.set()

    def _remembered(self, settings: Settings) -> Memory:
        """What the database, if it is there, and exports know of the recorder's logs."""
        heads = heads_in(Path(settings.exports)) if settings.exports is not None else ()
        streams = {f"{camera.id}.{media}" for camera in settings.cameras for media in Media}
        self._streams = sorted(streams)
        try:
            with Recordings(settings.database.url) as recordings:
                return Memory(recordings.memory(settings.recorder.recorder, self._streams), heads)
        except StoreError as error:
            log.warning("the database is away: the log is compared with it later", error=str(error))
            return Memory(None, heads)

    def _opened_log(self, settings: RecorderSettings) -> Opened:
        try:
            key = Path(settings.key)
            make_folder(key.parent)
            self._signer = FileSigner.open_or_create(key)
            bureau = settings.bureau or as_bureau(socket.gethostname())
            base = Path(settings.folder).absolute()
            opened = open_log(base, settings.recorder, bureau, self._signer, self._memory)
            self._marking = Marking(opened.folder, opened.evidence.origin, self._signer)
            return opened
        except OSError as error:
            raise RecordingFailed(f"cameras.folder or cameras.key: {error.filename}: {error.strerror}") from error
        except StoreError as error:
            raise RecordingFailed(f"cameras.folder or cameras.key: {error}") from error

    def _absent(self) -> list[Contradiction]:
        """Set aside what no leaf acknowledges; what the leaves say and the disk has not."""
        try:
            absent = reconcile(self._folder, self._opened.compared, self._evidence, time.monotonic_ns())
        except OSError as error:
            raise RecordingFailed(f"cameras.folder: {error.filename}: {error.strerror}") from error
        self.metrics.irreconcilable.set(len(absent))
        if not absent:
            return []
        newest = max(absent, key=lambda one: one.from_ns)
        problem = f"{self._folder}: {newest}" + (f"; and {len(absent) - 1} others" if len(absent) > 1 else "")
        return [Contradiction("footage-gone", str(self._folder), newest.from_ns / 1e9, problem)]

    def _identified(self, recordings: Recordings) -> KnownLog | None:
        """The log's number in the database, when it was compared with what that knows."""
        if self._failure is not None:
            return None
        recorder = self.settings.recorder
        if self._memory.database is None:
            memory = Memory(recordings.memory(recorder, self._streams))
            found = late(self._opened, memory, self._signer)
            self._contradictions.tell([*self._opened.contradictions, *found], time.time(), is_all=True)
            if self._opened.folder in [Path(told.folder) for told in found]:
                log.error("the log must not be written: recording begins anew", problem=found[0].problem)
                self._fail(LogRolledBack(found[0].problem))
                return None
            self._memory = memory
        identity = identity_in_database(self._opened, self._signer)
        if identity is None:
            return None
        about = identity_of(self._folder)
        named = about is not None and about.name is not None
        known = recordings.register_log(identity, recorder, str(self._folder), time.time(), named=named)
        logs = recordings.memory(recorder, ()).logs
        recordings.mark_gone(recorder, [other.id for other in logs if held(other) == 0 and other.id != known.id])
        return known

    def lose(self, camera: str, media: Media, packets: int) -> None:
        """So many RTP packets of a camera never came."""
        self.metrics.lose(camera, media, packets)
        self.losses.add(camera, packets)

    def _opened_entrance(self) -> Entrance:
        try:
            tokens = {camera.settings.id: camera.settings.token for camera in self.cameras if camera.settings.token}
            return Entrance(Path(self.settings.tap), self._awaited, tokens, self.settings.largest_pixels, self.lose)
        except OSError as error:
            expected = "expected a path beside which another socket can be made"
            raise RecordingFailed(f"cameras.tap: {self.settings.tap}: {error.strerror}; {expected}") from error

    def _opened_tap(self, fanouts: dict[str, Fanout]) -> Tap:
        try:
            return Tap(Path(self.settings.tap), fanouts, self.metrics)
        except OSError as error:
            self._evidence.close()
            expected = "expected a path where a socket can be made"
            raise RecordingFailed(f"cameras.tap: {self.settings.tap}: {error.strerror}; {expected}") from error


def serve(settings: Settings, stop: Event, metrics: CameraMetrics | None = None) -> None:
    """Record the cameras of `settings` and hand them on, until `stop` is set. For a process that does nothing else:
    it ends here when a camera keeps a thread waiting.

    Raises:
        RecordingFailed: when recording is impossible.
    """
    metrics = metrics or CameraMetrics()
    if settings.recorder.metrics_port is not None:
        metrics.serve(settings.recorder.metrics_port, settings.recorder.metrics_host)
    with Worker(settings, metrics) as worker:
        worker.run(stop)
    if worker.is_left_waiting:
        # everything is stored; were Python taken down under a thread in FFmpeg or the detector, it would abort as that
        # comes back
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

"""The database's picture of the cameras and their recordings, kept up to date from what is known and from the log.

The log is the queue: rows of recordings are read from it, from where the database's newest rows end. So the database
may be away for as long as it likes; recording does not notice, and afterwards, or at the next start, the rows catch up.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread

import structlog

from ingest.cameras.keep_going import keep_going
from ingest.cameras.leaves import Follower, ends_at, newest_first
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.packs import streams_in
from store.errors import CommitRefused, StoreUnavailable
from store.evidence.log import EvidenceLog
from store.recordings import CameraRow, Indexed, KnownLog, Recordings

EVERY_S = 1.0
SEEN_EVERY_S = 3.0
BATCH = 2_000  # leaves a transaction
REFUSED_PAUSE_S = 10.0

log = structlog.get_logger("ingest.cameras")


class Projection:
    """Writes on a thread of its own. `cameras` gives the rows of the cameras as they are now. `identify` compares the
    log with what the database knows, and gives its number there; None while nothing is to be written."""

    def __init__(
        self,
        dsn: str,
        evidence: EvidenceLog,
        folder: Path,
        recorder: str,
        cameras: Callable[[], Sequence[CameraRow]],
        metrics: CameraMetrics,
        identify: Callable[[Recordings], KnownLog | None],
    ) -> None:
        self._dsn = dsn
        self._evidence = evidence
        self._identify = identify
        self._log: KnownLog | None = None
        self._told = 0  # leaves of which the database knows the head
        self._folder = folder
        self._recorder = recorder
        self._cameras = cameras
        self._metrics = metrics
        self._changed = True
        self._wake = Event()
        self._stopping = False
        self._seen_s = 0.0
        self._follower: Follower | None = None
        self._kept = False
        self._away = False
        self._thread = Thread(target=self._go_on, name="projection", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def tell(self) -> None:
        """A camera's state changed: it is written at once."""
        self._changed = True
        self._wake.set()

    def stop(self, timeout_s: float) -> bool:
        """Write what there is once more, if the database is there; whether that ended within `timeout_s`."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _go_on(self) -> None:
        keep_going(self._run, "projection", self._pause, self._metrics)

    def _pause(self, pause_s: float) -> bool:
        """After a failure: the log is read again from where the rows end. Whether it is to stop."""
        if self._follower is not None:
            self._follower.close()
            self._follower = None
        self._changed = True
        self._wake.wait(pause_s)
        self._wake.clear()
        return self._stopping

    def _run(self) -> None:
        with Recordings(self._dsn) as recordings:
            while True:
                stopping = self._stopping  # before the last write, so that it is the last
                pause_s = self._once(recordings)
                if stopping:
                    break
                self._wake.wait(pause_s)
                self._wake.clear()
        if self._follower is not None:
            self._follower.close()

    def _once(self, recordings: Recordings) -> float:
        """Write what is new; how long to wait for the next time."""
        try:
            self._write_cameras(recordings)
            self._write_leaves(recordings)
        except StoreUnavailable as error:
            if not self._away:
                log.warning("the database is away: recording goes on, the rows follow later", error=str(error))
            self._away = self._changed = True
            self._metrics.retries.inc()
            return EVERY_S
        except CommitRefused as error:
            log.error("the database refuses the cameras' rows, trying again", error=str(error))
            self._changed = True
            self._metrics.retries.inc()
            return REFUSED_PAUSE_S
        if self._away:
            log.info("the database is back")
        self._away = False
        return EVERY_S

    def _write_cameras(self, recordings: Recordings) -> None:
        if not self._changed and time.monotonic() - self._seen_s < SEEN_EVERY_S:
            return
        changed, self._changed = self._changed, False
        rows = self._cameras()
        if rows:
            recordings.write_cameras(rows, notify=changed)
        self._seen_s = time.monotonic()

    def _write_leaves(self, recordings: Recordings) -> None:
        if not self._kept:
            recordings.keep_cameras(self._recorder, [row.id for row in self._cameras()])
            self._kept = True
        if self._follower is None:
            self._log = self._log or self._identify(recordings)
            if self._log is None:
                return
            self._follower = Follower(self._folder, self._behind(recordings, self._log.rows_as))
        assert self._log is not None
        vouched = self._evidence.vouched  # what comes after it a loss of power may take back
        while leaves := self._follower.read(BATCH, vouched.end):
            reached = Indexed(self._evidence.origin, self._follower.read_to, leaves[-1].hash)
            self._metrics.projected.inc(recordings.write_leaves(leaves, reached, self._log.rows_as))
            self._follower.advance()
        if vouched.size > self._told:
            recordings.remember_head(self._log, vouched.size, vouched.root)
            self._told = vouched.size

    def _behind(self, recordings: Recordings, log: int) -> int:
        """The place in the log from which on rows may be missing: where the database says that it has them up to there,
        that; else where they end for the last of its streams, as each stream's are there up to a leaf of its and none
        after."""
        known = recordings.indexed(self._evidence.origin, log)
        if known is not None and (leaf := ends_at(self._folder, known.place)) is not None and leaf.hash == known.hash:
            return known.place
        streams = streams_in(self._folder)
        newest = recordings.newest(streams, log)
        missing = set(streams)
        begin = None
        for place, leaf in newest_first(self._folder):
            if leaf.stream in missing and leaf.seq <= newest.get(leaf.stream, -1):
                missing.discard(leaf.stream)
            if streams and not missing:
                return place if begin is None else begin
            begin = place
        return 0

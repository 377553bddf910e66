"""The process that makes what was approved: one export after the other, each verified when it is there; and that
removes what was kept long enough.

Whatever happens, the rows tell: an export that was being made when this process died is made again from the beginning;
one that can't be made says why, and waits for somebody to approve it again.
"""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from uuid import UUID

import structlog

from console.exports.making import Wish, clear, make
from console.exports.settings import ExportSettings, zip_path
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from store.errors import StoreError, StoreUnavailable
from store.evidence.errors import ExportError
from store.evidence.export_verification import verify_export
from store.evidence.exported_heads import head_of
from store.evidence.files import make_folder, sync_folder, tighten
from store.evidence.log import CERTIFICATE, identity
from store.evidence.manifest import Request
from store.evidence.signer import FileSigner, public_key_of
from store.evidence.verdict import Finding
from store.export_work import ExportWork, Result, Task

LOOK_S = 1.0
PROGRESS_S = 0.5
ATTEMPTS = 3  # after so many deaths of this process while it made one export, that one is given up
FINDINGS = 20  # of the verification that are kept
MADE = 0.9  # of the progress; the rest is verification

log = structlog.get_logger("exports")


class Stopped(Exception):  # noqa: N818  (somebody's wish)
    """The process is to end; what it was at is made again when it starts."""


def serve(
    dsn: str,
    settings: ExportSettings,
    stop: Event,
    clock: Callable[[], float] = time.time,
    largest_pixels: int = LARGEST_PIXELS,
) -> None:
    """Make exports until `stop` is set. The database may be away at any time."""
    away = False
    left = set[UUID]()
    while not stop.is_set():
        try:
            with ExportWork(dsn) as work:
                away = False
                Exporter(work, settings, stop, clock, largest_pixels, left).run()
        except StoreUnavailable as error:
            if not away:
                log.warning("the database is away: exports wait", error=str(error))
            away = True
            stop.wait(LOOK_S)
        except Stopped:
            return


class Exporter:
    """Makes exports as long as it has the database. `left` are those that this process left when it lost that."""

    def __init__(
        self,
        work: ExportWork,
        settings: ExportSettings,
        stop: Event,
        clock: Callable[[], float],
        largest_pixels: int,
        left: set[UUID],
    ) -> None:
        self._largest_pixels = largest_pixels
        self._left = left
        self._work = work
        self._settings = settings
        self._stop = stop
        self._clock = clock
        self._told_s = 0.0  # by the monotonic clock

    def run(self) -> None:
        """Until it is to stop.

        Raises:
            StoreUnavailable: the database went away.
            Stopped: it was told to stop while it made one.
        """
        turn = False
        while not self._stop.is_set():
            turn = turn or self._work.take_turn()
            if turn:
                self._put_back()
                self._remove_old()
                while (task := self._work.next()) is not None:
                    self._attend(task)
            self._stop.wait(LOOK_S)

    def _attend(self, task: Task) -> None:
        log.info("making an export", export=str(task.id), cameras=list(task.cameras), attempt=task.attempts)
        try:
            if task.attempts > ATTEMPTS:
                raise ExportError(f"given up: the process that made it died {ATTEMPTS} times")
            result = self._made(task)
        except Stopped:
            self._work.put_back(task.id)
            raise
        except StoreUnavailable:
            self._left.add(task.id)
            raise
        except (StoreError, OSError) as error:
            log.warning("an export could not be made", export=str(task.id), problem=str(error))
            self._fail(task, str(error))
        except Exception as error:
            log.exception("an export could not be made", export=str(task.id))
            self._fail(task, f"a fault: {type(error).__name__}; the log tells more")
        else:
            self._work.made(task, result, keep_days=self._settings.keep_days, now_s=self._clock())
            log.info("an export is ready", export=str(task.id), bytes=result.size, intact=result.intact)

    def _fail(self, task: Task, problem: str) -> None:
        """Nobody may ever approve it again: nothing of it is left on the disk."""
        try:
            clear(zip_path(self._settings, task.id))
        except OSError as error:
            log.warning("what is left of an export could not be removed", export=str(task.id), error=str(error))
        self._work.failed(task, problem, now_s=self._clock())

    def _put_back(self) -> None:
        """Who loses the database, or is told to end, did not die of what he was at."""
        for export in list(self._left):
            self._work.put_back(export)
            self._left.discard(export)

    def _made(self, task: Task) -> Result:
        signer = FileSigner.open_or_create(Path(self._settings.key))
        path = zip_path(self._settings, task.id)
        make_folder(path.parent)
        tighten(path.parent)
        request = Request(
            asked_by=task.requested_by, approved_by=task.approved_by, reason=task.reason, case=task.case_number
        )
        wish = Wish(task.cameras, _ns(task.from_s), _ns(task.to_s), request, task.history)
        now_ns, reserve = _ns(self._clock()), round(self._settings.reserve_gb * 1e9)
        manifest = make(
            Path(task.folder),
            path,
            wish,
            signer,
            now_ns,
            lambda f: self._tell(task, f * MADE),
            reserve,
            self._largest_pixels,
        )
        if not any(stream.files for stream in manifest.streams):
            path.unlink()
            raise ExportError("none of the footage is there any more; expected at least some of what was recorded")
        report = verify_export(path, (signer.public_key, public_key_of(identity(Path(task.folder))[1], CERTIFICATE)))
        bad = [finding for finding in report.findings if not finding.sound]
        return Result(path.stat().st_size, _sha256(path), report.sound, _told(bad), head_of(path))

    def _tell(self, task: Task, fraction: float) -> None:
        if self._stop.is_set():
            raise Stopped
        if time.monotonic() - self._told_s >= PROGRESS_S:
            self._told_s = time.monotonic()
            self._work.progress(task, fraction)

    def _remove_old(self) -> None:
        for export in self._work.expired(self._clock()):
            path = zip_path(self._settings, export)
            try:
                path.unlink(missing_ok=True)
                if path.parent.is_dir():
                    sync_folder(path.parent)
            except OSError as error:
                log.warning("an old export could not be removed", export=str(export), error=str(error))
                continue
            self._work.removed(export, now_s=self._clock())


def _told(findings: list[Finding]) -> list[str]:
    told = [str(finding) for finding in findings[:FINDINGS]]
    return told + ([f"… {len(findings) - FINDINGS} more"] if len(findings) > FINDINGS else [])


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _ns(seconds: float) -> int:
    return round(seconds * 1_000_000) * 1_000

"""Letting go of old recordings: whole pack files, oldest first, each with a tombstone in the log before it is deleted.

What no leaf acknowledged and was set aside goes with the footage beside which it was found. The leaves stay for ever.
What a legal hold names is not deleted: the database is asked for each pack, and while it can't be asked nothing is
deleted at all.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import structlog

from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.packs import ASIDE, PackFile, packs_of
from store.errors import StoreUnavailable
from store.evidence.errors import LogBroken, LogUnavailable
from store.evidence.files import sync_folder
from store.evidence.leaf import TombstoneBody
from store.evidence.log import EvidenceLog

EVERY_S = 3600.0
DAY_S = 86_400.0
ABSURD_S = DAY_S  # of the wall clock ahead of what passed since the start

MayDelete = Callable[[str, float, float], AbstractContextManager[bool]]
"""Whether a camera's footage between two times (Unix seconds) may be deleted, while the block runs; StoreUnavailable
where that can't be told."""

log = structlog.get_logger("ingest.cameras")


class Retention:
    """Keeps the last `keep_days` days of some streams; `longest_s` is the most that a pack file may span.

    A clock that leaps ahead must not cost a month of footage: time counts from the newest leaf there was at the start.
    """

    def __init__(
        self,
        folder: Path,
        evidence: EvidenceLog,
        keep_days: int,
        longest_s: float,
        metrics: CameraMetrics,
        may_delete: MayDelete,
    ) -> None:
        self._folder = folder
        self._evidence = evidence
        self._keep_days = keep_days
        self._longest_s = longest_s
        self._metrics = metrics
        self._may_delete = may_delete
        self._began_s = time.monotonic()
        self._newest_s: dict[str, float] = {}  # of each stream, at the start
        self._due_s = 0.0  # by the monotonic clock

    def look(self, streams: Sequence[str], wall_ns: int, mono_ns: int) -> None:
        """Delete what is too old, unless that was done lately. What can't be deleted now is tried again in an hour."""
        if time.monotonic() < self._due_s:
            return
        self._due_s = time.monotonic() + EVERY_S
        for stream in streams:
            try:
                self._sweep(stream, wall_ns, mono_ns)
            except StoreUnavailable as error:
                log.warning("old recordings are kept: whether they are held can't be asked", error=str(error))
                return
            except (OSError, LogUnavailable) as error:
                log.warning("old recordings could not be deleted", stream=stream, error=str(error))
            except LogBroken:
                raise
            except Exception:
                log.exception("old recordings could not be deleted", stream=stream)

    def _sweep(self, stream: str, wall_ns: int, mono_ns: int) -> None:
        last = self._evidence.last(stream)
        if last is None:
            return
        newest_s = self._newest_s.setdefault(stream, last.wall_ns / 1e9)
        now_s = min(wall_ns / 1e9, newest_s + (time.monotonic() - self._began_s) + ABSURD_S)
        before_s = now_s - self._keep_days * DAY_S
        packs = packs_of(self._folder, stream)
        ends = [*(after.seq - 1 for after in packs[1:]), last.seq]
        aside = [(pack, pack.seq) for pack in packs_of(self._folder / ASIDE, stream)]  # each with a leaf of its own
        for pack, to_seq in [*aside, *zip(packs, ends, strict=False)]:
            end_s = pack.began_s + self._longest_s
            if end_s >= before_s:
                continue
            with self._may_delete(stream.rpartition(".")[0], pack.began_s, end_s) as may_delete:
                if may_delete:
                    self._delete(stream, last.session, pack, to_seq, wall_ns, mono_ns)

    def _delete(self, stream: str, session: str, pack: PackFile, to_seq: int, wall_ns: int, mono_ns: int) -> None:
        body = TombstoneBody(from_seq=pack.seq, to_seq=to_seq, reason=f"kept for {self._keep_days} days")
        self._evidence.append(stream, session, wall_ns, mono_ns, body)
        pack.path.unlink()
        day = pack.path.parent
        if not any(day.iterdir()):
            day.rmdir()
            day = day.parent
        sync_folder(day)
        self._metrics.deleted_packs.inc()
        log.info("deleted an old recording", stream=stream, file=pack.path.name, from_seq=pack.seq, to_seq=to_seq)

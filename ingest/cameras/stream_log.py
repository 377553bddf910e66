"""One recorded stream: its pack files and its leaves, in an order that is sound wherever it is cut off.

A segment is on the disk before its leaf says so. Time that no segment covers is said to be a gap, with its reason, or,
while the stream is silent, a heartbeat; so the stream's last leaf always tells up to when everything is accounted for,
and a restart goes on from there. A stream that is expected only at times is in a session just then: between a seal and
the next start nothing is said, for nothing is missing.
"""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import structlog

from ingest.cameras.leaves import is_sealed
from ingest.cameras.packs import Pack, Sync, pack_path
from ingest.cameras.segmenter import Segment
from store.evidence.errors import LogBroken, LogUnavailable
from store.evidence.leaf import (
    Body,
    GapBody,
    HeartbeatBody,
    Leaf,
    Reason,
    SealBody,
    SegmentBody,
    StartBody,
)
from store.evidence.log import Entry, EvidenceLog

log = structlog.get_logger("ingest.cameras")

DAY_S = 86_400
QUIET_NS = 10_000_000_000
CLOCK_STEP_S = 2.0
GIVEN_UP_NS = 600_000_000_000


class Expected(StrEnum):
    """When a stream is expected; the values are the reasons of the starts of its sessions."""

    ALWAYS = "continuous recording"
    WHILE_PUBLISHED = "the device publishes"  # until it ends that in order, or is lost and not back within 10 minutes


# what a gap goes on as, when it lasts: the camera is then what is missing
_LASTING = dict.fromkeys((Reason.PROCESS_RESTART, Reason.STOPPED, Reason.CODEC_CHANGE), Reason.SOURCE_LOST)


class StreamLog:
    """Writes one stream. `has_room` says whether the disk may be written, `refused` hears that it was not. For use by
    one thread."""

    def __init__(
        self,
        stream: str,
        folder: Path,
        evidence: EvidenceLog,
        *,
        pack_s: float,
        expected: Expected = Expected.ALWAYS,
        has_room: Callable[[], bool] = lambda: True,
        refused: Callable[[], None] = lambda: None,
        sync: Sync = os.fsync,
    ) -> None:
        self.stream = stream
        self._expected = expected
        self._folder = folder
        self._evidence = evidence
        self._pack_s = pack_s
        self._has_room = has_room
        self._refused = refused
        self._sync = sync
        self._pack: Pack | None = None
        self._pack_name = ""  # as leaves tell it
        self._pack_began_s = 0.0
        self._pack_run = -1
        self._offset_s: float | None = None  # of the wall clock to the monotonic one
        self._lost_ns: int | None = None  # since when nothing comes, by the monotonic clock
        self._over = False  # the session is to be sealed, which the disk did not let us yet
        self._session: str | None = None
        self._covered_ns: int | None = None
        self._why: Reason | None = None
        self._declared = False  # that nothing is there up to `_covered_ns`
        last = evidence.last(stream)
        if last is not None:
            self._resume(last, sealed=is_sealed(folder, last))

    def _resume(self, last: Leaf, *, sealed: bool) -> None:
        if sealed and self._expected is Expected.WHILE_PUBLISHED:
            return
        self._session = None if sealed else last.session
        self._covered_ns = last.end_ns
        self._why = Reason.STOPPED if sealed else Reason.PROCESS_RESTART

    @property
    def gap(self) -> Reason | None:
        """Why nothing is recorded now; None while it is."""
        return self._why

    @property
    def covered_ns(self) -> int | None:
        """Up to when everything is accounted for (Unix nanoseconds); None before the first session and between two."""
        return self._covered_ns

    def abandon(self) -> None:
        """Another goes on with this stream."""
        self._leave_pack()

    def interrupt(self, reason: Reason) -> None:
        """What comes next does not adjoin, because of `reason`."""
        if self._covered_ns is not None:
            self._why = self._why or reason

    def record(self, segment: Segment) -> Leaf | None:
        """Store a segment and say so; None when the disk has no room for it, which becomes a gap.

        Raises:
            LogBroken: the disk failed.
        """
        if self._over:  # and it was not sealed: then it goes on
            self._over, self._why = False, self._why or Reason.SOURCE_LOST
        if self._covered_ns is None:
            self._covered_ns = _ns(segment.wall_s)
        self._lost_ns = None
        offset_s = segment.wall_s - segment.mono_s
        if self._offset_s is not None and abs(offset_s - self._offset_s) > CLOCK_STEP_S:
            self._why = Reason.CLOCK_STEP
        self._offset_s = offset_s
        try:
            leaf = self._store(segment)
        except (OSError, LogUnavailable) as error:
            words = error.strerror if isinstance(error, OSError) else str(error)
            log.error("a segment could not be stored", stream=self.stream, error=words)
            self._refused()
            leaf = None
        if leaf is None:
            self._why = Reason.DISK_FULL
            end_s = segment.wall_s + segment.duration_s
            if _ns(end_s) - self._covered_ns >= QUIET_NS:
                self._declare(_ns(end_s), _ns(segment.mono_s + segment.duration_s))
        return leaf

    def attend(self, wall_ns: int, mono_ns: int, *, alive: bool) -> Leaf | None:
        """Say so when for 10 s there was nothing to store: that there is a gap, or, of a stream that is `alive`, that
        it is silent. Only to be called while no packets wait for the end of their segment."""
        if self._covered_ns is None:
            return None
        if self._over or self._is_given_up(mono_ns, alive=alive):
            self.end(wall_ns, mono_ns)
            return None
        if abs(wall_ns - self._covered_ns) < QUIET_NS:
            return None
        if alive and self._why is None:
            entries = self._prepared(wall_ns, mono_ns, None)
            return self._tried([*entries, self._entry(entries, wall_ns, mono_ns, HeartbeatBody())], wall_ns)
        return self._declare(wall_ns, mono_ns)

    def end(self, wall_ns: int, mono_ns: int) -> None:
        """Nothing is expected any more: as :meth:`close`, but what comes next begins a session of its own."""
        self._over = not self._closed(wall_ns, mono_ns)
        if not self._over:
            self._session, self._covered_ns, self._why, self._lost_ns = None, None, None, None

    def close(self, wall_ns: int, mono_ns: int) -> None:
        """Declare what is missing up to now and seal the session."""
        self._closed(wall_ns, mono_ns)

    def _closed(self, wall_ns: int, mono_ns: int) -> bool:
        self._leave_pack()
        if self._covered_ns is not None and self._why is not None and self._covered_ns < wall_ns:
            self._declare(wall_ns, mono_ns)
        return self._session is None or self._tried([self._seal([], wall_ns, mono_ns)], wall_ns) is not None

    def _is_given_up(self, mono_ns: int, *, alive: bool) -> bool:
        if alive:
            self._lost_ns = None
        elif self._lost_ns is None:
            self._lost_ns = mono_ns
        is_lost = self._lost_ns is not None and mono_ns - self._lost_ns >= GIVEN_UP_NS
        return is_lost and self._expected is Expected.WHILE_PUBLISHED

    def _declare(self, wall_ns: int, mono_ns: int) -> Leaf | None:
        why = self._why or Reason.SOURCE_LOST
        leaf = self._tried(self._prepared(wall_ns, mono_ns, why), wall_ns)
        self._why = _LASTING.get(why, why) if leaf is not None else why
        self._declared = leaf is not None
        return leaf

    def _tried(self, entries: list[Entry], until_ns: int) -> Leaf | None:
        try:
            leaf = self._evidence.append_many(entries)[-1]
        except LogUnavailable as error:
            log.error("a leaf could not be stored, trying again", stream=self.stream, error=str(error))
            return None
        self._session = entries[-1].session
        self._covered_ns = until_ns
        return leaf

    def _store(self, segment: Segment) -> Leaf | None:
        if not self._has_room():
            self._leave_pack()
            return None
        wall_ns, mono_ns = _ns(segment.wall_s), _ns(segment.mono_s)
        entries = self._prepared(wall_ns, mono_ns, self._missing_before(wall_ns))
        pack = self._pack_for(segment, self._next_seq(entries))
        before = pack.size
        try:
            offset = pack.append(segment.fragment)
            body = _body(segment, self._pack_name, offset)
            leaf = self._evidence.append_many([*entries, self._entry(entries, wall_ns, mono_ns, body)])[-1]
        except LogBroken:
            raise  # what of it the disk has, nobody knows
        except Exception:
            self._pack = None
            pack.undo(before)  # nobody was told of what came after
            raise
        self._session = leaf.session
        self._covered_ns = leaf.end_ns
        self._why, self._declared = None, False
        return leaf

    def _missing_before(self, wall_ns: int) -> Reason | None:
        """Why what begins at `wall_ns` does not adjoin. Pictures that were held back until they stood their test came
        before the end of what was declared meanwhile; then nothing more is missing."""
        is_within = self._declared and self._covered_ns is not None and wall_ns <= self._covered_ns
        return None if is_within and self._why is not Reason.CLOCK_STEP else self._why

    def _prepared(self, wall_ns: int, mono_ns: int, why: Reason | None) -> list[Entry]:
        """What has to be said before anything is said of `wall_ns`: the gap before it, the end of a session and the
        beginning of the next. The gap comes first where it can, so that it is declared wherever the log breaks off."""
        entries: list[Entry] = []
        gap: Body | None = None
        if why is not None and self._covered_ns is not None:
            gap = _gap(self._covered_ns, wall_ns, why)
        begins = self._session is None or not self._session.startswith(_day_session(wall_ns))
        if gap is not None and self._session is not None:
            entries.append(Entry(self.stream, self._session, wall_ns, mono_ns, gap))
        if begins:
            if self._session is not None:
                entries.append(self._seal(entries, wall_ns, mono_ns))
            session = self._new_session(wall_ns)
            entries.append(Entry(self.stream, session, wall_ns, mono_ns, StartBody(reason=self._expected.value)))
            if gap is not None and self._session is None:
                entries.append(Entry(self.stream, session, wall_ns, mono_ns, gap))
        return entries

    def _entry(self, before: list[Entry], wall_ns: int, mono_ns: int, body: Body) -> Entry:
        session = before[-1].session if before else self._session
        assert session is not None
        return Entry(self.stream, session, wall_ns, mono_ns, body)

    def _seal(self, before: list[Entry], wall_ns: int, mono_ns: int) -> Entry:
        assert self._session is not None
        return Entry(self.stream, self._session, wall_ns, mono_ns, SealBody(final_seq=self._next_seq(before)))

    def _new_session(self, wall_ns: int) -> str:
        """`c-YYYYMMDD`, and `c-YYYYMMDD-N` for the N-th of a day, where the recorder was stopped in between."""
        day = _day_session(wall_ns)
        last = self._evidence.last(self.stream)
        if last is None or not last.session.startswith(day):
            return day
        return f"{day}-{int(last.session[len(day) + 1 :] or 1) + 1}"

    def _next_seq(self, before: list[Entry]) -> int:
        last = self._evidence.last(self.stream)
        return (0 if last is None else last.seq + 1) + len(before)

    def _pack_for(self, segment: Segment, seq: int) -> Pack:
        if self._pack is not None:
            if self._goes_on(self._pack, segment):
                return self._pack
            self._leave_pack()
        path = pack_path(self._folder, self.stream, segment.wall_s, seq, segment.info.codec)
        self._pack = Pack(path, segment.init, self._sync)
        self._pack_name = path.relative_to(self._folder).as_posix()
        self._pack_began_s, self._pack_run = segment.wall_s, segment.run
        return self._pack

    def _goes_on(self, pack: Pack, segment: Segment) -> bool:
        """Whether `segment` belongs into `pack`, which holds what came before it."""
        began_s, now_s = self._pack_began_s, segment.wall_s
        in_time = 0 <= now_s - began_s < self._pack_s and now_s // DAY_S == began_s // DAY_S
        return in_time and self._pack_run == segment.run and pack.init == segment.init

    def _leave_pack(self) -> None:
        if self._pack is not None:
            self._pack.close()
            self._pack = None


def _gap(covered_ns: int, wall_ns: int, why: Reason) -> GapBody:
    """A gap never ends before it begins, but where the clock was set back. How long a connection's last packet lasts is
    a guess, and the next one's first may come sooner."""
    from_ns = covered_ns if why is Reason.CLOCK_STEP else min(covered_ns, wall_ns)
    assert from_ns <= wall_ns or why is Reason.CLOCK_STEP
    return GapBody(from_ns=from_ns, to_ns=wall_ns, reason=why)


def _body(segment: Segment, file: str, offset: int) -> SegmentBody:
    return SegmentBody(
        duration_ns=max(0, _ns(segment.duration_s)),
        frames=segment.frames,
        first_pts=segment.first_pts,
        last_pts=segment.last_pts,
        time_base=segment.info.time_base,
        file=file,
        offset=offset,
        bytes=len(segment.fragment),
        sha256=hashlib.sha256(segment.fragment).hexdigest(),
        init_bytes=len(segment.init),
        init_sha256=hashlib.sha256(segment.init).hexdigest(),
        codec=segment.info.codec,
        camera_ns=None if segment.camera_s is None else _ns(segment.camera_s),
        clock_source=segment.clock_source,
        lost_packets=segment.lost or None,
    )


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)


def _day_session(wall_ns: int) -> str:
    return _session_of(wall_ns // (DAY_S * 1_000_000_000))


@lru_cache(maxsize=4)
def _session_of(day: int) -> str:
    return f"c-{datetime.fromtimestamp(day * DAY_S, UTC):%Y%m%d}"

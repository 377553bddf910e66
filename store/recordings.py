"""Cameras and their recordings, as their worker writes them: rows that follow from its log and may be written again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from store.alert_rows import as_json
from store.evidence.leaf import GapBody, Leaf, SegmentBody, TombstoneBody
from store.queries import queries
from store.times import moment
from store.writer import Writer

_SQL = queries("recordings")

_TIMEOUTS = "-c timezone=UTC -c statement_timeout=10000"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRow:
    """One row of `cameras`; times in Unix seconds."""

    id: str
    name: str
    kind: str
    unit: str | None
    room: str | None
    lon: float | None
    lat: float | None
    recorder: str
    folder: str
    tap: str
    state: str
    reason: str | None
    since_s: float
    codec: str | None
    width: int | None
    height: int | None
    audio: str | None
    recorded: bool
    seen_s: float


@dataclass(frozen=True, slots=True)
class Indexed:
    """The log of `recorder` has its rows up to byte `place` of its leaves, where a leaf of this `hash` ends."""

    recorder: str
    place: int
    hash: str


class Recordings(Writer):
    """The writer of what cameras are and what is recorded of them. Every write may be repeated without harm."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, options=_TIMEOUTS)

    def newest(self, streams: Sequence[str]) -> dict[str, int]:
        """The number of the newest leaf that has a row, of each of `streams` that has one.

        Raises:
            StoreUnavailable: the database is away; repeat the call.
        """
        with self._session() as connection:
            rows = connection.execute(_SQL["newest"], (list(streams),)).fetchall()
        return {stream: seq for stream, seq in rows if seq is not None}

    def indexed(self, recorder: str) -> Indexed | None:
        """Up to where the log of `recorder` has its rows; None where that is not known. Raises as :meth:`newest`."""
        with self._session() as connection:
            row = connection.execute(_SQL["indexed"], (recorder,)).fetchone()
        return None if row is None else Indexed(recorder, *row)

    def write_cameras(self, rows: Sequence[CameraRow], *, notify: bool) -> None:
        """Bring rows of cameras up to date; with `notify` the consoles are told. Raises as :meth:`newest`, and
        CommitRefused where the database takes no such row."""
        with self._session() as connection, connection.transaction():
            connection.execute(_SQL["write_cameras"], (as_json([_camera(row) for row in rows]),))
            if notify:
                connection.execute(_SQL["notify"], (as_json({"cameras": True}),))

    def keep_cameras(self, recorder: str, ids: Sequence[str]) -> None:
        """Drop the rows of cameras that `recorder` has no more. Raises as :meth:`write_cameras`."""
        with self._session() as connection:
            connection.execute(_SQL["drop_cameras"], (recorder, list(ids)))

    def write_leaves(self, leaves: Sequence[Leaf], indexed: Indexed | None = None) -> int:
        """Project leaves onto rows, in the order of the log, which has its rows up to `indexed` then; how many rows are
        new. Raises as :meth:`write_cameras`."""
        rows = [row for leaf in leaves if (row := _segment(leaf)) is not None]
        gone = [
            {"stream": leaf.stream, "from_seq": leaf.body.from_seq, "to_seq": leaf.body.to_seq}
            for leaf in leaves
            if isinstance(leaf.body, TombstoneBody)
        ]
        if not rows and not gone:
            return 0
        written = 0
        with self._session() as connection, connection.transaction():
            if rows:
                written = connection.execute(_SQL["write_segments"], (as_json(rows),)).rowcount
            if gone:
                connection.execute(_SQL["drop_segments"], (as_json(gone),))
            if rows and indexed is not None:
                newest = {"stream": rows[-1]["stream"], "seq": rows[-1]["seq"]}
                connection.execute(_SQL["write_indexed"], asdict(indexed) | newest)
        return written


def _camera(row: CameraRow) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in CameraRow.__slots__ if name not in ("since_s", "seen_s")}
    return told | {"since": moment(row.since_s), "seen_at": moment(row.seen_s)}


def _segment(leaf: Leaf) -> dict[str, Any] | None:
    body = leaf.body
    row = {"stream": leaf.stream, "seq": leaf.seq, "session": leaf.session}
    if isinstance(body, SegmentBody):
        where = {"file": body.file, "offset": body.offset, "bytes": body.bytes, "init_bytes": body.init_bytes}
        return row | where | {"type": "segment", "begins": _at(leaf.begin_ns), "ends": _at(leaf.end_ns)}
    if isinstance(body, GapBody):
        begins = _at(min(body.from_ns, body.to_ns))  # where a clock was set back, nothing is missing: it is a moment
        return row | {"type": "gap", "begins": begins, "ends": _at(body.to_ns), "reason": body.reason.value}
    return None


def _at(ns: int) -> datetime:
    return moment(ns / 1e9)

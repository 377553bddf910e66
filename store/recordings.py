"""Cameras and their recordings, as their worker writes them: rows that follow from its log and may be written again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from store.alert_rows import as_json
from store.evidence.leaf import GapBody, Leaf, SegmentBody, TombstoneBody
from store.queries import queries
from store.times import moment, seconds
from store.writer import Writer

_SQL = queries("recordings")

_TIMEOUTS = "-c timezone=UTC -c statement_timeout=10000"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRow:
    """One row of `cameras`; times in Unix seconds. `recorded`: a picture was stored in the last seconds.
    `lost_packets`: RTP packets that never came in the last hour; None where nobody counts them."""

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
    lost_packets: int | None = None


@dataclass(frozen=True, slots=True)
class Indexed:
    """The log of `recorder` has its rows up to byte `place` of its leaves, where a leaf of this `hash` ends."""

    recorder: str
    place: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIdentity:
    """Which log: its origin, and in hex the recorder's public key and the hash of its first leaf."""

    origin: str
    key: str
    first_leaf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLog:
    """A log as the database remembers it: where it lay, and its newest head of which everything is here. `rows_as` is
    its number in rows of recordings."""

    id: int
    identity: LogIdentity
    folder: str
    rows_as: int
    size: int
    root: bytes
    began_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderMemory:
    """What the database remembers of a recorder: its logs, of each by `rows_as` the newest number of each stream, where
    its cameras were recorded last, and the heads that exports carry, by the export's id."""

    logs: tuple[KnownLog, ...] = ()
    newest: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    exported: tuple[tuple[str, str], ...] = ()


class Recordings(Writer):
    """The writer of what cameras are and what is recorded of them. Every write may be repeated without harm."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, options=_TIMEOUTS)

    def newest(self, streams: Sequence[str], log: int = 0) -> dict[str, int]:
        """The number of the newest leaf of the log `log` that has a row, of each of `streams` that has one.

        Raises:
            StoreUnavailable: the database is away; repeat the call.
        """
        with self._session() as connection:
            rows = connection.execute(_SQL["newest"], {"streams": list(streams), "log": log}).fetchall()
        return {stream: seq for stream, seq in rows if seq is not None}

    def indexed(self, recorder: str, log: int = 0) -> Indexed | None:
        """Up to where the log `log`, called `recorder`, has its rows; None where that is not known. Raises as
        :meth:`newest`."""
        with self._session() as connection:
            row = connection.execute(_SQL["indexed"], (recorder, log)).fetchone()
        return None if row is None else Indexed(recorder, *row)

    def memory(self, recorder: str, streams: Sequence[str]) -> RecorderMemory:
        """What is remembered of a recorder, and of `streams` in each of its logs. Raises as :meth:`newest`."""
        with self._session() as connection:
            rows = connection.execute(_SQL["logs"], (recorder,)).fetchall()
            folders = connection.execute(_SQL["folders"], (recorder,)).fetchall()
            exported = connection.execute(_SQL["exported_heads"]).fetchall()
        logs = tuple(
            KnownLog(
                id=number,
                identity=LogIdentity(origin=origin, key=key, first_leaf=first_leaf),
                folder=folder,
                rows_as=rows_as,
                size=size,
                root=bytes.fromhex(root or ""),
                began_s=seconds(began_at),
            )
            for number, origin, key, first_leaf, folder, rows_as, size, root, began_at, _ in rows
        )
        return RecorderMemory(
            logs=logs,
            newest={number: self.newest(streams, number) for number in {0, *(known.rows_as for known in logs)}},
            folders=tuple(folder for (folder,) in folders),
            exported=tuple((export, head) for export, head in exported),
        )

    def register_log(
        self, identity: LogIdentity, recorder: str, folder: str, began_s: float, *, named: bool
    ) -> KnownLog:
        """The log that is written now; `named`: its origin is unique. Rows from before logs were told apart are of the
        first log of the recorder that is not. Raises as :meth:`write_cameras`."""
        told = asdict(identity) | {"recorder": recorder, "folder": folder, "began": moment(began_s)}
        with self._session() as connection, connection.transaction():
            row = connection.execute(_SQL["register_log"], told).fetchone()
            assert row is not None
            number, rows_as, size, root = row
            if rows_as < 0:
                earlier = connection.execute(_SQL["logs"], (recorder,)).fetchall()
                is_first = not named and all(other[5] != 0 for other in earlier)
                rows_as = 0 if is_first else number
                connection.execute(_SQL["rows_of_log"], {"id": number, "rows_as": rows_as})
        return KnownLog(
            id=number,
            identity=identity,
            folder=folder,
            rows_as=rows_as,
            size=size,
            root=bytes.fromhex(root or ""),
            began_s=began_s,
        )

    def remember_head(self, log: KnownLog, size: int, root: bytes) -> None:
        """All rows of what this head of the log counts are written. Raises as :meth:`write_cameras`."""
        with self._session() as connection:
            connection.execute(_SQL["remember_head"], {"id": log.id, "size": size, "root": root.hex()})

    def mark_gone(self, recorder: str, logs: Sequence[int]) -> None:
        """These logs of `recorder`, and no others, are not in their folders any more. Raises as
        :meth:`write_cameras`."""
        with self._session() as connection:
            connection.execute(_SQL["mark_gone"], {"recorder": recorder, "gone": list(logs)})

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

    def write_leaves(self, leaves: Sequence[Leaf], indexed: Indexed | None = None, log: int = 0) -> int:
        """Project leaves onto rows of the log `log`, in its order, which has its rows up to `indexed` then; how many
        rows are new. Raises as :meth:`write_cameras`."""
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
                written = connection.execute(_SQL["write_segments"], {"log": log, "rows": as_json(rows)}).rowcount
            if gone:
                connection.execute(_SQL["drop_segments"], {"log": log, "gone": as_json(gone)})
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

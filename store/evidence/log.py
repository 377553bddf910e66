"""The log of a recorder: leaves are only ever appended, and what `append` has returned outlives a loss of power.

Many threads share one wait for the disk: whoever comes first syncs for all that is written by then, the others wait for
it or for the next. A signed head covers only leaves that the disk has; between any two segments of a stream there is
one, so that a second of which the leaves were made anew is told from its neighbours. After a crash the last line may be
torn: it is cut off, nobody was told that it is there. Anything else that is not as it was written is an error and for a
person to look at; the log goes on by no means.
"""

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition
from types import TracebackType
from typing import NamedTuple, Self

from store.evidence import files
from store.evidence.checkpoint import Head, SignedHead, check_origin
from store.evidence.errors import LogBroken, LogCorrupt, LogLocked, LogUnavailable
from store.evidence.identity import RECORDER, identity_of
from store.evidence.leaf import Body, Leaf, SegmentBody, canonical, decoded
from store.evidence.merkle import CompactRange
from store.evidence.recovery import HEADS, LEAVES, RESUME, LogState, resume_point
from store.evidence.signer import Signer, fingerprint, public_key_of
from store.evidence.standalone import whole
from store.evidence.witnesses import NOTHING, Remembered, opened

CERTIFICATE = "certificate.pem"
LOCK = ".lock"
_ABOUT = 1 << 16  # bytes of a file that says whose folder it is
RESUME_S = 10.0  # how often a resume point is left behind


class Entry(NamedTuple):
    """What is to become a leaf. `wall_ns` is Unix nanoseconds, `mono_ns` the recorder's monotonic clock."""

    stream: str
    session: str
    wall_ns: int
    mono_ns: int
    body: Body


class Vouched(NamedTuple):
    """What the last signed head on the disk counts: leaves, the bytes of their lines, and their root."""

    size: int
    end: int
    root: bytes


class EvidenceLog:
    """The log in `folder`, made there if there is none yet. For use from any thread. `recorder` is its origin, `name`
    what people call the recorder, where that is another. `remembered` is what others know of the log.

    Raises:
        LogLocked: another process has it open.
        LogCorrupt: it is not as it was written. Nothing in the folder is changed.
        LogRolledBack: it is shorter than somebody else knows, or another. Nothing in the folder is changed.
        InvalidHead: `recorder` can't name a log.
        OSError: the folder can't be made or written.
    """

    def __init__(
        self,
        folder: Path,
        recorder: str,
        signer: Signer,
        *,
        name: str | None = None,
        remembered: Remembered = NOTHING,
    ) -> None:
        check_origin(recorder)
        self._folder = folder
        self._recorder = recorder
        self._signer = signer
        self._changed = Condition()
        self._state = LogState()
        self._signed = 0  # leaves under the last signed head
        self._vouched = Vouched(0, 0, CompactRange().root())
        self._at_head: LogState | None = None  # what the next resume point tells
        self._resumed_s: float | None = None  # when the last one was written
        self._synced = 0  # leaves that the disk has
        self._syncing = False
        self._broken: str | None = None
        files.make_folder(folder)
        self._lock = _lock(folder)
        held = [self._lock]
        try:
            files.sweep(folder)
            _identify(folder, recorder, signer, name)
            self._leaves = _open(folder / LEAVES)
            held.append(self._leaves)
            self._heads = _open(folder / HEADS)
            held.append(self._heads)
            self._state, head, heads_end, signed_end = opened(folder, recorder, signer.public_key, remembered)
            files.tighten(folder)
            self._signed = head.size if head is not None else 0
            if head is not None:
                self._vouched = Vouched(head.size, signed_end, head.root)
            uncounted = self._state.last if self._state.tree.size > self._signed else ()
            self._segment_at = dict.fromkeys(uncounted, self._state.tree.size - 1)  # of each stream, the newest
            self._synced = self._state.tree.size
            os.ftruncate(self._leaves, self._state.end)
            os.ftruncate(self._heads, heads_end)
            os.fsync(self._leaves)
        except BaseException:
            for handle in held:
                os.close(handle)
            raise

    @property
    def size(self) -> int:
        """How many leaves there are."""
        with self._changed:
            return self._state.tree.size

    @property
    def origin(self) -> str:
        """What names the log in its leaves and heads."""
        return self._recorder

    @property
    def vouched(self) -> Vouched:
        """What others may be told of: no loss of power takes it away."""
        with self._changed:
            return self._vouched

    def ends(self) -> dict[str, int]:
        """The number of the newest leaf of each stream."""
        with self._changed:
            return {stream: leaf.seq for stream, leaf in self._state.last.items()}

    def last(self, stream: str) -> Leaf | None:
        """The newest leaf of a stream."""
        with self._changed:
            return self._state.last.get(stream)

    def append(self, stream: str, session: str, wall_ns: int, mono_ns: int, body: Body) -> Leaf:
        """Adds one leaf and returns when the disk has it.

        Raises:
            InvalidLeaf: where a member is not as docs/video.md says; nothing was added.
            LogUnavailable: the disk refused; nothing was added.
            LogBroken: the disk failed; the log must be closed and opened again.
        """
        return self.append_many([Entry(stream, session, wall_ns, mono_ns, body)])[0]

    def append_many(self, entries: Sequence[Entry | tuple[str, str, int, int, Body]]) -> list[Leaf]:
        """Adds leaves, in this order and with none between, and returns when the disk has all of them. Raises as
        :meth:`append`."""
        if not entries:
            return []
        while (added := self._added(entries)) is None:
            self.sign_head()
        leaves, size = added
        self._sync(size)
        return leaves

    def sign_head(self) -> SignedHead | None:
        """Signs and keeps the head of the log as it is now; None where the last head says it already. Raises as
        :meth:`append`."""
        with self._changed:
            self._check()
            if self._state.tree.size == self._signed:
                return None
            head = Head(self._recorder, self._state.tree.size, self._state.tree.root())
            end = self._state.end
            state = self._state.copy() if self._is_resume_due() else None
        self._sync(head.size)
        signed = SignedHead.sign(head, self._signer)
        with self._changed:
            self._check()
            if head.size <= self._signed:
                return None  # another thread signed a later one meanwhile
            self._write(self._heads, HEADS, f"{signed.note()}\n".encode(), os.fstat(self._heads).st_size)
            try:
                os.fsync(self._heads)
            except OSError as error:
                raise self._fail(HEADS, error) from error
            self._signed = head.size
            self._vouched = Vouched(head.size, end, head.root)
        if state is not None:
            self._leave_resume_point(state)
        return signed

    def close(self) -> None:
        """Leaves the folder. Leaves since the last head are signed by the next; sign one before to have none such."""
        with self._changed:
            self._changed.wait_for(lambda: not self._syncing)
            if self._broken == _CLOSED:
                return
            if self._broken is None and self._at_head is not None and self._at_head.tree.size < self._signed:
                self._keep_resume_point(self._at_head)
            self._broken = _CLOSED
            for handle in (self._leaves, self._heads, self._lock):
                os.close(handle)
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- writing ---

    def _added(self, entries: Sequence[Entry | tuple[str, str, int, int, Body]]) -> tuple[list[Leaf], int] | None:
        """The leaves and the size of the log with them; None where a head is due before."""
        with self._changed:
            self._check()
            segments = [stream for stream, *_, body in entries if isinstance(body, SegmentBody)]
            if any(self._segment_at.get(stream, -1) >= self._signed for stream in segments):
                return None
            leaves = self._written(entries)
            self._segment_at |= dict.fromkeys(segments, self._state.tree.size - 1)
            return leaves, self._state.tree.size

    def _written(self, entries: Sequence[Entry | tuple[str, str, int, int, Body]]) -> list[Leaf]:
        leaves: list[Leaf] = []
        newest: dict[str, Leaf] = {}
        for stream, session, wall_ns, mono_ns, body in entries:
            before = newest.get(stream) or self._state.last.get(stream)
            leaf = Leaf.of(
                recorder=self._recorder,
                stream=stream,
                session=session,
                seq=0 if before is None else before.seq + 1,
                wall_ns=wall_ns,
                mono_ns=mono_ns,
                prev=None if before is None else before.hash,
                body=body,
            )
            newest[stream] = leaf
            leaves.append(leaf)
        self._write(self._leaves, LEAVES, b"".join(leaf.line + b"\n" for leaf in leaves), self._state.end)
        for leaf in leaves:
            self._state.add(leaf)
        return leaves

    def _write(self, handle: int, name: str, data: bytes, end: int) -> None:
        """All of `data` at the end of the file, which is at `end`, or nothing."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(handle, rest) :]
        except OSError as error:
            try:
                os.ftruncate(handle, end)
            except OSError as worse:
                raise self._fail(name, worse) from error
            raise LogUnavailable(f"{self._folder / name}: {error.strerror}; nothing was added") from error

    def _is_resume_due(self) -> bool:
        return self._resumed_s is None or time.monotonic() - self._resumed_s >= RESUME_S

    def _leave_resume_point(self, state: LogState) -> None:
        """Writes what the log was at the last head of which this was said, and keeps `state` for the next time."""
        before, self._at_head = self._at_head, state
        if before is not None:
            self._resumed_s = time.monotonic()
            self._keep_resume_point(before)

    def _keep_resume_point(self, state: LogState) -> None:
        newest = Head(self._recorder, self._vouched.size, self._vouched.root)
        with suppress(OSError):  # without it, the next opening only takes longer
            point = resume_point(state, self._recorder, self._signer, newest)
            files.replace(self._folder / RESUME, point)

    def _sync(self, size: int) -> None:
        """Returns when the disk has the first `size` leaves."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._syncing or self._synced >= size)
                if self._synced >= size:
                    return
                self._check()
                self._syncing, reached = True, self._state.tree.size
            failed: OSError | None = None
            try:
                os.fsync(self._leaves)
            except OSError as error:
                failed = error
            with self._changed:
                self._syncing = False
                self._changed.notify_all()
                if failed is not None:
                    raise self._fail(LEAVES, failed) from failed
                self._synced = reached

    def _fail(self, name: str, error: OSError) -> LogBroken:
        # What a failed fsync or truncation left on the disk nobody knows: only reading it again tells.
        self._broken = f"{self._folder / name}: {error.strerror}; close the log and open it again"
        return LogBroken(self._broken)

    def _check(self) -> None:
        if self._broken is not None:
            raise LogBroken(self._broken)


_CLOSED = "the log is closed"


def identity(folder: Path) -> tuple[str, bytes]:
    """The name and the certificate of the recorder whose folder it is.

    Raises:
        OSError, msgspec.MsgspecError: it is no recorder's folder.
    """
    about = decoded(whole(folder / RECORDER, _ABOUT), dict[str, object])
    return str(about.get("recorder")), whole(folder / CERTIFICATE, _ABOUT)


def _open(path: Path) -> int:
    handle = files.open_own(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    files.sync_folder(path.parent)
    return handle


def _lock(folder: Path) -> int:
    handle = files.open_own(folder / LOCK, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise LogLocked(f"{folder}: another process has this log open") from error
    return handle


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else opens the log in the folder meanwhile; where there never was one, nothing is made.

    Raises:
        LogLocked: another process has it open.
    """
    if not (folder / LOCK).exists():
        yield
        return
    handle = _lock(folder)
    try:
        yield
    finally:
        os.close(handle)


def _identify(folder: Path, recorder: str, signer: Signer, name: str | None) -> None:
    """Names the folder's recorder and key, or checks that it is this one."""
    about = {"v": 1, "recorder": recorder, "created_ns": time.time_ns()} | ({} if name is None else {"name": name})
    path = folder / RECORDER
    is_new = is_empty(folder)
    if not (is_new and files.create(path, canonical(about))):
        known = identity_of(folder)
        if known is None:
            raise LogCorrupt(f"{path}: expected a file beside the leaves that names their recorder, found none")
        if known.recorder != recorder:
            raise LogCorrupt(f"{path}: expected the recorder {recorder}, got {known.recorder}")
    if not (is_new and files.create(folder / CERTIFICATE, signer.certificate)):
        check_key(folder, signer)


def is_empty(folder: Path) -> bool:
    """Whether the log in the folder says nothing yet."""
    return not any((folder / kept).exists() and (folder / kept).stat().st_size for kept in (LEAVES, HEADS))


def check_key(folder: Path, signer: Signer) -> None:
    """Raises LogCorrupt unless the log in the folder is signed by this key."""
    path = folder / CERTIFICATE
    if not path.exists():
        raise LogCorrupt(f"{path}: expected the certificate of the key that signed the heads, found none")
    key = public_key_of(path.read_bytes(), str(path))
    if key != signer.public_key:
        raise LogCorrupt(
            f"{path}: this log is signed by the key {fingerprint(key)}, got {fingerprint(signer.public_key)}; "
            "a new key needs a new folder"
        )

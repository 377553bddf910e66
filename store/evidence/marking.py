"""Leaves marks (see marks.py) in a log as it grows, by reading after the writer what he has signed.

Reading it again costs next to nothing and makes one way of it, whether the log is written now, was written before there
were marks, or has lost them: a bounded number of leaves at each call, until it has caught up. What is read must give
the roots of the heads, so a log that was changed meanwhile gets no more marks, and that is said.
"""

import errno
import os
from collections import deque
from pathlib import Path

import msgspec
from msgspec import Struct

from store.evidence import files
from store.evidence.checkpoint import SignedHead, each_note
from store.evidence.errors import InvalidHead, InvalidLeaf, LogCorrupt
from store.evidence.leaf import MAX_LINE, Leaf, StartBody, TombstoneBody
from store.evidence.marks import MARKS, Mark, Marks
from store.evidence.merkle import leaf_hash
from store.evidence.recovery import HEADS, LEAVES
from store.evidence.signer import Signer
from store.evidence.standalone import opened

MARK_LEAVES = 32_768  # from one mark to the next; ninety streams write so many in six minutes
_BLOCK = 65_536  # bytes of heads read at once


class _Times(Struct, frozen=True, kw_only=True):
    """What a leaf says of time; a whole leaf takes ten times as long to read."""

    wall_ns: int
    duration_ns: int = 0
    from_ns: int | None = None
    to_ns: int | None = None


_times = msgspec.json.Decoder(_Times)


class Marker:
    """Marks the log in `folder`, one mark each `every` leaves. For one thread, beside that of the writer.

    Marks that do not hold are cut off and made anew.

    Raises:
        OSError: the files can't be read or written.
    """

    def __init__(self, folder: Path, recorder: str, signer: Signer, every: int = MARK_LEAVES) -> None:
        self._folder = folder
        self._recorder = recorder
        self._signer = signer
        self._every = every
        marks = Marks(folder, recorder, signer.public_key)
        number, place = marks.before(marks.rest)
        last = marks.stretches[number - 1] if number else None
        self._tree, self._marked, self._leaves_at = place.tree(), place.size, place.leaves_at
        self._prev = last.digest if last is not None else None
        self._next_at = place.heads_at  # of the heads, from where on they were not read yet
        self._heads: deque[tuple[int, SignedHead]] = deque()  # read, each with where it begins
        self._since = _Since()
        self._end = last.end if last is not None else 0  # of the marks that hold

    def follow(self, limit: int) -> int:
        """Read on up to the newest head, but no more than `limit` leaves; returns how many there were.

        Raises:
            LogCorrupt: the leaves are not those that were signed.
            OSError: the files can't be read or written.
        """
        count = 0
        with opened(self._folder / LEAVES) as file:
            file.seek(self._leaves_at)
            while (head := self._head()) is not None:
                for _ in range(min(head[1].head.size - self._tree.size, limit - count)):
                    self._take(file.readline(MAX_LINE + 1))
                    count += 1
                if self._tree.size < head[1].head.size:
                    break
                self._heads.popleft()
                if self._tree.size == head[1].head.size and self._tree.size - self._marked >= self._every:
                    self._mark(*head)
        return count

    def _take(self, line: bytes) -> None:
        try:
            self._since.take(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, InvalidLeaf) as error:
            raise LogCorrupt(f"{self._folder / LEAVES}: line {self._tree.size + 1}: {error}") from error
        self._tree.append(leaf_hash(line[:-1]))
        self._leaves_at += len(line)

    def _head(self) -> tuple[int, SignedHead] | None:
        """The next head, and where it begins."""
        if not self._heads:
            with opened(self._folder / HEADS) as file:
                file.seek(self._next_at)
                data = file.read(_BLOCK)
            base, begin = self._next_at, 0
            for end, note in each_note(data):
                try:
                    self._heads.append((base + begin, SignedHead.parse(note.decode())))
                except (InvalidHead, UnicodeDecodeError) as error:
                    raise LogCorrupt(f"{self._folder / HEADS}: at byte {base + begin}: {error}") from error
                begin = end
            self._next_at = base + begin
        return self._heads[0] if self._heads else None

    def _mark(self, heads_at: int, signed: SignedHead) -> None:
        head = signed.head
        if head.root != self._tree.root() or not signed.signed_by(self._signer.public_key):
            raise LogCorrupt(f"{self._folder / LEAVES}: the first {head.size} lines are not those of a signed head")
        mark = Mark(
            recorder=self._recorder,
            size=head.size,
            leaves_at=self._leaves_at,
            heads_at=heads_at,
            nodes=[node.hex() for node in self._tree.nodes],
            from_ns=self._since.from_ns,
            to_ns=self._since.to_ns,
            starts=sorted(self._since.starts),
            deleted=self._since.deleted,
            prev=self._prev,
        )
        line, digest = mark.signed(self._signer)
        _sync(self._folder / HEADS)  # a mark that outlives the head it stands at would speak against the log
        handle = files.open_own(self._folder / MARKS, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with os.fdopen(handle, "ab", buffering=0) as file:
            file.truncate(self._end)  # what does not hold, or is torn
            if file.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder / MARKS))
        self._end += len(line)
        self._prev, self._marked, self._since = digest, head.size, _Since()


def _sync(path: Path) -> None:
    with opened(path) as file:
        os.fsync(file.fileno())


class _Since:
    """What the leaves since the last mark speak of."""

    def __init__(self) -> None:
        self.from_ns, self.to_ns = 2**63 - 1, 0
        self.starts: set[str] = set()
        self.deleted: dict[str, tuple[int, int]] = {}

    def take(self, line: bytes) -> None:
        """Take the next leaf."""
        times = _times.decode(line)
        begin_ns = times.wall_ns if times.from_ns is None else times.from_ns
        end_ns = times.wall_ns + times.duration_ns if times.to_ns is None else times.to_ns
        self.from_ns, self.to_ns = min(self.from_ns, begin_ns, end_ns), max(self.to_ns, begin_ns, end_ns)
        if b'"type":"start"' in line or b'"type":"tombstone"' in line:
            leaf = Leaf.parse(line[:-1])
            if isinstance(leaf.body, StartBody):
                self.starts.add(leaf.stream)
            elif isinstance(leaf.body, TombstoneBody):
                first, last = self.deleted.get(leaf.stream, (leaf.body.from_seq, leaf.body.to_seq))
                self.deleted[leaf.stream] = min(first, leaf.body.from_seq), max(last, leaf.body.to_seq)

"""Opening a log: what is there, from what point on it must be read, and whether it is as it was written.

A log of months is not read from its beginning. Every so often a signed head leaves behind a resume point: the tree, the
streams' last leaves and the length of the file as they were at an *earlier* head, signed. What came since is read and
compared with the newest head. Without a resume point that holds, everything is read; verification does not know it.
"""

import base64
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct

from store.evidence.checkpoint import MAX_NOTE, Head, SignedHead, first_note, whole_notes
from store.evidence.errors import InvalidHead, InvalidLeaf, LogCorrupt
from store.evidence.leaf import MAX_LINE, Leaf, canonical, decoded
from store.evidence.merkle import CompactRange
from store.evidence.signer import Signer, verifies
from store.evidence.standalone import opened, whole

LEAVES = "leaves.jsonl"
HEADS = "heads.txt"
RESUME = "resume.json"
_RESUME_BYTES = 1 << 26  # of a resume point: the newest leaf of each stream
TAIL_BYTES = 2 * MAX_NOTE + 4  # of the heads: from the end of one, the newest whole one, and a torn one


@dataclass(slots=True)
class LogState:
    """A log up to some leaf: its tree, the last leaf of each stream, and the bytes of its lines."""

    tree: CompactRange = field(default_factory=CompactRange)
    last: dict[str, Leaf] = field(default_factory=dict)
    end: int = 0

    def copy(self) -> "LogState":
        return LogState(CompactRange(self.tree.size, self.tree.nodes), dict(self.last), self.end)

    def add(self, leaf: Leaf) -> None:
        """Take the next line."""
        self.tree.append(bytes.fromhex(leaf.hash))
        self.last[leaf.stream] = leaf
        self.end += len(leaf.line) + 1


class ResumePoint(Struct, frozen=True, kw_only=True):
    """What the log was at a signed head, and the leaves and the root (in hex) of the newest there was then; older
    points say nothing of that."""

    format: str
    recorder: str
    size: int
    end: int
    nodes: list[str]
    last: list[str]
    newest_size: int = 0
    newest_root: str = ""

    def tree(self) -> CompactRange:
        """The tree then.

        Raises:
            ValueError: the nodes are none of a tree of this size.
        """
        return CompactRange(self.size, map(bytes.fromhex, self.nodes))


_FORMAT = "ducha-evidence-resume-1"


def resume_point(state: LogState, recorder: str, signer: Signer, newest: Head) -> bytes:
    """The state as a file; `newest` is the head there is now."""
    point = ResumePoint(
        format=_FORMAT,
        recorder=recorder,
        size=state.tree.size,
        end=state.end,
        nodes=[node.hex() for node in state.tree.nodes],
        last=[leaf.line.decode() for leaf in state.last.values()],
        newest_size=newest.size,
        newest_root=newest.root.hex(),
    )
    document = canonical(point)
    return document + b"\n" + base64.b64encode(signer.sign(document)) + b"\n"


def recover(folder: Path, recorder: str, public_key: bytes) -> tuple[LogState, Head | None, int, int]:
    """The log in `folder` without a torn last line; its newest head, the bytes of `heads.txt` without a torn one, and
    the bytes of the leaves that this head counts.

    Raises:
        LogCorrupt: naming the file and line that is not as it was written.
    """
    head, heads_end = last_head(folder / HEADS, recorder, public_key)
    state = _resumed(folder, recorder, public_key, head) or LogState()
    signed_end = _read_on(folder / LEAVES, state, recorder, head)
    if head is not None and head.size > state.tree.size:
        raise LogCorrupt(
            f"{folder / LEAVES}: expected at least the {head.size} leaves of the last signed head, "
            f"found {state.tree.size}"
        )
    return state, head, heads_end, signed_end


def _resumed(folder: Path, recorder: str, public_key: bytes, head: Head | None) -> LogState | None:
    """The state at the resume point, if it is ours, older than the newest head, and the file reaches so far."""
    point = newest_resume_point(folder, recorder, public_key)
    if point is None or head is None or point.size >= head.size:
        return None
    with suppress(OSError, ValueError, InvalidLeaf):
        leaves = [Leaf.parse(line.encode()) for line in point.last]
        tree = point.tree()
        with opened(folder / LEAVES) as file:
            file.seek(max(point.end - 1, 0))
            if file.read(1) == b"\n":
                return LogState(tree, {leaf.stream: leaf for leaf in leaves}, point.end)
    return None


def newest_resume_point(folder: Path, recorder: str, public_key: bytes) -> ResumePoint | None:
    """The resume point of the log, if one is there that is signed with its key."""
    with suppress(OSError, ValueError):
        document, signature, _ = whole(folder / RESUME, _RESUME_BYTES).split(b"\n")
        if verifies(public_key, base64.b64decode(signature), document):
            point = decoded(document, ResumePoint)
            if point.format == _FORMAT and point.recorder == recorder:
                point.tree()
                return point
    return None


def _read_on(path: Path, state: LogState, recorder: str, head: Head | None) -> int:
    """Take the lines behind `state`; returns the bytes of those that `head` counts."""
    signed_end = state.end
    with opened(path) as file:
        file.seek(state.end)
        while line := file.readline(MAX_LINE + 2):
            number = state.tree.size + 1
            if not line.endswith(b"\n"):
                if len(line) > MAX_LINE or file.read(1):
                    raise LogCorrupt(f"{path}: line {number}: expected a leaf of at most {MAX_LINE} bytes")
                return signed_end  # torn
            try:
                leaf = Leaf.parse(line[:-1])
            except InvalidLeaf as error:
                raise LogCorrupt(f"{path}: line {number}: {error}") from error
            _check_follows(leaf, state.last.get(leaf.stream), recorder, f"{path}: line {number}")
            state.add(leaf)
            if head is not None and state.tree.size == head.size:
                if state.tree.root() != head.root:
                    raise LogCorrupt(f"{path}: the first {head.size} lines are not those of the last signed head")
                signed_end = state.end
    return signed_end


def _check_follows(leaf: Leaf, before: Leaf | None, recorder: str, where: str) -> None:
    if leaf.recorder != recorder:
        raise LogCorrupt(f"{where}: expected a leaf of {recorder}, got one of {leaf.recorder}")
    seq, prev = (0, None) if before is None else (before.seq + 1, before.hash)
    if (leaf.seq, leaf.prev) != (seq, prev):
        raise LogCorrupt(
            f"{where}: expected leaf {seq} of {leaf.stream} after {prev}, got {leaf.seq} after {leaf.prev}"
        )


def last_head(path: Path, recorder: str, public_key: bytes) -> tuple[Head | None, int]:
    """The newest head in a `heads.txt`, and the bytes of the file without a torn one.

    Raises:
        LogCorrupt: it is none, or not signed with this key for this recorder.
    """
    if not path.exists():
        return None, 0
    data, base = _tail(path)
    end, note = whole_notes(data)

    def line(at: int) -> str:
        return f"{path}: line {_lines_before(path, base + at) + 1}"

    if base and note is None:
        raise LogCorrupt(f"{line(0)}: expected a signed head in the last {TAIL_BYTES} bytes")
    if data.count(b"\n\n", end) > 1:  # more than the beginning of one note
        raise LogCorrupt(f"{line(end)}: expected a signed head")
    if note is None:
        return None, base + end
    try:
        signed = SignedHead.parse(note.decode())
    except (InvalidHead, UnicodeDecodeError) as error:
        raise LogCorrupt(f"{line(end - len(note))}: {error}") from error
    if signed.head.origin != recorder or not signed.signed_by(public_key):
        raise LogCorrupt(f"{line(end - len(note))}: expected a head of {recorder} signed by this recorder's key")
    return signed.head, base + end


def _tail(path: Path) -> tuple[bytes, int]:
    """The last heads of a file, whole but for the last, and where they begin."""
    with opened(path) as file:
        base = max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES)
        file.seek(base)
        data = file.read(TAIL_BYTES)
    begin = first_note(data) if base else 0
    return (data, base) if begin is None else (data[begin:], base + begin)


def _lines_before(path: Path, end: int) -> int:
    """How many lines end before byte `end`."""
    count = 0
    with opened(path) as file:
        while end and (data := file.read(min(end, TAIL_BYTES))):
            count, end = count + data.count(b"\n"), end - len(data)
    return count

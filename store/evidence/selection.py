"""What of a recorder's log an export needs: the leaves of the sessions that its range touches, and their proof."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from store.evidence.checkpoint import SignedHead, notes
from store.evidence.errors import ExportError, InvalidHead, InvalidLeaf
from store.evidence.leaf import MAX_LINE, Leaf, SegmentBody, TombstoneBody
from store.evidence.manifest import Proof
from store.evidence.merkle import Pruning, leaf_hash


@dataclass(slots=True)
class Selected:
    """A stream's leaves in the export: as lines by their position in the log, and those that speak of the range."""

    stream: str
    first_seq: int = 0
    end_seq: int = 0
    lines: list[tuple[int, bytes]] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    tombstones: list[TombstoneBody] = field(default_factory=list)

    def segments(self) -> Iterator[tuple[Leaf, SegmentBody]]:
        """The segments that touch the range."""
        for leaf in self.leaves:
            if isinstance(leaf.body, SegmentBody):
                yield leaf, leaf.body

    def deleted(self, leaf: Leaf) -> bool:
        """Whether retention says that it deleted the leaf's data."""
        return any(stone.from_seq <= leaf.seq <= stone.to_seq for stone in self.tombstones)


def touches(leaf: Leaf, from_ns: int, to_ns: int) -> bool:
    """Whether the leaf speaks of a time in the range."""
    return leaf.begin_ns < to_ns and leaf.end_ns > from_ns


def select(
    path: Path, streams: Sequence[str], from_ns: int, to_ns: int, head: SignedHead
) -> tuple[list[Selected], Proof]:
    """Reads the log twice: which sessions does the range touch, then their leaves and the proof.

    Raises:
        ExportError: there is nothing of a stream in the range, or the log can't be read.
    """
    spans = {stream: _span(path, stream, from_ns, to_ns) for stream in streams}
    chosen = {s: Selected(s, first, end) for s, (first, end) in spans.items()}
    marks = [_mark(stream) for stream in streams]
    pruning = Pruning()
    positions: list[int] = []
    hashes: list[str] = []
    for position, line in enumerate(_lines(path)):
        kept = False
        if any(mark in line for mark in marks):
            leaf = _parsed(path, position, line)
            selected = chosen.get(leaf.stream)
            kept = selected is not None and selected.first_seq <= leaf.seq < selected.end_seq
            if kept and selected is not None:
                selected.lines.append((position, line))
                if touches(leaf, from_ns, to_ns):
                    selected.leaves.append(leaf)
                if isinstance(leaf.body, TombstoneBody):
                    selected.tombstones.append(leaf.body)
        if position < head.head.size:
            digest = leaf_hash(line)
            pruning.append(digest, keep=kept)
            if kept:
                positions.append(position)
                hashes.append(digest.hex())
    nodes = [node.hex() for node in pruning.nodes()]
    return list(chosen.values()), Proof(size=head.head.size, positions=positions, hashes=hashes, nodes=nodes)


def newest_head(path: Path, recorder: str, key: bytes) -> SignedHead:
    """The largest head that the recorder's key signed.

    Raises:
        ExportError: there is none.
    """
    best: SignedHead | None = None
    for _, note in notes(path.read_bytes().decode(errors="replace")):
        try:
            signed = SignedHead.parse(note)
        except InvalidHead:
            continue
        if signed.head.origin == recorder and (best is None or signed.head.size > best.head.size):
            best = signed if signed.signed_by(key) else best
    if best is None:
        raise ExportError(f"{path}: expected a head signed by the recorder's key, found none")
    return best


def _span(path: Path, stream: str, from_ns: int, to_ns: int) -> tuple[int, int]:
    """The numbers of the stream's leaves from the beginning of the first session that the range touches to the end of
    the last, and on to the tombstones that speak of them; and at either side to a leaf that lies outside of the range,
    which shows that nothing of the range was left out."""
    sessions: dict[str, list[int]] = {}
    before, after = 0, 0
    stones: list[tuple[int, TombstoneBody]] = []
    mark = _mark(stream)
    for position, line in enumerate(_lines(path)):
        if mark not in line:
            continue
        leaf = _parsed(path, position, line)
        if leaf.stream != stream:
            continue
        before = leaf.seq if leaf.end_ns <= from_ns else before
        after = after or (leaf.seq if leaf.begin_ns >= to_ns else 0)
        if isinstance(leaf.body, TombstoneBody):
            stones.append((leaf.seq, leaf.body))
            continue
        seen = sessions.setdefault(leaf.session, [leaf.seq, leaf.seq, leaf.begin_ns, leaf.end_ns])
        seen[1:4] = [leaf.seq, min(seen[2], leaf.begin_ns), max(seen[3], leaf.end_ns)]
    touched = [s for s in sessions.values() if s[2] < to_ns and s[3] > from_ns]
    if not touched:
        raise ExportError(f"{path}: nothing of {stream} in the range; expected a recorded stream and time")
    first, last = min(before, *(s[0] for s in touched)), max(after, *(s[1] for s in touched))
    return first, max([last, *(seq for seq, stone in stones if stone.from_seq <= last and stone.to_seq >= first)]) + 1


def _mark(stream: str) -> bytes:
    return b'"stream":' + json.dumps(stream, ensure_ascii=False).encode()


def _parsed(path: Path, position: int, line: bytes) -> Leaf:
    try:
        return Leaf.parse(line)
    except InvalidLeaf as error:
        raise ExportError(f"{path}: line {position + 1}: {error}") from error


def _lines(path: Path) -> Iterable[bytes]:
    """The whole lines, without their ends."""
    with path.open("rb") as file:
        while (line := file.readline(MAX_LINE + 2)).endswith(b"\n"):
            yield line[:-1]

"""What of a recorder's log an export needs: the leaves of the sessions that its range touches, and their proof."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path

from store.evidence.checkpoint import SignedHead, notes
from store.evidence.errors import ExportError, InvalidHead
from store.evidence.extent import extents, parsed
from store.evidence.leaf import Leaf, SegmentBody, TombstoneBody, bears, member_of, touches
from store.evidence.manifest import Proof
from store.evidence.marks import Marks
from store.evidence.merkle import Pruning, leaf_hash
from store.evidence.place import Place, lines_from
from store.evidence.recovery import HEADS
from store.evidence.standalone import opened

_NEWEST = 1_000  # heads among which the newest signed one is looked for, where none counts all leaves that are shown


@dataclass(slots=True)
class Selected:
    """A stream's leaves in the export: as lines by their position in the log, and those that speak of the range."""

    stream: str
    first_seq: int = 0
    end_seq: int = 0
    lines: list[tuple[int, bytes]] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    tombstones: list[TombstoneBody] = field(default_factory=list)

    def take(self, position: int, leaf: Leaf, *, is_in_range: bool) -> None:
        """The next leaf in the order of the log."""
        self.lines.append((position, leaf.line))
        if is_in_range:
            self.leaves.append(leaf)
        if isinstance(leaf.body, TombstoneBody):
            self.tombstones.append(leaf.body)

    def segments(self) -> Iterator[tuple[Leaf, SegmentBody]]:
        """The segments that touch the range."""
        for leaf in self.leaves:
            if isinstance(leaf.body, SegmentBody):
                yield leaf, leaf.body


def select(
    folder: Path, recorder: str, key: bytes, streams: Sequence[str], from_ns: int, to_ns: int
) -> tuple[list[Selected], Proof, SignedHead]:
    """The leaves, and their proof for the first head, signed with the recorder's `key`, that counts all of them; where
    there is none yet, for the newest. Of the log it reads what lies between the first and that head, a second time.

    Raises:
        ExportError: there is nothing of a stream in the range, no head, or a leaf can't be read.
    """
    marks = Marks(folder, recorder, key)
    found = extents(marks, streams, from_ns, to_ns)
    _, place = marks.before(marks.number_of(min(extent.first_at for extent in found.values())))
    last_at = max(extent.last_at for extent in found.values())
    head = _head(folder, marks.before(marks.number_of(last_at))[1], recorder, key, last_at + 1)
    chosen = {s: Selected(s, extent.first_seq, extent.end_seq) for s, extent in found.items()}
    members = tuple(map(member_of, streams))
    pruning = Pruning(place.tree())
    positions: list[int] = []
    hashes: list[str] = []
    for position, line in enumerate(lines_from(folder, place), place.size):
        if position > last_at and position >= head.head.size:
            break
        kept = False
        if bears(line, members):
            leaf = parsed(position, line)
            selected = chosen.get(leaf.stream)
            kept = selected is not None and selected.first_seq <= leaf.seq < selected.end_seq
            if kept and selected is not None:
                selected.take(position, leaf, is_in_range=touches(leaf, from_ns, to_ns))
        if position < head.head.size:
            digest = leaf_hash(line)
            pruning.append(digest, keep=kept)
            if kept:
                positions.append(position)
                hashes.append(digest.hex())
    nodes = [node.hex() for node in pruning.nodes()]
    proof = Proof(size=head.head.size, positions=positions, hashes=hashes, nodes=nodes)
    return list(chosen.values()), proof, head


def _head(folder: Path, place: Place, recorder: str, key: bytes, enough: int) -> SignedHead:
    """The first signed head that counts `enough` leaves, of those from a place on; where there is none, the newest."""
    fewer: deque[SignedHead] = deque(maxlen=_NEWEST)
    with opened(folder / HEADS) as file:
        file.seek(place.heads_at)
        for _, note in notes(TextIOWrapper(file, encoding="utf-8", errors="replace", newline="\n")):
            try:
                signed = SignedHead.parse(note)
            except InvalidHead:
                continue
            if signed.head.origin != recorder:
                continue
            if signed.head.size < enough:
                fewer.append(signed)
            elif signed.signed_by(key):
                return signed
    for signed in sorted(fewer, key=lambda head: -head.head.size):
        if signed.signed_by(key):
            return signed
    raise ExportError(f"{folder / HEADS}: expected a head signed by the recorder's key, found none")

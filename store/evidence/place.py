"""A place in a log from which it is read on as if from its beginning, for the tree over the leaves before is known.

The nodes of that tree (RFC 9162, 2.1.4) take the place of the leaves: with the hashes of the leaves that follow they
give the root of every later head, and would not if one of those leaves were not as it was signed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from store.evidence.checkpoint import Head, SignedHead, each_note
from store.evidence.errors import InvalidHead
from store.evidence.leaf import MAX_LINE
from store.evidence.merkle import CompactRange, leaf_hash
from store.evidence.recovery import HEADS, LEAVES
from store.evidence.standalone import opened

_HEADS_BYTES = 65_536  # of the heads from a place on, among which the next is looked for; a few minutes


@dataclass(frozen=True, slots=True)
class Place:
    """Behind the first `size` leaves, which are the first `leaves_at` bytes of `leaves.jsonl`. The head that counts
    them begins at byte `heads_at` of `heads.txt`. `nodes` are those of their compact range."""

    size: int = 0
    leaves_at: int = 0
    heads_at: int = 0
    nodes: tuple[bytes, ...] = ()

    def tree(self) -> CompactRange:
        """The tree over the leaves before, to be appended to."""
        return CompactRange(self.size, self.nodes)


BEGINNING = Place()


def lines_from(folder: Path, place: Place) -> Iterator[bytes]:
    """The whole lines of the log from a place on, without their ends."""
    with opened(folder / LEAVES) as file:
        file.seek(place.leaves_at)
        for line in iter(lambda: file.readline(MAX_LINE + 2), b""):
            if line.endswith(b"\n"):
                yield line[:-1]


def is_signed(folder: Path, place: Place, recorder: str, key: bytes) -> bool:
    """Whether the head that lies there is signed, and of just this tree."""
    heads = signed_heads(folder, place.heads_at, recorder, key)
    return next(heads, None) == Head(recorder, place.size, place.tree().root())


def leads_on(folder: Path, place: Place, recorder: str, key: bytes) -> bool:
    """Whether the leaves that lie there go on to the next head. They don't where a leaf was changed, and also where
    one before was cut out, so that all that follow lie elsewhere."""
    heads = signed_heads(folder, place.heads_at, recorder, key)
    after = next((head for head in heads if head.size > place.size), None)
    if after is None:
        return _begins_line(folder / LEAVES, place.leaves_at)
    tree = place.tree()
    for line in lines_from(folder, place):
        tree.append(leaf_hash(line))
        if tree.size == after.size:
            return tree.root() == after.root
    return False


def signed_heads(folder: Path, at: int, recorder: str, key: bytes) -> Iterator[Head]:
    """The next heads from byte `at` of `heads.txt` on that the key signed; not all of them."""
    with opened(folder / HEADS) as file:
        file.seek(at)
        data = file.read(_HEADS_BYTES)
    for _, note in each_note(data):
        try:
            signed = SignedHead.parse(note.decode())
        except (InvalidHead, UnicodeDecodeError):
            continue
        if signed.head.origin == recorder and signed.signed_by(key):
            yield signed.head


def _begins_line(path: Path, at: int) -> bool:
    with opened(path) as file:
        file.seek(max(at - 1, 0))
        return not at or file.read(1) == b"\n"

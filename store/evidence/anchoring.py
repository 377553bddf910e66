"""Which leaves do the signed heads vouch for? Those of the largest tree whose root is as signed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from store.evidence.checkpoint import Head
from store.evidence.merkle import CompactRange


@dataclass(frozen=True, slots=True)
class Anchoring:
    """The first `proven` leaves are those signed. `refuted`: the size of the first head with another root than theirs.
    `beyond`: the size of a head that covers more leaves than there are."""

    proven: int
    refuted: int | None = None
    beyond: int | None = None


def anchoring(
    hashes: Iterable[bytes], size: int, heads: Sequence[Head], before: CompactRange | None = None
) -> Anchoring:
    """Compare the first `size` leaves with heads whose signatures hold, in any order. `hashes` are those of the leaves
    that come after `before`, which is proven; heads over fewer leaves are not asked."""
    tree = before or CompactRange()
    proven = tree.size
    leaves = iter(hashes)
    for head in sorted((h for h in heads if h.size >= proven), key=lambda h: h.size):
        if head.size > size:
            return Anchoring(proven, beyond=head.size)
        while tree.size < head.size:
            tree.append(next(leaves))
        if tree.root() != head.root:
            return Anchoring(proven, refuted=head.size)
        proven = head.size
    return Anchoring(proven)

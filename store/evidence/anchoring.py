"""Which leaves do the signed heads vouch for? Those of the largest tree whose root is as signed."""

from collections.abc import Callable, Iterable
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
    hashes: Iterable[bytes],
    size: int,
    heads: Iterable[Head],
    before: CompactRange | None = None,
    holds: Callable[[Head], bool] = lambda _: True,
) -> Anchoring:
    """Compare the first `size` leaves with heads in any order. `hashes` are those of the leaves that come after
    `before`, which is proven; heads over fewer leaves are not asked. `holds`: whether a head is signed, which is asked
    only of those that decide."""
    tree = before or CompactRange()
    fitting: list[Head] = []
    refuted = beyond = None
    proven = tree.size
    leaves = iter(hashes)
    for head in sorted((h for h in heads if h.size >= proven), key=lambda h: h.size):
        if head.size > size:
            if holds(head):
                beyond = head.size
                break
            continue
        while tree.size < head.size:
            tree.append(next(leaves))
        if tree.root() == head.root:
            fitting.append(head)
        elif holds(head):
            refuted = head.size
            break
    proven = next((head.size for head in reversed(fitting) if holds(head)), proven)
    return Anchoring(proven, refuted, beyond)

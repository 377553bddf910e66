"""The Merkle tree of RFC 6962 / 9162: one hash for a whole log, short proofs for its parts.

A tree over n leaves is never kept: :class:`CompactRange` holds the roots of its complete subtrees, one for each bit of
n, which is all that appending and the root need. Proofs are made from the list of leaf hashes. For many leaves at once
there is the pruned tree: the tree with every subtree that holds none of them replaced by its hash, in their order.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf's bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node from those of its children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """A growing tree in O(log n) memory. `nodes` are the roots of the complete subtrees, the largest first."""

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._nodes = list(nodes)
        if len(self._nodes) != size.bit_count():
            raise ValueError(f"a compact range of {size} leaves: expected {size.bit_count()} nodes")

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees."""
        return tuple(self._nodes)

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash."""
        node, below = leaf, self.size
        while below & 1:
            node = node_hash(self._nodes.pop(), node)
            below >>= 1
        self._nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        if not self._nodes:
            return EMPTY_ROOT
        root = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            root = node_hash(node, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree over these leaf hashes."""
    tree = CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def _split(size: int) -> int:
    """How many leaves the left subtree of a tree over `size` > 1 leaves holds: the largest power of two below it."""
    return 1 << (size - 1).bit_length() - 1


# --- one leaf ---


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf `index`, the lowest sibling first."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of {len(leaves)}")
    path, low, high = [], 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low = middle
    return path[::-1]


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that `leaf` is number `index` of the tree with this size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


# --- an older tree ---


def consistency_proof(leaves: Sequence[bytes], size: int) -> list[bytes]:
    """What shows that the tree over the first `size` leaves is a prefix of that over all of them."""
    if not 0 < size <= len(leaves):
        raise IndexError(f"a tree of {size} of {len(leaves)} leaves")
    proof, low, high, whole = [], 0, len(leaves), True
    while size != high:
        middle = low + _split(high - low)
        if size <= middle:
            proof.append(root_of(leaves[middle:high]))
            high = middle
        else:
            proof.append(root_of(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        proof.append(root_of(leaves[low:high]))
    return proof[::-1]


def consistent(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the older tree is a prefix of the other (RFC 9162, 2.1.4.2)."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == root


# --- many leaves ---


class Pruning:
    """Makes a pruned tree in one pass over a log: memory for what is kept, not for what is passed by."""

    def __init__(self, before: CompactRange | None = None) -> None:
        """`before`: the leaves before those that will be appended, none of them to be kept."""
        before = before or CompactRange()
        self.size = before.size
        self._subtrees: list[tuple[bytes, list[bytes] | None]] = [  # root, and its pruned form where a leaf is kept
            (node, None) for node in before.nodes
        ]

    def append(self, leaf: bytes, *, keep: bool) -> None:
        """Add a leaf by its hash; `keep`: the proof is to show it."""
        subtree: tuple[bytes, list[bytes] | None] = (leaf, [] if keep else None)
        below = self.size
        while below & 1:
            subtree = _joined(self._subtrees.pop(), subtree)
            below >>= 1
        self._subtrees.append(subtree)
        self.size += 1

    def nodes(self) -> list[bytes]:
        """The hashes of the subtrees without a kept leaf, from the left."""
        if not self._subtrees:
            return []
        whole = self._subtrees[-1]
        for subtree in reversed(self._subtrees[:-1]):
            whole = _joined((subtree[0], None if subtree[1] is None else list(subtree[1])), whole)
        root, nodes = whole
        return [root] if nodes is None else nodes


def _joined(
    left: tuple[bytes, list[bytes] | None], right: tuple[bytes, list[bytes] | None]
) -> tuple[bytes, list[bytes] | None]:
    root = node_hash(left[0], right[0])
    if left[1] is None and right[1] is None:
        return root, None
    nodes = [left[0]] if left[1] is None else left[1]
    nodes += [right[0]] if right[1] is None else right[1]
    return root, nodes


def pruned_root(size: int, kept: Sequence[tuple[int, bytes]], nodes: Sequence[bytes]) -> bytes | None:
    """The root of a pruned tree of `size` leaves: `kept` are (index, leaf hash) in the order of their indices, `nodes`
    the hashes of the subtrees between. None where these don't make up such a tree."""
    indices = [index for index, _ in kept]
    if any(a >= b for a, b in pairwise(indices)):
        return None
    if size == 0:
        return None if kept or nodes else EMPTY_ROOT
    if indices and not (indices[0] >= 0 and indices[-1] < size):
        return None
    leaves, between = iter(kept), iter(nodes)
    try:
        root = _pruned(0, size, indices, 0, len(indices), leaves, between)
    except StopIteration:
        return None
    return root if next(between, None) is None else None


def _pruned(
    low: int,
    high: int,
    indices: Sequence[int],
    first: int,
    last: int,
    leaves: Iterator[tuple[int, bytes]],
    between: Iterator[bytes],
) -> bytes:
    if first == last:
        return next(between)
    if high - low == 1:
        return next(leaves)[1]
    middle = low + _split(high - low)
    cut = bisect_left(indices, middle, first, last)
    left = _pruned(low, middle, indices, first, cut, leaves, between)
    return node_hash(left, _pruned(middle, high, indices, cut, last, leaves, between))

"""The tree against pymerkle, an implementation that is not ours."""

import hashlib
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree, InvalidProof, verify_consistency, verify_inclusion

from store.evidence.merkle import (
    EMPTY_ROOT,
    CompactRange,
    Pruning,
    consistency_proof,
    consistent,
    included,
    inclusion_proof,
    leaf_hash,
    node_hash,
    pruned_root,
    root_of,
)

leaves = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def hashed(data):
    return [leaf_hash(leaf) for leaf in data]


def oracle(data):
    tree = InmemoryTree(algorithm="sha256")
    for leaf in data:
        tree.append_entry(leaf)
    return tree


def test_hashes_are_those_of_rfc_6962():
    assert leaf_hash(b"a") == hashlib.sha256(b"\x00a").digest()
    assert node_hash(b"l" * 32, b"r" * 32) == hashlib.sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()
    assert CompactRange().root() == EMPTY_ROOT == hashlib.sha256().digest()


@given(leaves)
def test_every_root_is_pymerkles(data):
    tree, known = CompactRange(), InmemoryTree(algorithm="sha256")
    for leaf in data:
        tree.append(leaf_hash(leaf))
        known.append_entry(leaf)
        assert tree.root() == known.get_root()
        assert CompactRange(tree.size, tree.nodes).root() == tree.root()
    assert root_of(hashed(data)) == tree.root()


@given(leaves, st.data())
def test_inclusion_is_proved_as_pymerkle_proves_it_and_of_nothing_else(data, draw):
    hashes = hashed(data)
    index = draw.draw(st.integers(0, len(data) - 1))
    proof = inclusion_proof(hashes, index)
    root = root_of(hashes)
    known = oracle(data).prove_inclusion(index + 1)
    assert known.path[0] == hashes[index]
    assert known.path[1:] == proof
    verify_inclusion(hashes[index], root, known)
    assert included(hashes[index], index, len(data), proof, root)
    assert not included(leaf_hash(b"another leaf"), index, len(data), proof, root)
    assert not included(hashes[index], index, len(data), [*proof, root], root)
    assert not proof or not included(hashes[index], index, len(data), proof[:-1], root)
    other = draw.draw(st.integers(-1, len(data) + 1).filter(lambda i: i != index))
    if not (0 <= other < len(data)) or hashes[other] != hashes[index]:
        assert not included(hashes[index], other, len(data), proof, root)


@given(leaves, st.data())
def test_consistency_is_proved_with_an_older_tree_and_with_no_other(data, draw):
    hashes = hashed(data)
    size = draw.draw(st.integers(1, len(data)))
    proof = consistency_proof(hashes, size)
    old, root = root_of(hashes[:size]), root_of(hashes)
    known = oracle(data).prove_consistency(size, len(data))
    verify_consistency(old, root, known)
    assert consistent(size, old, len(data), root, proof)
    assert not consistent(size, leaf_hash(b"x"), len(data), root, proof)
    assert not consistent(size, old, len(data), leaf_hash(b"x"), proof)
    assert not consistent(0, EMPTY_ROOT, len(data), root, [])
    if proof:
        assert not consistent(size, old, len(data), root, proof[:-1])
        assert not consistent(size, old, len(data), root, [*proof[:-1], leaf_hash(b"x")])


def test_the_oracle_refuses_what_is_false():
    proof = oracle([b"a", b"b", b"c"]).prove_inclusion(2)
    try:
        verify_inclusion(leaf_hash(b"x"), root_of(hashed([b"a", b"b", b"c"])), proof)
    except InvalidProof:
        return
    raise AssertionError("expected InvalidProof")


@settings(max_examples=200)
@given(leaves, st.data())
def test_a_pruned_tree_shows_the_kept_leaves_and_has_the_root_of_the_whole(data, draw):
    hashes = hashed(data)
    kept = sorted(draw.draw(st.sets(st.integers(0, len(data) - 1))))
    pruning = Pruning()
    for index, leaf in enumerate(hashes):
        pruning.append(leaf, keep=index in kept)
    nodes = pruning.nodes()
    shown = [(index, hashes[index]) for index in kept]

    assert pruned_root(len(data), shown, nodes) == root_of(hashes)
    assert pruned_root(len(data), shown, [*nodes, b"x" * 32]) is None
    if nodes:
        assert pruned_root(len(data), shown, nodes[:-1]) is None
    for index in kept:
        changed = [(i, leaf_hash(b"another leaf") if i == index else leaf) for i, leaf in shown]
        assert pruned_root(len(data), changed, nodes) != root_of(hashes)
    for (i, a), (j, b) in pairwise(shown):
        swapped = sorted([*(pair for pair in shown if pair[0] not in (i, j)), (i, b), (j, a)])
        assert a == b or pruned_root(len(data), swapped, nodes) != root_of(hashes)
    assert pruned_root(len(data), shown[::-1], nodes) is None or len(shown) < 2
    assert pruned_root(len(data), [*shown, (len(data), b"x" * 32)], nodes) is None


def test_the_proof_of_a_growing_log_goes_on_after_it_was_asked_for():
    pruning, hashes = Pruning(), hashed([bytes([n]) for n in range(21)])
    for index, leaf in enumerate(hashes):
        pruning.append(leaf, keep=index % 5 == 0)
        kept = [(i, hashes[i]) for i in range(0, index + 1, 5)]
        assert pruned_root(index + 1, kept, pruning.nodes()) == root_of(hashes[: index + 1])

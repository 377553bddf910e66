"""The verifier that goes into every export, by itself: its signature check and its tree against others'."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from store.evidence import standalone
from store.evidence.merkle import Pruning, leaf_hash, root_of
from store.evidence.signer import verifies

RFC_8032 = [  # section 7.1, tests 1 to 3: secret key, public key, message, signature
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
        "55141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
        "00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
        "027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_signatures_of_rfc_8032_hold(secret, public, message, signature):
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    assert private.sign(bytes.fromhex(message)).hex() == signature
    key, signed, text = bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(message)
    assert standalone.verifies(key, signed, text)
    assert not standalone.verifies(key, signed, text + b"x")
    assert not standalone.verifies(key, signed[:-1], text)
    above = (int.from_bytes(signed[32:], "little") + standalone.Q).to_bytes(32, "little")
    assert not standalone.verifies(key, signed[:32] + above, text)  # the same number, spelled another way


@settings(max_examples=40)
@given(message=st.binary(max_size=40), place=st.integers(0, 64 * 8 - 1), seed=st.binary(min_size=32, max_size=32))
def test_it_agrees_with_the_library_on_every_signature_good_or_bad(message, place, seed):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert standalone.verifies(key, signature, message)
    changed = bytearray(signature)
    changed[place // 8] ^= 1 << place % 8
    assert standalone.verifies(key, bytes(changed), message) is verifies(key, bytes(changed), message) is False


def test_its_key_is_that_of_the_certificate(signer):
    assert standalone.key_of(signer.certificate) == signer.public_key
    with pytest.raises(ValueError, match="expected a PEM"):
        standalone.key_of(b"nothing")


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=60), st.data())
def test_its_pruned_tree_is_ours(data, draw):
    hashes = [leaf_hash(leaf) for leaf in data]
    kept = draw.draw(st.sets(st.integers(0, len(data) - 1), min_size=1))
    pruning = Pruning()
    for index, leaf in enumerate(hashes):
        pruning.append(leaf, keep=index in kept)
    shown = {index: hashes[index] for index in kept}
    assert standalone.pruned_root(len(data), shown, pruning.nodes()) == root_of(hashes)
    assert standalone.pruned_root(len(data), shown, [*pruning.nodes(), b"x"]) is None
    assert standalone.pruned_root(len(data), {len(data): b"x"}, pruning.nodes()) is None


def test_it_speaks_of_times_as_we_do():
    assert standalone.moment(1_767_571_200_123_456_789) == "2026-01-05T00:00:00.123Z"

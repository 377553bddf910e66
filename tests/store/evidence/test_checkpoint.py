import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.evidence.checkpoint import Head, SignedHead, check_origin, key_id, notes, whole_notes
from store.evidence.errors import InvalidHead
from store.evidence.signer import FileSigner

HEAD = Head("r1", 42, b"\x07" * 32)


def test_a_head_is_a_checkpoint_in_a_signed_note(signer):
    note = SignedHead.sign(HEAD, signer).note()
    text, _, signature = note.rpartition("\n\n")
    assert text == "r1\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
    assert signature.startswith("— r1 ")
    assert signature.endswith("\n")


def test_the_notation_is_that_of_other_logs():
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
        "zyWE+xeMcTOAYQ8=\n"
    )
    signed = SignedHead.parse(note)
    assert signed.head.size == 20852163
    assert signed.head.origin == "example.com/behind-the-sofa"
    assert signed.note() == note
    # A known pair of a key and its id, from the documentation of Go's note package.
    go_key = ["PeterNeumann", "c74f20a3", "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"]
    assert key_id(go_key[0], base64.b64decode(go_key[2])[1:]).hex() == go_key[1]


def test_a_note_of_another_implementation_verifies():
    key = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = base64.b64decode(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    assert signature[:4] == key_id("PeterNeumann", key)
    signed = SignedHead(Head("PeterNeumann", 0, b""), text, (("PeterNeumann", signature),))
    assert signed.signed_by(key)


@given(size=st.integers(0, 2**62), root=st.binary(min_size=32, max_size=32))
def test_a_head_comes_back_and_holds_only_as_it_was_signed(signer, size, root):
    signed = SignedHead.sign(Head("r1", size, root), signer)
    again = SignedHead.parse(signed.note())
    assert again == signed
    assert again.signed_by(signer.public_key)
    other = SignedHead.parse(signed.note().replace(f"\n{size}\n", f"\n{size + 1}\n"))
    assert other.knows(signer.public_key)
    assert not other.signed_by(signer.public_key)


def test_a_signature_of_another_key_is_not_ours_and_of_a_witness_is_let_be(signer, tmp_path):
    other = FileSigner.open_or_create(tmp_path / "k")
    signed = SignedHead.sign(HEAD, signer)
    assert not signed.knows(other.public_key)
    assert not signed.signed_by(other.public_key)
    witness = SignedHead.sign(Head("w.example", 1, b"\1" * 32), other).signatures
    both = SignedHead.parse(SignedHead(HEAD, signed.text, signed.signatures + witness).note())
    assert both.signed_by(signer.public_key)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "r1\n42\n",
        "r1\n42\n\n— r1 AAAAAAAAAAA=\n",
        "r1\n042\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n— r1 AAAAAAAAAAA=\n",
        "r1\n-1\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n— r1 AAAAAAAAAAA=\n",
        "r1\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwd=\n\n— r1 AAAAAAAAAAA=\n",
        "r1\n42\nBwcHBwc=\n\n— r1 AAAAAAAAAAA=\n",
        "r1\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n- r1 AAAAAAAAAAA=\n",
        "r1\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n— r1 AAAA\n",
        "r1\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n— r1\n",
        "r1\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n— r1 AAAAAAAAAAA=",
        "r1\t\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n— r1 AAAAAAAAAAA=\n",
        "r1\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n" + "— r1 AAAAAAAAAAA=\n" * 17,
    ],
)
def test_whatever_is_not_a_signed_head_is_refused(note):
    with pytest.raises(InvalidHead):
        SignedHead.parse(note)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u3000b", "x" * 201])
def test_a_recorder_whose_name_could_be_misread_is_refused(name, signer):
    with pytest.raises(InvalidHead):
        check_origin(name)
    with pytest.raises(InvalidHead):
        SignedHead.sign(Head(name, 1, b"\0" * 32), signer)


@given(st.lists(st.integers(1, 10**6), max_size=5), st.integers(0, 10**6))
def test_notes_are_found_in_a_file_and_a_torn_one_is_told_from_whole_ones(signer, sizes, cut):
    written = [SignedHead.sign(Head("r1", size, b"\2" * 32), signer).note() for size in sizes]
    file = "".join(f"{note}\n" for note in written)
    assert [note for _, note in notes(file)] == written
    lines = file.split("\n")
    assert all(lines[number - 1] == "r1" for number, _ in notes(file))
    data = file.encode()
    torn = data[: cut % (len(data) + 1)]
    end, last = whole_notes(torn)
    whole = torn[:end].decode()
    assert file.startswith(whole)
    kept = [note for _, note in notes(whole)]
    assert kept == written[: len(kept)]
    assert last == (kept[-1].encode() if kept else None)
    assert torn[end:].count(b"\n\n") <= 1

"""Exports and folders meant to mislead, to stop or to exhaust who verifies them. Both verifiers, ours and the export's
own, answer 0, 1 or 2 in lines, and 0 only where nothing of what was exported is another."""

import io
import json
import os
import random
import re
import shutil
import socket
import struct
import zipfile
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from evidence_hour import SECOND, T0, VIDEO, record_hour
from hypothesis import given
from hypothesis import strategies as st

from console import evidence
from store.evidence import standalone
from store.evidence.errors import EvidenceError, Unreadable
from store.evidence.export import export
from store.evidence.leaf import canonical
from store.evidence.manifest import Request
from store.evidence.range_verification import verify_range
from store.evidence.signer import FileSigner

LENGTH = 12  # seconds
DEEP = b"[" * 200_000 + b"]" * 200_000
Answer = tuple[int, list[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, signer: FileSigner) -> Path:
    folder = tmp_path_factory.mktemp("small") / "r1"
    record_hour(folder, signer, seconds=LENGTH)
    return folder


@pytest.fixture(scope="module")
def package(folder: Path, signer: FileSigner) -> Path:
    out = folder.parent / "e.zip"
    times = {"from_ns": T0 + 2 * SECOND, "to_ns": T0 + 9 * SECOND, "now_ns": T0 + LENGTH * SECOND}
    export(
        folder,
        out,
        streams=(VIDEO,),
        request=Request(asked_by="a", approved_by="b", reason="c"),
        signer=signer,
        **times,
    )
    return out


@pytest.fixture(scope="module")
def key(folder: Path, signer: FileSigner) -> Path:
    path = folder.parent / "trusted.pem"
    path.write_bytes(signer.certificate)
    return path


def by_us(path: Path, key: Path) -> Answer:
    """What `ducha evidence verify --key` says; a mistake of a user is one line and status 2."""
    said: list[str] = []
    try:
        return int(not evidence.verify(path, [key], said.append)), said
    except EvidenceError as error:
        return 2, [*said, str(error)]


def by_python_alone(path: Path, key: Path) -> Answer:
    """What the export's own `verify.py` says."""
    with redirect_stdout(io.StringIO()) as out:
        status = standalone.main([str(path), "--key", str(key)])
    return status, out.getvalue()[:-1].split("\n")


def answers(path: Path, key: Path) -> list[Answer]:
    """What both say, which is always in lines that can be printed."""
    both = [by_us(path, key), by_python_alone(path, key)]
    for status, said in both:
        assert status in (0, 1, 2)
        assert said
        for line in said:
            assert line.isprintable(), line
        assert status != 2 or len(said[-1]) < 1_000
    return both


def unpack(package: Path, out: Path) -> Path:
    shutil.unpack_archive(package, out)
    return out


def files_of(package: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(package) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(files: dict[str, bytes], path: Path, comment: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = comment
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return path


def test_what_was_not_touched_is_intact_however_it_is_packed(package: Path, key: Path, tmp_path: Path) -> None:
    again = pack(files_of(package), tmp_path / "again.zip")
    for path in (package, again, unpack(package, tmp_path / "e")):
        assert [status for status, _ in answers(path, key)] == [0, 0]


# --- ZIPs that two programs read in two ways ---


def entry_of(data: bytes, name: bytes) -> tuple[int, int]:
    """Where a file's header is, and where its entry of the directory."""
    places = (found.start() for found in re.finditer(re.escape(name), data))
    return next(at for at in places if data[at - 30 : at - 26] == b"PK\x03\x04") - 30, data.rindex(name) - 46


def changed(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def renamed_in_its_header(data: bytes) -> bytes:
    return changed(data, entry_of(data, b"manifest.sig")[0] + 30, b"manifest.xxx")


def another_size_in_its_header(data: bytes) -> bytes:
    return changed(data, entry_of(data, b"manifest.sig")[0] + 22, struct.pack("<I", 7))


def another_method_in_its_header(data: bytes) -> bytes:
    return changed(data, entry_of(data, b"manifest.sig")[0] + 8, b"\x08\x00")


def another_sum_in_its_header(data: bytes) -> bytes:
    return changed(data, entry_of(data, b"manifest.sig")[0] + 14, b"abcd")


def encrypted(data: bytes) -> bytes:
    at, entry = entry_of(data, b"manifest.sig")
    return changed(changed(data, at + 6, b"\x01\x00"), entry + 8, b"\x01\x00")


def something_before(data: bytes) -> bytes:
    return b"#!/bin/sh\n" + data


def something_behind(data: bytes) -> bytes:
    return data + b"\n"


def a_comment(data: bytes) -> bytes:
    return data[:-2] + b"\x05\x00hello"


def moved(data: bytes, by: bytes) -> bytes:
    """`by` between the files and their directory, which is said to be where it is then."""
    at = struct.unpack("<I", data[-6:-2])[0]
    return changed(data[:at] + by + data[at:], len(data) + len(by) - 6, struct.pack("<I", at + len(by)))


def a_gap_before_the_directory(data: bytes) -> bytes:
    return moved(data, b"hidden")


def a_file_that_the_directory_does_not_name(data: bytes) -> bytes:
    with zipfile.ZipFile(hidden := io.BytesIO(), "w") as archive:
        archive.writestr("evil", b"evil")
    return moved(data, hidden.getvalue()[: hidden.getvalue().index(b"PK\x01\x02")])


def an_end_before_its_end(data: bytes) -> bytes:
    return moved(data, data[-22:])


def fewer_entries_than_there_are(data: bytes) -> bytes:
    count = struct.unpack("<H", data[-12:-10])[0] - 1
    return changed(data, len(data) - 14, struct.pack("<HH", count, count))


@pytest.mark.parametrize(
    "harm",
    [
        renamed_in_its_header, another_size_in_its_header, another_method_in_its_header, another_sum_in_its_header,
        encrypted, something_before, something_behind, a_comment, a_gap_before_the_directory,
        a_file_that_the_directory_does_not_name, an_end_before_its_end, fewer_entries_than_there_are,
    ],
    ids=lambda harm: harm.__name__,
)  # fmt: skip
def test_a_zip_that_says_two_things_is_unreadable(
    harm: Callable[[bytes], bytes], package: Path, key: Path, tmp_path: Path
) -> None:
    for whole in (package.read_bytes(), pack(files_of(package), tmp_path / "again.zip").read_bytes()):
        (tmp_path / "e.zip").write_bytes(harm(whole))
        assert [status for status, _ in answers(tmp_path / "e.zip", key)] == [2, 2]


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../x", "a//x", "./x", "a\\x", "C:x", "x/", "a\nb", "a\x1bb", "a\u2028b", "a\x7f", ""]
)
def test_a_name_that_leads_elsewhere_or_deceives_the_eye_is_unreadable(
    name: str, package: Path, key: Path, tmp_path: Path
) -> None:
    pack(files_of(package) | {name: b"x"}, tmp_path / "e.zip")
    assert [status for status, _ in answers(tmp_path / "e.zip", key)] == [2, 2]


def test_a_foreign_file_does_not_belong(package: Path, key: Path, tmp_path: Path) -> None:
    pack(files_of(package) | {"data/cam1.video/more.mp4": b"x", "说明.txt": b"x"}, tmp_path / "e.zip")
    for status, said in answers(tmp_path / "e.zip", key):
        assert status == 1
        assert sum("does not belong to the export" in line for line in said) == 2


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_unreadable(package: Path, key: Path, tmp_path: Path) -> None:
    shutil.copy(package, tmp_path / "e.zip")
    with zipfile.ZipFile(tmp_path / "e.zip", "a") as archive:
        archive.writestr("manifest.json", b"{}")
    assert [status for status, _ in answers(tmp_path / "e.zip", key)] == [2, 2]


# --- something else than files ---


def fifo(path: Path) -> None:
    os.mkfifo(path)


def sockets(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        before = Path.cwd()
        os.chdir(path.parent)
        try:
            bound.bind(path.name)
        finally:
            os.chdir(before)


def link(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folders(path: Path) -> None:
    path.mkdir()
    (path / "x").write_bytes(b"")


@pytest.mark.parametrize("instead", [fifo, sockets, link, folders], ids=lambda instead: instead.__name__)
@pytest.mark.parametrize("name", ["manifest.json", "leaves.jsonl", "recorder.pem", "footage"])
def test_what_is_no_file_is_named_and_not_waited_for(
    instead: Callable[[Path], None], name: str, package: Path, key: Path, tmp_path: Path
) -> None:
    e = unpack(package, tmp_path / "e")
    path = next((e / "data").rglob("*.mp4")) if name == "footage" else e / name
    path.unlink()
    instead(path)
    for status, _ in answers(e, key):
        assert status in ((1, 2) if instead is folders else (2,))
    if instead is not folders:
        assert [status for status, _ in answers(path, key)] == [2, 2]
        assert [status for status, _ in answers(package, path)] == [2, 2]


@pytest.mark.parametrize("instead", [fifo, sockets, link, folders], ids=lambda instead: instead.__name__)
@pytest.mark.parametrize("name", ["recorder.json", "certificate.pem", "leaves.jsonl", "heads.txt", "footage"])
def test_nor_is_it_in_a_recorders_folder(
    instead: Callable[[Path], None], name: str, folder: Path, key: Path, tmp_path: Path
) -> None:
    r = tmp_path / "r"
    shutil.copytree(folder, r)
    path = next((r / VIDEO).rglob("*.mp4")) if name == "footage" else r / name
    path.unlink()
    instead(path)
    status, said = by_us(r, key)
    assert status == 1 if name == "footage" else status == 2, said
    if name != "footage":
        with pytest.raises(Unreadable, match="expected a recorder's folder"):
            verify_range(r, (VIDEO,), T0 + 2 * SECOND, T0 + 9 * SECOND)


def test_what_no_leaf_speaks_of_is_named_where_it_lies_among_recordings(
    folder: Path, key: Path, tmp_path: Path
) -> None:
    r = tmp_path / "r"
    shutil.copytree(folder, r)
    day = next((r / VIDEO).iterdir())
    os.mkfifo(day / "fifo")
    (day / "000000-0.mp4.bak").write_bytes(b"x")
    (r / VIDEO / "notes.txt").write_bytes(b"x")
    (day / "999999-9.mp4").write_bytes(b"as a crash leaves it: the newest")
    status, said = by_us(r, key)
    assert status == 1
    strange = [line.rpartition(": ")[2] for line in said if "of which no leaf speaks" in line]
    assert sorted(strange) == [f"{day.relative_to(r)}/{name}" for name in ("000000-0.mp4.bak", "fifo")] + [
        f"{VIDEO}/notes.txt"
    ]


# --- JSON without end ---

BAD = {
    "deep": DEEP,
    "deep objects": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "a huge number": b"1" * 2_000_000,
    "a huge exponent": b"1e999999999",
    "NaN": b'{"v":NaN}',
    "Infinity": b"[-Infinity]",
    "a key twice": b'{"v":1,"v":1}',
    "a lone surrogate": b'{"v":"\\ud800"}',
    "no UTF-8": b'{"v":"\xff\xfe"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "nothing": b"",
    "null": b"null",
    "zeros": bytes(100_000),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("name", ["manifest.json", "proof.json", "leaves.jsonl", "heads.txt", "recorder.pem"])
def test_json_without_end_or_sense_is_a_line(name: str, bad: bytes, package: Path, key: Path, tmp_path: Path) -> None:
    path = pack(files_of(package) | {name: bad + b"\n" * (name == "leaves.jsonl")}, tmp_path / "e.zip")
    for status, _ in answers(path, key):
        assert status in (1, 2)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_nor_does_a_recorders_folder_take_it(bad: bytes, folder: Path, key: Path, tmp_path: Path) -> None:
    for name in ("recorder.json", "leaves.jsonl", "heads.txt", "certificate.pem"):
        r = tmp_path / name
        shutil.copytree(folder, r)
        (r / name).write_bytes(bad + b"\n")
        assert by_us(r, key)[0] in (1, 2)


def test_numbers_that_would_take_for_ever_are_told_at_once(package: Path, key: Path, tmp_path: Path) -> None:
    for member, value in (
        ("end_seq", 2**53),
        ("first_seq", 2**53),
        ("end_seq", 2**70),
        ("end_seq", -1),
        ("end_seq", True),
    ):
        files = files_of(package)
        manifest = json.loads(files["manifest.json"])
        manifest["streams"][0][member] = value
        files["manifest.json"] = canonical(manifest)
        for status, said in answers(pack(files, tmp_path / "e.zip"), key):
            assert status in (1, 2)
            assert len(said) < 100
    manifest = json.loads(files_of(package)["manifest.json"])
    for segment in manifest["streams"][0]["segments"]:
        segment["bytes"] = 2**53
    files["manifest.json"] = canonical(manifest)
    assert {status for status, _ in answers(pack(files, tmp_path / "e.zip"), key)} == {1}


# --- at random ---


def spoiled(data: bytes, chance: random.Random) -> bytes:
    """The data with some bytes changed, put in, taken out, moved or said twice."""
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        at, length = chance.randrange(len(data)), min(chance.choice((1, 1, 2, 4, 30, 500)), len(data))
        part = data[at : at + length]
        match chance.randrange(6):
            case 0:
                data = changed(data, at, bytes([data[at] ^ 1 << chance.randrange(8)]))
            case 1:
                data = data[:at] + data[at + length :]
            case 2:
                data = data[:at] + chance.randbytes(length) + data[at:]
            case 3:
                to = chance.randrange(len(data))
                data = data[:to] + part + data[to:]
            case 4:
                data = changed(data, at, chance.choice((b"\0", b"\xff", b"\n", b'"', b"[", b"}", b"9")) * length)[
                    : len(data)
                ]
            case _:
                data = data[:at] if at > len(data) // 2 else data[at:]
        if not data:
            return b"?"
    return data


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_changed_in_the_zip_is_answered_and_never_taken_for_what_was_exported(
    seed: int, package: Path, key: Path, tmp_path: Path
) -> None:
    chance, whole, files = random.Random(seed), package.read_bytes(), files_of(package)
    for _ in range(60):
        (tmp_path / "e.zip").write_bytes(spoiled(whole, chance))
        for status, said in answers(tmp_path / "e.zip", key):
            if status == 0:  # what does not matter: times, and where extra fields are
                assert files_of(tmp_path / "e.zip") == files, said


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_changed_in_its_files_is_answered_and_never_taken_for_what_was_exported(
    seed: int, package: Path, key: Path, tmp_path: Path
) -> None:
    chance, files = random.Random(seed), files_of(package)
    for _ in range(60):
        bad = dict(files)
        name = chance.choice(sorted(bad))
        match chance.randrange(8):
            case 0:
                del bad[name]
            case 1:
                bad[name + chance.choice((".bak", "x"))] = bad[name]
            case 2:
                bad[name] = bad[chance.choice(sorted(bad))]
            case _:
                bad[name] = spoiled(bad[name], chance)
        for status, said in answers(pack(bad, tmp_path / "e.zip"), key):
            assert status != 0 or bad == files, (name, said)


@given(
    st.recursive(
        st.integers(0, 2**62) | st.text(max_size=20) | st.booleans(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    )
)
def test_what_we_write_as_canonical_json_is_that_for_python_alone(document: object) -> None:
    assert standalone.parsed(canonical({"it": document}), {}) == {"it": document}

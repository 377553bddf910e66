"""`ducha evidence verify` on real folders and exports, as they are and as an outsider changed them."""

import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from evidence_hour import SECOND, STREAMS, T0, VIDEO, record_hour
from typer.testing import CliRunner

from benchmarks.forger import ACTS, Forgery, Record, Second, duplicate, parsed, relink, rewritten, second, truncate
from benchmarks.naming import naming
from console.cli import app, main
from store.evidence.errors import Unreadable
from store.evidence.export import export
from store.evidence.leaf import SegmentBody, canonical
from store.evidence.manifest import Request
from store.evidence.signer import FileSigner
from store.evidence.verdict import Finding, Verdict
from store.evidence.verification import read_leaves

ROOT = Path(__file__).resolve().parents[3]
LINE = re.compile(r"([A-Z][A-Z ]+?) (all streams|cam1\.\w+)(?: (\S+|the beginning) to (\S+|the end))?: (.*)")
LENGTH = 600  # seconds


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, signer: FileSigner) -> Path:
    """Ten recorded minutes."""
    folder = tmp_path_factory.mktemp("minutes") / "r1"
    record_hour(folder, signer, seconds=LENGTH)
    return folder


@pytest.fixture(scope="module")
def package(folder: Path, signer: FileSigner) -> Path:
    """Their export from the 200th to the 400th second."""
    out = folder.parent / "e.zip"
    request = Request(asked_by="a", approved_by="b", reason="complaint")
    times = {"from_ns": T0 + 200 * SECOND, "to_ns": T0 + 400 * SECOND, "now_ns": T0 + LENGTH * SECOND}
    export(folder, out, streams=STREAMS, request=request, signer=signer, **times)
    return out


def verify(path: Path, *more: str) -> tuple[int, list[Finding], str]:
    """Exit status, findings as the lines say them, and everything that was said."""
    done = CliRunner().invoke(app, ["evidence", "verify", str(path), *(more or ["--untrusted-key"])])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    findings = []
    for line in done.stdout.splitlines():
        found = LINE.fullmatch(line)
        if found and found[1] in list(Verdict):
            stream = None if found[2] == "all streams" else found[2]
            findings.append(Finding(Verdict(found[1]), found[5], stream, time(found[3]), time(found[4])))
    return done.exit_code, findings, done.stdout


def time(text: str | None) -> int | None:
    if text is None or text.startswith("the "):
        return None
    return int(datetime.fromisoformat(text).timestamp() * 1000) * 1_000_000


def test_a_folder_as_it_was_recorded_is_intact(folder):
    status, findings, said = verify(folder)
    assert status == 0, said
    assert [(f.verdict, f.stream) for f in findings] == [(Verdict.INTACT, s) for s in sorted(STREAMS)]
    assert "its own word" in said
    assert said.splitlines()[-2].startswith("county/r1: intact; 1,204 leaves, 0.4 MB")
    assert said.splitlines()[-1].startswith("the key is not trusted")


def test_the_trusted_key_decides(folder, tmp_path, signer):
    other = FileSigner.open_or_create(tmp_path / "other.pem")
    (tmp_path / "good.pem").write_bytes(signer.certificate)
    (tmp_path / "bad.pem").write_bytes(other.certificate)
    assert verify(folder, "--key", str(tmp_path / "good.pem"))[0] == 0
    status, findings, said = verify(folder, "--key", str(tmp_path / "bad.pem"))
    assert status == 1
    assert Verdict.UNKNOWN_KEY in [f.verdict for f in findings]
    assert "NOT trusted" in said


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_a_folder_that_was_changed_is_not_intact_and_the_second_is_named(act, number, folder, tmp_path):
    chance = random.Random(f"{act.__name__} {number}")
    record, stream, rehash = Record.read(folder), chance.choice(STREAMS), number % 2 == 1
    forgery = act(record, stream, chance.choice(record.segments(stream)), chance, rehash)
    record.write(tmp_path / "r1")
    status, findings, said = verify(tmp_path / "r1")
    assert status == 1, said
    assert naming(forgery, findings, seconds(folder), rehash=rehash).exact, f"{forgery.seconds[0]}\n{said}"


def seconds(folder: Path) -> list[Second]:
    """All that were recorded."""
    leaves = read_leaves(folder / "leaves.jsonl")
    return [second(leaf) for leaf in leaves if leaf and isinstance(leaf.body, SegmentBody)]


# --- exports ---

Files = dict[str, bytes]


def unpack(package: Path) -> Files:
    with zipfile.ZipFile(package) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(files: Files, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return path


def change_footage(files: Files, chance: random.Random, how: str) -> Forgery:
    """Change one second of the footage in the export."""
    manifest = json.loads(files["manifest.json"])
    stream = chance.choice(manifest["streams"])
    segment = chance.choice(stream["segments"][:-1])
    at = next(i for i, s in enumerate(stream["segments"]) if s["seq"] == segment["seq"])
    data, begin, end = files[segment["file"]], segment["at"], segment["at"] + segment["bytes"]
    changed = [s for s in stream["segments"][at:] if s["file"] == segment["file"]]
    one = bytearray(data[begin:end])
    if how == "flip":
        one[chance.randrange(len(one))] ^= 1 << chance.randrange(8)
        files[segment["file"]] = data[:begin] + one + data[end:]
        changed = changed[:1]
    elif how == "cut":
        files[segment["file"]] = data[: begin + chance.randrange(len(one))]
    elif how == "drop":
        files[segment["file"]] = data[:begin] + data[end:]
    elif how == "duplicate":
        files[segment["file"]] = data[:end] + one + data[end:]
        changed = changed[1:] or changed
    else:
        other = next(s for s in (*stream["segments"][at + 1 :], *stream["segments"]) if s["seq"] != segment["seq"])
        size = min(segment["bytes"], other["bytes"])
        for a, b in ((segment, other), (other, segment)):
            piece = data[b["at"] : b["at"] + size] if b["file"] == segment["file"] else unrelated(files, b, size)
            whole = files[a["file"]]
            files[a["file"]] = whole[: a["at"]] + piece + whole[a["at"] + size :]
        changed = [segment, other]
    return Forgery(f"{how} footage", tuple(Second(stream["stream"], s["from_ns"], s["to_ns"]) for s in changed))


def unrelated(files: Files, segment: dict[str, object], size: int) -> bytes:
    at = segment["at"]
    assert isinstance(at, int)
    return files[str(segment["file"])][at : at + size]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("how", ["flip", "cut", "drop", "duplicate", "swap"])
def test_footage_of_an_export_that_was_changed_is_named_to_the_second(how, number, folder, package, tmp_path):
    files = unpack(package)
    forgery = change_footage(files, random.Random(f"{how} {number}"), how)
    status, findings, said = verify(pack(files, tmp_path / "e.zip"))
    assert status == 1, said
    whole = [f for f in findings if f.from_ns is not None]
    assert naming(forgery, whole, seconds(folder), rehash=False).exact, f"{forgery.seconds[0]}\n{said}"


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("act", [a for a in ACTS if a.__name__ not in ("flip_data", "cut_data", "swap_data")])
def test_leaves_of_an_export_that_were_changed_are_named(act, number, package, tmp_path):
    files, chance = unpack(package), random.Random(f"{act.__name__} {number}")
    record = Record([parsed(line) for line in files["leaves.jsonl"].splitlines()])
    stream, rehash = chance.choice(STREAMS), number % 2 == 1
    forgery = act(record, stream, chance.choice(record.segments(stream)), chance, rehash)
    files["leaves.jsonl"] = record.lines()
    status, findings, said = verify(pack(files, tmp_path / "e.zip"))
    assert status == 1, said
    assert "leaves.jsonl is not as it was exported" in said
    timed = [f for f in findings if f.from_ns is not None or f.to_ns is not None]
    at = forgery.seconds[-1 if act is duplicate else 0].middle_ns  # of what is no leaf of the export, where it stands
    near = [f for f in timed if not f.sound and (f.from_ns or 0) <= at <= (f.to_ns or at)]
    assert near, said
    if not rehash and act is not truncate:
        assert min((f.to_ns or 0) - (f.from_ns or 0) for f in near) <= 2 * SECOND, said


@pytest.mark.parametrize("signed_again", [False, True])
def test_a_forger_who_makes_everything_fit_but_the_signature_is_found(signed_again, package, tmp_path):
    files = unpack(package)
    manifest = json.loads(files["manifest.json"])
    video = next(s for s in manifest["streams"] if s["stream"] == VIDEO)
    segment = video["segments"][100]
    data = bytearray(files[segment["file"]])
    data[segment["at"]] ^= 1
    files[segment["file"]] = bytes(data)
    digest = hashlib.sha256(data[segment["at"] : segment["at"] + segment["bytes"]]).hexdigest()
    record = Record([parsed(line) for line in files["leaves.jsonl"].splitlines()])
    position = next(p for p in record.segments(VIDEO) if (x := record.leaves[p]) and x.seq == segment["seq"])
    leaf = record.leaves[position]
    assert leaf is not None
    assert isinstance(leaf.body, SegmentBody)
    record.leaves[position] = rewritten(leaf, sha256=digest)
    relink(record, VIDEO, position)
    files["leaves.jsonl"] = record.lines()
    proof = json.loads(files["proof.json"])
    proof["hashes"] = [x.hash for x in record.leaves if x is not None]
    files["proof.json"] = canonical(proof)
    by_seq = {x.seq: x for x in record.leaves if x is not None and x.stream == VIDEO}
    for told in video["segments"]:
        told |= {"leaf": by_seq[told["seq"]].hash, "sha256": getattr(by_seq[told["seq"]].body, "sha256", "")}
    rest = [name for name in files if name not in ("manifest.json", "manifest.sig", "SHA256SUMS")]
    files["SHA256SUMS"] = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(rest)).encode()
    manifest["sha256sums"] = hashlib.sha256(files["SHA256SUMS"]).hexdigest()
    files["manifest.json"] = canonical(manifest)
    if signed_again:  # by the exporter's key: then still the recorder's head speaks against it
        files["manifest.sig"] = FileSigner.open_or_create(tmp_path / "k").sign(files["manifest.json"])
        files["certificate.pem"] = FileSigner.open_or_create(tmp_path / "k").certificate
        files["SHA256SUMS"] = files["SHA256SUMS"].replace(
            hashlib.sha256(unpack(package)["certificate.pem"]).hexdigest().encode() + b"  certificate.pem",
            hashlib.sha256(files["certificate.pem"]).hexdigest().encode() + b"  certificate.pem",
        )
        manifest["sha256sums"] = hashlib.sha256(files["SHA256SUMS"]).hexdigest()
        files["manifest.json"] = canonical(manifest)
        files["manifest.sig"] = FileSigner.open_or_create(tmp_path / "k").sign(files["manifest.json"])
    status, findings, said = verify(pack(files, tmp_path / "e.zip"))
    assert status == 1
    assert any(f.verdict is Verdict.UNANCHORED and f.from_ns == T0 + 200 * SECOND for f in findings), said
    assert ("manifest.json is not as the exporter signed it" in said) is not signed_again


def test_no_bit_of_any_file_can_be_flipped_unseen(package, tmp_path):
    chance = random.Random(7)
    good = unpack(package)
    for name in good:
        for _ in range(3):
            data = bytearray(good[name])
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            path = pack(good | {name: bytes(data)}, tmp_path / "e.zip")
            done = CliRunner().invoke(app, ["evidence", "verify", str(path)])
            assert done.exit_code == 1, (name, done.stdout)
            assert isinstance(done.exception, SystemExit | Unreadable), (name, done.exception)


def test_python_alone_finds_the_same(package, tmp_path):
    chance = random.Random(3)
    for number in range(8):
        files = unpack(package)
        if number % 2:
            change_footage(files, chance, ("flip", "cut", "drop", "swap")[number // 2])
        else:
            record = Record([parsed(line) for line in files["leaves.jsonl"].splitlines()])
            act = [a for a in ACTS if a.__name__ in ("drop", "retime", "flip_leaf", "duplicate")][number // 2]
            act(record, VIDEO, chance.choice(record.segments(VIDEO)), chance, True)
            files["leaves.jsonl"] = record.lines()
        (tmp_path / "verify.py").write_bytes(files["verify.py"])
        path = pack(files, tmp_path / "e.zip")
        command = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(path), "--untrusted-key"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1].startswith("NOT INTACT")


# --- the command's contract ---


def test_the_exit_status_says_it(package, folder, tmp_path, signer):
    (tmp_path / "key.pem").write_bytes(signer.certificate)

    def status(path):
        command = [sys.executable, "-m", "console", "evidence", "verify", str(path), "--key", str(tmp_path / "key.pem")]
        return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60).returncode

    assert status(package) == 0
    record = Record.read(folder)
    record.leaves.pop(100)
    record.write(tmp_path / "r1")
    assert status(tmp_path / "r1") == 1


def test_what_nobody_said_to_trust_is_not_proved_however_intact(package, folder):
    for path in (package, folder):
        done = CliRunner().invoke(app, ["evidence", "verify", str(path)])
        assert done.exit_code == 1
        assert Verdict.ALTERED not in done.stdout
        assert done.stdout.splitlines()[-1].startswith("not proved: it fits its own keys")
        status, _, said = verify(path, "--untrusted-key")
        assert status == 0
        assert "not trusted" in said.splitlines()[-1]


def test_a_mistake_is_one_line_and_status_2(package, tmp_path, monkeypatch, capsys, signer):
    (tmp_path / "x.zip").write_bytes(b"PK")
    certificate = tmp_path.parent / "trusted.pem"
    certificate.write_bytes(signer.certificate)
    for arguments, says in (
        (("/no/such",), "no such file or folder"),
        ((str(tmp_path / "x.zip"),), "expected an export"),
        ((str(tmp_path),), "expected certificate.pem"),
        ((str(package), "--key", str(tmp_path / "x.zip")), "expected a certificate or public key as PEM"),
        ((str(package), "--key", "/no/such.pem"), "No such file"),
        ((str(package), "--key", str(certificate), "--untrusted-key"), "expected it without --key"),
        (("/dev/zero",), "expected a plain file, got a device"),
        (("x" * 5_000,), "File name too long"),
    ):
        monkeypatch.setattr(sys, "argv", ["ducha", "evidence", "verify", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr().err
        assert ended.value.code == 2
        assert said.startswith("ducha: ")
        assert says in said
        assert len(said.strip().splitlines()) == 1


def test_a_key_alone_speaks_for_nothing(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "r")
    (tmp_path / "r" / "heads.txt").write_text("")
    status, findings, _ = verify(tmp_path / "r")
    assert status == 1
    assert {f.verdict for f in findings} == {Verdict.UNANCHORED, Verdict.TRUNCATED}  # the resume point knows a head
    for witness in ("resume.json", "marks.jsonl"):
        (tmp_path / "r" / witness).unlink(missing_ok=True)
    status, findings, _ = verify(tmp_path / "r")
    assert status == 1
    assert {f.verdict for f in findings} == {Verdict.UNANCHORED}
    assert next(x for x in read_leaves(folder / "leaves.jsonl") if x).begin_ns == T0

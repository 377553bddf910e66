"""Exports of a recorded hour: whole and intact, checked with our own command, with Python alone, with openssl alone."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from evidence_hour import AUDIO, GAP, INIT, SECOND, STREAMS, T0, VIDEO, record_hour, segment

from store.evidence import selection
from store.evidence.errors import ExportError, Unreadable
from store.evidence.export import export
from store.evidence.export_verification import verify_export
from store.evidence.extent import Extent
from store.evidence.leaf import SealBody, StartBody, TombstoneBody
from store.evidence.log import EvidenceLog
from store.evidence.manifest import Request
from store.evidence.signer import FileSigner
from store.evidence.verdict import Verdict

REQUEST = Request(asked_by="reviewer-1", approved_by="chief-2", reason="complaint 12", case="A-1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, signer: FileSigner) -> Path:
    """The recorder's folder."""
    folder = tmp_path_factory.mktemp("hour") / "r1"
    record_hour(folder, signer)
    return folder


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> FileSigner:
    """The key of the console, which is another than the recorder's."""
    return FileSigner.open_or_create(tmp_path_factory.mktemp("exporter") / "k.pem")


def seconds(begin: float, end: float) -> dict[str, int]:
    return {"from_ns": T0 + int(begin * SECOND), "to_ns": T0 + int(end * SECOND)}


def make(folder, out, signer, begin=1000, end=1300, streams=STREAMS, **more):
    given = {"streams": streams, "request": REQUEST, "signer": signer, "now_ns": T0 + 10_000 * SECOND} | more
    return export(folder, out, **seconds(begin, end), **given)


def verdicts(path, *trusted):
    return [(f.verdict, f.stream) for f in verify_export(path, trusted).findings]


@pytest.mark.parametrize(
    ("begin", "end", "streams"),
    [
        (0, 3600, STREAMS),
        (-50, 4000, STREAMS),
        (1000, 1300, STREAMS),
        (1195.5, 1229.5, (VIDEO,)),
        (299.9, 300.1, (AUDIO,)),
        (3599, 3600, STREAMS),
        (0, 0.5, (VIDEO,)),
    ],
)
def test_what_is_exported_untouched_is_intact_whatever_the_range(
    folder, tmp_path, exporter, signer, begin, end, streams
):
    out = tmp_path / "e.zip"
    manifest = make(folder, out, exporter, begin, end, streams)
    for trusted in ((), (exporter.public_key, signer.public_key)):
        report = verify_export(out, trusted)
        assert report.sound, report.findings
        assert {f.stream for f in report.findings if f.verdict is Verdict.INTACT} == set(streams)
    gap = VIDEO in streams
    assert [f.verdict for f in report.findings if f.stream == VIDEO].count(Verdict.DECLARED_GAP) == gap
    assert report.bytes == sum(s.bytes for stream in manifest.streams for s in stream.segments)
    assert list(out.parent.iterdir()) == [out]


def test_an_unpacked_export_is_as_good_and_a_file_too_many_is_told(folder, tmp_path, exporter):
    make(folder, tmp_path / "e.zip", exporter)
    shutil.unpack_archive(tmp_path / "e.zip", tmp_path / "e")
    assert verify_export(tmp_path / "e").sound
    (tmp_path / "e" / "note.txt").write_text("hello")
    report = verify_export(tmp_path / "e")
    assert [f.detail for f in report.findings if not f.sound] == ["note.txt does not belong to the export"]


def test_the_footage_is_untouched_and_plays_from_its_initialisation_segment(folder, tmp_path, exporter):
    manifest = make(folder, tmp_path / "e.zip", exporter, 290, 310, (AUDIO,))
    with zipfile.ZipFile(tmp_path / "e.zip") as archive:
        assert archive.testzip() is None
        for file in manifest.streams[0].files:
            source, copy = (folder / file.source).read_bytes(), archive.read(file.file)
            assert copy[: file.init_bytes] == source[: file.init_bytes]
            assert source.endswith(copy[file.init_bytes :]) or source.startswith(copy)
    assert [s.seq for s in manifest.streams[0].segments] == list(range(291, 311))


def test_the_manifest_says_who_why_what_and_what_happened(folder, tmp_path, exporter):
    custody = [{"at": "2026-01-06T00:00:00Z", "who": "reviewer-1", "did": "viewed 观看"}]
    make(folder, tmp_path / "e.zip", exporter, custody=custody, clips=lambda _: {"c1.mp4": folder / "recorder.json"})
    with zipfile.ZipFile(tmp_path / "e.zip") as archive:
        text = archive.read("manifest.json")
        told = json.loads(text)
        assert archive.read("clips/c1.mp4") == (folder / "recorder.json").read_bytes()
    assert text == json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert told["request"] == msgspec.to_builtins(REQUEST)
    assert told["custody"] == custody
    video = next(s for s in told["streams"] if s["stream"] == VIDEO)
    begin, end = T0 + GAP[0] * SECOND, T0 + (GAP[-1] + 1) * SECOND
    assert video["gaps"] == [{"from_ns": begin, "to_ns": end, "reason": "source-lost"}]


def test_a_key_that_is_not_trusted_is_named(folder, tmp_path, exporter, signer):
    make(folder, tmp_path / "e.zip", exporter)
    assert (Verdict.UNKNOWN_KEY, None) in verdicts(tmp_path / "e.zip", signer.public_key)
    assert (Verdict.UNKNOWN_KEY, None) in verdicts(tmp_path / "e.zip", exporter.public_key)


def test_a_session_that_goes_on_is_intact_as_far_as_it_goes_and_open_at_its_end(tmp_path, signer):
    record_hour(tmp_path / "r", signer, seconds=100, seal=False)
    make(tmp_path / "r", tmp_path / "inside.zip", signer, 10, 90)
    assert verify_export(tmp_path / "inside.zip").sound
    assert standalone(tmp_path / "inside.zip").returncode == 0
    make(tmp_path / "r", tmp_path / "end.zip", signer, 10, 110)
    assert (Verdict.TRUNCATED, VIDEO) in verdicts(tmp_path / "end.zip")


def test_leaves_after_the_last_head_are_not_anchored(tmp_path, signer):
    record_hour(tmp_path / "r", signer, seconds=95, seal=False)
    heads = (tmp_path / "r" / "heads.txt").read_text().split("\n\n")
    (tmp_path / "r" / "heads.txt").write_text("\n\n".join(heads[:-31]) + "\n\n")
    make(tmp_path / "r", tmp_path / "e.zip", signer, 10, 90)
    report = verify_export(tmp_path / "e.zip")
    late = {f.stream: f for f in report.findings if f.verdict is Verdict.UNANCHORED}
    assert set(late) == set(STREAMS)
    assert late[VIDEO].from_ns == T0 + 80 * SECOND
    whole = {f.stream: f for f in report.findings if f.verdict is Verdict.INTACT}
    assert whole[VIDEO].to_ns == T0 + 80 * SECOND
    assert standalone(tmp_path / "e.zip").returncode == 1


def test_leaves_after_the_range_need_no_head_yet(tmp_path, signer):
    record_hour(tmp_path / "r", signer, seconds=95, seal=False)
    heads = (tmp_path / "r" / "heads.txt").read_text().split("\n\n")
    (tmp_path / "r" / "heads.txt").write_text("\n\n".join(heads[:-31]) + "\n\n")
    make(tmp_path / "r", tmp_path / "e.zip", signer, 10, 30)
    assert verify_export(tmp_path / "e.zip").sound
    assert standalone(tmp_path / "e.zip").returncode == 0


def test_what_retention_deleted_is_declared_and_what_vanished_is_missing(tmp_path, signer):
    record_hour(tmp_path / "r", signer, seconds=600)
    with EvidenceLog(tmp_path / "r", "county/r1", signer) as log:
        log.append(VIDEO, "s1", T0 + 700 * SECOND, 0, TombstoneBody(from_seq=1, to_seq=300, reason="90 days"))
        log.sign_head()
    first, second = sorted((tmp_path / "r" / VIDEO).rglob("*.mp4"))
    first.unlink()
    make(tmp_path / "r", tmp_path / "declared.zip", signer, 290, 310, (VIDEO,))
    report = verify_export(tmp_path / "declared.zip")
    assert report.sound, report.findings
    deleted = next(f for f in report.findings if f.verdict is Verdict.DECLARED_GAP)
    assert (deleted.detail, deleted.from_ns, deleted.to_ns) == ("deleted: 90 days", *seconds(290, 300).values())
    assert standalone(tmp_path / "declared.zip").returncode == 0

    second.unlink()
    make(tmp_path / "r", tmp_path / "missing.zip", signer, 290, 310, (VIDEO,))
    missing = [f for f in verify_export(tmp_path / "missing.zip").findings if not f.sound]
    assert [(f.verdict, f.from_ns, f.to_ns) for f in missing] == [(Verdict.MISSING, *seconds(300, 310).values())]
    assert standalone(tmp_path / "missing.zip").returncode == 1


# --- who may export ---


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"request": Request(asked_by="a", approved_by="a", reason="r")}, "another person"),
        ({"request": Request(asked_by="王伟", approved_by="王\u3000伟", reason="r")}, "another person"),
        ({"request": Request(asked_by="a", approved_by="b", reason=" ")}, "why"),
        ({"streams": ()}, "at least one"),
        ({"streams": ("cam9.video",)}, "nothing of cam9.video"),
        ({"begin": 20, "end": 10}, "end after its beginning"),
        ({"begin": 9_000, "end": 9_010}, "nothing of"),
        ({"clips": lambda _: {"../x": Path(__file__)}}, "relative file name"),
        ({"clips": lambda _: {"x": Path("/no/such")}}, "No such file"),
    ],
)
def test_what_can_not_be_exported_is_refused_and_leaves_nothing(folder, tmp_path, exporter, more, says):
    with pytest.raises(ExportError, match=says):
        make(folder, tmp_path / "e.zip", exporter, **more)
    assert list(tmp_path.iterdir()) == []


def record_sessions(folder: Path, signer: FileSigner) -> None:
    """Three sessions of ten seconds, at 0, 100 and 200."""
    with EvidenceLog(folder, "county/r1", signer) as log:
        for begin in (0, 100, 200):
            session, file = f"s{begin}", f"{VIDEO}/{begin}.mp4"
            (folder / VIDEO).mkdir(exist_ok=True)
            (folder / file).write_bytes(INIT + b"x" * 10)
            log.append(VIDEO, session, T0 + begin * SECOND, 0, StartBody(reason="on"))
            for n in range(10):
                body = segment(file, len(INIT) + n, b"x", begin + n)
                log.append(VIDEO, session, T0 + (begin + n) * SECOND, 0, body)
            seal = SealBody(final_seq=12 * begin // 100 + 11)
            log.append(VIDEO, session, T0 + (begin + 10) * SECOND, 0, seal)
            log.sign_head()


@pytest.mark.parametrize(
    ("begin", "end", "leaves"), [(100, 110, (12, 24)), (104, 106, (12, 24)), (99, 111, (11, 25)), (5, 105, (0, 24))]
)
def test_a_leaf_at_either_side_shows_that_nothing_of_the_range_is_left_out(tmp_path, signer, begin, end, leaves):
    record_sessions(tmp_path / "r", signer)
    manifest = make(tmp_path / "r", tmp_path / "e.zip", signer, begin, end, (VIDEO,))
    assert (manifest.streams[0].first_seq, manifest.streams[0].end_seq) == leaves
    assert verify_export(tmp_path / "e.zip").sound
    assert standalone(tmp_path / "e.zip").returncode == 0


def test_an_exporter_who_hides_the_beginning_is_found(tmp_path, signer, monkeypatch):
    record_sessions(tmp_path / "r", signer)
    chosen = {VIDEO: Extent(12, 25, 12, 24)}  # as a dishonest exporter would choose
    monkeypatch.setattr(selection, "extents", lambda *_: chosen)
    make(tmp_path / "r", tmp_path / "e.zip", signer, 5, 105, (VIDEO,))
    wrong = [f for f in verify_export(tmp_path / "e.zip").findings if not f.sound]
    assert [(f.verdict, f.from_ns, f.to_ns) for f in wrong] == [(Verdict.MISSING, *seconds(5, 100).values())]
    assert standalone(tmp_path / "e.zip").returncode == 1


# --- without us ---


def standalone(path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The export's own verify.py by a bare Python."""
    with zipfile.ZipFile(path) as archive:
        program = path.with_suffix(".py")
        program.write_bytes(archive.read("verify.py"))
    command = [sys.executable, "-I", "-S", str(program), str(path), *(more or ["--untrusted-key"])]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd="/")


def test_python_alone_finds_it_intact(folder, tmp_path, exporter, signer):
    make(folder, tmp_path / "e.zip", exporter)
    keys = [tmp_path / "one.pem", tmp_path / "two.pem"]
    for key, of in zip(keys, (exporter, signer), strict=True):
        key.write_bytes(of.certificate)
    done = standalone(tmp_path / "e.zip", "--key", str(keys[0]), "--key", str(keys[1]))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("INTACT as exported\n")
    assert "DECLARED GAP cam1.video 2026-01-05T00:20:00.000Z to 2026-01-05T00:20:30.000Z: source-lost" in done.stdout
    done = standalone(tmp_path / "e.zip", "--key", str(keys[0]))
    assert done.returncode == 1
    assert "UNKNOWN KEY of the recorder" in done.stdout


def test_unpacked_it_needs_to_know_whom_to_trust_and_nothing_else(folder, tmp_path, exporter):
    make(folder, tmp_path / "e.zip", exporter)
    shutil.unpack_archive(tmp_path / "e.zip", tmp_path / "e")
    command = [sys.executable, "-I", "-S", "verify.py"]
    done = subprocess.run(command, cwd=tmp_path / "e", capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("NOT PROVED")
    command += ["--untrusted-key"]
    done = subprocess.run(command, cwd=tmp_path / "e", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT TRUSTED" in done.stdout.splitlines()[-1]
    (tmp_path / "e" / "manifest.json").unlink()
    done = subprocess.run(command, cwd=tmp_path / "e", capture_output=True, text=True, timeout=60)
    assert done.returncode == 2


def readme_commands(folder: Path) -> list[str]:
    """The commands of the README's third way, in English and in Chinese alike."""
    chinese, english = (folder / "README.txt").read_text().split("\n\n\n", 1)
    found = []
    for text, begin in ((chinese, "三、"), (english, "3. ")):
        lines = text[text.index(begin) :].split("\n\n", 1)[0].splitlines()
        found.append([line.strip() for line in lines if line.split()[0] in ("openssl", "grep", "sha256sum")])
    assert found[0] == found[1]
    assert len(found[0]) == 3
    return found[0]


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("sha256sum")), reason="needs openssl and sha256sum")
def test_openssl_and_sha256sum_alone_find_it_intact_and_find_what_was_changed(folder, tmp_path, exporter):
    make(folder, tmp_path / "e.zip", exporter)
    shutil.unpack_archive(tmp_path / "e.zip", tmp_path / "e")
    commands = readme_commands(tmp_path / "e")

    def run() -> list[int]:
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        return [
            subprocess.run(
                ["sh", "-c", command], cwd=tmp_path / "e", env=env, capture_output=True, timeout=20
            ).returncode
            for command in commands
        ]

    assert run() == [0, 0, 0]
    for name, failing in (("manifest.json", 0), ("SHA256SUMS", 1), ("leaves.jsonl", 2)):
        path = tmp_path / "e" / name
        good = path.read_bytes()
        path.write_bytes(good.replace(b"5", b"6", 1))
        assert run()[failing] != 0
        path.write_bytes(good)
    footage = next((tmp_path / "e" / "data").rglob("*.mp4"))
    footage.write_bytes(footage.read_bytes()[:-1])
    assert run()[2] != 0
    assert verify_export(tmp_path / "e").sound is False


# --- archives meant to harm ---


def evil(path: Path, *names: str, method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"x" * 100, method)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_lead_outside_or_come_twice_are_refused(tmp_path):
    for names in (
        ("/etc/passwd",),
        ("../x",),
        ("a/../../x",),
        ("a\\b",),
        ("C:x",),
        ("a", "a"),
        ("a/",),
        ("a//b",),
        ("./a",),
    ):
        with pytest.raises(Unreadable):
            verify_export(evil(tmp_path / "e.zip", *names))


def test_what_is_no_export_is_unreadable(folder, tmp_path, exporter):
    with pytest.raises(Unreadable, match=r"certificate\.pem"):
        verify_export(evil(tmp_path / "e.zip", "a"))
    with pytest.raises(Unreadable, match="stored as they are"):
        verify_export(evil(tmp_path / "e.zip", "a", method=zipfile.ZIP_DEFLATED))
    (tmp_path / "e.zip").write_bytes(b"not a zip")
    with pytest.raises(Unreadable):
        verify_export(tmp_path / "e.zip")
    make(folder, tmp_path / "e.zip", exporter)
    data = (tmp_path / "e.zip").read_bytes()
    (tmp_path / "e.zip").write_bytes(data[: len(data) // 2])
    with pytest.raises(Unreadable):
        verify_export(tmp_path / "e.zip")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "link").symlink_to("/etc/passwd")
    with pytest.raises(Unreadable, match="plain"):
        verify_export(tmp_path / "d")


# --- real pictures ---


def boxes(data: bytes) -> list[tuple[str, bytes]]:
    """The top-level boxes of an MP4."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8].decode(), data[at : at + size]))
        at += size
    return found


def record_pictures(folder: Path, signer: FileSigner, seconds: int) -> None:
    """Fragmented H.264 of ten frames a second, a key frame and a fragment each second, as a recorder packs it."""
    av = pytest.importorskip("av")
    raw = folder.parent / "raw.mp4"
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(str(raw), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=10, options={"g": "10", "keyint_min": "10", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for n in range(seconds * 10):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for number, plane in enumerate(frame.planes):
                plane.update(bytes([(n * 3 + number * 40) % 256]) * plane.buffer_size)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    parts = boxes(raw.read_bytes())
    init = b"".join(data for kind, data in parts if kind in ("ftyp", "moov"))
    fragments = [a[1] + b[1] for a, b in pairwise(parts) if (a[0], b[0]) == ("moof", "mdat")]
    assert len(fragments) == seconds
    file = "cam1.video/20260105/000000-0.mp4"
    (folder / file).parent.mkdir(parents=True)
    (folder / file).write_bytes(init + b"".join(fragments))
    with EvidenceLog(folder, "county/r1", signer) as log:
        log.append(VIDEO, "s1", T0, 0, StartBody(reason="on"))
        at = len(init)
        for second, data in enumerate(fragments):
            told = segment(file, at, data, second)
            body = msgspec.structs.replace(
                told, init_bytes=len(init), init_sha256=hashlib.sha256(init).hexdigest(), frames=10
            )
            log.append(VIDEO, "s1", T0 + second * SECOND, 0, body)
            at += len(data)
        log.append(VIDEO, "s1", T0 + seconds * SECOND, 0, SealBody(final_seq=seconds + 1))
        log.sign_head()


def test_exported_pictures_play_and_are_those_of_the_range(tmp_path, signer):
    av = pytest.importorskip("av")
    record_pictures(tmp_path / "r", signer, seconds=8)
    make(tmp_path / "r", tmp_path / "e.zip", signer, 3, 6, (VIDEO,))
    assert verify_export(tmp_path / "e.zip").sound
    shutil.unpack_archive(tmp_path / "e.zip", tmp_path / "e")
    with av.open(str(next((tmp_path / "e" / "data").rglob("*.mp4")))) as container:
        frames = [(frame.time, bytes(frame.planes[0])[0]) for frame in container.decode(video=0)]
    with av.open(str(tmp_path / "raw.mp4")) as container:
        whole = [(frame.time, bytes(frame.planes[0])[0]) for frame in container.decode(video=0)]
    assert [luma for _, luma in frames] == [luma for _, luma in whole[30:60]]
    assert frames[1][0] - frames[0][0] == pytest.approx(0.1)

import errno
import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import psutil
import pytest

from store.evidence.checkpoint import SignedHead, notes
from store.evidence.errors import InvalidHead, InvalidLeaf, LogBroken, LogCorrupt, LogLocked, LogUnavailable
from store.evidence.leaf import GapBody, HeartbeatBody, Leaf, Reason, SealBody, StartBody
from store.evidence.log import Entry, EvidenceLog
from store.evidence.merkle import root_of
from store.evidence.recovery import TAIL_BYTES
from store.evidence.signer import FileSigner

ROOT = Path(__file__).resolve().parents[3]
BEAT = HeartbeatBody()


def beat(log, stream="c.video", n=0):
    return log.append(stream, "s1", 1_000 + n, n, BEAT)


def leaves(folder):
    return [Leaf.parse(line) for line in (folder / "leaves.jsonl").read_bytes().splitlines()]


def test_leaves_are_chained_by_stream_and_numbered_without_gaps(log, tmp_path):
    written = [beat(log, stream, n) for n in range(5) for stream in ("a", "b")]
    written += log.append_many(
        [("a", "s1", 9, 9, StartBody(reason="on")), Entry("a", "s1", 10, 10, SealBody(final_seq=6))]
    )
    assert leaves(tmp_path / "r1") == written
    for stream in ("a", "b"):
        chain = [leaf for leaf in written if leaf.stream == stream]
        assert [leaf.seq for leaf in chain] == list(range(len(chain)))
        assert [leaf.prev for leaf in chain] == [None, *(leaf.hash for leaf in chain[:-1])]
        assert log.last(stream) == chain[-1]
    assert log.last("c") is None
    assert log.size == 12
    assert log.append_many([]) == []


def test_a_head_covers_what_is_written_and_is_signed_once(log, tmp_path, signer):
    assert log.sign_head() is None
    heads = []
    for n in range(3):
        beat(log, n=n)
        heads.append(log.sign_head())
        assert log.sign_head() is None
    found = [SignedHead.parse(note) for _, note in notes((tmp_path / "r1" / "heads.txt").read_text())]
    assert found == heads
    hashes = [bytes.fromhex(leaf.hash) for leaf in leaves(tmp_path / "r1")]
    assert [h.head.root for h in heads] == [root_of(hashes[:n]) for n in (1, 2, 3)]
    assert all(h.signed_by(signer.public_key) for h in heads)


def test_it_goes_on_where_it_ended(tmp_path, signer):
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        first = beat(log)
        log.sign_head()
        second = beat(log)
    with EvidenceLog(folder, "r1", signer) as log:
        assert log.last("c.video") == second
        assert log.sign_head().head.size == 2
        third = beat(log)
        assert (third.seq, third.prev) == (2, second.hash)
    assert leaves(folder) == [first, second, third]


def test_two_cannot_have_it_open(log, tmp_path, signer):
    with pytest.raises(LogLocked, match="another process"):
        EvidenceLog(tmp_path / "r1", "r1", signer)
    log.close()
    EvidenceLog(tmp_path / "r1", "r1", signer).close()


def test_closed_it_takes_nothing_more(log):
    log.close()
    log.close()
    for act in (lambda: beat(log), log.sign_head):
        with pytest.raises(LogBroken, match="closed"):
            act()


def test_wherever_the_last_line_is_torn_the_lines_before_stay(tmp_path, signer):
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        kept = [beat(log, n=n) for n in range(2)]
        log.sign_head()
        beat(log, n=2)
    path = folder / "leaves.jsonl"
    data = path.read_bytes()
    whole = data.rindex(b"\n", 0, -1) + 1
    for cut in (*range(whole, len(data), 37), len(data) - 1):
        path.write_bytes(data[:cut])
        with EvidenceLog(folder, "r1", signer) as log:
            assert log.last("c.video") == kept[-1]
            assert path.read_bytes() == data[:whole]
    path.write_bytes(data + b"\0" * 100)
    with EvidenceLog(folder, "r1", signer) as log:
        assert path.read_bytes() == data
        assert log.size == 3


def test_wherever_the_last_head_is_torn_the_heads_before_stay(tmp_path, signer):
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        for n in range(2):
            beat(log, n=n)
            log.sign_head()
    path = folder / "heads.txt"
    data = path.read_bytes()
    first = len(data) // 2
    for cut in range(first + 1, len(data)):
        path.write_bytes(data[:cut])
        (folder / "resume.json").unlink(missing_ok=True)  # as it would not be there yet
        with EvidenceLog(folder, "r1", signer) as log:
            assert path.read_bytes() == data[:first]
            assert log.sign_head().head.size == 2
        assert path.read_bytes() == data


@pytest.mark.parametrize("at", ["wall_ns", '"seq"', "prev", "stream", "{", '"v":1'])
def test_a_line_changed_anywhere_is_an_error_that_names_it(tmp_path, signer, at):
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        for n in range(4):
            beat(log, n=n)
    path = folder / "leaves.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    place = lines[2].index(at.encode()) + len(at)
    changed = bytearray(lines[2])
    changed[place + 3] ^= 1
    path.write_bytes(b"".join([*lines[:2], bytes(changed), lines[3]]))
    before = path.read_bytes()
    with pytest.raises(LogCorrupt, match=r"leaves\.jsonl: line [34]: "):
        EvidenceLog(folder, "r1", signer)
    assert path.read_bytes() == before


def test_a_long_log_is_read_on_from_its_resume_point_only(tmp_path, signer):
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        written = []
        for n in range(30):
            written += [beat(log, stream, n) for stream in ("a", "b")]
            if n % 10 == 9:
                log.sign_head()
        written.append(beat(log, "a", 30))
    path = folder / "leaves.jsonl"
    data = path.read_bytes()
    path.write_bytes(b" " + data[1:])  # before the resume point: not read, so not seen
    with EvidenceLog(folder, "r1", signer) as log:
        assert log.size == 61
        assert (log.last("a"), log.last("b")) == (written[-1], written[-2])
        beat(log, "b", 31)
        assert log.sign_head().head.root == root_of(bytes.fromhex(x.hash) for x in [*written, log.last("b")])
    for place in (data.index(written[-2].line), data.index(written[45].line)):  # after it: read, and seen
        path.write_bytes(data[: place + 1] + b" " + data[place + 2 :])
        with pytest.raises(LogCorrupt, match="line "):
            EvidenceLog(folder, "r1", signer)


def test_a_resume_point_that_does_not_hold_is_as_good_as_none(tmp_path, signer):
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        for n in range(30):
            beat(log, n=n)
            log.sign_head()
    path = folder / "resume.json"
    good = path.read_bytes()
    data = (folder / "leaves.jsonl").read_bytes()
    (folder / "leaves.jsonl").write_bytes(b" " + data[1:])
    for bad in (
        b"",
        b"{}\n\n",
        good[:-9],
        good.replace(b'"size":2}', b'"size":3}'),
        good.replace(b"c.video", b"c.audio"),
    ):
        path.write_bytes(bad)
        with pytest.raises(LogCorrupt, match="line 1: "):
            EvidenceLog(folder, "r1", signer)
    path.write_bytes(good)
    EvidenceLog(folder, "r1", signer).close()
    (folder / "leaves.jsonl").write_bytes(data)
    path.unlink()
    EvidenceLog(folder, "r1", signer).close()


def test_of_many_heads_the_newest_is_found_and_a_torn_one_after_it_cut_off(tmp_path, signer):
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        for n in range(1_000):
            beat(log, n=n)
            log.sign_head()
    path = folder / "heads.txt"
    data = path.read_bytes()
    assert len(data) > TAIL_BYTES
    path.write_bytes(data + data[:100])
    with EvidenceLog(folder, "r1", signer) as log:
        assert path.read_bytes() == data
        assert log.sign_head() is None
    path.write_bytes(data[:-100] + b"!" + data[-99:])
    with pytest.raises(LogCorrupt, match=f"heads.txt: line {6 * 999 + 1}: "):
        EvidenceLog(folder, "r1", signer)
    path.write_bytes(data + bytes(TAIL_BYTES))
    with pytest.raises(LogCorrupt, match=f"heads.txt: line {6 * 1_000 + 1}: expected a signed head in the last"):
        EvidenceLog(folder, "r1", signer)
    assert path.stat().st_size == len(data) + TAIL_BYTES


def test_a_log_that_can_not_be_opened_is_let_go_of(tmp_path, signer):
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        beat(log)
        log.sign_head()
    (folder / "leaves.jsonl").write_bytes(b"")
    process = psutil.Process()
    before = process.num_fds()
    for _ in range(3):
        with pytest.raises(LogCorrupt):
            EvidenceLog(folder, "r1", signer)
    assert process.num_fds() == before


def test_the_drafts_of_a_writer_that_died_are_gone_with_the_next_opening(tmp_path, signer):
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        beat(log)
    kept = {path.name for path in folder.iterdir()} | {".note", "a.0123456789abcdef"}
    for name in (".resume.json.0123456789abcdef", ".note", "a.0123456789abcdef"):
        (folder / name).write_bytes(b"{")
    EvidenceLog(folder, "r1", signer).close()
    assert {path.name for path in folder.iterdir()} == kept


def test_leaves_that_are_not_those_signed_are_an_error(tmp_path, signer):
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        beat(log)
        beat(log)
        log.sign_head()
    path = folder / "leaves.jsonl"
    lines = path.read_bytes().splitlines()
    path.write_bytes(lines[0] + b"\n")
    with pytest.raises(LogCorrupt, match="at least the 2 leaves"):
        EvidenceLog(folder, "r1", signer)
    second = Leaf.parse(lines[1])
    other = second.line.replace(b'"wall_ns":1000', b'"wall_ns":1001')
    path.write_bytes(lines[0] + b"\n" + other + b"\n")
    with pytest.raises(LogCorrupt, match="first 2 lines are not those"):
        EvidenceLog(folder, "r1", signer)


def test_heads_that_are_not_ours_are_an_error_that_names_the_line(tmp_path, signer):
    folder = tmp_path / "r1"
    with EvidenceLog(folder, "r1", signer) as log:
        for n in range(2):
            beat(log, n=n)
            log.sign_head()
    path = folder / "heads.txt"
    good = path.read_text()
    for number, bad in ((7, good.replace("r1\n2\n", "r2\n2\n")), (1, "\n" + good)):
        path.write_text(bad)
        with pytest.raises(LogCorrupt, match=rf"heads\.txt: line {number}: "):
            EvidenceLog(folder, "r1", signer)


def test_another_recorder_or_key_gets_another_folder(log, tmp_path, signer):
    log.close()
    with pytest.raises(LogCorrupt, match=r"recorder\.json: expected the recorder r2, got r1"):
        EvidenceLog(tmp_path / "r1", "r2", signer)
    other = FileSigner.open_or_create(tmp_path / "k")
    with pytest.raises(LogCorrupt, match="a new key needs a new folder"):
        EvidenceLog(tmp_path / "r1", "r1", other)
    with pytest.raises(InvalidHead):
        EvidenceLog(tmp_path / "r3", "no good", signer)


def test_a_leaf_that_is_none_is_refused_and_the_log_is_as_before(log, tmp_path):
    beat(log)
    with pytest.raises(InvalidLeaf):
        log.append_many([("c.video", "s1", 1, 1, BEAT), ("", "s1", 1, 1, BEAT)])
    assert log.size == 1
    assert beat(log).seq == 1
    assert len(leaves(tmp_path / "r1")) == 2


def test_threads_share_the_wait_for_the_disk(log, tmp_path, monkeypatch):
    syncs = []
    fsync, takes_s = os.fsync, 0.005  # as a disk does, whatever the tests' own is
    monkeypatch.setattr(os, "fsync", lambda handle: (syncs.append(handle), Event().wait(takes_s), fsync(handle)))
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda n: beat(log, f"c{n % 16}", n), range(800)))
    assert log.size == 800
    assert len({leaf.hash for leaf in made}) == 800
    assert {leaf.hash for leaf in leaves(tmp_path / "r1")} == {leaf.hash for leaf in made}
    assert len(syncs) < 400


def test_heads_signed_while_threads_append_all_hold(log, tmp_path):
    with ThreadPoolExecutor(6) as pool:
        writing = [pool.submit(lambda n=n: [beat(log, f"c{n}", i) for i in range(50)]) for n in range(4)]
        while not all(done.done() for done in writing):
            log.sign_head()
    log.sign_head()
    hashes = [bytes.fromhex(leaf.hash) for leaf in leaves(tmp_path / "r1")]
    heads = [SignedHead.parse(note).head for _, note in notes((tmp_path / "r1" / "heads.txt").read_text())]
    assert heads[-1].size == 200
    assert all(head.root == root_of(hashes[: head.size]) for head in heads)


def test_a_full_disk_adds_nothing_and_passes(log, tmp_path):
    path = tmp_path / "r1" / "leaves.jsonl"
    beat(log)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 50, hard))
    try:
        with pytest.raises(LogUnavailable, match="nothing was added"):
            beat(log)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert beat(log).seq == 1


def test_after_a_failed_sync_nothing_is_claimed_until_it_is_opened_again(log, tmp_path, signer, monkeypatch):
    beat(log)

    def fail(_handle):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(LogBroken, match="Input/output error"):
            beat(log)
    with pytest.raises(LogBroken, match="open it again"):
        beat(log)
    log.close()
    with EvidenceLog(tmp_path / "r1", "r1", signer) as again:
        assert again.size in (1, 2)
        beat(again)


PROGRAM = """
import sys
from pathlib import Path
from store.evidence.leaf import GapBody, Reason
from store.evidence.log import EvidenceLog
from store.evidence.signer import FileSigner
log = EvidenceLog(Path(sys.argv[1]), "r1", FileSigner.open_or_create(Path(sys.argv[2])))
while True:
    leaf = log.append("c.video", "s1", 1, 1, GapBody(from_ns=1, to_ns=2, reason=Reason.STOPPED))
    if leaf.seq % 7 == 0:
        log.sign_head()
    print(leaf.seq, leaf.hash, flush=True)
"""


def test_what_was_said_to_be_written_outlives_a_kill(tmp_path):
    key, folder = tmp_path / "k.pem", tmp_path / "r1"
    seen: dict[int, str] = {}
    for _ in range(3):
        command = [sys.executable, "-c", PROGRAM, str(folder), str(key)]
        with subprocess.Popen(command, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                number, leaf_hash = line.split()
                seen[int(number)] = leaf_hash
                if int(number) % 40 == 39:
                    process.send_signal(signal.SIGKILL)
                    break
            rest = process.stdout.read().split("\n")
            seen |= {int(a): b for a, _, b in (line.partition(" ") for line in rest[:-1])}
    with EvidenceLog(folder, "r1", FileSigner.open_or_create(key)) as log:
        written = {leaf.seq: leaf.hash for leaf in leaves(folder)}
        assert seen.items() <= written.items()
        assert len(written) - len(seen) <= 3
        assert log.append("c.video", "s1", 1, 1, GapBody(from_ns=1, to_ns=2, reason=Reason.STOPPED)).seq == len(written)

"""What retention does to what a recorder wrote: whole files go, with a tombstone, and only old ones."""

import time
from contextlib import nullcontext
from pathlib import Path

from camera_films import BEGAN_WALL_S, later
from recorder_bench import AUDIO, INFO, PACKETS, VIDEO, Bench

from ingest.cameras.packs import packs_of
from ingest.cameras.reconcile import compare, reconcile
from ingest.cameras.retention import Retention
from store.evidence.leaf import TombstoneBody, UnacknowledgedBody
from store.evidence.log import EvidenceLog
from store.evidence.signer import FileSigner
from store.evidence.verdict import Verdict
from store.evidence.verification import verify_folder


def test_old_packs_are_deleted_with_a_tombstone_unless_they_are_held(tmp_path: Path) -> None:
    bench = Bench(tmp_path, pack_s=1.0)
    bench.fanout.open((INFO,))
    bench.send([*PACKETS, *later(PACKETS, 2.5 * 86_400)])
    bench.stop()
    evidence = EvidenceLog(bench.folder, "r", FileSigner.open_or_create(tmp_path / "key.pem"))
    held_s = BEGAN_WALL_S + 1.2
    retention = Retention(
        bench.folder,
        evidence,
        2,
        30.0,
        bench.metrics,
        lambda camera, from_s, _: nullcontext(camera == "c-1" and not from_s <= held_s < from_s + 1),
    )
    before = packs_of(bench.folder, VIDEO)
    now_ns = round((BEGAN_WALL_S + 2.5 * 86_400) * 1e9)
    retention.look([VIDEO, AUDIO], now_ns, time.monotonic_ns())
    after = packs_of(bench.folder, VIDEO)
    evidence.sign_head()
    evidence.close()
    gone = [pack for pack in before if pack not in after]
    assert [pack.seq for pack in gone] == [1, 3]
    tombstones = bench.bodies(TombstoneBody)
    assert [(t.from_seq, t.to_seq) for t in tombstones] == [(1, 1), (3, 5)]  # up to the start of the next day's session
    report = verify_folder(bench.folder)
    assert not [f for f in report.findings if f.verdict in (Verdict.MISSING, Verdict.ALTERED)]
    assert reconcile(bench.folder, compare(bench.folder), bench.evidence, 0) == []


def test_a_clock_that_leaps_ahead_costs_no_footage(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.stop()
    evidence = EvidenceLog(bench.folder, "r", FileSigner.open_or_create(tmp_path / "key.pem"))
    retention = Retention(bench.folder, evidence, 2, 30.0, bench.metrics, lambda *_: nullcontext(True))
    retention.look([VIDEO], round((BEGAN_WALL_S + 1e8) * 1e9), 0)
    evidence.close()
    assert len(packs_of(bench.folder, VIDEO)) == 1


def test_what_was_set_aside_goes_with_the_footage_of_its_time(tmp_path: Path) -> None:
    one = Bench(tmp_path)
    one.fanout.open((INFO,))
    one.send(PACKETS)
    one.stop()
    (pack,) = packs_of(one.folder, VIDEO)
    with pack.path.open("ab") as file:
        file.write(b"a fragment without a leaf")
    two = Bench(tmp_path)
    (body,) = two.bodies(UnacknowledgedBody)
    retention = Retention(two.folder, two.evidence, 2, 30.0, two.metrics, lambda *_: nullcontext(True))
    for days, is_there in ((1.9, True), (2.1, False)):
        retention._due_s = 0.0
        retention._began_s -= days * 86_400  # the clock goes with what passed
        retention.look([VIDEO], round((BEGAN_WALL_S + days * 86_400) * 1e9), time.monotonic_ns())
        assert (two.folder / body.file).exists() is is_there
        assert pack.path.exists() is is_there
    two.stop()
    aside = next(leaf for leaf in two.leaves() if isinstance(leaf.body, UnacknowledgedBody))
    assert (aside.seq, aside.seq) in [(t.from_seq, t.to_seq) for t in two.bodies(TombstoneBody)]
    assert not [f for f in verify_folder(two.folder).findings if f.verdict in (Verdict.MISSING, Verdict.ALTERED)]

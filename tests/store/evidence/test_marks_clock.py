"""Marks find a range also where times do not follow the order of the log: the clock stepped, a gap was declared late,
or what is said of the range, that it was deleted, was said long after."""

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from evidence_hour import INIT, SECOND, T0, VIDEO, mark, segment, write

from store.evidence.errors import TooLong
from store.evidence.export import export
from store.evidence.export_verification import verify_export
from store.evidence.leaf import Body, GapBody, HeartbeatBody, Reason, SealBody, StartBody, TombstoneBody
from store.evidence.log import EvidenceLog
from store.evidence.manifest import Request
from store.evidence.marks import MARKS
from store.evidence.range_verification import verify_range
from store.evidence.signer import FileSigner
from store.evidence.verdict import Verdict
from store.evidence.verification import Report

OTHER = "cam2.video"
FORWARD = 70 * 365 * 86_400  # seconds
MOST = 2 * 1_200  # leaves: of the range, of five minutes at either side, and of what marks round off


class Recorder:
    """Records the streams that it is told to, for so long; the session is that of the first stream."""

    def __init__(self, folder: Path, signer: FileSigner) -> None:
        self.folder = folder
        self._signer = signer
        self._log = EvidenceLog(folder, "county/r1", signer)
        self._files: dict[str, bytearray] = {}
        self._count = 0

    def say(self, stream: str, second: int, body: Body, session: str = "s1") -> int:
        return self._log.append(stream, session, T0 + second * SECOND, self._count, body).seq

    def record(self, seconds: Iterable[int], *streams: str, session: str = "s1") -> None:
        for second in seconds:
            for stream in streams:
                file = f"{stream}/{self._count // 100}.mp4"
                data = self._files.setdefault(file, bytearray(INIT))
                fragment = hashlib.sha256(f"{stream} {self._count}".encode()).digest()
                self.say(
                    stream,
                    second,
                    segment(file, len(data), fragment, self._count),
                    session if stream == VIDEO else "s1",
                )
                data += fragment
            self._count += 1
            self._log.sign_head()

    def end(self) -> Path:
        self._log.sign_head()
        self._log.close()
        write(self.folder, self._files)
        mark(self.folder, self._signer, every=100)
        return self.folder


def begun(folder: Path, signer: FileSigner) -> Recorder:
    """One of whose streams both have begun."""
    recorder = Recorder(folder, signer)
    for stream in (VIDEO, OTHER):
        recorder.say(stream, 0, StartBody(reason="continuous recording"))
    return recorder


@pytest.fixture
def recorder(tmp_path: Path, signer: FileSigner) -> Recorder:
    return begun(tmp_path / "r1", signer)


def verified(folder: Path, begins: int, ends: int, *streams: str, most: int = MOST) -> Report:
    span = T0 + begins * SECOND, T0 + ends * SECOND
    return verify_range(folder, streams or (VIDEO,), *span, max_leaves=most)


def step(recorder: Recorder, begins: int, ends: int) -> None:
    for stream in (VIDEO, OTHER):
        gap = GapBody(from_ns=T0 + begins * SECOND, to_ns=T0 + ends * SECOND, reason=Reason.CLOCK_STEP)
        recorder.say(stream, ends, gap)


def test_of_a_time_that_was_recorded_twice_both_are_verified(recorder: Recorder) -> None:
    recorder.record(range(2_000), VIDEO, OTHER)
    step(recorder, 2_000, 300)
    recorder.record(range(300, 4_000), VIDEO, OTHER)
    folder = recorder.end()
    assert verified(folder, 500, 600, most=2 * MOST).sound
    for changed in (5, 22):  # a file of the first time round, one of the second
        path = folder / f"{VIDEO}/{changed}.mp4"
        recorded = path.read_bytes()
        path.write_bytes(recorded[:-1] + b"?")
        report = verified(folder, 500, 600, most=2 * MOST)
        assert Verdict.ALTERED in {finding.verdict for finding in report.findings}
        path.write_bytes(recorded)


def test_a_clock_that_is_put_back_a_little_in_the_range_is_no_fault(recorder: Recorder) -> None:
    recorder.record(range(1_020), VIDEO, OTHER)
    step(recorder, 1_020, 960)
    recorder.record(range(960, 2_000), VIDEO, OTHER)
    report = verified(recorder.end(), 900, 1_000)
    assert report.sound
    assert report.leaves == 100 + 40


def test_a_clock_that_was_far_ahead_for_a_minute_costs_that_minute(recorder: Recorder) -> None:
    recorder.record(range(500), VIDEO, OTHER)
    step(recorder, 500, FORWARD)
    recorder.record(range(FORWARD, FORWARD + 60), VIDEO, OTHER)
    step(recorder, FORWARD + 60, 560)
    recorder.record(range(560, 4_000), VIDEO, OTHER)
    folder = recorder.end()
    for begins in (100, 1_500, 3_000, 3_890, FORWARD - 40):
        report = verified(folder, begins, begins + 100)
        assert report.sound
        assert report.leaves == {100: 100, FORWARD - 40: 61}.get(begins, 101)  # with the gap over all those decades
    assert verified(folder, FORWARD, FORWARD + 50).sound
    with pytest.raises(TooLong):
        verified(folder, 1_500, 1_600, most=1_300)  # only just less than what lies around it
    (folder / MARKS).unlink()
    assert verified(folder, 1_500, 1_600, most=10_000).leaves == 101


def test_a_gap_that_is_declared_long_after_is_told(recorder: Recorder) -> None:
    """A camera that was taken away and came back: its gap begins where its last session ended."""
    recorder.record(range(100), VIDEO, OTHER)
    recorder.say(OTHER, 100, SealBody(final_seq=101))
    recorder.record(range(100, 3_000), VIDEO)
    recorder.say(OTHER, 3_000, StartBody(reason="continuous recording"), "s2")
    gap = GapBody(from_ns=T0 + 100 * SECOND, to_ns=T0 + 3_000 * SECOND, reason=Reason.STOPPED)
    recorder.say(OTHER, 3_000, gap, "s2")
    recorder.record(range(3_000, 4_000), VIDEO)
    recorder.say(OTHER, 4_000, HeartbeatBody(), "s2")
    folder = recorder.end()
    report = verified(folder, 1_500, 1_600, OTHER)
    assert [(f.verdict, f.detail) for f in report.findings] == [(Verdict.DECLARED_GAP, "stopped")]


def test_what_was_deleted_weeks_later_is_told_to_be_and_nothing_else_is_read(recorder: Recorder) -> None:
    recorder.record(range(6_000), VIDEO, OTHER)
    for stone in range(0, 6_000, 600):
        recorder.say(VIDEO, 6_000 + stone, TombstoneBody(from_seq=stone, to_seq=stone + 599, reason="old"))
        recorder.record(range(6_000 + stone, 6_600 + stone), OTHER)
    folder = recorder.end()
    for file in (6, 7):
        (folder / f"{VIDEO}/{file}.mp4").unlink()
    report = verified(folder, 650, 750, most=2 * MOST)
    assert [f.detail for f in report.findings if f.verdict is Verdict.DECLARED_GAP] == ["deleted: old"]
    assert report.sound


def test_that_something_was_deleted_is_believed_only_if_it_is_signed(recorder: Recorder, signer: FileSigner) -> None:
    recorder.record(range(1_000), VIDEO, OTHER)
    folder = recorder.end()
    (folder / f"{VIDEO}/5.mp4").unlink()
    forged = Recorder(folder, signer)
    forged.say(VIDEO, 1_000, TombstoneBody(from_seq=0, to_seq=900, reason="old"))
    assert {f.verdict for f in verified(folder, 500, 600).findings} == {Verdict.MISSING}
    forged.end()  # and is signed
    assert Verdict.MISSING not in {f.verdict for f in verified(folder, 500, 600).findings}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory, signer: FileSigner) -> Path:
    """Sessions of ten minutes with half an hour between them; the other stream is always there."""
    recorder = begun(tmp_path_factory.mktemp("sessions") / "r1", signer)
    recorder.record(range(600), VIDEO, OTHER)
    recorder.say(VIDEO, 600, SealBody(final_seq=601))
    for session, starts in (("s2", 2_400), ("s3", 4_800)):
        recorder.record(range(starts - 1_800, starts), OTHER)
        recorder.say(VIDEO, starts, StartBody(reason="the device publishes"), session)
        recorder.record(range(starts, starts + 600), VIDEO, OTHER, session=session)
        recorder.say(VIDEO, starts + 600, SealBody(final_seq=602 * starts // 2_400 + 601), session)
    return recorder.end()


@pytest.mark.parametrize("streams", [(VIDEO,), (VIDEO, OTHER)])
@pytest.mark.parametrize(("begins", "ends"), [(550, 650), (2_300, 2_410), (2_405, 2_410), (2_990, 3_100)])
def test_an_export_has_what_lies_at_either_side_however_far(
    sessions: Path, signer: FileSigner, tmp_path: Path, streams: tuple[str, ...], begins: int, ends: int
) -> None:
    span = {"from_ns": T0 + begins * SECOND, "to_ns": T0 + ends * SECOND, "now_ns": T0}
    request = Request(asked_by="a", approved_by="b", reason="complaint")
    manifest = export(sessions, tmp_path / "e.zip", streams=streams, request=request, signer=signer, **span)
    assert verify_export(tmp_path / "e.zip").sound
    first, last = {550: 0, 2_300: 601}.get(begins, 602), {650: 602, 3_100: 1_204}.get(ends, 1_203)
    assert (manifest.streams[0].first_seq, manifest.streams[0].end_seq) == (first, last + 1)
    unmarked = tmp_path / "r1"
    shutil.copytree(sessions, unmarked, ignore=shutil.ignore_patterns(MARKS))
    export(unmarked, tmp_path / "unmarked.zip", streams=streams, request=request, signer=signer, **span)
    assert (tmp_path / "unmarked.zip").read_bytes() == (tmp_path / "e.zip").read_bytes()

"""The log of a camera that is expected only while it publishes: in a session just then, and quiet otherwise."""

from pathlib import Path

import pytest
from camera_films import BEGAN_WALL_S, later, sound, together
from ingest_examples import wait_until
from recorder_bench import AUDIO, INFO, PACKETS, VIDEO, Bench, faults

from ingest.cameras.fanout import Ending
from ingest.cameras.recorder import Clock
from ingest.cameras.stream_log import GIVEN_UP_NS, Expected
from store.evidence.leaf import GapBody, Reason, SealBody, SegmentBody, StartBody, TombstoneBody
from store.evidence.verdict import Verdict
from store.evidence.verification import verify_folder

GIVEN_UP_S = GIVEN_UP_NS / 1e9
LATER_S = 3_600.0


class Worn(Bench):
    """The recorder of a body-worn camera."""

    def __init__(self, folder: Path) -> None:
        self.looks = 0
        clock = Clock(self._look, lambda: round(self.mono_s * 1e9))
        super().__init__(folder, expected=Expected.WHILE_PUBLISHED, clock=clock)

    def _look(self) -> int:
        self.looks += 1
        return round(self.wall_s * 1e9)

    def publish(self, at_s: float = 0.0) -> None:
        """Three seconds of pictures, `at_s` after the beginning."""
        before = len(self.bodies(SegmentBody))
        self.fanout.open((INFO,))
        self.send(list(later(PACKETS, at_s)))
        self.wait_for(SegmentBody, before + 2)

    def finish(self) -> None:
        """The device says that this was all."""
        before = len(self.bodies(SealBody))
        self.fanout.interrupt(Ending.IN_ORDER)
        self.wait_for(SealBody, before + 1)

    def pass_time(self, seconds: float) -> None:
        """The clocks go on, and the recorder has looked at them twice."""
        self.mono_s += seconds
        self.wall_s += seconds
        looks = self.looks
        wait_until(lambda: self.looks >= looks + 2)

    def kinds(self, stream: str = VIDEO) -> list[str]:
        return [type(leaf.body).__name__.removesuffix("Body") for leaf in self.leaves(stream)]


def declared(folder: Path) -> list[str]:
    """What verification says was not recorded."""
    return [f.detail for f in verify_folder(folder).findings if f.verdict is not Verdict.INTACT]


def test_before_and_between_publications_nothing_is_said(tmp_path: Path) -> None:
    worn = Worn(tmp_path)
    worn.pass_time(LATER_S)
    assert worn.leaves() == []
    worn.publish()
    worn.finish()
    for _ in range(3):
        worn.pass_time(LATER_S)
    worn.publish(4 * LATER_S)
    worn.finish()
    worn.stop()
    one_session = ["Start", "Segment", "Segment", "Segment", "Seal"]
    assert worn.kinds() == 2 * one_session
    day = worn.leaves()[0].session
    assert [leaf.session for leaf in worn.leaves()] == 5 * [day] + 5 * [f"{day}-2"]
    assert {start.reason for start in worn.bodies(StartBody)} == {"the device publishes"}
    assert declared(worn.folder) == []


def test_one_that_is_lost_in_mid_session_is_a_gap_until_it_is_back(tmp_path: Path) -> None:
    worn = Worn(tmp_path)
    worn.publish()
    worn.fanout.interrupt()
    worn.wait_for(SegmentBody, 3)
    worn.pass_time(11)
    worn.wait_for(GapBody, 1)
    worn.publish(60.0)
    worn.finish()
    worn.stop()
    assert worn.kinds() == ["Start", *3 * ["Segment"], "Gap", "Gap", *3 * ["Segment"], "Seal"]
    assert {gap.reason for gap in worn.bodies(GapBody)} == {Reason.SOURCE_LOST}
    first, second = worn.bodies(GapBody)
    assert first.to_ns == second.from_ns
    assert second.to_ns == round((BEGAN_WALL_S + 60.0) * 1e9)
    assert faults(worn.folder) == []


def test_one_that_does_not_come_back_is_given_up_and_then_nothing_more_is_said(tmp_path: Path) -> None:
    worn = Worn(tmp_path)
    worn.publish()
    worn.fanout.interrupt()
    worn.wait_for(SegmentBody, 3)
    worn.pass_time(0)  # it is lost from now on
    worn.pass_time(GIVEN_UP_S - 1)
    assert worn.bodies(SealBody) == []
    worn.pass_time(2)
    worn.wait_for(SealBody, 1)
    said = len(worn.leaves())
    worn.pass_time(LATER_S)
    assert len(worn.leaves()) == said
    gaps = worn.bodies(GapBody)
    assert {gap.reason for gap in gaps} == {Reason.SOURCE_LOST}
    assert (gaps[-1].to_ns - gaps[0].from_ns) / 1e9 == pytest.approx(GIVEN_UP_S + 1, abs=1)
    worn.publish(2 * LATER_S)
    worn.finish()
    worn.stop()
    assert len(worn.bodies(GapBody)) == len(gaps)
    assert faults(worn.folder) == []


def test_after_a_restart_in_between_it_is_quiet_all_the_same(tmp_path: Path) -> None:
    one = Worn(tmp_path)
    one.publish()
    one.finish()
    one.stop()
    two = Worn(tmp_path)
    two.pass_time(LATER_S)
    two.publish(2 * LATER_S)
    two.stop()
    assert two.bodies(GapBody) == []
    assert faults(two.folder) == []


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_crash_in_mid_session_is_declared_and_the_session_goes_on_or_is_given_up(
    tmp_path: Path, comes_back: bool
) -> None:
    one = Worn(tmp_path)
    one.publish()
    one.kill()
    two = Worn(tmp_path)
    two.pass_time(20.0)
    two.wait_for(GapBody, 1)
    if comes_back:
        two.publish(30.0)
        two.finish()
    else:
        two.pass_time(GIVEN_UP_S + 1)
        two.wait_for(SealBody, 1)
        said = len(two.leaves())
        two.pass_time(LATER_S)
        assert len(two.leaves()) == said
    two.stop()
    assert two.bodies(GapBody)[0].reason is Reason.PROCESS_RESTART
    assert {gap.reason for gap in two.bodies(GapBody)[1:]} == {Reason.SOURCE_LOST}
    assert len({leaf.session for leaf in two.leaves()}) == 1
    assert isinstance(two.leaves()[-1].body, SealBody)
    assert faults(two.folder) == []


def test_when_the_recorder_stops_in_mid_session_the_seal_comes_after_a_gap_that_says_so(tmp_path: Path) -> None:
    worn = Worn(tmp_path)
    worn.publish()
    worn.pass_time(0.5)
    worn.fanout.interrupt(Ending.STOPPED)
    worn.stop()
    assert worn.kinds()[-2:] == ["Gap", "Seal"]
    assert worn.bodies(GapBody)[0].reason is Reason.STOPPED
    assert faults(worn.folder) == []


def test_what_retention_says_in_the_quiet_opens_no_session(tmp_path: Path) -> None:
    one = Worn(tmp_path)
    one.publish()
    one.finish()
    session, wall_ns = one.leaves()[-1].session, round((one.wall_s + LATER_S) * 1e9)
    one.evidence.append(VIDEO, session, wall_ns, 0, TombstoneBody(from_seq=1, to_seq=3, reason="kept for 1 days"))
    one.stop()
    two = Worn(tmp_path)
    two.pass_time(2 * LATER_S)
    two.stop()
    assert two.kinds()[-2:] == ["Seal", "Tombstone"]


def test_what_retention_says_in_a_session_does_not_end_it(tmp_path: Path) -> None:
    one = Worn(tmp_path)
    one.publish()
    session, wall_ns = one.leaves()[-1].session, round(one.wall_s * 1e9)
    one.evidence.append(VIDEO, session, wall_ns, 0, TombstoneBody(from_seq=1, to_seq=1, reason="kept for 1 days"))
    one.kill()
    two = Worn(tmp_path)
    two.pass_time(20.0)
    two.wait_for(GapBody, 1)
    assert two.bodies(GapBody)[0].reason is Reason.PROCESS_RESTART
    two.stop()


def test_sound_is_in_a_session_of_its_own_for_as_long_as_it_is_published(tmp_path: Path) -> None:
    sounding, tones = sound("pcm_alaw")
    worn = Worn(tmp_path)
    worn.fanout.open((INFO, sounding))
    worn.send(together(PACKETS, tones))
    worn.wait_for(SegmentBody, 2, AUDIO)
    worn.finish()
    worn.wait_for(SealBody, 1, AUDIO)
    worn.publish(LATER_S)  # without sound
    worn.pass_time(30)
    worn.stop()
    assert worn.kinds(AUDIO)[-1] == "Seal"
    assert worn.bodies(GapBody, AUDIO) == []

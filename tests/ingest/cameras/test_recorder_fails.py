"""A recorder that fails for one camera: said, a gap, begun anew; the others and the process do not notice."""

from itertools import pairwise
from pathlib import Path

import pytest
from camera_films import later
from ingest_examples import wait_until
from recorder_bench import INFO, PACKETS, Bench, faults

from analytics.alerts import AlertChange, Change
from analytics.catalogue import video_rules
from analytics.video.recorder_gaps import Hole
from ingest.cameras import keep_going as keeping
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.facts import Records
from ingest.cameras.fanout import Fanout
from ingest.cameras.keep_going import keep_going
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.own_gaps import OwnGaps
from ingest.cameras.packets import Packet
from ingest.cameras.recorder import Recorder, Unrecorded
from ingest.cameras.segmenter import Segmenter
from ingest.config import DatabaseSettings
from store.evidence.leaf import GapBody, Reason, SegmentBody

POISON = b"the parameter set that nobody thought of"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FIRST_S", 0.05)
    monkeypatch.setattr(keeping, "MOST_S", 0.1)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A recorder whose segmenter fails at a packet of poison, as one did at what it could not parse."""
    feed = Segmenter.feed

    def fed(self: Segmenter, item: object) -> object:
        if isinstance(item, Packet) and item.data == POISON:
            raise IndexError("index out of range")
        return feed(self, item)  # type: ignore[arg-type]

    monkeypatch.setattr(Segmenter, "feed", fed)
    return Bench(tmp_path)


def poison(after_s: float) -> Packet:
    (keyframe,) = later([p for p in PACKETS if p.is_keyframe][:1], after_s)
    return Packet(**{name: getattr(keyframe, name) for name in keyframe.__struct_fields__} | {"data": POISON})


def failures(metrics: CameraMetrics, thread: str) -> float:
    return metrics.registry.get_sample_value("ducha_camera_thread_failures_total", {"thread": thread}) or 0.0


def test_what_one_camera_sends_ends_no_recording(bench: Bench) -> None:
    other = Fanout()
    quick = Recorder(
        "c-2", other, bench.evidence, bench.folder, bench.metrics, bench.failures.append, clock=bench.clock
    )
    quick.start()
    for fanout in (bench.fanout, other):
        fanout.open((INFO,))
        for packet in PACKETS:
            fanout.publish(packet)
    bench.wall_s, bench.mono_s = PACKETS[-1].arrived_wall_s, PACKETS[-1].arrived_s
    bench.wait_for(SegmentBody, 2)
    assert bench.recorder.is_recording
    bench.fanout.publish(poison(3.0))
    wait_until(lambda: bench.recorder.fault is not None, 30, "it fails")
    assert not bench.recorder.is_recording
    assert bench.recorder.fault == "IndexError: index out of range"
    lost = bench.recorder.lost
    assert isinstance(lost, Unrecorded)
    assert (lost.camera, lost.reason) == ("c-1", Reason.PROCESS_RESTART)
    for packet in later(PACKETS, 3.0):
        other.publish(packet)
    bench.wait_for(SegmentBody, 5, "c-2.video")
    assert quick.fault is None
    wait_until(lambda: failures(bench.metrics, "recorder c-1") == 1, 30, "it is counted")
    for n in range(2, 200):
        bench.send(list(later(PACKETS, 3.0 * n)))
        if bench.recorder.fault is None:
            break
        wait_until(lambda: bench.recorder._subscription.queued == (0, 0))
    wait_until(lambda: bench.recorder.fault is None, 30, "it records again")
    assert bench.recorder.lost is None
    assert bench.bodies(GapBody)[0].reason is Reason.PROCESS_RESTART
    other.end()
    assert quick.join(5)
    bench.stop()
    assert [fault for fault in faults(bench.folder) if "c-1" in fault] == []  # to the other, the clock leapt


def test_one_that_fails_again_and_again_goes_on_declaring_it(bench: Bench) -> None:
    bench.fanout.open((INFO,))
    bench.send(PACKETS)
    bench.wait_for(SegmentBody, 2)
    for n in range(1, 200):
        bench.send([poison(11.0 * n)])
        wait_until(lambda: bench.recorder._subscription.queued == (0, 0))
        if len(bench.bodies(GapBody)) >= 2 and failures(bench.metrics, "recorder c-1") >= 3:
            break
    gaps = bench.bodies(GapBody)
    assert {gap.reason for gap in gaps} == {Reason.PROCESS_RESTART}
    assert all(one.to_ns == two.from_ns for one, two in pairwise(gaps))
    assert bench.recorder.fault is not None
    assert bench.failures == []
    bench.fanout.end()
    assert bench.recorder.join(5)
    bench.evidence.close()


def test_it_is_an_alert_that_names_the_camera_for_as_long_as_it_lasts() -> None:
    settings = Settings(
        database=DatabaseSettings(url=""),
        recorder=RecorderSettings(recorder="county/r-1"),
        cameras=(CameraSettings(id="c-1", url="rtsp://127.0.0.1/c-1", kind=Kind.STREET),),
    )
    records, changes = Records({}, [], video_rules()), list[AlertChange]()
    own_gaps = OwnGaps(settings, records, [], 100.0)
    for now_s in range(100, 200, 2):
        lost = [Hole("c-1", 101.0, float(now_s), "process-restart")] if 101 < now_s < 150 else []
        changes += own_gaps.learn(records, lost, float(now_s))
    raised, ended = changes
    assert (raised.change, ended.change) == (Change.RAISED, Change.ENDED)
    assert (raised.alert.rule, raised.alert.device, raised.alert.noticed_s) == ("recording-gap", "county/r-1", 104.0)
    assert (ended.alert.start_s, ended.alert.end_s, ended.alert.detail["cameras"]) == (101.0, 148.0, ["c-1"])


def test_work_that_fails_is_begun_anew_until_it_returns_or_is_told_to_stop() -> None:
    metrics, pauses, done = CameraMetrics(), list[float](), list[int]()

    def work() -> None:
        done.append(1)
        if len(done) < 4:
            raise RuntimeError("again")

    keep_going(work, "worker", lambda pause_s: pauses.append(pause_s) or False, metrics)
    assert (len(done), len(pauses)) == (4, 3)
    assert failures(metrics, "worker") == 3
    done.clear()
    keep_going(work, "worker", lambda _: True, metrics)
    assert len(done) == 1

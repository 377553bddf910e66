import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from ffmpeg_viewer import pictures, watching
from plain_rtsp_client import RtspClient

from hardware.cameras import CameraServer, CameraSpec, Fault
from hardware.cameras.camera import Outage
from hardware.cameras.county import demo_cameras


@pytest.fixture(scope="module")
def demo():
    return demo_cameras(4, minutes=30, size=(320, 180), fps=10)


def scene(demo, camera):
    return next(spec.view for spec in demo.specs if spec.name == camera)


def at_desk(demo, camera, t_s):
    """Whether somebody is in the window's region."""
    left, _, right, _ = demo.regions[camera]["window"]
    view = scene(demo, camera)
    return any(left * 1280 < view.where(who, t_s).x < right * 1280 for who in view.visible(t_s))


def test_a_window_is_empty_just_when_the_truth_says_so(demo):
    absences = [h for h in demo.truth + demo.near_misses if h.rule == "post-unattended"]
    assert {h.camera for h in absences} == {"win-1", "win-2"}
    for camera in ("win-1", "win-2", "win-3"):
        spans = [(h.from_s, h.to_s) for h in absences if h.camera == camera]
        for t_s in np.arange(0, 1800, 2.5):
            if min((abs(t_s - edge) for span in spans for edge in span), default=99) > 3:
                assert at_desk(demo, camera, t_s) != any(a < t_s < b for a, b in spans), (camera, t_s)


def test_the_room_lacks_an_officer_just_when_the_truth_says_so(demo):
    spans = [(h.from_s, h.to_s) for h in demo.truth + demo.near_misses if h.rule == "single-officer"]
    room = scene(demo, "room-1")
    for t_s in np.arange(0, 1800, 2.5):
        if min(abs(t_s - edge) for span in spans for edge in span) > 3:
            assert len(room.visible(t_s)) == (2 if any(a < t_s < b for a, b in spans) else 3)


def test_what_must_be_noticed_lasts_long_enough_and_near_misses_do_not(demo):
    limits_s = {"post-unattended": 300, "single-officer": 60, "camera-tampered": 30, "stream-lost": 20}
    assert {h.rule for h in demo.truth} == set(limits_s)
    assert all(h.to_s - h.from_s > limits_s[h.rule] + 20 for h in demo.truth)
    assert all(h.to_s - h.from_s < limits_s[h.rule] - 20 for h in demo.near_misses)
    assert [h.from_s for h in demo.truth] == sorted(h.from_s for h in demo.truth)


def test_outages_are_in_the_truth(demo):
    outages = {(s.name, o.from_s, o.to_s) for s in demo.specs for o in s.outages}
    told = {(h.camera, h.from_s, h.to_s) for h in demo.truth if h.rule in ("camera-tampered", "stream-lost")}
    assert outages == told


def test_the_same_seed_makes_the_same_truth_and_another_another(demo):
    assert demo_cameras(4, minutes=30).truth == demo.truth
    assert demo_cameras(5, minutes=30).truth != demo.truth


def test_a_truth_is_told_in_the_clock_of_the_run(demo):
    told = demo.truth[0].document(1_767_571_200.0, speed=10.0)
    assert datetime.fromisoformat(told["from"]).timestamp() == pytest.approx(
        1_767_571_200 + demo.truth[0].from_s / 10, abs=0.5
    )
    assert set(told) == {"rule", "camera", "from", "to", "note"}


def test_missing_footage_is_told(tmp_path: Path):
    with pytest.raises(OSError, match="intel_head-pose"):
        demo_cameras(1, footage=tmp_path)


def test_all_cameras_of_the_county_serve(demo):
    with CameraServer(demo.specs) as server:
        for spec in demo.specs:
            with watching(server.url(spec.name)) as container:
                assert next(pictures(container)).shape == (180, 320, 3)


def test_a_scripted_outage_comes_and_goes_by_itself(window):
    spec = CameraSpec(
        name="a", view=window, size=(320, 180), speed=10.0, audio=None, outages=(Outage(20.0, 35.0, Fault.DIE),)
    )
    began_s = time.monotonic()
    with CameraServer([spec]) as server:
        with RtspClient(server.url("a")) as client:
            client.play()
            assert client.is_closed()
        assert time.monotonic() - began_s == pytest.approx(2.0, abs=0.4)
        while True:
            try:
                with RtspClient(server.url("a")) as client:
                    client.play()
                    break
            except ConnectionRefusedError:
                assert time.monotonic() - began_s < 60
        assert time.monotonic() - began_s == pytest.approx(3.5, abs=0.4)

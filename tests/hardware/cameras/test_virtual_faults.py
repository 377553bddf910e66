"""What a client sees of each fault, and that it is over when it is mended."""

import socket
import time

import av
import cv2
import numpy as np
import pytest
from ffmpeg_viewer import legible, pictures, watching
from plain_rtsp_client import RtspClient

from hardware.cameras import Fault, clockface
from hardware.cameras.camera import DAY_S

IDR = 5


def scene_of(picture):
    """The grey middle of a picture, without the clock."""
    return cv2.cvtColor(picture[60:320], cv2.COLOR_BGR2GRAY).astype(np.float64)


def sharpness(picture):
    grey = scene_of(picture)
    return cv2.Laplacian(grey, cv2.CV_64F).var() / max(grey.var(), 1.0)


def likeness(a, b):
    return float(np.corrcoef(scene_of(a).ravel(), scene_of(b).ravel())[0, 1])


def until(container, true, at_most=400):
    """The first picture of which something is true: when a fault is commanded, healthy ones are still on their way."""
    for picture in pictures(container, at_most):
        if true(picture):
            return picture
    pytest.fail(f"not seen in {at_most} pictures")


@pytest.fixture
def camera(server):
    return server.camera("street-1")


@pytest.fixture
def url(server):
    return server.url("street-1")


@pytest.fixture
def watched(url):
    with watching(url) as container:
        yield container


def test_dead_its_connections_close_and_its_port_refuses(camera, url):
    with RtspClient(url) as client:
        client.play()
        client.rtp()
        camera.fault(Fault.DIE)
        assert client.is_closed()
    with pytest.raises(ConnectionRefusedError):
        RtspClient(url)
    camera.mend()
    with RtspClient(url) as client:
        client.play()
        client.rtp()


def test_a_dead_camera_leaves_the_others_alone(server, camera):
    with RtspClient(server.url("win-1")) as client:
        client.play()
        camera.fault(Fault.DIE)
        for _ in range(30):
            client.rtp()


def test_stalled_it_stays_connected_and_says_nothing(camera, url):
    with RtspClient(url) as client:
        client.play()
        client.rtp()
        camera.fault(Fault.STALL)
        client.drain(1.0)
        client.socket.settimeout(0.7)
        client.socket.sendall(b"OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n")
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        with RtspClient(url, timeout_s=0.5) as late, pytest.raises(TimeoutError):
            late.ask("OPTIONS")
        camera.mend(Fault.STALL)
        client.socket.settimeout(30)
        assert client.socket.recv(1)


def test_frozen_it_sends_one_picture_again_and_again(camera, watched):
    camera.fault(Fault.FREEZE)
    seen: list[int] = []
    while len(seen) < 12 or len(set(seen[-12:])) > 1:
        seen += legible(watched, 1)
        assert len(seen) < 400, "it does not freeze"
    camera.mend()
    until(watched, lambda picture: (clockface.read_ms(picture) or 0) > seen[-1] + 500)


def test_black(camera, watched):
    camera.fault(Fault.BLACK)
    dark = until(watched, lambda picture: scene_of(picture).mean() < 20)
    assert scene_of(dark).std() < 8
    camera.mend()
    until(watched, lambda picture: scene_of(picture).mean() > 90)


def test_covered_it_shows_a_dim_cloth_without_edges(camera, watched):
    camera.fault(Fault.COVERED)
    cloth = until(watched, lambda picture: scene_of(picture).mean() < 70)
    smooth = cv2.GaussianBlur(scene_of(cloth), (0, 0), 2)
    assert scene_of(cloth).mean() > 25
    assert cv2.Canny(smooth.astype(np.uint8), 60, 120).mean() < 1
    camera.mend()
    until(watched, lambda picture: scene_of(picture).mean() > 90)


def test_blurred_it_keeps_its_view_and_loses_its_edges(camera, watched):
    clear = next(pictures(watched))
    camera.fault(Fault.BLUR)
    blurred = until(watched, lambda picture: sharpness(picture) < 0.35 * sharpness(clear))
    assert likeness(clear, blurred) > 0.8
    camera.mend()
    until(watched, lambda picture: sharpness(picture) > 0.8 * sharpness(clear))


def test_moved_it_looks_elsewhere_as_sharply(camera, watched):
    before = next(pictures(watched))
    camera.fault(Fault.MOVED)
    moved = until(watched, lambda picture: likeness(before, picture) < 0.5)
    assert sharpness(moved) > 0.4 * sharpness(before)
    camera.mend()
    until(watched, lambda picture: likeness(before, picture) > 0.95)


def test_the_picture_size_changes_in_mid_stream(camera, watched):
    assert next(pictures(watched)).shape == (360, 640, 3)
    camera.fault(Fault.RESOLUTION)
    smaller = until(watched, lambda picture: picture.shape == (270, 480, 3))
    assert clockface.read_ms(smaller)
    camera.mend()
    until(watched, lambda picture: picture.shape == (360, 640, 3))


def test_a_clock_jumps_a_day_while_the_picture_tells_the_true_time(camera, url):
    with RtspClient(url) as client:
        client.play()
        before = client.report()
        jumped_s = time.time()
        camera.fault(Fault.CLOCK_JUMP)
        with watching(url) as container:
            assert jumped_s - 5 <= legible(container, 20)[0] / 1000 <= time.time()
        after = client.report()
        while after.wall_s - before.wall_s < DAY_S / 2:  # what was on its way
            after = client.report()
        ticks = (after.rtp_timestamp - before.rtp_timestamp) % (1 << 32)
        assert after.wall_s - before.wall_s - ticks / 90_000 == pytest.approx(DAY_S, abs=0.05)
        mended_s = time.time()
        camera.mend()
        while (after := client.report()).wall_s - before.wall_s > DAY_S / 2:
            pass
        assert mended_s - 0.5 <= after.wall_s <= time.time() + 0.5


def test_without_keyframes_pictures_go_on_and_a_newcomer_gets_none(camera, url):
    with RtspClient(url) as client:
        client.play()
        client.until_nal_kind(IDR)
        camera.fault(Fault.NO_KEYFRAME)
        client.nal_kinds(0.3)
        with RtspClient(url) as newcomer:
            newcomer.play()
            assert newcomer.nal_kinds(2.2) == {1}
        camera.mend()
        client.until_nal_kind(IDR)


def test_garbage_is_no_picture(camera, watched):
    next(pictures(watched))
    camera.fault(Fault.GARBAGE)
    broken_ms = time.time() * 1000
    assert all(ms < broken_ms + 100 for ms in legible(watched, 25))
    camera.mend()
    until(watched, lambda picture: (clockface.read_ms(picture) or 0) > broken_ms + 100)


def test_it_refuses_the_right_password(server):
    camera, url = server.camera("room-1"), server.url("room-1")
    with RtspClient(url) as client:
        assert client.ask("DESCRIBE").headers["www-authenticate"].startswith("Digest ")
        camera.fault(Fault.WRONG_AUTH)
        with pytest.raises((EOFError, ConnectionError)):
            client.ask("OPTIONS")
    with pytest.raises(av.error.HTTPUnauthorizedError):
        av.open(url, timeout=30.0)
    camera.mend()
    with watching(url) as container:
        next(pictures(container))


def test_faults_add_up_and_are_mended_one_by_one(camera):
    camera.fault(Fault.BLACK)
    camera.fault(Fault.BLUR)
    camera.mend(Fault.BLACK)
    assert camera.faults == {Fault.BLUR}
    camera.mend()
    assert camera.faults == set()


def test_a_port_that_refuses_is_kept_for_the_camera(camera, url):
    camera.fault(Fault.DIE)
    port = int(url.split(":")[2].split("/")[0])
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))

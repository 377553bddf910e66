"""Clients that come and go, and one that never reads."""

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ffmpeg_viewer import watching
from numpy.typing import NDArray
from plain_rtsp_client import RtspClient
from waiting import at_best

from hardware.cameras import CameraServer, CameraSpec
from hardware.cameras.scene import Scene


def becomes(true: Callable[[], bool], within_s: float = 60.0) -> bool:
    until_s = time.monotonic() + within_s
    while not true():
        if time.monotonic() > until_s:
            return False
        threading.Event().wait(0.01)
    return True


def sockets() -> int:
    return sum(link.is_socket() for link in Path("/proc/self/fd").iterdir())


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open sockets in /proc")
def test_joins_and_leaves_leave_nothing_behind(server):
    with watching(server.url("win-1")) as container:
        next(container.demux())
    assert becomes(lambda: server.clients("win-1") == 0)
    threads, open_before, tasks = threading.active_count(), sockets(), server.tasks()
    for number in range(20):
        if number % 2:
            with watching(server.url("win-1"), "udp" if number % 4 == 1 else "tcp") as container:
                next(container.demux())
        else:
            client = RtspClient(server.url("win-1"))
            client.play(tracks=2)
            client.rtp()
            client.close()  # without a TEARDOWN
    assert becomes(lambda: server.clients("win-1") == 0)
    assert becomes(lambda: (threading.active_count(), sockets(), server.tasks()) == (threads, open_before, tasks))


def test_a_server_stops_within_a_second_and_leaves_no_thread(window):
    before = threading.active_count()
    specs = [CameraSpec(name=f"win-{n}", view=window, size=(320, 180)) for n in range(4)]

    def stopped_s() -> float:
        with CameraServer(specs) as server, RtspClient(server.url("win-1")) as client:
            client.play(tracks=2)
            client.rtp()
            began_s = time.monotonic()
            server.close()
            took_s = time.monotonic() - began_s
            assert client.is_closed()
        return took_s

    assert at_best(stopped_s, promised=1.0) < 1
    assert becomes(lambda: threading.active_count() <= before)


def test_one_who_never_reads_is_dropped_and_disturbs_nobody(window):
    heavy = CameraSpec(
        name="win-1", view=window, size=(640, 360), noise=12.0, bitrate_bps=12_000_000, keyframe_every_s=0.2, audio=None
    )

    def longest_s() -> float:
        longest_s = 0.0
        with (
            CameraServer([heavy]) as server,
            RtspClient(server.url("win-1"), receive_buffer=4096) as idle,
            RtspClient(server.url("win-1")) as busy,
        ):
            idle.play()
            busy.play()
            last_s = time.monotonic()
            until_s = last_s + 60
            while server.clients("win-1") == 2 and last_s < until_s:
                busy.rtp()
                now_s = time.monotonic()
                longest_s, last_s = max(longest_s, now_s - last_s), now_s
            assert server.clients("win-1") == 1
            numbers = [busy.rtp().sequence for _ in range(100)]
            assert [(b - a) % 65_536 for a, b in pairwise(numbers)] == [1] * 99
        return longest_s

    assert at_best(longest_s, promised=0.7) < 0.7


class Counted:
    """A view that counts its pictures."""

    def __init__(self, view: Scene) -> None:
        self._view = view
        self.pictures = 0

    def picture(self, t_s: float, size: tuple[int, int]) -> NDArray[np.uint8]:
        self.pictures += 1
        return self._view.picture(t_s, size)


def test_a_camera_that_nobody_watches_pictures_nothing(window):
    view = Counted(window)

    def rests() -> bool:
        before = view.pictures
        threading.Event().wait(0.5)
        return view.pictures == before

    with CameraServer([CameraSpec(name="win-1", view=view, size=(320, 180))]) as server:
        with RtspClient(server.url("win-1")) as client:
            client.play()
            client.rtp()
        assert becomes(lambda: server.clients("win-1") == 0)
        assert becomes(rests)
        assert view.pictures > 0


def test_one_who_asks_and_never_reads_the_answers_is_dropped(server):
    with RtspClient(server.url("win-1"), receive_buffer=4096) as client, pytest.raises(ConnectionError):
        client.socket.sendall(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" * 500_000)
    assert becomes(lambda: server.clients("win-1") == 0)

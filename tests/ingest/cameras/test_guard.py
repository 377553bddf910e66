"""Guards over real connections: who falls silent is cut off, and what did come is not kept from its reader."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from struct import unpack
from termios import FIONREAD
from threading import enumerate as threads

import pytest
from waiting import wait_until

from ingest.cameras.guard import Guard
from ingest.cameras.line import Line


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection: the camera's end, and ours."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as ours:
        camera, _ = listener.accept()
        with camera:
            yield camera, ours


def has_come(ours: socket.socket) -> int:
    return int(unpack("i", ioctl(ours, FIONREAD, b"    "))[0])


def wakes(ours: socket.socket) -> bool:
    return bool(select.select([ours], [], [], 0)[0])


@contextmanager
def line(ours: socket.socket) -> Iterator[Line]:
    with ours.dup() as held:
        yield Line([held])


def test_it_cuts_when_nothing_was_heard_for_long_and_not_before(ends: tuple[socket.socket, socket.socket]) -> None:
    _, ours = ends
    with line(ours) as held, Guard(held, 1.5) as guard:
        began_s = time.monotonic()
        while time.monotonic() - began_s < 2.5:
            guard.heard_s = time.monotonic()
            select.select([], [], [], 0.01)
        assert not guard.has_cut
        wait_until(lambda: guard.has_cut, what="it is cut")
        assert time.monotonic() - guard.heard_s >= 1.5
        assert ours.recv(1) == b""


def test_what_is_gathered_is_given_free_when_no_more_comes(ends: tuple[socket.socket, socket.socket]) -> None:
    camera, ours = ends
    with line(ours) as held:
        held.gather(1_000)
        camera.sendall(b"x" * 10)
        wait_until(lambda: has_come(ours) == 10, what="it came")
        assert not wakes(ours)
        with Guard(held, 60.0) as guard:
            wait_until(lambda: wakes(ours), what="its reader is woken")
            assert not guard.has_cut


def test_one_thread_looks_at_all_and_ends_with_the_last(ends: tuple[socket.socket, socket.socket]) -> None:
    def rounds() -> int:
        return sum(thread.name == "guard" for thread in threads())

    _, ours = ends
    with line(ours) as held:
        with Guard(held, 60.0) as one, Guard(held, 0.2) as other:
            wait_until(lambda: other.has_cut, what="the impatient one cuts")
            assert not one.has_cut
            assert rounds() == 1
        wait_until(lambda: rounds() == 0, what="it ends")
        with Guard(held, 0.2) as anew:
            wait_until(lambda: anew.has_cut, what="it begins again")


def test_a_connection_that_can_not_be_guarded_costs_no_other_its_guard(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ours = ends
    with line(ours) as bad, line(ours) as good:
        monkeypatch.setattr(bad, "cut", lambda: 1 // 0)
        with Guard(bad, 0.1), Guard(good, 0.2) as other:
            wait_until(lambda: other.has_cut, what="the other is cut")

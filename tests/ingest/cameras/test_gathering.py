"""How many bytes are waited for before the reader of a real connection is woken."""

import socket

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_guard import ends, has_come, line, wakes
from waiting import wait_until

from ingest.cameras.gathering import MOST_BYTES, Gathering
from ingest.cameras.line import Line

__all__ = ["ends"]

Ends = tuple[socket.socket, socket.socket]


def waited_for(ours: socket.socket) -> int:
    return ours.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT)


def gathering(held: Line) -> Gathering:
    """One that waits for pictures of 20,000 bytes."""
    gathers = Gathering(held)
    gathers.see(20_000, 100.0)
    gathers.see(20_000, 101.0)
    return gathers


def come(ends: Ends, size: int) -> None:
    camera, ours = ends
    before = has_come(ours)
    camera.sendall(bytes(size))
    wait_until(lambda: has_come(ours) == before + size, what="it came")


def test_sound_waits_for_the_next_picture(ends: Ends) -> None:
    _, ours = ends
    with line(ours) as held:
        gathering(held)
        come(ends, 400)
        assert not wakes(ours)
        come(ends, 20_000)
        assert wakes(ours)


def test_of_one_picture_alone_nothing_is_concluded(ends: Ends) -> None:
    """It is a keyframe, and the next ones are small."""
    _, ours = ends
    with line(ours) as held:
        Gathering(held).see(20_000, 100.0)
        come(ends, 1)
        assert wakes(ours)


def test_the_end_of_the_connection_waits_for_nothing(ends: Ends) -> None:
    camera, ours = ends
    with line(ours) as held:
        gathering(held)
        come(ends, 400)
        camera.close()
        wait_until(lambda: wakes(ours), what="its reader is woken")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 100_000), min_size=1, max_size=40))
def test_the_smallest_picture_of_a_second_wakes_by_itself(sizes: list[int], ends: Ends) -> None:
    _, ours = ends
    with line(ours) as held:
        gathers = gathering(held)
        for number, size in enumerate(sizes):
            gathers.see(size, 101.5 + number / 100)
        assert waited_for(ours) == MOST_BYTES
        gathers.see(50_000, 102.2)
        assert 1 <= waited_for(ours) <= min(sizes)

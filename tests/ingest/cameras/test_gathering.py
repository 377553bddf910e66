"""How many bytes are waited for before the reader of a real connection is woken."""

import socket

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_guard import ends, has_come, line, wakes
from waiting import wait_until

from ingest.cameras.gathering import MOST_BYTES, Gathering

__all__ = ["ends"]

Ends = tuple[socket.socket, socket.socket]


def waited_for(ours: socket.socket) -> int:
    return ours.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT)


def come(ends: Ends, size: int) -> None:
    camera, ours = ends
    before = has_come(ours)
    camera.sendall(bytes(size))
    wait_until(lambda: has_come(ours) == before + size, what="it came")


def test_sound_waits_for_the_next_picture(ends: Ends) -> None:
    _, ours = ends
    with line(ours) as held:
        Gathering(held).see(20_000, 100.0)
        come(ends, 400)
        assert not wakes(ours)
        come(ends, 20_000)
        assert wakes(ours)


def test_the_end_of_the_connection_waits_for_nothing(ends: Ends) -> None:
    camera, ours = ends
    with line(ours) as held:
        Gathering(held).see(20_000, 100.0)
        come(ends, 400)
        camera.close()
        wait_until(lambda: wakes(ours), what="its reader is woken")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 100_000), min_size=1, max_size=40))
def test_the_smallest_picture_of_a_second_wakes_by_itself(sizes: list[int], ends: Ends) -> None:
    _, ours = ends
    with line(ours) as held:
        gathering = Gathering(held)
        gathering.see(50_000, 100.0)
        for number, size in enumerate(sizes):
            gathering.see(size, 100.5 + number / 100)
        assert waited_for(ours) == MOST_BYTES
        gathering.see(50_000, 101.2)
        assert 1 <= waited_for(ours) <= min(sizes)

"""Relays between players and cameras, all on one thread: real connections, of which some behave badly."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from ingest_examples import wait_until

from ingest.cameras.address import Address
from ingest.cameras.rtsp_messages import MOST_NOISE
from ingest.cameras.rtsp_proxy import Proxy
from ingest.cameras.rtsp_relay import Relay
from ingest.cameras.states import State

WAIT_S = 30.0


@dataclass
class Both:
    """The two ends of a relay, which have greeted one another."""

    relay: Relay
    camera: socket.socket
    player: socket.socket


def frame(number: int, size: int = 1_000) -> bytes:
    packet = bytes((0x80, 96)) + (number & 0xFFFF).to_bytes(2, "big") + number.to_bytes(size - 4, "big")
    return b"$\0" + len(packet).to_bytes(2, "big") + packet


def read(by: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer where it ends before."""
    found = bytearray()
    while len(found) < size and (data := by.recv(size - len(found))):
        found += data
    return bytes(found)


def filled(by: socket.socket, data: bytes) -> int:
    """How much of `data`, again and again, goes on its way until nothing more does."""
    by.settimeout(1.0)
    sent = 0
    try:
        while True:
            sent += by.send(data[sent % len(data) :])
    except TimeoutError:
        by.settimeout(WAIT_S)
        return sent


@pytest.fixture
def meeting() -> Iterator[Callable[[], Both]]:
    with ExitStack() as kept:

        def meet() -> Both:
            listener = kept.enter_context(socket.create_server(("127.0.0.1", 0)))
            relay = kept.enter_context(Relay(Address(url=f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live"), WAIT_S))
            camera = kept.enter_context(listener.accept()[0])
            place = relay.url.split("/")[2].split(":")
            player = kept.enter_context(socket.create_connection((place[0], int(place[1])), WAIT_S))
            camera.settimeout(WAIT_S)
            player.sendall(f"OPTIONS {relay.url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
            assert camera.recv(4_096).startswith(b"OPTIONS rtsp://127.0.0.1:")
            return Both(relay, camera, player)

        yield meet


def test_who_does_not_read_holds_up_nobody_else_and_loses_nothing(meeting: Callable[[], Both]) -> None:
    slow, other = meeting(), meeting()
    frames = b"".join(frame(number) for number in range(1_000))
    sent = filled(slow.camera, frames)
    other.camera.sendall(frames)
    assert read(other.player, len(frames)) == frames

    came = read(slow.player, sent)
    whole = frames * (sent // len(frames) + 1)
    assert len(came) >= sent - len(frame(0))  # of the last frame the rest was never sent
    assert came == whole[: len(came)]


def test_a_camera_that_does_not_read_holds_up_nobody_else(meeting: Callable[[], Both]) -> None:
    deaf, other = meeting(), meeting()
    asks = f"OPTIONS {deaf.relay.url} RTSP/1.0\r\nCSeq: 1\r\nX: {'x' * 8_000}\r\n\r\n".encode()
    assert filled(deaf.player, asks) > 100_000
    other.camera.sendall(frame(1))
    assert read(other.player, len(frame(1))) == frame(1)


def test_what_was_said_last_comes_before_the_end(meeting: Callable[[], Both]) -> None:
    both = meeting()
    both.camera.sendall(frame(1))
    both.camera.close()
    assert read(both.player, 10_000) == frame(1)
    both = meeting()
    both.player.sendall(f"TEARDOWN {both.relay.url} RTSP/1.0\r\nCSeq: 2\r\n\r\n".encode())
    both.player.close()
    both.relay.close()
    assert read(both.camera, 10_000).startswith(b"TEARDOWN ")


def test_what_is_no_rtsp_ends_its_own_connection(meeting: Callable[[], Both]) -> None:
    noisy, other = meeting(), meeting()
    noisy.camera.sendall(b"A" * (2 * MOST_NOISE))
    assert read(noisy.player, 1) == b""
    wait_until(lambda: noisy.relay.has_ended)
    assert noisy.relay.fault is not None
    assert (noisy.relay.fault.state, "expected RTSP" in noisy.relay.fault.reason) == (State.UNUSABLE, True)
    other.camera.sendall(frame(1))
    assert read(other.player, len(frame(1))) == frame(1)


def test_a_fault_of_ours_with_one_camera_is_that_cameras_alone(
    meeting: Callable[[], Both], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = meeting(), meeting()
    plain = Proxy.from_camera

    def fails(proxy: Proxy, data: bytes) -> tuple[bytes, bytes]:
        if data.startswith(frame(7)):
            raise ZeroDivisionError
        return plain(proxy, data)

    monkeypatch.setattr(Proxy, "from_camera", fails)
    one.camera.sendall(frame(7))
    assert read(one.player, 1) == b""
    wait_until(lambda: one.relay.has_ended)
    assert one.relay.fault is not None
    other.camera.sendall(frame(1))
    assert read(other.player, len(frame(1))) == frame(1)


def test_it_ends_at_once_also_where_no_player_came() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        relay = Relay(Address(url=f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live"), WAIT_S)
        relay.close()
        assert relay.has_ended

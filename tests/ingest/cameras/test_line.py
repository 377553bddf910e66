"""Lines to real servers: found among others, and cut."""

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from ingest.cameras.line import Line, made_by


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def url(server: socket.socket) -> str:
    return f"rtsp://localhost:{server.getsockname()[1]}/x"


def connecting(server: socket.socket) -> tuple[socket.socket, Line]:
    return made_by(lambda: socket.create_connection(server.getsockname()), url(server))


def test_the_line_that_is_cut_is_the_one_that_was_made(server: socket.socket) -> None:
    with socket.create_connection(server.getsockname()) as before, socket.socket() as unconnected:
        made: list[tuple[socket.socket, Line]] = []
        threads = [Thread(target=lambda: made.append(connecting(server))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number, (connection, line) in enumerate(made):
            line.cut()
            assert connection.recv(1) == b""
            for other in [before, *(c for c, _ in made[number + 1 :])]:
                other.setblocking(False)
                with pytest.raises(BlockingIOError):
                    other.recv(1)
                other.setblocking(True)
        assert unconnected.fileno() >= 0
    for connection, line in made:
        with connection, line:
            pass
        line.cut()


def test_what_else_is_opened_meanwhile_is_no_line(server: socket.socket) -> None:
    pairs: list[socket.socket] = []

    def busy() -> socket.socket:
        pairs.extend(socket.socketpair())
        return socket.create_connection(server.getsockname())

    connection, line = made_by(busy, url(server))
    with connection, line, pairs[0], pairs[1]:
        line.cut()
        assert connection.recv(1) == b""
        pairs[0].sendall(b"!")
        assert pairs[1].recv(1) == b"!"


def test_a_line_that_could_not_be_found_is_none(server: socket.socket) -> None:
    connection, line = made_by(lambda: socket.create_connection(server.getsockname()), "rtsp://no.such.host.invalid/x")
    with connection, line:
        line.cut()
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)

"""Connections that say nothing, too little or too much; and clients that go away. One client never takes the console
from another."""

import json
import logging
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from console import connections
from console.api import bodies
from console.connections import BoundedConnection

SOON_S = 1.0
HEAD = b"POST /api/v1/holds HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """All patience is a second."""
    monkeypatch.setattr(connections, "SILENT_S", SOON_S)
    monkeypatch.setattr(bodies, "PIECE_S", SOON_S)


def connect(address: str) -> socket.socket:
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20)


def rest(client: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    pieces = []
    while piece := client.recv(65_536):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n"])
@pytest.mark.usefixtures("impatient")
def test_a_request_that_never_comes_whole_ends_the_connection(address: str, sent: bytes) -> None:
    with connect(address) as client:
        client.sendall(sent)
        assert rest(client) == b""


@pytest.mark.usefixtures("impatient")
def test_a_head_that_comes_in_drops_ends_the_connection(address: str) -> None:
    with connect(address) as client:
        began_s = time.monotonic()
        client.sendall(b"GET /healthz HTTP/1.1\r\n")
        while not select.select([client], [], [], SOON_S / 5)[0]:
            client.sendall(b"x-a: b\r\n")
            assert time.monotonic() - began_s < 60
        assert client.recv(1) == b""


@pytest.mark.usefixtures("impatient")
def test_half_a_body_is_answered_with_408_and_ends_the_connection(address: str) -> None:
    with connect(address) as client:
        client.sendall(HEAD + b'content-length: 100\r\n\r\n{"cameras":')
        answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 408 ")
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert problem["type"] == "urn:ducha:problem:too-slow"


@pytest.mark.usefixtures("impatient")
def test_the_rest_of_a_body_that_nobody_reads_ends_the_connection(address: str) -> None:
    with connect(address) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\nx")
        assert client.recv(12) == b"HTTP/1.1 200"
        client.sendall(b"x")
        rest(client)


@pytest.mark.parametrize("lengths", [b"content-length: 2\r\ntransfer-encoding: chunked\r\n"])
def test_a_body_of_two_lengths_is_refused_and_the_connection_closed(address: str, lengths: bytes) -> None:
    with connect(address) as client:
        client.sendall(HEAD + lengths + b"\r\n2\r\n{}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_who_is_at_the_limit_loses_idle_connections_and_is_still_answered(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedConnection, "per_client", 5)
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(address)) for _ in range(20)]
        assert httpx.get(f"{address}/healthz").status_code == 200
        assert rest(clients[0]) == b""


def test_who_is_at_the_limit_with_all_at_work_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedConnection, "per_client", 2)
    lines: list[Iterator[str]] = []
    with ExitStack() as stack:
        for _ in range(2):
            stream = stack.enter_context(httpx.stream("GET", f"{address}/api/v1/events", timeout=20))
            lines.append(stream.iter_lines())
            next(lines[-1])
        with connect(address) as client:
            assert rest(client).startswith(b"HTTP/1.1 503 ")


def departures() -> Iterator[bytes]:
    """What was sent when the client went away."""
    yield b""
    yield b"GET /api/v1/al"
    yield HEAD + b'content-length: 100\r\n\r\n{"cameras":'
    yield HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nab"
    yield b"POST /api/v1/cameras/win-1/whep HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9\r\n\r\nv=0"
    yield b"GET /api/v1/openapi.json HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n" * 5
    yield b"GET /api/v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
    yield b"GET /api/v1/alerts HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    yield b"GET / HTTP/9.9\r\n\r\n"


@pytest.mark.parametrize("reset", [True, False])
def test_a_client_that_goes_away_is_no_fault(address: str, reset: bool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        for sent in departures():
            with connect(address) as client:
                client.sendall(sent)
                if reset:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        assert httpx.get(f"{address}/healthz").status_code == 200
    assert [record.getMessage() for record in caplog.records] == []

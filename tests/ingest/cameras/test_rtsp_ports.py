"""The ports that a camera sends to, and what it may say of its own."""

import socket
from collections.abc import Iterator

import pytest
from waiting import wait_until

from ingest.cameras.rtsp_ports import RtpPorts
from ingest.cameras.rtsp_proxy import Agreed

HERE = "127.0.0.1"


@pytest.fixture
def ports() -> Iterator[RtpPorts]:
    """Of a connection to a camera on this machine."""
    with socket.create_server((HERE, 0)) as camera, socket.create_connection(camera.getsockname()) as connection:
        made = RtpPorts(connection)
        yield made
        made.close()


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    """Where a camera sends from."""
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        made.bind((HERE, 0))
        made.settimeout(10)
        yield made


@pytest.mark.parametrize("source", [None, HERE])
def test_the_camera_hears_from_us_and_we_from_it(ports: RtpPorts, sender: socket.socket, source: str | None) -> None:
    here = ports.bind(0)
    port = sender.getsockname()[1]
    ports.agree(Agreed(0, (port, port), source))
    assert sender.recvfrom(100)[1] == (HERE, here[0])
    sender.sendto(b"a packet", (HERE, here[0]))
    rtp, _ = ports.sockets()[0]
    came: list[bytes] = []
    wait_until(lambda: came.extend(ports.received(rtp)) or came)
    assert came == [b"a packet"]


def test_a_name_is_not_looked_up(ports: RtpPorts, sender: socket.socket) -> None:
    here, port = ports.bind(0), sender.getsockname()[1]
    ports.agree(Agreed(0, (port, port), "a.name.that.takes.long.example"))
    assert sender.recvfrom(100)[1] == (HERE, here[0]), "the camera's own address is taken"


@pytest.mark.parametrize("server_ports", [(0, 1), (65_535, 65_536), (99_999, 99_999)])
def test_ports_that_are_none_are_not_sent_to(ports: RtpPorts, server_ports: tuple[int, int]) -> None:
    ports.bind(0)
    ports.agree(Agreed(0, server_ports, None))
    ports.report()

"""Lines: real connections that anybody may cut."""

import socket
from threading import Thread

from ingest.cameras.line import Line


def test_who_waits_on_a_line_hears_that_it_is_cut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        heard: list[bytes] = []
        waiting = Thread(target=lambda: heard.append(ours.recv(1)))
        waiting.start()
        line = Line([ours])
        line.cut()
        waiting.join(5)
        assert heard == [b""]
        line.cut()
    line.cut()


def test_there_need_be_none() -> None:
    Line().cut()
    Line().gather(1)

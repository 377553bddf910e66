"""The tap, as its clients meet it."""

import json
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import active_count
from typing import Any

import msgspec
import pytest
from camera_films import film, later, sound, together
from ingest_examples import wait_until

from ingest.cameras.fanout import Fanout
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.packets import Packet, StreamInfo
from ingest.cameras.tap import ANNOUNCED, Tap

INFO, PACKETS = film()


class Client:
    def __init__(self, path: Path, asking: bytes = b'{"camera": "c-1"}\n') -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.socket.sendall(asking)
        self.file = self.socket.makefile("rb")

    def answer(self) -> dict[str, Any]:
        return dict(json.loads(self.file.readline()))

    def packet(self) -> Packet | None:
        head = self.file.read(4)
        if len(head) < 4:
            return None
        return msgspec.msgpack.decode(self.file.read(struct.unpack(">I", head)[0]), type=Packet)

    def announced(self) -> tuple[StreamInfo, ...]:
        size = struct.unpack(">I", self.file.read(4))[0]
        assert size & ANNOUNCED
        return msgspec.convert(json.loads(self.file.read(size & ~ANNOUNCED))["streams"], tuple[StreamInfo, ...])

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Served:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "tap.sock"
        self.fanout = Fanout()
        self.metrics = CameraMetrics()
        self.tap = Tap(self.path, {"c-1": self.fanout}, self.metrics)
        self.tap.start()

    def ask(self, asking: bytes = b'{"camera": "c-1"}\n') -> Client:
        return Client(self.path, asking)

    def clients(self) -> float:
        return self.metrics.registry.get_sample_value("ducha_tap_clients") or 0.0

    def wait_for_viewers(self, count: int) -> None:
        wait_until(lambda: len(self.fanout._subscriptions) == count, 30, "viewers")

    def publish(self, by_s: float = 0.0) -> None:
        for packet in later(PACKETS, by_s):
            self.fanout.publish(packet)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    threads = active_count()
    served = Served(tmp_path)
    yield served
    assert served.tap.stop(5)
    wait_until(lambda: active_count() <= threads, what="its threads have ended")
    assert not served.path.exists()


def test_a_client_is_told_the_streams_and_then_every_packet_from_the_last_keyframe(served: Served) -> None:
    sounding, tones = sound("aac")
    served.fanout.open((INFO, sounding))
    sent = together(PACKETS, tones)
    for packet in sent:
        served.fanout.publish(packet)
    with closing(served.ask()) as client:
        streams = msgspec.convert(client.answer()["streams"], tuple[StreamInfo, ...])
        assert streams == (INFO, sounding)
        group = sent[max(n for n, p in enumerate(sent) if p.is_keyframe and p.media == "video") :]
        assert [client.packet() for _ in group] == group
        served.publish(3.0)
        assert [client.packet() for _ in PACKETS] == list(later(PACKETS, 3.0))


@pytest.mark.parametrize(
    ("asking", "error"),
    [
        (b'{"camera": "c-2"}\n', "there is no camera 'c-2'"),
        (b"GET / HTTP/1.1\n", 'expected one line, {"camera": ID}'),
        (b'{"camera": 3}\n', 'expected one line, {"camera": ID}'),
        (b"x" * 5_000, 'expected one line, {"camera": ID}'),
        (b'{"camera": "c-1"}\n', "the camera's picture does not come"),
    ],
)
def test_what_can_not_be_answered_is_said(served: Served, asking: bytes, error: str) -> None:
    with closing(served.ask(asking)) as client:
        assert client.answer() == {"error": error}


def test_a_slow_client_loses_its_own_packets_alone(served: Served) -> None:
    served.fanout.open((INFO,))
    with closing(served.ask()) as slow, closing(served.ask()) as quick:
        served.wait_for_viewers(2)
        served.publish()
        assert slow.answer() == quick.answer()
        assert [quick.packet() for _ in PACKETS] == list(PACKETS)
        for n in range(1, 80):
            served.publish(3.0 * n)
            assert [quick.packet() for _ in PACKETS] == list(later(PACKETS, 3.0 * n))
    wait_until(lambda: served.clients() == 0)
    wait_until(
        lambda: served.metrics.registry.get_sample_value("ducha_tap_lost_packets_total"), what="a loss is counted"
    )


def test_clients_are_let_go_when_the_streams_change_but_not_when_they_come_again(served: Served) -> None:
    served.fanout.open((INFO,))
    with closing(served.ask()) as client:
        served.wait_for_viewers(1)
        served.publish()
        client.answer()
        served.fanout.interrupt()
        served.fanout.open((INFO,))
        served.publish(10.0)
        assert [client.packet() for _ in range(2 * len(PACKETS))] == [*PACKETS, *later(PACKETS, 10.0)]
        served.fanout.open((film("hevc")[0],))
        assert client.packet() is None


def test_clients_are_told_other_parameters_before_the_packets_that_need_them(served: Served) -> None:
    other, smaller = film(size=(322, 242))
    served.fanout.open((INFO,))
    with closing(served.ask()) as client:
        served.wait_for_viewers(1)
        served.publish()
        client.answer()
        served.fanout.open((other,))
        for packet in later(smaller, 3.0):
            served.fanout.publish(packet)
        assert [client.packet() for _ in PACKETS] == list(PACKETS)
        assert client.announced() == (other,)
        assert [client.packet() for _ in smaller] == list(later(smaller, 3.0))


def test_a_client_that_leaves_is_forgotten_although_nothing_comes(served: Served) -> None:
    served.fanout.open((INFO,))
    served.publish()
    client = served.ask()
    client.answer()
    client.close()
    wait_until(lambda: served.clients() == 0, 30)


def test_the_socket_is_for_its_owner_and_group_and_replaces_one_that_was_left(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(tmp_path / "tap.sock"))
    served = Served(tmp_path)
    assert stat.S_IMODE(served.path.stat().st_mode) == 0o660
    assert served.tap.stop(5)

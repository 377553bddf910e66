"""Whether what is stored can be shown: told after two pictures that can't, and when they can again."""

from collections.abc import Iterator
from threading import Lock

import pytest
from camera_films import film
from ingest_examples import wait_until
from msgspec.structs import replace as changed

from ingest.cameras.annexb import annex_b, nal_units, parameter_sets
from ingest.cameras.decodability import Decodability
from ingest.cameras.fanout import Fanout
from ingest.cameras.packets import Packet

INFO, PACKETS = film()
SETS = parameter_sets("h264", INFO.extradata)


class Judged:
    """A camera, and what was told of it."""

    def __init__(self) -> None:
        self.fanout = Fanout()
        self.told: list[str | None] = []
        self._lock = Lock()
        self._arrived_s = 0.0

    def tell(self, problem: str | None) -> None:
        with self._lock:
            self.told.append(problem)

    def send(self, data: bytes) -> None:
        self._arrived_s += 1.0
        self.fanout.publish(changed(PACKETS[0], data=data, arrived_s=self._arrived_s))


@pytest.fixture
def judged() -> Iterator[tuple[Judged, Decodability]]:
    camera = Judged()
    running = Decodability({"c-1": (camera.fanout, camera.tell)}, every_s=0.05)
    running.start()
    yield camera, running
    assert running.stop(5)


def without_sets(packet: Packet) -> bytes:
    return annex_b(tuple(unit for unit in nal_units(packet.data) if unit not in SETS))


def test_pictures_that_can_not_be_decoded_are_told_once_and_so_is_that_they_can_again(
    judged: tuple[Judged, Decodability],
) -> None:
    camera, _ = judged
    camera.fanout.open((changed(INFO, extradata=annex_b(SETS[:1])),))  # a PPS is told nowhere
    sent = iter(range(1_000))

    def until(told: int, data: bytes) -> None:
        def sends() -> bool:
            next(sent)
            camera.send(data)
            return len(camera.told) >= told

        wait_until(sends, 30, "a word")

    until(1, without_sets(PACKETS[0]))
    assert camera.told[0] is not None
    assert camera.told[0].startswith("what is recorded can't be shown: ")
    until(2, PACKETS[0].data)
    assert camera.told[1:] == [None]


def test_one_picture_that_was_damaged_says_nothing_and_who_looks_anyway_is_believed() -> None:
    camera = Judged()
    by_others = Decodability({"c-1": (camera.fanout, camera.tell)})
    for arrived_s, problem in ((1, "damaged"), (2, None), (3, "damaged"), (3, "damaged"), (2, "damaged"), (4, None)):
        by_others.judged("c-1", arrived_s, problem)
    assert camera.told == []
    for arrived_s, problem in ((5, "no PPS"), (6, "no PPS"), (7, "no PPS"), (8, None)):
        by_others.judged("c-1", arrived_s, problem)
    assert camera.told == ["what is recorded can't be shown: no PPS", None]
    by_others.judged("c-2", 9, None)

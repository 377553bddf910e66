"""Lost RTP packets, from real cameras whose packets are lost on their way: counted, exactly, and told with the rest."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from ingest_examples import wait_until
from test_camera_worker import Site
from test_source import Watched, watching
from virtual_cameras import address, spec

from hardware.cameras import CameraServer
from hardware.cameras.encoder import AudioCodec
from hardware.cameras.oddity import ORDINARY, Oddity
from ingest.cameras.packets import Media
from ingest.cameras.rtp_loss import WINDOW
from ingest.cameras.states import State
from store.evidence.leaf import SegmentBody
from store.evidence.verdict import Verdict
from store.evidence.verification import verify_folder

PICTURE, SOUND = 0, 1


@dataclass
class Way:
    """From a camera to us: numbers go over the wrap soon; each `every`-th packet of a track is lost, and what is asked
    of the others besides is done to them. One client's alone."""

    every: dict[int, int] = field(default_factory=dict)
    doubles: bool = False
    swaps: bool = False
    lost: dict[int, int] = field(default_factory=lambda: {PICTURE: 0, SOUND: 0})
    sent: dict[int, int] = field(default_factory=lambda: {PICTURE: 0, SOUND: 0})
    held: dict[int, bytes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, track: int, packet: bytes) -> list[bytes]:
        with self.lock:
            self.sent[track] += 1
            number = (self.sent[track] + 65_480) & 0xFFFF
            packet = packet[:2] + number.to_bytes(2, "big") + packet[4:]
            if track in self.every and self.sent[track] % self.every[track] == 0:
                self.lost[track] += 1
                return []
            coming = [packet, packet] if self.doubles else [packet]
            if self.swaps and self.sent[track] % 7 == 3:
                self.held[track] = packet
                return []
            return [*coming, late] if (late := self.held.pop(track, None)) else coming


@pytest.fixture(scope="module")
def server() -> Iterator[CameraServer]:
    # sound in packets of 20 ms and small pictures: many packets a second
    with CameraServer([replace(spec("c", audio=AudioCodec.PCMA), fps=25.0, bitrate_bps=3_000_000)]) as running:
        yield running


@pytest.fixture
def way(server: CameraServer) -> Iterator[Way]:
    way = Way()
    server.camera("c").oddity = Oddity(way=way)
    yield way
    server.camera("c").oddity = ORDINARY


def told(watched: Watched) -> dict[Media, int]:
    return {media: sum(packet.lost for packet in watched.reader.packets(media)) for media in Media}


def counting(server: CameraServer, way: Way, transport: str) -> tuple[dict[Media, int], dict[Media, int]]:
    """What a source counted, and what its packets told of it, when enough had been sent for all that was lost before
    to be known."""
    counted = dict.fromkeys(Media, 0)

    def count(media: Media, packets: int) -> None:
        counted[media] += packets

    with watching(address(server.url("c"), transport=transport), lost=count) as watched:
        watched.wait_for(State.LIVE)
        wait_until(lambda: min(way.sent.values()) > 2 * WINDOW, 60, "packets", lambda: way.sent)
        with way.lock:
            way.every, way.swaps = {}, False
            lost, sent = dict(way.lost), dict(way.sent)
        wait_until(lambda: all(way.sent[t] > sent[t] + 2 * WINDOW for t in sent), 60, "more packets")
        expected = {Media.VIDEO: lost[PICTURE], Media.AUDIO: lost[SOUND]}
        wait_until(lambda: told(watched) == expected, 30, f"{expected} are told", lambda: (told(watched), counted))
        return counted, expected


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_lost_packets_are_counted_each_once(server: CameraServer, way: Way, transport: str) -> None:
    way.every = {PICTURE: 23, SOUND: 41}
    counted, expected = counting(server, way, transport)
    assert min(expected.values()) > 3
    assert counted == expected


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_doubled_ones_late_ones_and_the_wrap_are_no_loss(server: CameraServer, way: Way, transport: str) -> None:
    way.doubles = way.swaps = True
    counted, expected = counting(server, way, transport)
    assert counted == expected == {Media.VIDEO: 0, Media.AUDIO: 0}


def test_what_was_lost_last_is_counted_when_the_connection_ends(server: CameraServer, way: Way) -> None:
    counted = dict.fromkeys(Media, 0)

    def count(media: Media, packets: int) -> None:
        counted[media] += packets

    with watching(address(server.url("c")), lost=count) as watched:
        watched.wait_for(State.LIVE)
        with way.lock:
            way.every = {PICTURE: 10}
        wait_until(lambda: way.lost[PICTURE] > 0, 30, "a loss")
        with way.lock:
            way.every = {}
            sent = way.sent[PICTURE]
        wait_until(lambda: way.sent[PICTURE] > sent + 5, 30, "packets after it")
        arrived = len(watched.reader.packets())
        wait_until(lambda: len(watched.reader.packets()) > arrived + 2, 30, "they came")
    assert counted == {Media.VIDEO: way.lost[PICTURE], Media.AUDIO: 0}


def test_they_stand_in_the_leaves_in_the_metrics_and_in_what_verification_says(
    tmp_path: Path, server: CameraServer, way: Way, postgres_uri: str
) -> None:
    site = Site(tmp_path, server, postgres_uri)
    way.every = {PICTURE: 50}
    with site.running("c") as worker:

        def metric(media: Media) -> float | None:
            labels = {"camera": "c", "medium": media.value}
            return worker.metrics.registry.get_sample_value("ducha_camera_rtp_packets_lost_total", labels)

        def recorded(stream: str) -> int:
            return sum(body.lost_packets or 0 for body in site.bodies(stream, SegmentBody))

        wait_until(lambda: way.sent[PICTURE] > 3 * WINDOW, 60, "packets")
        with way.lock:
            way.every = {}
        lost = way.lost[PICTURE]
        wait_until(lambda: recorded("c.video") == lost, 60, f"{lost} are recorded", lambda: recorded("c.video"))
        assert metric(Media.VIDEO) == lost
        assert metric(Media.AUDIO) == 0
        (camera,) = worker.cameras
        assert camera.row().lost_packets == lost
    assert recorded("c.audio") == 0
    said = {f.stream: f.detail for f in verify_folder(site.folder).findings if f.verdict is Verdict.INTACT}
    assert said["c.video"].endswith(f" segments in all; {lost} packets lost on their way from the camera")
    assert said["c.audio"].endswith(" segments in all")


def test_what_was_lost_last_stands_in_the_last_leaf_when_the_recorder_stops(
    tmp_path: Path, server: CameraServer, way: Way, postgres_uri: str
) -> None:
    site = Site(tmp_path, server, postgres_uri)
    with site.running("c") as worker:
        wait_until(lambda: site.bodies("c.audio", SegmentBody), 60, "sound is recorded")
        with way.lock:
            way.every = {SOUND: 10}
        wait_until(lambda: way.lost[SOUND] > 0, 30, "a loss")
        with way.lock:
            way.every = {}
            recorded = len(site.bodies("c.audio", SegmentBody))
        wait_until(lambda: len(site.bodies("c.audio", SegmentBody)) > recorded + 1, 30, "sound after it")
    labels = {"camera": "c", "medium": Media.AUDIO.value}
    counted = worker.metrics.registry.get_sample_value("ducha_camera_rtp_packets_lost_total", labels)
    assert counted == way.lost[SOUND] > 0
    assert sum(body.lost_packets or 0 for body in site.bodies("c.audio", SegmentBody)) == way.lost[SOUND]

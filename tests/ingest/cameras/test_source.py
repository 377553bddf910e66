"""A source against real RTSP: what it hands on, and what it makes of cameras that are broken or none."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ingest_examples import wait_until
from structlog.testing import capture_logs
from virtual_cameras import QUICK, WHO, Reader, address, babbler, impostor, spec
from waiting import at_best

from hardware.cameras import Camera, CameraServer, Fault
from hardware.cameras.encoder import AudioCodec, VideoCodec
from ingest.cameras.address import Address
from ingest.cameras.annexb import nal_units
from ingest.cameras.backoff import Backoff
from ingest.cameras.fanout import Fanout, Opened
from ingest.cameras.packets import Media, Packet
from ingest.cameras.source import Patience, Source
from ingest.cameras.states import Condition, State


@pytest.fixture(scope="module")
def server() -> Iterator[CameraServer]:
    specs = [
        spec("open"),
        spec("locked", locked=True),
        spec("aac", audio=AudioCodec.AAC),
        spec("deaf", audio=None, b_frames=2, delimiters=True),
        spec("h265", codec=VideoCodec.H265),
    ]
    with CameraServer(specs) as running:
        yield running


@pytest.fixture
def camera(server: CameraServer) -> Iterator[Camera]:
    yield server.camera("open")
    server.camera("open").mend()


class Watched:
    """A source, what its fan-out tells and what it says of itself."""

    def __init__(self, where: Address, patience: Patience = QUICK, **options: Any) -> None:
        self.conditions: list[Condition] = []
        self.fanout = Fanout()
        self.reader = Reader(self.fanout.subscribe())
        self.source = Source("c-1", where, self.fanout, self.conditions.append, patience, jitter=lambda: 0.5, **options)

    @property
    def state(self) -> State:
        return self.source.condition.state

    @property
    def reason(self) -> str:
        return self.source.condition.reason or ""

    def wait_for(self, *states: State, within_s: float = 30.0) -> None:
        wait_until(lambda: self.state in states, within_s, f"state {states}", lambda: self.conditions)

    def wait_for_word(self, state: State, reason: str) -> None:
        """Return when it has been in `state` for a reason with these words, or is: on a busy machine another may come
        first, and the next try is never far."""

        def heard() -> bool:
            told = list(self.conditions)
            return any(condition.state is state and reason in (condition.reason or "") for condition in told)

        wait_until(heard, 60, f"{state}: {reason}", lambda: self.conditions)

    def opened(self) -> Opened:
        """How its stream began, as soon as the fan-out has told it: the state is said first."""
        wait_until(self.reader.opened, 30, "an opened stream", lambda: self.conditions)
        return self.reader.opened()[0]


@contextmanager
def watching(where: Address, patience: Patience = QUICK, **options: Any) -> Iterator[Watched]:
    watched = Watched(where, patience, **options)
    watched.source.start()
    try:
        yield watched
    finally:
        watched.source.stop()
        assert watched.source.join(5), "it must stop within 5 s"
        watched.fanout.end()


@pytest.mark.parametrize(
    ("name", "transport", "sound"),
    [
        ("open", "tcp", "pcm_alaw"),
        ("open", "udp", "pcm_alaw"),
        ("aac", "tcp", "aac"),
        ("deaf", "tcp", None),
        ("h265", "tcp", "pcm_alaw"),
    ],
)
def test_picture_and_sound_come_as_they_were_sent(
    server: CameraServer, name: str, transport: str, sound: str | None
) -> None:
    with watching(address(server.url(name), transport=transport)) as watched:
        watched.wait_for(State.LIVE)
        wait_until(lambda: len(watched.reader.packets()) > 12, 30, "packets")
    opened, packets = watched.opened(), watched.reader.packets()
    picture = "hevc" if name == "h265" else "h264"
    assert [info.codec for info in opened.streams] == [picture, *([sound] if sound else [])]
    assert (opened.streams[0].width, opened.streams[0].height) == (160, 120)
    assert opened.streams[0].extradata
    assert packets[0].is_keyframe
    assert sum(p.is_keyframe for p in packets) >= 2
    assert all(nal_units(p.data) for p in packets)
    assert len({p.pts for p in packets}) == len(packets)
    assert all(abs(p.arrived_wall_s - time.time()) < 60 for p in packets)
    if sound:
        assert watched.reader.packets(Media.AUDIO)


def test_the_cameras_own_clock_is_told(server: CameraServer, camera: Camera) -> None:
    def ahead_s(packet: Packet) -> float:
        return (packet.camera_s or 0.0) - packet.arrived_wall_s

    with watching(address(server.url("open"))) as watched:
        wait_until(lambda: any(abs(ahead_s(p)) < 1 for p in watched.reader.packets()), 30, "the clock")
        camera.fault(Fault.CLOCK_JUMP)
        wait_until(
            lambda: any(abs(ahead_s(p) - 86_400) < 1 for p in watched.reader.packets()), 60, "a clock a day ahead"
        )
    told = [p.camera_s is not None for p in watched.reader.packets()]
    assert told == sorted(told), "once it is known, every packet has it"


def test_a_password_is_used_and_shown_nowhere(server: CameraServer) -> None:
    url = server.url("locked", credentials=False)
    with capture_logs() as logs:
        with watching(address(url, locked=True)) as watched:
            watched.wait_for(State.LIVE)
        with watching(address(url, locked=True, password="wr0ng")) as refused:
            refused.wait_for_word(State.REFUSED, "the user name or password was refused; expected the camera's own")
        with watching(address(url)) as unnamed:
            unnamed.wait_for_word(State.REFUSED, "the camera wants a user name and a password; none is set")
    told = repr((logs, watched.conditions, refused.conditions))
    assert "wr0ng" not in told
    assert WHO.password not in told
    assert "p%40ss" not in told
    assert "127.0.0.1" not in told


def test_a_wrong_path_is_refused(server: CameraServer) -> None:
    with watching(address(server.url("open") + "-not")) as watched:
        watched.wait_for_word(State.REFUSED, "there is nothing at this path; expected the path of a stream")


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9\r\n", State.UNUSABLE, "answered, but not in RTSP; expected an RTSP server"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", State.UNUSABLE, "answered, but not in RTSP; expected an RTSP server"),
        (b"RTSP/1.0 banana\r\n\r\n" * 50, State.UNUSABLE, "expected RTSP with H.264 or H.265"),
        (b"", State.LOST, "connected, but no answer within 3 s; expected one in RTSP"),
    ],
)
def test_what_is_no_camera_is_said_to_be_none(answer: bytes, state: State, reason: str) -> None:
    with impostor(answer) as url, watching(address(url)) as watched:
        watched.wait_for_word(state, reason)


def test_a_camera_that_tells_its_clock_and_sends_no_picture_has_stalled_and_is_asked_again() -> None:
    with babbler() as (url, plays), watching(address(url)) as watched:
        watched.wait_for_word(State.STALLED, "nothing for 3 s; expected a packet")
        wait_until(lambda: len(plays) >= 3, 30, "it is asked again and again")


def test_nobody_there_and_no_such_name_are_lost() -> None:
    with watching(Address(url="rtsp://127.0.0.1:1/x")) as watched:
        watched.wait_for_word(State.LOST, "connection refused; expected an RTSP server on port 1")
    with watching(Address(url="rtsp://no-such-camera.invalid/x")) as watched:
        watched.wait_for_word(State.LOST, "the host's name has no address")


@pytest.mark.parametrize(
    ("fault", "states", "transport"),
    [
        (Fault.DIE, {State.LOST}, "tcp"),
        (Fault.STALL, {State.STALLED}, "tcp"),
        (Fault.STALL, {State.STALLED}, "udp"),
        (Fault.GARBAGE, {State.UNUSABLE}, "tcp"),
        (Fault.NO_KEYFRAME, {State.UNUSABLE}, "tcp"),
        (Fault.WRONG_AUTH, {State.REFUSED, State.LOST}, "tcp"),
    ],
)
def test_a_fault_in_mid_stream_is_told_and_mended(
    server: CameraServer, camera: Camera, fault: Fault, states: set[State], transport: str
) -> None:
    with watching(address(server.url("open"), transport=transport)) as watched:
        watched.wait_for(State.LIVE)
        camera.fault(fault)
        watched.wait_for(*states)
        wait_until(watched.reader.closed, 30, "the end is told")
        camera.mend()
        watched.wait_for(State.LIVE)
        wait_until(lambda: watched.fanout.streams is not None, 30, "it is open again")
    last = max(n for n, item in enumerate(watched.reader.items) if isinstance(item, Opened))
    after = [item for item in watched.reader.items[last + 1 :] if isinstance(item, Packet)]
    assert not after or after[0].is_keyframe


def test_another_picture_size_is_announced_before_its_keyframe(server: CameraServer, camera: Camera) -> None:
    with watching(address(server.url("open"))) as watched:
        watched.wait_for(State.LIVE)
        camera.fault(Fault.RESOLUTION)
        wait_until(lambda: len(watched.reader.opened()) == 2, 30, "the change")
        wait_until(lambda: isinstance(watched.reader.items[-1], Packet), 30, "its packets")
    one, two = watched.reader.opened()
    assert one.streams[0].extradata != two.streams[0].extradata
    assert (one.streams[0].width, one.streams[0].height) != (two.streams[0].width, two.streams[0].height)
    following = watched.reader.items[watched.reader.items.index(two) + 1]
    assert isinstance(following, Packet)
    assert following.is_keyframe
    wait_until(lambda: watched.reader.closed() == 1, 30, "the end is told, once, at the stop")


def _nowhere() -> Iterator[str]:
    yield "rtsp://192.0.2.1/x"  # nobody answers there (RFC 5737)


@pytest.mark.parametrize("where", [contextmanager(_nowhere), lambda: impostor(b"")])
def test_it_stops_at_once_while_it_connects(where: Callable[[], object]) -> None:
    def stopped_s(url: str) -> float:
        watched = Watched(Address(url=url), Patience(open_s=60.0))
        watched.source.start()
        began_s = time.monotonic()
        watched.source.stop()
        assert watched.source.join(30)
        return time.monotonic() - began_s

    with where() as url:  # type: ignore[attr-defined]
        assert at_best(lambda: stopped_s(url), promised=2.0) < 2


def test_pauses_grow_to_a_bound_and_differ() -> None:
    backoff = Backoff(1.0, 30.0, jitter=lambda: 0.0)
    assert [backoff.pause_s() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    backoff.reset()
    assert backoff.pause_s() == 1
    backoff.lengthen()
    assert backoff.pause_s() == 30
    assert Backoff(3.0, 30.0, jitter=lambda: 1.0).pause_s() == pytest.approx(2.0)

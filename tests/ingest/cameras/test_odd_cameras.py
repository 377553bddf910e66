"""Cameras that are odd without being broken: what is stored of them can be shown, and what can't is said."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import av
import pytest
from ingest_examples import wait_until
from test_source import Watched, watching
from virtual_cameras import address, spec

from hardware.cameras import CameraServer
from hardware.cameras.encoder import AudioCodec, VideoCodec
from hardware.cameras.oddity import (
    H264_PPS,
    H264_SPS,
    H265_PPS,
    H265_SPS,
    H265_VPS,
    ORDINARY,
    Oddity,
    changing_pps,
    describing_only,
    picture_of,
    sending_without,
    telling,
)
from ingest.cameras.fanout import Opened
from ingest.cameras.packets import Media
from ingest.cameras.segmenter import Segment, Segmenter
from ingest.cameras.states import State

H265 = {H265_VPS, H265_SPS, H265_PPS}


@pytest.fixture(scope="module")
def server() -> Iterator[CameraServer]:
    specs = [
        replace(spec("h264", audio=AudioCodec.AAC), preset="veryfast"),
        spec("h265", audio=None, codec=VideoCodec.H265),
    ]
    with CameraServer(specs) as running:
        yield running


def stored(watched: Watched, at_least: int = 3) -> list[Segment]:
    segments: list[Segment] = []

    def cut() -> bool:
        segmenter = Segmenter(0.5)
        segments[:] = [s for item in list(watched.reader.items) for s in segmenter.feed(item)]
        return sum(s.info.media is Media.VIDEO for s in segments) >= at_least

    wait_until(cut, 30, "segments", lambda: watched.conditions)
    return segments


def shown(segment: Segment) -> int:
    """Pictures that are decoded from one stored segment alone."""
    with av.open(io.BytesIO(segment.init + segment.fragment)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("described", [(), (H264_SPS,), (H264_PPS,), (H264_SPS, H264_PPS)])
@pytest.mark.parametrize("sent", [(H264_SPS,), (H264_PPS,), (H264_SPS, H264_PPS)])
def test_sets_that_are_told_here_and_there_are_stored_together(
    server: CameraServer, described: tuple[int, ...], sent: tuple[int, ...]
) -> None:
    both = {H264_SPS, H264_PPS}
    server.camera("h264").oddity = Oddity(describing_only(*described), sending_without(*(both - {*sent})))
    is_enough = {*described, *sent} == both
    with watching(address(server.url("h264"))) as watched:
        if not is_enough:
            watched.wait_for_word(State.UNUSABLE, "neither described nor in the stream; expected one")
            return
        pictures = [segment for segment in stored(watched) if segment.info.media is Media.VIDEO]
    assert [shown(segment) for segment in pictures] == [segment.frames for segment in pictures]


@pytest.mark.parametrize("described", [(), (H265_VPS,), (H265_SPS, H265_PPS), (H265_VPS, H265_PPS)])
def test_so_are_those_of_h265(server: CameraServer, described: tuple[int, ...]) -> None:
    rest = H265 - {*described}
    server.camera("h265").oddity = Oddity(
        describing_only(*described, h265=True), sending_without(*(H265 - rest), h265=True)
    )
    with watching(address(server.url("h265"))) as watched:
        pictures = stored(watched)
    assert [shown(segment) for segment in pictures] == [segment.frames for segment in pictures]


def test_a_pps_that_changes_all_the_time_interrupts_nothing(server: CameraServer) -> None:
    server.camera("h264").oddity = Oddity(units=changing_pps())
    with watching(address(server.url("h264"))) as watched:
        segments = stored(watched, 8)
        assert watched.reader.closed() == 0
    pictures = [segment for segment in segments if segment.info.media is Media.VIDEO]
    assert len({segment.init for segment in pictures}) > 4
    assert len({segment.run for segment in segments}) == 1
    for media in Media:
        mine = [segment for segment in segments if segment.info.media is media]
        for one, two in pairwise(mine):
            assert one.mono_s + one.duration_s == pytest.approx(two.mono_s, abs=1e-6)
    assert [shown(segment) for segment in pictures] == [segment.frames for segment in pictures]


def test_spaces_in_its_description_are_read(server: CameraServer) -> None:
    def spaced(description: bytes) -> bytes:
        lines = description.split(b"\r\n")
        return b"\r\n".join(line.replace(b";", b"; ") if line.startswith(b"a=fmtp") else line for line in lines)

    server.camera("h264").oddity = Oddity(spaced)
    with watching(address(server.url("h264"))) as watched:
        watched.wait_for(State.LIVE)
        assert [info.codec for info in watched.opened().streams] == ["h264", "aac"]


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (Oddity(units=telling(picture_of(8_192, 8_192))), "a picture of 8192x8192, 67108864 pixels; expected at most"),
        (Oddity(units=telling(b"\x67" + b"\x42" * 70_000)), "h264: a SPS of 70001 bytes; expected at most 4096"),
    ],
)
@pytest.mark.parametrize("begun", [False, True])
def test_what_can_not_be_taken_is_said_and_tried_again(
    server: CameraServer, odd: Oddity, reason: str, begun: bool
) -> None:
    camera = server.camera("h264")
    camera.oddity = ORDINARY if begun else odd
    with watching(address(server.url("h264"))) as watched:
        if begun:
            watched.wait_for(State.LIVE)
            camera.oddity = odd
        watched.wait_for_word(State.UNUSABLE, reason)
        camera.oddity = ORDINARY
        watched.wait_for(State.LIVE)


SOUNDS: dict[str, Callable[[bytes], bytes]] = {
    "a configuration of 5,000 bytes": lambda sdp: sdp.replace(b"config=", b"config=1408" + b"00" * 5_000),
    "no configuration": lambda sdp: sdp.replace(b"config=", b"konfig="),
    "an unknown codec": lambda sdp: sdp.replace(b"mpeg4-generic", b"babble"),
}


@pytest.mark.parametrize("odd", SOUNDS)
def test_a_picture_is_recorded_without_sound_that_can_not_be(server: CameraServer, odd: str) -> None:
    server.camera("h264").oddity = Oddity(SOUNDS[odd])
    with watching(address(server.url("h264"))) as watched:
        watched.wait_for(State.LIVE)
        opened = watched.opened()
    assert isinstance(opened, Opened)
    assert [info.media for info in opened.streams] == [Media.VIDEO]

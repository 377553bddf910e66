"""Segments hold what the camera sent, are cut where they should be, and any run of them can be played."""

import io
from itertools import pairwise

import av
import pytest
from camera_films import BEGAN_S, BEGAN_WALL_S, film, later, sound, together
from msgspec.structs import replace as changed

from ingest.cameras.annexb import MalformedVideo, nal_units, parameter_sets
from ingest.cameras.fanout import Closed, Ending, Item, Lost, Opened
from ingest.cameras.fmp4 import UnsupportedStream, annex_b_again
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.parameter_sets import picture
from ingest.cameras.segmenter import Segment, Segmenter


def segments(items: list[Item], segmenter: Segmenter | None = None) -> list[Segment]:
    segmenter = segmenter or Segmenter()
    return [s for item in items for s in segmenter.feed(item)] + segmenter.flush()


def of(media: Media, found: list[Segment]) -> list[Segment]:
    return [segment for segment in found if segment.info.media is media]


def demuxed(found: list[Segment]) -> list[av.Packet]:
    file = io.BytesIO(found[0].init + b"".join(segment.fragment for segment in found))
    with av.open(file) as container:
        return [packet for packet in container.demux() if packet.size]


def decoded(found: list[Segment]) -> int:
    file = io.BytesIO(found[0].init + b"".join(segment.fragment for segment in found))
    with av.open(file) as container:
        return sum(1 for _ in container.decode())


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("size", [(192, 108), (322, 242)])
def test_the_picture_that_is_read_back_is_the_one_that_was_sent(codec: str, size: tuple[int, int]) -> None:
    info, packets = film(codec, size=size)
    found = segments([Opened((info,)), *packets])
    assert [segment.frames for segment in found] == [15, 15, 15]
    back = demuxed(found)
    assert [nal_units(annex_b_again(bytes(p))) for p in back] == [nal_units(p.data) for p in packets]
    assert [p.is_keyframe for p in back] == [p.is_keyframe for p in packets]
    offset = packets[0].pts - back[0].pts
    assert [p.pts + offset for p in back] == [p.pts for p in packets]
    assert abs(back[0].pts / 90_000 - BEGAN_WALL_S) <= 1
    for first in range(3):
        assert decoded(found[first:]) == 15 * (3 - first)
    assert decoded([found[0], found[2]]) == 30
    with av.open(io.BytesIO(found[0].init + found[0].fragment)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == size


def test_pictures_that_are_shown_in_another_order_keep_their_times() -> None:
    info, packets = film(b_frames=2, frames=60)
    assert [p.pts for p in packets] != sorted(p.pts for p in packets)
    untold = [changed(p, dts=p.pts) for p in packets]  # as RTSP leaves them
    for sent in (packets, untold):
        found = segments([Opened((info,)), *sent])
        assert len(found) > 1
        back = demuxed(found)
        offset = packets[0].pts - back[0].pts
        assert [p.pts + offset for p in back] == [p.pts for p in packets]
        assert [p.dts for p in back] == sorted({p.dts for p in back})
        assert all(p.dts <= p.pts for p in back)
        assert decoded(found) == 60


@pytest.mark.parametrize("codec", ["aac", "opus", "pcm_alaw", "pcm_mulaw"])
def test_the_sound_that_is_read_back_is_the_one_that_was_sent(codec: str) -> None:
    picture_info, pictures = film()
    info, packets = sound(codec)
    found = of(Media.AUDIO, segments([Opened((picture_info, info)), *together(pictures, packets)]))
    assert len(found) == 3
    back = demuxed(found)
    assert b"".join(map(bytes, back)) == b"".join(p.data for p in packets)
    assert decoded(found) > 0
    with av.open(io.BytesIO(found[0].init + found[0].fragment)) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name.removeprefix("lib"), stream.sample_rate, stream.channels) == (
            codec,
            info.sample_rate,
            1,
        )


def test_sound_is_cut_where_the_picture_is() -> None:
    picture_info, pictures = film()
    info, packets = sound("aac")
    found = segments([Opened((picture_info, info)), *together(pictures, packets)])
    cuts = [segment.mono_s for segment in of(Media.VIDEO, found)]
    for segment, cut_s in zip(of(Media.AUDIO, found), cuts, strict=True):
        assert 0 <= segment.mono_s - cut_s <= 0.064 + 1e-6


def test_segments_adjoin_and_none_is_counted_twice() -> None:
    info, packets = film(frames=90)
    sounding, tones = sound("pcm_alaw", 6.0)
    found = segments([Opened((info, sounding)), *together(packets, tones)])
    for media, sent in ((Media.VIDEO, packets), (Media.AUDIO, tones)):
        for one, next_one in pairwise(of(media, found)):
            assert one.mono_s + one.duration_s == pytest.approx(next_one.mono_s, abs=1e-9)
            assert one.last_pts < next_one.first_pts
        assert sum(segment.frames for segment in of(media, found)) == len(sent)


def test_sound_that_comes_late_and_is_whole_leaves_no_hole() -> None:
    info, pictures = film(frames=150)
    hearing, tones = sound("aac", 10.0)
    burst_s = BEGAN_S + 6.0
    held = [changed(p, arrived_s=burst_s) if 3.0 <= p.arrived_s - BEGAN_S < 6.0 else p for p in tones]
    found = of(Media.AUDIO, segments([Opened((info, hearing)), *together(pictures, held)]))
    for one, next_one in pairwise(found):
        assert one.mono_s + one.duration_s == pytest.approx(next_one.mono_s, abs=1e-9)
    assert sum(segment.frames for segment in found) == len(tones)


@pytest.mark.parametrize("lost_s", [0.8, 2.5])
def test_sound_that_was_never_sent_leaves_a_hole_where_it_is_missing(lost_s: float) -> None:
    info, pictures = film(frames=150)
    hearing, tones = sound("pcm_alaw", 10.0)
    sent = [p for p in tones if not 3.3 <= p.arrived_s - BEGAN_S < 3.3 + lost_s]
    found = of(Media.AUDIO, segments([Opened((info, hearing)), *together(pictures, sent)]))
    holes = [
        (a.mono_s + a.duration_s, b.mono_s) for a, b in pairwise(found) if b.mono_s > a.mono_s + a.duration_s + 0.1
    ]
    assert [pytest.approx((BEGAN_S + 3.3, BEGAN_S + 3.3 + lost_s), abs=0.1)] == holes


def test_sound_that_ends_is_stored_while_the_picture_goes_on() -> None:
    info, pictures = film(frames=150)
    hearing, tones = sound("pcm_alaw", 2.0)
    segmenter = Segmenter()
    found = [s for item in (Opened((info, hearing)), *together(pictures, tones)) for s in segmenter.feed(item)]
    assert sum(segment.frames for segment in of(Media.AUDIO, found)) == len(tones)
    assert of(Media.AUDIO, found)[-1].mono_s + of(Media.AUDIO, found)[-1].duration_s == pytest.approx(
        BEGAN_S + 2, abs=0.1
    )


def test_a_camera_whose_sound_tells_wrong_times_is_not_cut_to_pieces() -> None:
    info, pictures = film(frames=90)
    hearing, tones = sound("aac", 6.0)
    wild = [changed(p, pts=p.pts * 11, dts=p.dts * 11) for p in tones]
    found = of(Media.AUDIO, segments([Opened((info, hearing)), *together(pictures, wild)]))
    assert len(found) <= 7


def test_a_longer_group_of_pictures_makes_a_longer_segment() -> None:
    info, packets = film(frames=90, gop=45)
    assert [s.frames for s in segments([Opened((info,)), *packets])] == [45, 45]


def test_shorter_groups_of_pictures_are_put_together() -> None:
    info, packets = film(frames=60, gop=5)
    assert [s.frames for s in segments([Opened((info,)), *packets])] == [15, 15, 15, 15]


def test_packets_that_arrive_unevenly_are_cut_as_the_camera_made_them() -> None:
    info, packets = film(frames=60)
    late = [changed(p, arrived_s=p.arrived_s + 0.3) if n < 15 else p for n, p in enumerate(packets)]
    assert [s.frames for s in segments([Opened((info,)), *late])] == [15, 15, 15, 15]


@pytest.mark.parametrize("bounds", [{"longest_s": 2.0}, {"max_bytes": 2_000}])
def test_a_camera_without_keyframes_fills_no_memory(bounds: dict[str, int]) -> None:
    info, packets = film(frames=90, gop=90)
    found = segments([Opened((info,)), *packets], Segmenter(**bounds))
    assert len(found) > 1
    assert all(s.duration_s <= 2.1 or len(s.fragment) <= 8_000 for s in found)
    assert decoded(found) == 90


def test_another_connection_and_a_loss_begin_a_new_run() -> None:
    info, packets = film()
    items: list[Item] = [Opened((info,)), *packets, Closed(), Opened((info,)), *later(packets, 60.0)]
    found = segments([*items, Lost(7), *later(packets, 90.0)])
    assert [s.run for s in found] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert found[2].duration_s == pytest.approx(1.0)
    assert decoded(found[3:6]) == decoded(found[6:]) == 45


def test_what_was_lost_last_is_told_by_the_last_segment_or_else_by_the_next() -> None:
    info, packets = film()
    one = [Opened((info,)), *packets, Closed(Ending.LOST, {Media.VIDEO: 4})]
    other = [Closed(Ending.LOST, {Media.VIDEO: 5}), Opened((info,)), *later(packets, 60.0)]
    assert [s.lost for s in segments([*one, *other])] == [0, 0, 4, 5, 0, 0]


def test_a_camera_whose_timestamps_leap_is_still_played_in_order() -> None:
    info, packets = film()
    leaps = [changed(p, pts=p.pts - 10**9, dts=p.dts - 10**9) if n > 20 else p for n, p in enumerate(packets)]
    leaps[30] = changed(leaps[30], dts=leaps[29].dts, pts=leaps[29].pts)
    found = segments([Opened((info,)), *leaps])
    times = [p.dts for p in demuxed(found)]
    assert times == sorted(set(times))
    assert times[-1] - times[0] <= 3 * 90_000
    assert decoded(found) == 45
    assert found[1].last_pts == leaps[29].pts


def test_what_can_not_be_stored_is_named() -> None:
    info, packets = film()
    with pytest.raises(UnsupportedStream, match="codec mp2: expected h264"):
        segments([Opened((changed(info, codec="mp2"),)), *packets])
    with pytest.raises(MalformedVideo, match="expected a sequence parameter set"):
        segments([Opened((changed(info, extradata=b""),)), *packets])
    for codec in ("h264", "hevc"):
        for unit in parameter_sets(codec, film(codec)[1][0].data):
            for length in range(1, len(unit)):
                try:
                    picture(codec, (unit[:length],))
                except MalformedVideo:
                    continue


def test_a_stream_that_was_not_announced_is_left_out() -> None:
    info, packets = film()
    stray = Packet(
        media=Media.AUDIO, data=b"x", pts=0, dts=0, duration=1, is_keyframe=True, arrived_s=1000.5, arrived_wall_s=5.0
    )
    for items in ([*packets, stray], [stray, *packets]):
        found = segments([Opened((info,)), *items])
        assert {s.info.media for s in found} == {Media.VIDEO}
        assert decoded(found) == 45
    assert segments([Opened(()), *packets]) == []


def test_the_initialisation_segment_depends_on_the_parameters_alone() -> None:
    info, packets = film()
    other: StreamInfo = film(size=(322, 242))[0]
    one, two = (segments([Opened((info,)), *later(packets, by_s)])[0] for by_s in (0, 1e6))
    assert one.init == two.init
    assert segments([Opened((other,)), *packets])[0].init != one.init

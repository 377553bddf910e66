"""Parameter sets: which hold, and what they say."""

from typing import Any

import av
import pytest
from camera_films import film
from hypothesis import given
from hypothesis import strategies as st

from hardware.cameras.oddity import picture_of, picture_parameters
from ingest.cameras.annexb import MalformedVideo, annex_b, nal_units, parameter_sets
from ingest.cameras.fmp4 import UnsupportedStream, initialisation
from ingest.cameras.packets import Media, StreamInfo
from ingest.cameras.parameter_sets import missing, most_pixels, picture, tells_news, united

SPS, PPS = parameter_sets("h264", film()[1][0].data)


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 25)), max_size=30), st.integers(0, 30))
def test_a_later_set_stands_in_the_place_of_the_one_with_its_id(told: list[tuple[int, int]], cut: int) -> None:
    units = [picture_parameters(number, quantiser) for number, quantiser in told]
    held = united("h264", united("h264", (SPS,), tuple(units[:cut])), tuple(units[cut:]))
    newest = {number: picture_parameters(number, quantiser) for number, quantiser in told}
    assert held[0] == SPS
    assert sorted(held[1:]) == sorted(newest.values())
    assert not tells_news("h264", held, tuple(newest.values()))


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_half_of_the_sets_here_and_half_there_are_all_of_them(codec: str) -> None:
    sets = parameter_sets(codec, film(codec)[1][0].data)
    for cut in range(len(sets)):
        assert united(codec, sets[:cut], sets[cut:]) == united(codec, sets[cut:], sets[:cut]) == sets
        assert missing(codec, sets[:cut]) is not None
    assert missing(codec, sets) is None


def test_the_picture_is_that_of_the_set_told_last() -> None:
    other = picture_of(640, 480)
    held = united("h264", (SPS, PPS), (other,))
    assert (picture("h264", held).width, picture("h264", held).height) == (640, 480)
    assert tells_news("h264", (SPS, PPS), (other,))
    assert united("h264", held, (b"\x68",)) == held, "a set that was damaged on its way changes nothing"


@pytest.mark.parametrize(("codec", "size"), [("h264", (192, 112)), ("hevc", (192, 112)), ("h264", (336, 256))])
def test_what_a_decoder_must_make_room_for_is_told(codec: str, size: tuple[int, int]) -> None:
    shown = {112: 108, 256: 242}[size[1]]
    sets = parameter_sets(codec, film(codec, size=(192 if size[0] == 192 else 322, shown))[1][0].data)
    assert most_pixels(codec, sets) == size[0] * size[1]
    huge = picture_of(16_384, 16_384)
    assert most_pixels("h264", (SPS, PPS, huge)) == 16_384**2


@pytest.mark.parametrize(
    ("codec", "profile", "options", "reorders"),
    [
        ("libx264", "Baseline", {"preset": "ultrafast"}, False),
        ("libx264", "High", {"preset": "veryfast", "bf": "0"}, False),
        ("libx264", "High", {"preset": "veryfast", "bf": "2"}, True),
        ("libx265", None, {"preset": "ultrafast", "x265-params": "log-level=none:bframes=0"}, False),
        ("libx265", None, {"preset": "ultrafast", "x265-params": "log-level=none:bframes=3"}, True),
    ],
)
def test_whether_pictures_may_come_out_of_order_is_told(
    codec: str, profile: str | None, options: dict[str, str], reorders: bool
) -> None:
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.options = 320, 240, "yuv420p", options
    if profile is not None:
        encoder.profile = profile
    encoder.flags |= 1 << 22  # parameter sets apart
    encoder.open()
    name = {"libx264": "h264", "libx265": "hevc"}[codec]
    assert picture(name, parameter_sets(name, bytes(encoder.extradata))).reorders is reorders


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ((SPS, *(picture_parameters(n) for n in range(256))), "256 PPS; expected at most 255"),
        ((SPS + b"\xff" * 70_000, PPS), "SPS of 7.... bytes; expected at most 4096"),
        ((SPS, *(PPS + bytes([n]) * 4_000 for n in range(1, 12))), "parameter sets of .* bytes; expected at most"),
        ((PPS,), "expected a sequence parameter set"),
    ],
)
def test_sets_that_are_no_cameras_are_named(sets: tuple[bytes, ...], expected: str) -> None:
    info = StreamInfo(media=Media.VIDEO, codec="h264", time_base=(1, 90_000), extradata=annex_b(sets))
    with pytest.raises(MalformedVideo, match=expected):
        initialisation(info)


@given(st.sampled_from(["h264", "hevc"]), st.data())
def test_damaged_sets_are_malformed_and_nothing_else(codec: str, data: st.DataObject) -> None:
    units = [bytearray(unit) for unit in parameter_sets(codec, film(codec)[1][0].data)]
    unit = units[data.draw(st.integers(0, len(units) - 1))]
    for _ in range(data.draw(st.integers(1, 4))):
        unit[data.draw(st.integers(1, len(unit) - 1))] = data.draw(st.integers(0, 255))
    sets = tuple(nal_units(annex_b(tuple(map(bytes, units)))))
    try:
        initialisation(StreamInfo(media=Media.VIDEO, codec=codec, time_base=(1, 90_000), extradata=annex_b(sets)))
        most_pixels(codec, united(codec, (), sets))
    except MalformedVideo:
        return


@pytest.mark.parametrize("size", [2, 100, 127, 128, 300, 4_096])
def test_a_configuration_of_sound_may_be_long(size: int) -> None:
    info = StreamInfo(
        media=Media.AUDIO,
        codec="aac",
        time_base=(1, 16_000),
        sample_rate=16_000,
        channels=1,
        extradata=b"\x14\x08" + bytes(size - 2),
    )
    assert info.extradata in initialisation(info)


@pytest.mark.parametrize(
    "odd",
    [
        {"extradata": bytes(4_097)},
        {"sample_rate": 0},
        {"channels": 256},
        {"time_base": (1, 4_000_000_000)},
        {"time_base": (0, 1)},
    ],
)
def test_sound_that_no_box_can_hold_is_named(odd: dict[str, Any]) -> None:
    told = {"extradata": b"\x14\x08", "sample_rate": 16_000, "channels": 1, "time_base": (1, 16_000)} | odd
    with pytest.raises(UnsupportedStream, match=r"aac: .*; expected"):
        initialisation(StreamInfo(media=Media.AUDIO, codec="aac", **told))

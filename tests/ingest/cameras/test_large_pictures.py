"""A picture that says it is huge is refused before anything makes room for it: wherever we decode."""

import resource
from pathlib import Path

import pytest
from camera_films import film
from msgspec.structs import replace as changed
from typer.testing import CliRunner

from console.cli import app
from console.footage import WatchError, pace_of
from hardware.cameras.oddity import picture_of
from ingest.cameras.annexb import annex_b, nal_units, parameter_sets
from ingest.cameras.config import load_largest_pixels
from ingest.cameras.fmp4 import Sample, fragment, initialisation, length_prefixed
from ingest.cameras.packets import Packet, StreamInfo
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from ingest.cameras.pictures import Undecodable, decoded
from ingest.errors import ConfigError

INFO, PACKETS = film()
SPS, PPS = parameter_sets("h264", INFO.extradata)
HUGE = picture_of(8_192, 8_192)


def huge(where: str) -> tuple[Packet, StreamInfo]:
    """A keyframe of some 3,000 bytes whose parameter sets, described or sent, say that it is huge."""
    bare = tuple(unit for unit in nal_units(PACKETS[0].data) if unit not in (SPS, PPS))
    sets = (HUGE, PPS)
    sent = bare if where == "described" else (*sets, *bare)
    known = sets if where == "described" else (SPS, PPS)
    return changed(PACKETS[0], data=annex_b(sent)), changed(INFO, extradata=annex_b(known))


@pytest.mark.parametrize("where", ["described", "sent"])
def test_it_is_not_decoded(where: str) -> None:
    keyframe, info = huge(where)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Undecodable, match=f"a picture of 67108864 pixels; expected at most {LARGEST_PIXELS}"):
        decoded(keyframe, info)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB; it would be 150,000


def test_a_picture_of_the_size_that_is_allowed_is_decoded_and_one_that_is_larger_is_not() -> None:
    assert decoded(PACKETS[0], INFO, 192 * 112).width == 192
    with pytest.raises(Undecodable, match="expected at most 21503"):
        decoded(PACKETS[0], INFO, 192 * 112 - 1)


@pytest.mark.parametrize("codec", ["mjpeg", "mpeg4"])
def test_the_decoder_is_told_too(codec: str) -> None:
    """Of codecs whose parameters we don't read."""
    keyframe = changed(PACKETS[0], data=b"\xff\xd8\xff\xc0\0\x11\x08\x7f\xff\x7f\xff\3\1\x22\0\2\x11\1\3\x11\1\xff\xd9")
    with pytest.raises(Undecodable):
        decoded(keyframe, changed(INFO, codec=codec, extradata=b""))


def test_a_film_of_such_pictures_is_not_watched(tmp_path: Path) -> None:
    keyframe, _ = huge("described")
    info = changed(INFO, extradata=annex_b((HUGE, PPS)), width=8_192, height=8_192)
    sample = Sample(data=length_prefixed(keyframe.data), time=0, duration=6_000)
    (tmp_path / "huge.mp4").write_bytes(initialisation(info) + fragment(1, [sample]))
    pace_of(filmed(tmp_path / "small.mp4"))  # FFmpeg itself comes into memory
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(WatchError, match=r"huge\.mp4: its pictures are 8192 x 8192; expected at most"):
        pace_of(tmp_path / "huge.mp4")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


def filmed(file: Path) -> Path:
    """A film of ordinary pictures, of 192 x 108."""
    samples = [Sample(data=length_prefixed(p.data), time=p.dts, duration=6_000) for p in PACKETS[:15]]
    file.write_bytes(initialisation(INFO) + fragment(1, samples))
    return file


def test_a_film_is_watched_up_to_the_size_that_is_set(tmp_path: Path) -> None:
    clip, settings = filmed(tmp_path / "f.mp4"), tmp_path / "ducha.toml"
    settings.write_text("[cameras]\nlargest_pixels = 20735\n")
    told = CliRunner().invoke(app, ["watch", str(clip), "--out", str(tmp_path / "o"), "--config", str(settings)])
    assert isinstance(told.exception, WatchError)
    assert str(told.exception).endswith(
        "its pictures are 192 x 108; expected at most 20735 pixels ([cameras] largest_pixels)"
    )
    assert pace_of(clip, 192 * 108).last_s > 0


def test_the_setting_is_read_without_the_cameras(tmp_path: Path) -> None:
    settings = tmp_path / "ducha.toml"
    settings.write_text('[cameras]\nlargest_pixels = 5000\n[[camera]]\nid = "a camera of the recorder alone"\n')
    assert load_largest_pixels(settings, {}) == 5_000
    assert load_largest_pixels(settings, {"DUCHA_CAMERAS_LARGEST_PIXELS": "6000"}) == 6_000
    assert load_largest_pixels(None, {}) == LARGEST_PIXELS
    with pytest.raises(ConfigError, match="DUCHA_CAMERAS_LARGEST_PIXELS: expected `int` >= 4096"):
        load_largest_pixels(None, {"DUCHA_CAMERAS_LARGEST_PIXELS": "1"})

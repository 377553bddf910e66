"""Clips of an export: they play, whole, at the times at which it was recorded; and the export stays intact."""

import itertools
import zipfile
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from camera_films import film, later, sound, together
from msgspec.structs import replace as changed
from recorded_camera import at_ns, record, streamed

from console.exports.making import Wish, make
from hardware.cameras.oddity import picture_of, picture_parameters
from ingest.cameras.annexb import annex_b, nal_units, parameter_sets
from ingest.cameras.fanout import Closed, Opened
from ingest.cameras.packets import Packet, StreamInfo
from ingest.cameras.parameter_sets import united
from store.evidence.export_verification import verify_export
from store.evidence.manifest import Request
from store.evidence.signer import FileSigner
from store.evidence.verdict import Verdict

REQUEST = Request(asked_by="甲", approved_by="乙", reason="投诉", case="A-1")
PICTURE, PACKETS = film()
H265, H265_PACKETS = film("hevc")
SMALL, SMALL_PACKETS = film(size=(96, 64))
FPS, SECONDS = 15, 3


def copied(path: Path) -> list[bytes]:
    """The packets of a file's picture."""
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(video=0) if packet.size]


class Played(NamedTuple):
    """A clip decoded from beginning to end: when each picture is shown, and the sound with when it begins."""

    pictures: list[float]
    sound_at: list[float]
    wave: np.ndarray
    duration_s: float
    codecs: list[str]


def played(path: Path) -> Played:
    pictures, sound_at, waves = [], [], [np.zeros(0, np.float32)]
    with av.open(str(path)) as file:
        for frame in file.decode(*file.streams):
            assert frame.time is not None
            if isinstance(frame, av.VideoFrame):
                pictures.append(frame.time)
            else:
                sound_at.append(frame.time)
                waves.append(frame.to_ndarray()[0])
        codecs = [stream.codec_context.name for stream in file.streams]
        duration_s = (file.duration or 0) / av.time_base
    return Played(pictures, sound_at, np.concatenate(waves), duration_s, codecs)


def huge() -> tuple[StreamInfo, list[Packet]]:
    """A recording of a time when larger pictures were taken: small ones whose parameter sets say 8192 x 8192."""
    sets = (picture_of(8_192, 8_192), parameter_sets("h264", PICTURE.extradata)[1])
    known = parameter_sets("h264", PICTURE.extradata)
    packets = [
        changed(packet, data=annex_b(tuple(unit for unit in nal_units(packet.data) if unit not in known)))
        for packet in PACKETS
    ]
    return changed(PICTURE, extradata=annex_b(sets), width=8_192, height=8_192), packets


@pytest.fixture
def exported(tmp_path: Path):
    """Records what cameras sent, exports a range of it, checks that it is intact, and gives the clips by name."""

    def run(cameras, begin_s: float, end_s: float, *, pack_s: float = 300.0, harm=None) -> dict[str, Path]:
        folder, out = tmp_path / "recordings", tmp_path / "export.zip"
        record(folder, cameras, pack_s=pack_s)
        if harm is not None:
            harm(folder)
        signer = FileSigner.open_or_create(tmp_path / "exporter.pem")
        done: list[float] = []
        wish = Wish(list(cameras), at_ns(begin_s), at_ns(end_s), REQUEST)
        make(folder, out, wish, signer, at_ns(1_000), done.append)
        assert done == sorted(done)
        assert 0 < done[-1] <= 1
        assert [path.name for path in tmp_path.glob(".*")] == []
        bad = [f for f in verify_export(out, (signer.public_key,)).findings if not f.sound]
        assert harm is not None or {f.verdict for f in bad} <= {Verdict.UNKNOWN_KEY}
        with zipfile.ZipFile(out) as archive:
            names = [name for name in archive.namelist() if name.startswith("clips/")]
            return {name.removeprefix("clips/"): Path(archive.extract(name, tmp_path)) for name in names}

    return run


@pytest.mark.parametrize(("info", "packets"), [(PICTURE, PACKETS), (H265, H265_PACKETS)])
def test_every_picture_of_the_range_is_there_at_its_time(exported, info, packets) -> None:
    clips = exported({"c-1": streamed((info,), packets)}, 0, SECONDS)
    assert list(clips) == ["c-1.mp4"]
    clip = played(clips["c-1.mp4"])
    assert clip.codecs == [info.codec]
    assert clip.pictures == pytest.approx([n / FPS for n in range(SECONDS * FPS)], abs=0.002)
    assert clip.duration_s == pytest.approx(SECONDS, abs=0.05)


def test_pictures_that_are_not_shown_in_the_order_of_decoding_keep_their_order(exported) -> None:
    info, packets = film(b_frames=2)
    clip = played(exported({"c-1": streamed((info,), packets)}, 0, SECONDS)["c-1.mp4"])
    assert len(clip.pictures) == SECONDS * FPS
    assert clip.pictures == sorted(clip.pictures)


def test_packets_are_copied_byte_for_byte(exported, tmp_path: Path) -> None:
    clips = exported({"c-1": streamed((PICTURE,), PACKETS)}, 0, SECONDS)
    (source,) = (tmp_path / "recordings" / "c-1.video").rglob("*.mp4")
    assert copied(clips["c-1.mp4"]) == copied(source)


def test_the_index_comes_before_the_data(exported) -> None:
    data = exported({"c-1": streamed((PICTURE,), PACKETS)}, 0, SECONDS)["c-1.mp4"].read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(
    ("recorded", "played_as"), [("aac", "aac"), ("opus", "opus"), ("pcm_alaw", "aac"), ("pcm_mulaw", "aac")]
)
def test_sound_is_copied_or_becomes_aac(exported, recorded: str, played_as: str) -> None:
    info, tones = sound(recorded)
    clip = played(exported({"c-1": streamed((PICTURE, info), together(PACKETS, tones))}, 0, SECONDS)["c-1.mp4"])
    assert clip.codecs == ["h264", played_as]
    assert len(clip.pictures) == SECONDS * FPS
    assert clip.wave.size / info.sample_rate == pytest.approx(SECONDS, abs=0.2)
    middle = clip.wave[clip.wave.size // 3 : 2 * clip.wave.size // 3]
    heard = np.fft.rfftfreq(middle.size, 1 / info.sample_rate)[np.argmax(np.abs(np.fft.rfft(middle)))]
    assert heard == pytest.approx(440, abs=5)


@pytest.mark.parametrize("codec", ["aac", "pcm_alaw"])
def test_a_gap_is_a_gap_in_time(exported, codec: str) -> None:
    info, tones = sound(codec)
    both = together(PACKETS, tones)
    sent = streamed((PICTURE, info), both) + streamed((PICTURE, info), list(later(both, 20.0)))
    clip = played(exported({"c-1": sent}, 0, 20 + SECONDS)["c-1.mp4"])
    expected = [start + n / FPS for start in (0, 20) for n in range(SECONDS * FPS)]
    assert clip.pictures == pytest.approx(expected, abs=0.01)
    assert clip.duration_s == pytest.approx(20 + SECONDS, abs=0.2)
    steps = [after - before for before, after in itertools.pairwise(clip.sound_at)]
    assert max(steps) == pytest.approx(17, abs=0.3)


def test_a_range_that_begins_in_a_gap_begins_with_it(exported) -> None:
    sent = streamed((PICTURE,), PACKETS) + streamed((PICTURE,), list(later(PACKETS, 20.0)))
    clip = played(exported({"c-1": sent}, 10, 20 + SECONDS)["c-1.mp4"])
    assert clip.pictures == pytest.approx([10 + n / FPS for n in range(SECONDS * FPS)], abs=0.01)


def test_files_of_a_few_minutes_are_one_clip(exported) -> None:
    sent = streamed((PICTURE,), [*PACKETS, *later(PACKETS, SECONDS)])
    clips = exported({"c-1": sent}, 0, 2 * SECONDS, pack_s=1.0)
    clip = played(clips["c-1.mp4"])
    assert list(clips) == ["c-1.mp4"]
    assert clip.pictures == pytest.approx([n / FPS for n in range(2 * SECONDS * FPS)], abs=0.002)


def test_another_codec_is_another_clip(exported) -> None:
    sent = streamed((PICTURE,), PACKETS)
    sent += streamed((H265,), list(later(H265_PACKETS, 10.0))) + streamed((SMALL,), list(later(SMALL_PACKETS, 20.0)))
    clips = exported({"c-1": sent}, 0, 20 + SECONDS)
    assert sorted(clips) == ["c-1.2.mp4", "c-1.3.mp4", "c-1.mp4"]
    assert {name: played(path).codecs for name, path in clips.items()} == {
        "c-1.mp4": ["h264"],
        "c-1.2.mp4": ["hevc"],
        "c-1.3.mp4": ["h264"],
    }
    assert [len(played(path).pictures) for path in clips.values()] == [SECONDS * FPS] * 3
    assert played(clips["c-1.2.mp4"]).pictures[0] == 0


def test_pictures_larger_than_are_taken_now_are_copied_and_never_decoded(exported, tmp_path: Path) -> None:
    info, packets = huge()
    clips = exported({"c-1": streamed((info,), packets)}, 0, SECONDS)
    (source,) = (tmp_path / "recordings" / "c-1.video").rglob("*.mp4")
    assert copied(clips["c-1.mp4"]) == copied(source)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_clip_goes_on_where_parameters_change(exported, codec: str) -> None:
    """The sets come with the keyframes that need them, in the stream or not."""
    info, packets = film(codec)
    sets = parameter_sets(codec, info.extradata)
    other = (
        united("h264", sets, (picture_parameters(1, 7),))
        if codec == "h264"
        else (*sets[::-1][1:][::-1], sets[-1] + b"\x80")
    )
    bare = [changed(p, data=annex_b(tuple(u for u in nal_units(p.data) if u not in sets))) for p in packets]
    again = [Opened((changed(info, extradata=annex_b(other)),)), *later(bare, SECONDS)]
    clips = exported({"c-1": [Opened((info,)), *bare, *again, Closed()]}, 0, 2 * SECONDS)
    assert list(clips) == ["c-1.mp4"]
    clip = played(clips["c-1.mp4"])
    assert clip.pictures == pytest.approx([n / FPS for n in range(2 * SECONDS * FPS)], abs=0.01)


@pytest.mark.parametrize(
    "stamp",
    [
        pytest.param(lambda n: n * 6_000 + 450_000 * (n > 20), id="a step forward of 5 s"),
        pytest.param(lambda n: n * 6_000 - 135_000 * (n > 20), id="a step back of 1.5 s"),
        pytest.param(lambda n: n // 2 * 12_000, id="pairs with one time"),
        pytest.param(lambda n: n * 12_000, id="a clock twice as fast"),
        pytest.param(lambda n: n * 3_000, id="a clock half as fast"),
    ],
)
def test_picture_and_sound_stay_together_whatever_the_cameras_clock_does(exported, stamp) -> None:
    info, tones = sound("aac")
    sent = [changed(p, pts=stamp(n), dts=stamp(n)) for n, p in enumerate(PACKETS)]
    clip = played(exported({"c-1": streamed((PICTURE, info), together(sent, tones))}, 0, SECONDS)["c-1.mp4"])
    assert clip.pictures == pytest.approx([n / FPS for n in range(SECONDS * FPS)], abs=0.6)
    assert clip.pictures == sorted(set(clip.pictures))
    assert clip.duration_s == pytest.approx(SECONDS, abs=0.6)
    assert clip.wave.size / info.sample_rate == pytest.approx(SECONDS, abs=0.2)


def test_each_camera_has_a_clip_of_its_own_and_one_without_a_picture_has_none(exported) -> None:
    info, tones = sound("aac")
    clips = exported(
        {
            "c-1": streamed((PICTURE,), PACKETS),
            "c-2": streamed((SMALL,), SMALL_PACKETS),
            "c-3": streamed((info,), tones),
        },
        0,
        SECONDS,
    )
    assert sorted(clips) == ["c-1.mp4", "c-2.mp4"]


def test_only_the_segments_of_the_range_are_in_it(exported) -> None:
    clip = played(exported({"c-1": streamed((PICTURE,), PACKETS)}, 1.2, 1.8)["c-1.mp4"])
    assert len(clip.pictures) == FPS


def test_what_was_damaged_is_left_out_and_the_rest_keeps_its_time(exported) -> None:
    def harm(folder: Path) -> None:
        _, second, _ = sorted((folder / "c-1.video").rglob("*.mp4"))
        data = bytearray(second.read_bytes())
        begin = data.index(b"moof")
        data[begin:] = bytes(len(data) - begin)
        second.write_bytes(data)

    clip = played(exported({"c-1": streamed((PICTURE,), PACKETS)}, 0, SECONDS, pack_s=1.0, harm=harm)["c-1.mp4"])
    assert clip.pictures == pytest.approx([s + n / FPS for s in (0, 2) for n in range(FPS)], abs=0.01)


def test_what_is_gone_altogether_has_no_clip(exported) -> None:
    def harm(folder: Path) -> None:
        for path in (folder / "c-1.video").rglob("*.mp4"):
            path.write_bytes(b"")

    assert exported({"c-1": streamed((PICTURE,), PACKETS)}, 0, SECONDS, harm=harm) == {}

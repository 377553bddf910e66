"""Pictures and sound as a camera sends them, made by real encoders: streams and their packets."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache

import av
import numpy as np
from msgspec.structs import replace as changed

from ingest.cameras.annexb import annex_b, parameter_sets
from ingest.cameras.packets import Media, Packet, StreamInfo

Size = tuple[int, int]
BEGAN_S, BEGAN_WALL_S = 1_000.0, 1_790_000_000.25
_OPTIONS = {
    "h264": {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1", "sc_threshold": "0"},
    "hevc": {"preset": "ultrafast", "x265-params": "log-level=none:repeat-headers=1:scenecut=0:pools=1:bframes=0"},
}
_LIBRARIES = {"h264": "libx264", "hevc": "libx265", "opus": "libopus"}


@cache
def film(
    codec: str = "h264", frames: int = 45, gop: int = 15, size: Size = (192, 108), fps: int = 15, b_frames: int = 0
) -> tuple[StreamInfo, tuple[Packet, ...]]:
    """A moving picture, its parameter sets in every keyframe."""
    encoder = av.CodecContext.create(_LIBRARIES[codec], "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, fps)
    encoder.gop_size = gop
    encoder.options = dict(_OPTIONS[codec])
    if b_frames:
        encoder.options = {"preset": "veryfast", "bf": str(b_frames), "sc_threshold": "0"}
    if codec == "hevc":
        encoder.options["x265-params"] += f":keyint={gop}:min-keyint={gop}"
    made: list[av.Packet] = []
    across = np.arange(size[0], dtype=np.int32)[None, :]
    down = np.arange(size[1], dtype=np.int32)[:, None]
    for number in range(frames):
        grey = ((across * 3 + down * 2 + number * 9) % 256).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, encoder.time_base
        made += encoder.encode(frame)
    made += encoder.encode(None)
    tick = 90_000 // fps
    packets = tuple(
        Packet(
            media=Media.VIDEO,
            data=bytes(p),
            pts=int(p.pts or 0) * tick,
            dts=int(p.dts or 0) * tick,
            duration=tick,
            is_keyframe=p.is_keyframe,
            arrived_s=BEGAN_S + number / fps,
            arrived_wall_s=BEGAN_WALL_S + number / fps,
        )
        for number, p in enumerate(made)
    )
    info = StreamInfo(
        media=Media.VIDEO,
        codec=codec,
        time_base=(1, 90_000),
        extradata=annex_b(parameter_sets(codec, packets[0].data)),
        width=size[0],
        height=size[1],
    )
    return info, packets


@cache
def sound(codec: str = "pcm_alaw", seconds: float = 3.0) -> tuple[StreamInfo, tuple[Packet, ...]]:
    """A tone."""
    rate = {"aac": 16_000, "opus": 48_000}.get(codec, 8_000)
    encoder = av.CodecContext.create(_LIBRARIES.get(codec, codec), "w")
    encoder.sample_rate, encoder.layout = rate, "mono"
    encoder.format = "fltp" if codec == "aac" else "s16"
    encoder.open()
    size = encoder.frame_size or 320
    packets: list[Packet] = []
    for number in range(math.ceil(seconds * rate / size)):
        t = (np.arange(size) + number * size) / rate
        wave = np.sin(2 * math.pi * 440 * t)
        array = wave.astype(np.float32) if codec == "aac" else (wave * 20_000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(array[None, :], format=encoder.format.name, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, number * size, Fraction(1, rate)
        for made in encoder.encode(frame):
            at_s = len(packets) * size / rate
            packets.append(
                Packet(
                    media=Media.AUDIO,
                    data=bytes(made),
                    pts=len(packets) * size,
                    dts=len(packets) * size,
                    duration=size,
                    is_keyframe=True,
                    arrived_s=BEGAN_S + at_s,
                    arrived_wall_s=BEGAN_WALL_S + at_s,
                )
            )
    info = StreamInfo(
        media=Media.AUDIO,
        codec=codec,
        time_base=(1, rate),
        extradata=bytes(encoder.extradata or b"") if codec == "aac" else b"",
        sample_rate=rate,
        channels=1,
    )
    return info, tuple(packets)


def together(*streams: Sequence[Packet]) -> list[Packet]:
    """The packets of several streams in the order of their arrival."""
    return sorted((packet for stream in streams for packet in stream), key=lambda packet: packet.arrived_s)


def later(packets: Sequence[Packet], by_s: float, wall_by_s: float | None = None) -> Iterator[Packet]:
    """The same packets `by_s` seconds later; the camera's own timestamps as they were."""
    for packet in packets:
        wall_s = packet.arrived_wall_s + (by_s if wall_by_s is None else wall_by_s)
        yield changed(packet, arrived_s=packet.arrived_s + by_s, arrived_wall_s=wall_s)

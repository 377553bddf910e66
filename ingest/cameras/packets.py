"""What a camera sends, as values: what its streams are, and their packets as received."""

from enum import StrEnum

from msgspec import Struct

from ingest.cameras.rtp_clock import ClockSource


class Media(StrEnum):
    """What a stream carries."""

    VIDEO = "video"
    AUDIO = "audio"


class StreamInfo(Struct, frozen=True, kw_only=True):
    """One stream of a camera. `codec` is FFmpeg's name (h264, hevc, aac, pcm_alaw, pcm_mulaw, opus, …); `extradata` are
    its parameter sets as FFmpeg gives them; pts and dts of its packets count in `time_base` (numerator, denominator)
    seconds."""

    media: Media
    codec: str
    time_base: tuple[int, int]
    extradata: bytes = b""
    width: int = 0
    height: int = 0
    sample_rate: int = 0
    channels: int = 0


def goes_on(before: tuple[StreamInfo, ...], after: tuple[StreamInfo, ...]) -> bool:
    """Whether who takes the one can take the other: the same kinds of packets, with other parameters at most."""

    def kinds(streams: tuple[StreamInfo, ...]) -> list[tuple[object, ...]]:
        return [(info.media, info.codec, info.time_base, info.sample_rate, info.channels) for info in streams]

    return kinds(before) == kinds(after)


class Packet(Struct, frozen=True, kw_only=True, gc=False):
    """One packet, untouched. For H.264 and H.265 from RTSP the data are Annex B access units.

    `arrived_s` is this machine's monotonic clock, `arrived_wall_s` its wall clock (Unix seconds); `camera_s` the
    camera's own clock where it tells it, and `clock_source` where that is known from, also where it is of no use;
    `lost` how many RTP packets of the stream were found to be lost since the one before.
    """

    media: Media
    data: bytes
    pts: int
    dts: int
    duration: int
    is_keyframe: bool
    arrived_s: float
    arrived_wall_s: float
    camera_s: float | None = None
    clock_source: ClockSource | None = None
    lost: int = 0

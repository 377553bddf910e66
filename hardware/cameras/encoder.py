"""Encoding, once a camera however many clients: pictures to H.264 or H.265, sound to AAC or G.711, to RTP payloads."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import cast

import av
import cv2
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray

from hardware.cameras import h264, h265
from hardware.cameras.nal import nal_units
from hardware.cameras.picture import Picture, Size
from hardware.cameras.rtp import Payload
from hardware.cameras.tracks import AUDIO, VIDEO, Sample, Track

Sound = NDArray[np.float32]  # -1 … 1, one channel
VIDEO_CLOCK_HZ = 90_000
_PAYLOAD_TYPE = 96


class VideoCodec(StrEnum):
    """How pictures are coded."""

    H264 = "h264"
    H265 = "h265"


_PACKING = {VideoCodec.H264: h264, VideoCodec.H265: h265}


@dataclass(frozen=True, slots=True)
class Coding:
    """How pictures are coded: see `CameraSpec`."""

    codec: VideoCodec
    bitrate_bps: int
    preset: str
    b_frames: int
    delimiters: bool


class VideoEncoder:
    """A picture in, its access unit out; keyframes come when asked for, and only then."""

    def __init__(
        self, size: Size, fps: float, coding: Coding, odd: Callable[[list[bytes], bool], list[bytes]] | None = None
    ) -> None:
        """`odd` may change the NAL units of an access unit. Raises `av.FFmpegError` where a size, bit rate or preset is
        none for the encoder."""
        self._packing, self._coding, self._odd = _PACKING[coding.codec], coding, odd
        self._context = _context(coding)
        self._context.width, self._context.height = size
        self._context.framerate = Fraction(fps).limit_denominator(1000)
        self._context.open()
        self.parameter_sets = self._packing.parameter_sets(self._context.extradata or b"")

    def encode(self, picture: Picture, ticks: int, keyframe: bool) -> list[Sample]:
        """The access units that are ready. A keyframe brings its parameter sets with it."""
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = ticks, Fraction(1, VIDEO_CLOCK_HZ)
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        packets = self._context.encode(frame)
        return [self._sample(nal_units(bytes(p)), int(p.pts or 0), p.is_keyframe) for p in packets]

    def _sample(self, units: list[bytes], ticks: int, is_keyframe: bool) -> Sample:
        if is_keyframe:
            units = self.parameter_sets + units
        if self._coding.delimiters:
            units = [self._packing.DELIMITER, *units]
        if self._odd is not None:
            units = self._odd(units, is_keyframe)
        return Sample(VIDEO, ticks, tuple(self._packing.payloads(units)), is_keyframe)

    def track(self) -> Track:
        """The track as first described."""
        name, about = self._packing.NAME, self._packing.format_parameters(self.parameter_sets)
        lines = (f"rtpmap:{_PAYLOAD_TYPE} {name}/{VIDEO_CLOCK_HZ}", f"fmtp:{_PAYLOAD_TYPE} {about}")
        return Track("video", _PAYLOAD_TYPE, VIDEO_CLOCK_HZ, lines)


def _context(coding: Coding) -> VideoCodecContext:
    """An encoder but for its size. All its tunings are against delay, and against keyframes of its own accord."""
    options = {"preset": coding.preset, "forced-idr": "1", "bufsize": str(coding.bitrate_bps)}
    options["maxrate"] = options["bufsize"]
    if coding.codec == VideoCodec.H264:
        context = av.CodecContext.create("libx264", "w")
        own, quiet = "x264-params", "keyint=infinite:sync-lookahead=0"
    else:
        context = av.CodecContext.create("libx265", "w")
        own, quiet = "x265-params", "keyint=-1:open-gop=0:pools=none:frame-threads=1:log-level=none"
    if coding.b_frames:
        options[own] = f"{quiet}:scenecut=0:b-adapt=0:rc-lookahead={coding.b_frames + 1}"
    else:
        options |= {own: f"{quiet}:scenecut=0", "tune": "zerolatency"}
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, VIDEO_CLOCK_HZ)
    context.bit_rate = coding.bitrate_bps
    context.max_b_frames = coding.b_frames
    context.thread_count = 1
    context.flags |= Flags.global_header
    context.options = options
    return context


class AudioCodec(StrEnum):
    """How sound is coded: G.711 A-law at 8 kHz (RFC 3551), or AAC-LC at 16 kHz (RFC 3640)."""

    PCMA = "pcma"
    AAC = "aac"


class AudioEncoder:
    """Sound to RTP payloads, 20 ms (A-law) or 64 ms (AAC) each."""

    def __init__(self, codec: AudioCodec) -> None:
        self.codec = codec
        self.rate_hz, self.frame_samples = (8_000, 160) if codec == AudioCodec.PCMA else (16_000, 1024)
        name, format_ = ("pcm_alaw", "s16") if codec == AudioCodec.PCMA else ("aac", "fltp")
        self._context = cast(AudioCodecContext, av.CodecContext.create(name, "w"))
        self._context.sample_rate = self.rate_hz
        self._context.layout = "mono"
        self._context.format = format_
        self._context.time_base = Fraction(1, self.rate_hz)
        if codec == AudioCodec.AAC:
            self._context.bit_rate = 32_000
            self._context.flags |= Flags.global_header
        self._context.open()

    def encode(self, sound: Sound, ticks: int) -> list[Sample]:
        """The packets of one frame of sound, `frame_samples` long, that begins at `ticks`."""
        if self.codec == AudioCodec.PCMA:
            frame = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16)[None], format="s16", layout="mono")
        else:
            frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = self.rate_hz, ticks, Fraction(1, self.rate_hz)
        packets = self._context.encode(frame)
        return [Sample(AUDIO, int(p.pts or 0), (Payload(self._payload(bytes(p)), marker=True),)) for p in packets]

    def _payload(self, frame: bytes) -> bytes:
        if self.codec == AudioCodec.PCMA:
            return frame
        return (16).to_bytes(2) + (len(frame) << 3).to_bytes(2) + frame  # one access unit's header of 16 bits

    def track(self) -> Track:
        if self.codec == AudioCodec.PCMA:
            return Track("audio", 8, self.rate_hz, ("rtpmap:8 PCMA/8000",))
        config = (self._context.extradata or b"").hex().upper()
        mode = "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3"
        lines = (f"rtpmap:97 mpeg4-generic/{self.rate_hz}/1", f"fmtp:97 {mode};config={config}")
        return Track("audio", 97, self.rate_hz, lines)

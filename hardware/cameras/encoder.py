"""Encoding, once a camera however many clients: pictures to H.264, sound to AAC or G.711, straight to RTP payloads."""

from enum import StrEnum
from fractions import Fraction
from typing import cast

import av
import cv2
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import Flags
from av.video.frame import PictureType
from numpy.typing import NDArray

from hardware.cameras import h264
from hardware.cameras.picture import Picture, Size
from hardware.cameras.rtp import Payload
from hardware.cameras.tracks import AUDIO, VIDEO, Sample, Track

Sound = NDArray[np.float32]  # -1 … 1, one channel
VIDEO_CLOCK_HZ = 90_000
_EVERYTHING_OURS = "scenecut=0:keyint=infinite"  # keyframes come when asked for, and only then


class VideoEncoder:
    """x264 without delay: a picture in, its access unit out."""

    def __init__(self, size: Size, fps: float, bitrate_bps: int, preset: str) -> None:
        self._context = av.CodecContext.create("libx264", "w")
        self._context.width, self._context.height = size
        self._context.pix_fmt = "yuv420p"
        self._context.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        self._context.framerate = Fraction(fps).limit_denominator(1000)
        self._context.bit_rate = bitrate_bps
        self._context.thread_count = 1
        self._context.flags |= Flags.global_header
        self._context.options = {
            "preset": preset,
            "tune": "zerolatency",
            "forced-idr": "1",
            "maxrate": str(bitrate_bps),
            "bufsize": str(bitrate_bps),
            "x264-params": _EVERYTHING_OURS,
        }
        self._context.open()
        self.parameter_sets = h264.parameter_sets(self._context.extradata or b"")

    def encode(self, picture: Picture, ticks: int, keyframe: bool) -> list[Sample]:
        """The access unit of `picture`. A keyframe brings its parameter sets with it."""
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = ticks, Fraction(1, VIDEO_CLOCK_HZ)
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        made = []
        for packet in self._context.encode(frame):
            units = h264.nal_units(bytes(packet))
            if packet.is_keyframe:
                units = self.parameter_sets + units
            made.append(Sample(VIDEO, int(packet.pts or 0), tuple(h264.payloads(units)), packet.is_keyframe))
        return made

    def track(self) -> Track:
        """The track as first described."""
        lines = (f"rtpmap:96 H264/{VIDEO_CLOCK_HZ}", f"fmtp:96 {h264.format_parameters(self.parameter_sets)}")
        return Track("video", 96, VIDEO_CLOCK_HZ, lines)


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

"""The tracks of a clip: segments in, packets out, each at its time from the clip's beginning, in the track's ticks."""

import io
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

import av
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet

from ingest.cameras.fmp4 import sets_of

AnyPacket: TypeAlias = "Packet[Any]"

COPIED = frozenset({"h264", "hevc", "aac", "opus"})  # what MP4 holds
OFF_S = 0.25  # a packet's own time and the leaf's may differ by this: packets arrive unevenly
# nothing of a segment has to be guessed: its initialisation segment tells all; and no picture of it is decoded
_OPTIONS = {"probesize": "32", "analyzeduration": "0", "fpsprobesize": "0"}


class Track(Protocol):
    """Takes the segments of one stream in their order."""

    def packets(self, segment: bytes, at_s: float, lasts_s: float) -> Iterator[AnyPacket]:
        """The packets of a segment (with its initialisation segment before it) that begins `at_s` after the clip and
        lasts `lasts_s`, as far as it can be read."""

    def rest(self) -> Iterator[AnyPacket]:
        """What is left at the end."""


def opened(segment: bytes, largest_pixels: int) -> InputContainer:
    """A segment as FFmpeg reads it, should it decode a picture all the same one of at most `largest_pixels`.

    Raises:
        FFmpegError: it can't be read.
    """
    return av.open(io.BytesIO(segment), "r", format="mov", options=_OPTIONS | {"max_pixels": str(largest_pixels)})


def track_of(source: InputContainer, file: OutputContainer, largest_pixels: int) -> Track:
    """A track in `file` for segments like `source`."""
    codec = source.streams[0].codec_context.name
    kind = _Copied if codec in COPIED else _Encoded
    return kind(source, file, largest_pixels)


class _Times:
    """Where packets belong: one after the other as far as their own times agree with the leaves', else as those say."""

    def __init__(self, ticks_a_second: int) -> None:
        self._scale = ticks_a_second
        self._shift: int | None = None
        self._last = -1  # when the last packet began
        self._end = 0  # and ended
        self._first = 0
        self._factor = Fraction(1)

    def begin(self, first: int, length: int, at_s: float, lasts_s: float) -> None:
        """A segment begins: its first packet's own time is `first`, and by their own times its packets last `length`;
        the leaf says `at_s` and `lasts_s`. Who lasts longer than he may is shortened: his clock leapt."""
        wanted, longest = round(at_s * self._scale), round(lasts_s * self._scale)
        self._first = first
        self._factor = Fraction(max(longest, 1), length) if length - longest > OFF_S * self._scale else Fraction(1)
        if self._shift is None or abs(first + self._shift - wanted) > OFF_S * self._scale:
            self._shift = max(wanted, self._end) - first
        elif first + self._shift <= self._last:
            self._shift = self._end - first

    def place(self, time: int, lasts: int) -> int:
        """When a packet begins that by its own time begins at `time` and `lasts` so long."""
        assert self._shift is not None
        if self._factor != 1:
            time, lasts = self._first + int((time - self._first) * self._factor), int(lasts * self._factor)
        begins = max(time + self._shift, self._last + 1)
        self._last, self._end = begins, begins + max(lasts, 1)
        return begins


class _Copied:
    """Packets as they were recorded."""

    def __init__(self, source: InputContainer, file: OutputContainer, largest_pixels: int) -> None:
        self._largest_pixels = largest_pixels
        base = source.streams[0].time_base
        assert base is not None
        self._stream = file.add_stream_from_template(source.streams[0])
        self._codec = source.streams[0].codec_context.name
        self._configuration = bytes(source.streams[0].codec_context.extradata or b"")
        self._times = _Times(round(1 / base))

    def packets(self, segment: bytes, at_s: float, lasts_s: float) -> Iterator[AnyPacket]:
        found, configuration = _demuxed(segment, self._largest_pixels)
        sets = b"" if configuration == self._configuration else sets_of(self._codec, configuration)
        for number, packet in enumerate(found):
            assert packet.dts is not None
            later = max(0, (packet.pts if packet.pts is not None else packet.dts) - packet.dts)
            lasts = packet.duration or 0
            if number == 0:
                last = found[-1]
                self._times.begin(packet.dts, (last.dts or 0) + (last.duration or 0) - packet.dts, at_s, lasts_s)
            placed = self._times.place(packet.dts, lasts)
            if sets and packet.is_keyframe:
                packet = _preceded(packet, sets)
            packet.dts, packet.pts = placed, placed + later
            packet.stream = self._stream
            yield packet

    def rest(self) -> Iterator[AnyPacket]:
        return iter(())


class _Encoded:
    """Sound, decoded and encoded as AAC; where it pauses there is silence up to the end of a frame, then nothing."""

    def __init__(self, source: InputContainer, file: OutputContainer, largest_pixels: int) -> None:
        self._largest_pixels = largest_pixels
        given = source.streams.audio[0].codec_context
        self._rate = given.sample_rate
        layout = "mono" if given.channels == 1 else "stereo"  # G.711 does not say where its channels are
        self._stream: AudioStream = file.add_stream("aac", self._rate, {"aac_coder": "fast"}, layout=layout)
        self._resampler = AudioResampler("fltp", layout, self._rate)
        self._times = _Times(self._rate)
        self._fifo = AudioFifo()
        self._at = 0  # when the first sample waiting begins
        self._size = 1024

    def packets(self, segment: bytes, at_s: float, lasts_s: float) -> Iterator[AnyPacket]:
        frames = _decoded(segment, self._largest_pixels)
        for number, frame in enumerate(frames):
            assert frame.pts is not None
            if number == 0:
                last = frames[-1]
                self._times.begin(frame.pts, (last.pts or 0) + last.samples - frame.pts, at_s, lasts_s)
            begins = self._times.place(frame.pts, frame.samples)
            if begins - (self._at + self._fifo.samples) > self._rate // 50:
                yield from self._pause(begins)
            for one in self._resampler.resample(frame):
                one.pts = None
                self._fifo.write(one)
            yield from self._whole_frames()

    def rest(self) -> Iterator[AnyPacket]:
        yield from self._pause(0)
        yield from self._stream.encode(None)

    def _pause(self, until: int) -> Iterator[AnyPacket]:
        if self._fifo.samples:
            silence = AudioFrame("fltp", self._stream.layout.name, self._size - self._fifo.samples)
            for plane in silence.planes:
                plane.update(bytes(plane.buffer_size))
            silence.sample_rate = self._rate
            self._fifo.write(silence)
            yield from self._whole_frames()
        self._at = max(until, self._at)

    def _whole_frames(self) -> Iterator[AnyPacket]:
        while self._fifo.samples >= self._size:
            frame = self._fifo.read(self._size)
            assert frame is not None
            frame.pts, frame.time_base = self._at, Fraction(1, self._rate)
            self._at += self._size
            yield from self._stream.encode(frame)


def _demuxed(segment: bytes, largest_pixels: int) -> tuple[list[AnyPacket], bytes]:
    """The packets of a segment as far as it can be read, and what its decoder must know beforehand."""
    packets: list[AnyPacket] = []
    configuration = b""
    with suppress(FFmpegError), opened(segment, largest_pixels) as source:
        configuration = bytes(source.streams[0].codec_context.extradata or b"")
        packets += (packet for packet in source.demux() if packet.dts is not None and packet.size)
    return packets, configuration


def _preceded(packet: AnyPacket, sets: bytes) -> AnyPacket:
    """The packet behind the parameter sets that it needs."""
    made: AnyPacket = Packet(sets + bytes(packet))
    made.duration, made.time_base, made.is_keyframe = packet.duration, packet.time_base, True
    return made


def _decoded(segment: bytes, largest_pixels: int) -> list[AudioFrame]:
    frames: list[AudioFrame] = []
    with suppress(FFmpegError), opened(segment, largest_pixels) as source:
        frames += source.decode(audio=0)
    return frames

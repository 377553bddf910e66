"""A video file as pictures in order of media time, which begins at 0."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from analytics.video.detection import Picture
from console.replay import ReplayError
from ingest.cameras.parameter_sets import LARGEST_PIXELS

EXPECTED = "a video as GIF, MP4, MKV, AVI or a segment of a recording"
# playlists and the like, which make FFmpeg open what else they name, are not among these
_FORMATS = "gif,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf"


class WatchError(ReplayError):
    """A video that can't be watched; the message says which file, what, and what was expected."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a pass over the packets tells: where media time begins and ends, and the longest group of pictures (None
    where every picture stands for itself, or a GIF says so of pictures that don't)."""

    first_s: float
    last_s: float
    longest_gop_s: float | None


def pace_of(video: Path, largest_pixels: int = LARGEST_PIXELS) -> Pace:
    """The pace of a video; nothing is decoded.

    Raises:
        WatchError: where the file is no video.
    """
    first_s = last_s = key_s = None
    longest_s, grouped = 0.0, False
    with _opened(video, largest_pixels) as (container, stream):
        base = float(stream.time_base or 0)
        for packet in _packets(container, stream):
            if packet.pts is None:
                continue
            t_s = packet.pts * base
            first_s = t_s if first_s is None else min(first_s, t_s)
            last_s = t_s if last_s is None else max(last_s, t_s)
            if packet.is_keyframe:
                longest_s = max(longest_s, t_s - key_s) if key_s is not None else longest_s
                key_s = t_s
            else:
                grouped = True
    if first_s is None or last_s is None:
        raise WatchError(f"{video}: holds no picture with a time; expected {EXPECTED}")
    tail_s = last_s - key_s if key_s is not None else float("inf")
    return Pace(first_s, last_s, max(longest_s, tail_s) if grouped else None)


def frames_of(
    video: Path,
    pace: Pace,
    keyframes_only: bool,
    complain: Callable[[str], None],
    largest_pixels: int = LARGEST_PIXELS,
) -> Iterator[tuple[float, VideoFrame]]:
    """Each picture with its media time; what can't be decoded is counted and left out."""
    damaged, last_s = 0, -1.0
    with _opened(video, largest_pixels) as (container, stream):
        if keyframes_only:
            stream.codec_context.skip_frame = "NONKEY"
        for packet in _packets(container, stream):
            try:
                frames = packet.decode()
            except FFmpegError:
                damaged += 1
                continue
            for frame in frames:
                if frame.time is not None and frame.time - pace.first_s > last_s:
                    last_s = max(0.0, frame.time - pace.first_s)
                    yield last_s, frame
    if damaged:
        complain(f"{video}: {damaged} packets can't be decoded and were left out")


def picture_of(frame: VideoFrame) -> Picture:
    """The frame as an array, upright as the file says it was filmed; takes far longer than to decode it."""
    quarters = round(frame.rotation / 90)  # counterclockwise
    upright = np.rot90(frame.to_ndarray(format="bgr24"), quarters)
    return np.ascontiguousarray(upright, np.uint8)


def _packets(container: InputContainer, stream: VideoStream) -> Iterator["Packet[VideoStream]"]:
    """As far as the file goes: one that is torn ends there."""
    with suppress(FFmpegError):
        yield from container.demux(stream)


@contextmanager
def _opened(video: Path, largest_pixels: int) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A file may say that its pictures are of any size, and FFmpeg makes room for them before it finds none."""
    bound = {"max_pixels": str(largest_pixels)}
    if not video.is_file():
        raise WatchError(f"{video}: no such file; expected {EXPECTED}")
    try:
        options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file", **bound}
        with av.open(str(video.resolve()), options=options) as container:
            if not container.streams.video:
                raise WatchError(f"{video}: has no video stream; expected {EXPECTED}")
            stream = container.streams.video[0]
            width, height = stream.codec_context.width, stream.codec_context.height
            if width * height > largest_pixels:
                expected = f"expected at most {largest_pixels} pixels ([cameras] largest_pixels)"
                raise WatchError(f"{video}: its pictures are {width} x {height}; {expected}")
            stream.codec_context.options = bound
            yield container, stream
    except FFmpegError as error:
        raise WatchError(f"{video}: can't be read as video ({error.strerror}); expected {EXPECTED}") from error

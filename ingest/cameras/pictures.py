"""Pictures from keyframes: one decoded alone, as pixels for those who look or as JPEG for people."""

from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from ingest.cameras.annexb import CODECS, MalformedVideo, parameter_sets
from ingest.cameras.packets import Packet, StreamInfo
from ingest.cameras.parameter_sets import LARGEST_PIXELS, most_pixels

WIDEST = 1280


class Undecodable(ValueError):  # noqa: N818  (a state of the stream)
    """A keyframe from which no whole picture can be made."""


def decoded(keyframe: Packet, stream: StreamInfo, largest_pixels: int = LARGEST_PIXELS) -> VideoFrame:
    """The picture of a keyframe.

    Raises:
        Undecodable: when there is no whole one in it; or when it says that it has more than `largest_pixels`, for which
            a decoder makes room before it finds that there are none.
    """
    _bound(keyframe, stream, largest_pixels)
    try:
        decoder = av.CodecContext.create(stream.codec, "r")
        if not isinstance(decoder, VideoCodecContext):
            raise Undecodable(f"{stream.codec} is no video")
        decoder.thread_count = 1
        decoder.options = {"max_pixels": str(largest_pixels)}
        if stream.extradata:
            decoder.extradata = stream.extradata
        frames = [*decoder.decode(av.Packet(keyframe.data)), *decoder.decode(None)]
    except (av.FFmpegError, ValueError) as error:
        raise Undecodable(f"the {stream.codec} picture can't be decoded ({error})") from error
    if not frames:
        raise Undecodable(f"no whole {stream.codec} picture")
    return frames[0]


def _bound(keyframe: Packet, stream: StreamInfo, largest_pixels: int) -> None:
    if stream.codec not in CODECS:
        return
    sets = parameter_sets(stream.codec, keyframe.data) + parameter_sets(stream.codec, stream.extradata)
    try:
        told = most_pixels(stream.codec, sets)
    except MalformedVideo as error:
        raise Undecodable(str(error)) from error
    if told > largest_pixels:
        raise Undecodable(f"a picture of {told} pixels; expected at most {largest_pixels} ([cameras] largest_pixels)")


def pixels(frame: VideoFrame, widest: int = WIDEST) -> NDArray[np.uint8]:
    """BGR, shape (height, width, 3), at most `widest` wide."""
    width, height = _size(frame, widest)
    return np.asarray(frame.reformat(width, height, "bgr24").to_ndarray(), np.uint8)


def jpeg(frame: VideoFrame, widest: int = WIDEST) -> bytes:
    """The picture as JPEG, at most `widest` wide."""
    width, height = _size(frame, widest)
    shown = frame.reformat(width, height, "yuvj420p", dst_color_range=ColorRange.JPEG)
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qscale": "5", "flags": "+qscale", "global_quality": "590"}
    shown.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(shown), *encoder.encode(None)])


def _size(frame: VideoFrame, widest: int) -> tuple[int, int]:
    width = min(widest, frame.width)
    return width, max(2, round(frame.height * width / frame.width) // 2 * 2)

"""What a virtual camera sees, as H.264: made as fast as it can be, with no network."""

from collections.abc import Iterator
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from hardware.cameras import CameraSpec
from hardware.cameras.lens import Lens
from hardware.cameras.picture import Picture, Size
from ingest.cameras.packets import Media, Packet, StreamInfo

SIZE: Size = (1280, 720)
STREAM = StreamInfo(media=Media.VIDEO, codec="h264", time_base=(1, 90_000), width=SIZE[0], height=SIZE[1])
TICKS = 90_000


def film(spec: CameraSpec, *, seconds: int, fps: int, bitrate_bps: int) -> Iterator[Packet]:
    """What a camera like `spec` sees from its beginning, at 720p with a keyframe a second. A packet arrives when its
    picture is taken."""
    encoder = _encoder(fps, bitrate_bps)
    for number, picture in enumerate(_pictures(spec, seconds, fps)):
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, fps)
        frame.pict_type = PictureType.NONE if number % fps else PictureType.I
        for packet in encoder.encode(frame):
            yield _packet(bytes(packet), number / fps, packet.is_keyframe)


def _pictures(spec: CameraSpec, seconds: int, fps: int) -> Iterator[Picture]:
    """Through its lens, with what befalls that."""
    lens = Lens(SIZE, spec.noise)
    for number in range(seconds * fps):
        t_s = number / fps
        faults = frozenset(outage.fault for outage in spec.outages if outage.from_s <= t_s < outage.to_s)
        yield lens.picture(spec.view.picture(t_s, SIZE), faults, t_s, t_s)


def _encoder(fps: int, bitrate_bps: int) -> VideoCodecContext:
    """With no delay: a picture in, its packet out."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = *SIZE, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(fps), Fraction(1, fps)
    encoder.bit_rate = bitrate_bps
    encoder.thread_count = 1
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "forced-idr": "1", "x264-params": "keyint=infinite"}
    return encoder


def _packet(data: bytes, t_s: float, is_keyframe: bool) -> Packet:
    ticks = round(t_s * TICKS)
    return Packet(
        media=Media.VIDEO,
        data=data,
        pts=ticks,
        dts=ticks,
        duration=0,
        is_keyframe=is_keyframe,
        arrived_s=t_s,
        arrived_wall_s=t_s,
    )

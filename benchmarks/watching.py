"""How many 720p cameras one core looks at once a second: decoding a keyframe, tamper, people, rules."""

import time
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from analytics.catalogue import video_rules
from analytics.video.regions import Region
from analytics.video.watcher import NOTHING_KNOWN, Outlook, Watcher
from benchmarks.figures import Figure
from hardware.cameras.county import demo_cameras
from ingest.cameras.detectors import default_detector
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.pictures import decoded, pixels

SIZE = (1280, 720)
_STREAM = StreamInfo(media=Media.VIDEO, codec="h264", time_base=(1, 90_000), width=SIZE[0], height=SIZE[1])


def measure(*, quick: bool = False) -> list[Figure]:
    county = demo_cameras(1, size=SIZE)
    samples = 10 if quick else 60
    keyframes = {
        spec.name: [_keyframe(spec.view.picture(float(second), SIZE)) for second in range(samples)]
        for spec in county.specs
        if spec.name in ("win-1", "hall-1", "street-1")
    }
    detector = default_detector()
    window = Outlook("win-1", tuple(Region.of(name, box) for name, box in county.regions["win-1"].items()))
    room = Outlook("hall-1", counts=True)
    street = Outlook("street-1")
    figures = [_decoding(keyframes["hall-1"])]
    for what, outlook in (
        ("tamper alone (a street)", street),
        ("tamper and one region (a window)", window),
        ("tamper and everybody in the picture (a room)", room),
    ):
        watcher = Watcher(outlook, detector, video_rules())
        began_s = time.process_time()
        for second, keyframe in enumerate(keyframes[outlook.camera]):
            watcher.sample(pixels(decoded(keyframe, _STREAM)), float(second), NOTHING_KNOWN)
        took_s = (time.process_time() - began_s) / samples
        figures.append(
            Figure(
                f"looking at a 720p camera once a second, {what}",
                f"{1e3 * took_s:.0f} ms: {1 / took_s:.0f} cameras a core",
            )
        )
    return figures


def _decoding(keyframes: list[Packet]) -> Figure:
    began_s = time.process_time()
    for keyframe in keyframes:
        pixels(decoded(keyframe, _STREAM))
    return Figure("of that, decoding the keyframe", f"{1e3 * (time.process_time() - began_s) / len(keyframes):.1f} ms")


def _keyframe(picture: np.ndarray) -> Packet:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = *SIZE, "yuv420p"
    encoder.framerate = Fraction(15)
    encoder.bit_rate = 2_000_000
    encoder.options = {"preset": "veryfast", "tune": "zerolatency"}
    frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
    data = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    now_s = time.time()
    return Packet(
        media=Media.VIDEO,
        data=data,
        pts=0,
        dts=0,
        duration=0,
        is_keyframe=True,
        arrived_s=time.monotonic(),
        arrived_wall_s=now_s,
    )

"""How many 720p25 cameras one core looks at once a second: decoding a keyframe, tamper, people, rules."""

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import av
from av.video.codeccontext import VideoCodecContext

from analytics.catalogue import video_rules
from analytics.video.regions import Region
from analytics.video.watcher import NOTHING_KNOWN, Outlook, Watcher
from benchmarks.figures import Figure
from benchmarks.films import SIZE, STREAM, film
from hardware.cameras.county import demo_cameras
from ingest.cameras.detectors import default_detector
from ingest.cameras.packets import Packet
from ingest.cameras.pictures import decoded, pixels

FPS = 25
BITRATE_BPS = 2_000_000


def measure(*, quick: bool = False) -> list[Figure]:
    county = demo_cameras(1, size=SIZE)
    seconds = 10 if quick else 30
    films = {
        spec.name: list(film(spec, seconds=seconds, fps=FPS, bitrate_bps=BITRATE_BPS))
        for spec in county.specs
        if spec.name in ("win-1", "hall-1", "street-1")
    }
    keyframes = {camera: [packet for packet in packets if packet.is_keyframe] for camera, packets in films.items()}
    detector = default_detector()
    regions = tuple(Region.of(name, box) for name, box in county.regions["win-1"].items())
    window = Outlook("win-1", regions, counts=False)
    room = Outlook("hall-1", counts=True)
    street = Outlook("street-1", counts=False)
    decoding_s = _took_s(keyframes["hall-1"], lambda packet: pixels(decoded(packet, STREAM)))
    figures = []
    for what, outlook in (
        ("tamper alone (a street)", street),
        ("tamper and one region (a window)", window),
        ("tamper and everybody in the picture (a room)", room),
    ):
        watcher = Watcher(outlook, detector, video_rules())
        took_s = _took_s(
            keyframes[outlook.camera],
            lambda packet, watcher=watcher: watcher.sample(
                pixels(decoded(packet, STREAM)), packet.arrived_s, NOTHING_KNOWN
            ),
        )
        figures.append(
            Figure(
                f"looking at a 720p25 camera once a second, {what}",
                f"{1e3 * took_s:.0f} ms a second: {1 / took_s:.0f} cameras a core, decoding included",
            )
        )
    every_s = _decoding_all_s(films["hall-1"]) * FPS
    return [
        *figures,
        Figure(
            "of that, decoding the keyframe to pixels",
            f"{1e3 * decoding_s:.1f} ms: {1 / decoding_s:.0f} cameras a core",
        ),
        Figure("decoding all 25 pictures of the second instead, none to pixels", f"{1e3 * every_s:.0f} ms"),
    ]


def _took_s(packets: Sequence[Packet], work: Callable[[Packet], object]) -> float:
    """CPU seconds that `work` takes with one packet: the median."""
    marks = [time.process_time()]
    for packet in packets:
        work(packet)
        marks.append(time.process_time())
    return sorted(later - former for former, later in pairwise(marks))[len(packets) // 2]


def _decoding_all_s(packets: Iterable[Packet]) -> float:
    """CPU seconds a picture, when every one is decoded, and none made to pixels."""
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    began_s, frames = time.process_time(), 0
    for packet in packets:
        frames += len(decoder.decode(av.Packet(packet.data)))
    return (time.process_time() - began_s) / frames

"""A recording as the recorder writes it, made in seconds instead of in its own time: a minute of film, again and again.

Files, leaves, heads and rows are made by the recorder's own parts; only the arrival of the packets is made up.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from benchmarks.recording import Mosaic
from hardware.cameras.sound import Murmur
from ingest.cameras.fanout import Item, Opened
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.segmenter import Segmenter
from ingest.cameras.stream_log import StreamLog
from store.evidence.log import EvidenceLog
from store.evidence.signer import FileSigner
from store.recordings import Recordings

SIZE, FPS, KEYFRAME_S, BITRATE_BPS = (1280, 720), 15, 2, 2_000_000
SOUND_HZ, SOUND_FRAME = 16_000, 1024
LOOP_S = 64  # whole frames of sound, whole groups of pictures
PACK_S = 300.0


@dataclass(frozen=True, slots=True)
class Film:
    """A loop of packets: bytes and whether a keyframe, by stream."""

    streams: tuple[StreamInfo, StreamInfo]
    pictures: list[tuple[bytes, bool]]
    sound: list[bytes]

    def packets(self, begins_s: float, seconds: float) -> Iterator[Item]:
        """What a camera that plays the loop over and over sends in `seconds` from `begins_s` (Unix seconds) on."""
        yield Opened(self.streams)
        heard = 0
        for n in range(round(seconds * FPS)):
            while heard * SOUND_FRAME * FPS <= n * SOUND_HZ:
                data, pts = self.sound[heard % len(self.sound)], heard * SOUND_FRAME
                yield _packet(Media.AUDIO, data, pts, True, begins_s, pts / SOUND_HZ, SOUND_FRAME)
                heard += 1
            data, is_keyframe = self.pictures[n % len(self.pictures)]
            yield _packet(Media.VIDEO, data, n, is_keyframe, begins_s, n / FPS, 1)


def filmed(size: tuple[int, int] = SIZE, seconds: int = LOOP_S, label: str = "") -> Film:
    """A film of sliding tiles with the number of each picture, and of murmuring."""
    video = cast(VideoCodecContext, av.CodecContext.create("libx264", "w"))
    video.width, video.height, video.pix_fmt = *size, "yuv420p"
    video.time_base, video.framerate, video.bit_rate = Fraction(1, FPS), Fraction(FPS), BITRATE_BPS
    video.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "keyint=infinite:scenecut=0"}
    view, pictures = Mosaic(), list[tuple[bytes, bool]]()
    for n in range(seconds * FPS):
        picture = view.picture(n / FPS, size)
        cv2.putText(picture, f"{label} {n / FPS:06.2f}", (40, 120), cv2.FONT_HERSHEY_SIMPLEX, 3.0, (255, 255, 255), 8)
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts = n
        frame.pict_type = PictureType.I if n % (KEYFRAME_S * FPS) == 0 else PictureType.NONE
        pictures += [(bytes(packet), packet.is_keyframe) for packet in video.encode(frame)]
    audio = cast(AudioCodecContext, av.CodecContext.create("aac", "w"))
    audio.sample_rate, audio.layout, audio.format, audio.bit_rate = SOUND_HZ, "mono", "fltp", 32_000
    sound, murmur = list[bytes](), Murmur(1)
    for n in range(seconds * SOUND_HZ // SOUND_FRAME):
        heard = murmur.samples(n * SOUND_FRAME, SOUND_FRAME, SOUND_HZ)[None]
        samples = av.AudioFrame.from_ndarray(np.ascontiguousarray(heard), format="fltp", layout="mono")
        samples.sample_rate, samples.pts = SOUND_HZ, n * SOUND_FRAME
        sound += [bytes(packet) for packet in audio.encode(samples)]
    streams = (
        StreamInfo(
            media=Media.VIDEO,
            codec="h264",
            time_base=(1, FPS),
            extradata=bytes(video.extradata or b"") or pictures[0][0],
            width=size[0],
            height=size[1],
        ),
        StreamInfo(
            media=Media.AUDIO,
            codec="aac",
            time_base=(1, SOUND_HZ),
            extradata=bytes(audio.extradata or b""),
            sample_rate=SOUND_HZ,
            channels=1,
        ),
    )
    return Film(streams, pictures, sound)


def record(folder: Path, key: Path, dsn: str, sent: dict[str, Iterable[Item]]) -> None:
    """Records what each camera sent, into `folder` and the database at `dsn`."""
    signer = FileSigner.open_or_create(key)
    with EvidenceLog(folder, "recorder-1", signer) as log, Recordings(dsn) as rows:
        for camera, items in sent.items():
            streams = {
                media: StreamLog(f"{camera}.{media}", folder, log, pack_s=PACK_S, sync=lambda _handle: None)
                for media in Media
            }
            segmenter = Segmenter()
            leaves = []
            for item in items:
                for segment in segmenter.feed(item):
                    leaf = streams[segment.info.media].record(segment)
                    leaves += [leaf] if leaf is not None else []
            rows.write_leaves(leaves)
        log.sign_head()


def _packet(
    media: Media, data: bytes, pts: int, is_keyframe: bool, begins_s: float, after_s: float, duration: int
) -> Packet:
    return Packet(
        media=media,
        data=data,
        pts=pts,
        dts=pts,
        duration=duration,
        is_keyframe=is_keyframe,
        arrived_s=after_s,
        arrived_wall_s=begins_s + after_s,
    )

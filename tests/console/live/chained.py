"""A recorder's folder as the recorder itself writes it: files, leaves, a signed head, and the rows in the database."""

from collections.abc import Iterator
from pathlib import Path

import av
import msgspec
from tap_server import ALAW, Clip

from ingest.cameras.fanout import Item, Opened
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.segmenter import Segmenter
from ingest.cameras.stream_log import StreamLog
from store.evidence.leaf import Leaf, Reason
from store.evidence.log import EvidenceLog
from store.evidence.signer import FileSigner
from store.recordings import Recordings

Span = tuple[float, float]
AAC_HZ, AAC_FRAME = 16_000, 1024


def record_chain(
    dsn: str, folder: Path, clip: Clip, spans: dict[str, list[Span]], *, sound: StreamInfo | None = None
) -> None:
    """Records `clip` over and over for each camera in each of its spans (Unix seconds); between them the camera is
    lost. All cameras are in one log, sealed and signed at the end."""
    leaves: list[Leaf] = []
    with EvidenceLog(folder, "recorder-1", FileSigner.open_or_create(folder.parent / "recorder.pem")) as log:
        for camera, times in spans.items():
            logs = {
                media: StreamLog(f"{camera}.{media}", folder, log, pack_s=300.0, sync=lambda _handle: None)
                for media in Media
            }
            for begins_s, ends_s in times:
                for stream in logs.values():
                    stream.interrupt(Reason.SOURCE_LOST)
                segmenter = Segmenter()
                items = [*_sent(clip, sound, begins_s, ends_s - begins_s)]
                segments = [segment for item in items for segment in segmenter.feed(item)] + segmenter.flush()
                stored = [logs[segment.info.media].record(segment) for segment in segments]
                assert None not in stored
            for stream in logs.values():
                stream.close(round(times[-1][1] * 1e9), 0)
        log.sign_head()
        leaves = [Leaf.parse(line) for line in (folder / "leaves.jsonl").read_bytes().splitlines()]
    with Recordings(dsn) as rows:
        rows.write_leaves(leaves)


def aac() -> StreamInfo:
    """What an AAC stream of silence says of itself."""
    encoder = _silent()
    return StreamInfo(
        media=Media.AUDIO,
        codec="aac",
        time_base=(1, AAC_HZ),
        extradata=bytes(encoder.extradata or b""),
        sample_rate=AAC_HZ,
        channels=1,
    )


def _sent(clip: Clip, sound: StreamInfo | None, begins_s: float, seconds: float) -> Iterator[Item]:
    # The encoder's parameter sets stand before each keyframe.
    video = msgspec.structs.replace(clip.info, extradata=clip.info.extradata or bytes(clip.packets[0]))
    yield Opened((video, *([sound] if sound else [])))
    rate = clip.info.time_base[1]
    heard = _heard(sound, seconds)
    waiting = next(heard, None)
    for n in range(round(seconds * rate)):
        while waiting is not None and waiting[0] <= n / rate:
            yield _packet(Media.AUDIO, waiting[2], waiting[1], True, begins_s, waiting[0])
            waiting = next(heard, None)
        taken = clip.packets[n % len(clip.packets)]
        yield _packet(Media.VIDEO, bytes(taken), n, taken.is_keyframe, begins_s, n / rate)


def _heard(sound: StreamInfo | None, seconds: float) -> Iterator[tuple[float, int, bytes]]:
    """Seconds, PTS and bytes of each packet of silence."""
    if sound is None:
        return
    if sound is ALAW:
        for n in range(round(seconds * 50)):
            yield n / 50, n * 160, b"\xd5" * 160
        return
    encoder = _silent()
    for n in range(int(seconds * AAC_HZ / AAC_FRAME)):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=AAC_FRAME)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate, frame.pts = AAC_HZ, n * AAC_FRAME
        for packet in encoder.encode(frame):
            yield n * AAC_FRAME / AAC_HZ, n * AAC_FRAME, bytes(packet)


def _silent() -> av.AudioCodecContext:
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = AAC_HZ, "mono", "fltp"
    encoder.open()
    return encoder


def _packet(media: Media, data: bytes, pts: int, is_keyframe: bool, begins_s: float, after_s: float) -> Packet:
    times = {"arrived_s": begins_s + after_s, "arrived_wall_s": begins_s + after_s}
    return Packet(media=media, data=data, pts=pts, dts=pts, duration=0, is_keyframe=is_keyframe, **times)

"""A recorder's folder with true files: fragmented MP4, and the rows that say where each fragment lies."""

import struct
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
from camera_rows import write_segment
from tap_server import Clip


def write_file(path: Path, clip: Clip, seconds: int) -> list[tuple[int, int]]:
    """Writes `seconds` of `clip` with a fragment a keyframe. Returns where each begins and how long it is; the first is
    the initialisation segment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rate = clip.info.time_base[1]
    with av.open(
        str(path), "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    ) as file:
        stream = file.add_stream("h264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = clip.info.width, clip.info.height, "yuv420p"
        stream.codec_context.extradata = clip.info.extradata
        stream.time_base = Fraction(*clip.info.time_base)
        for n in range(seconds * rate):
            taken = clip.packets[n % len(clip.packets)]
            packet = av.Packet(bytes(taken))
            packet.pts = packet.dts = n
            packet.duration = 1
            packet.time_base = Fraction(1, rate)
            packet.stream, packet.is_keyframe = stream, taken.is_keyframe
            file.mux(packet)
    return _parts(path.read_bytes())


def write_sound(path: Path, seconds: int) -> list[tuple[int, int]]:
    """Writes `seconds` of AAC silence with a fragment a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"movflags": "empty_moov+default_base_moof", "frag_duration": "1000000"}
    with av.open(str(path), "w", format="mp4", options=options) as file:
        stream = file.add_stream("aac", rate=16_000, layout="mono")
        for n in range(seconds * 16_000 // 1024 + 1):
            frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            frame.sample_rate, frame.pts = 16_000, n * 1024
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return _parts(path.read_bytes())[: seconds + 1]


def record(
    dsn: str, folder: Path, stream: str, begins: datetime, parts: list[tuple[int, int]], file: str, *, seq: int = 0
) -> None:
    """The rows of a file's fragments, a second each."""
    assert (folder / file).is_file()
    for n, (offset, size) in enumerate(parts[1:]):
        place = {"file": file, "offset": offset, "bytes": size, "init_bytes": parts[0][1], "stream": stream}
        write_segment(dsn, seq + n, begins + timedelta(seconds=n), **place)


def _parts(data: bytes) -> list[tuple[int, int]]:
    """The initialisation segment, then each moof with its mdat."""
    starts, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        if kind == b"moof":
            starts.append(at)
        if kind == b"mfra":
            data = data[:at]
            break
        at += size
    ends = [*starts, len(data)]
    return [(0, starts[0]), *((begin, end - begin) for begin, end in zip(starts, ends[1:], strict=True))]

"""Fragmented MP4 (ISO/IEC 14496-12), one stream a file: an initialisation segment, and fragments that stand on it.

Written here rather than by a muxer, so that a fragment costs a few microseconds, depends on nothing but its packets,
and holds them byte for byte (H.264 and H.265 with the length of each unit in place of its start code, as -15 wants it).
G.711 has no place in MP4: it goes into the same boxes under QuickTime's brand and names.
"""

import struct
from collections.abc import Sequence

from msgspec import Struct

from ingest.cameras.annexb import annex_b, parameter_sets, unit_spans, unit_type
from ingest.cameras.packets import Media, StreamInfo
from ingest.cameras.parameter_sets import picture

QUICKTIME = {"pcm_alaw": b"alaw", "pcm_mulaw": b"ulaw"}
AUDIO_CODECS = ("aac", "opus", *QUICKTIME)

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SYNC, _NOT_SYNC = 0x02000000, 0x01010000
_RUN = struct.Struct(">3Ii")
_OPUS_PRESKIP = 312
_MOST_CONFIGURATION = 4_096  # bytes that tell a decoder of sound what comes; a few of AAC's real ones
_MOST_TICKS_A_SECOND = 10_000_000
_MOST_CHANNELS = 255


class UnsupportedStream(ValueError):  # noqa: N818  (what came, not what we did)
    """A stream that can't be stored: the message names its codec."""


class Sample(Struct, frozen=True, gc=False):
    """One packet with its times in the stream's time base: when it is decoded, for how long it lasts, and how much
    later than decoded it is shown."""

    data: bytes
    time: int
    duration: int
    shown_later: int = 0
    is_sync: bool = True


def suffix(codec: str) -> str:
    """How the name of a file of this codec ends."""
    return ".mov" if codec in QUICKTIME else ".mp4"


def initialisation(info: StreamInfo) -> bytes:
    """The initialisation segment of a stream.

    Raises:
        UnsupportedStream: for a codec that has no place here, and for what no box can say.
        annexb.MalformedVideo: when the parameter sets can't be read.
    """
    _bound(info)
    entry = _sample_entry(info)
    brand = b"qt  " if info.codec in QUICKTIME else b"iso6"
    scale, video = info.time_base[1], info.media is Media.VIDEO
    header = _full(b"vmhd", 0, 1, bytes(8)) if video else _full(b"smhd", 0, 0, bytes(4))
    name = (b"vide", b"video\0") if video else (b"soun", b"sound\0")
    empty = (_full(kind, 0, 0, bytes(size)) for kind, size in ((b"stts", 4), (b"stsc", 4), (b"stsz", 8), (b"stco", 4)))
    table = _box(b"stbl", _full(b"stsd", 0, 0, struct.pack(">I", 1), entry), *empty)
    data = _box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1)))
    media = _box(
        b"mdia",
        _full(b"mdhd", 0, 0, struct.pack(">4I2H", 0, 0, scale, 0, 0x55C4, 0)),  # language: und
        _full(b"hdlr", 0, 0, bytes(4), name[0], bytes(12), name[1]),
        _box(b"minf", header, data, table),
    )
    volume, size = (0, (info.width, info.height)) if video else (0x100, (0, 0))
    track = (
        struct.pack(">5I8x4H", 0, 0, 1, 0, 0, 0, 0, volume, 0) + _MATRIX + struct.pack(">2I", *(s << 16 for s in size))
    )
    movie = struct.pack(">4IIH10x", 0, 0, 1000, 0, 0x10000, 0x100) + _MATRIX + bytes(24) + struct.pack(">I", 2)
    return _box(b"ftyp", brand, struct.pack(">I", 512), brand, b"iso6", b"mp41") + _box(
        b"moov",
        _full(b"mvhd", 0, 0, movie),
        _box(b"trak", _full(b"tkhd", 0, 3, track), media),
        _box(b"mvex", _full(b"trex", 0, 0, struct.pack(">5I", 1, 1, 0, 0, 0))),
    )


def fragment(number: int, samples: Sequence[Sample]) -> bytes:
    """One fragment, the `number`-th (from 1) of its file; what is in its samples is stored untouched."""
    run = b"".join(
        _RUN.pack(s.duration, len(s.data), _SYNC if s.is_sync else _NOT_SYNC, s.shown_later) for s in samples
    )
    data = [sample.data for sample in samples]

    def head(offset: int) -> bytes:
        return _box(
            b"moof",
            _full(b"mfhd", 0, 0, struct.pack(">I", number & 0xFFFFFFFF)),
            _box(
                b"traf",
                _full(b"tfhd", 0, 0x020000, struct.pack(">I", 1)),
                _full(b"tfdt", 1, 0, struct.pack(">Q", samples[0].time)),
                _full(b"trun", 1, 0xF01, struct.pack(">Ii", len(samples), offset), run),
            ),
        )

    return b"".join((head(len(head(0)) + 8), struct.pack(">I4s", 8 + sum(map(len, data)), b"mdat"), *data))


def length_prefixed(data: bytes) -> bytes:
    """An access unit with the length of each unit in place of its start code."""
    whole = memoryview(data)
    return b"".join(
        part for begin, end in unit_spans(data) for part in ((end - begin).to_bytes(4, "big"), whole[begin:end])
    )


def sets_of(codec: str, configuration: bytes) -> bytes:
    """The parameter sets in the configuration of a sample entry (avcC or hvcC), each with its length before it, as
    they may stand before the units of a keyframe."""
    sets: list[bytes] = []
    at, arrays = (5, 2) if codec == "h264" else (22, 1)
    if codec == "hevc":
        arrays, at = configuration[at], at + 1
    for _ in range(arrays):
        if codec == "hevc":
            count, at = int.from_bytes(configuration[at + 1 : at + 3], "big"), at + 3
        else:
            count, at = configuration[at] & (31 if not sets else 255), at + 1
        for _ in range(count):
            size = int.from_bytes(configuration[at : at + 2], "big")
            sets.append(configuration[at + 2 : at + 2 + size])
            at += 2 + size
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in sets)


def annex_b_again(data: bytes) -> bytes:
    """The way back from :func:`length_prefixed`."""
    units, at = [], 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        units.append(data[at + 4 : end])
        at = end
    return annex_b(tuple(units))


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *content)


def _bound(info: StreamInfo) -> None:
    """Raises UnsupportedStream for figures that are no camera's: what follows may rely on their being some."""
    if info.time_base[0] != 1 or not 1 <= info.time_base[1] <= _MOST_TICKS_A_SECOND:
        told = "/".join(map(str, info.time_base))
        raise UnsupportedStream(f"{info.codec}: ticks of {told} s; expected 1 to {_MOST_TICKS_A_SECOND} a second")
    if info.media is Media.AUDIO and len(info.extradata) > _MOST_CONFIGURATION:
        told = f"a configuration of {len(info.extradata)} bytes"
        raise UnsupportedStream(f"{info.codec}: {told}; expected at most {_MOST_CONFIGURATION}")
    if info.media is Media.AUDIO and not (0 < info.sample_rate < 1 << 32 and 0 < info.channels <= _MOST_CHANNELS):
        told = f"{info.channels} channels at {info.sample_rate} Hz"
        raise UnsupportedStream(f"{info.codec}: {told}; expected sound")


def _sample_entry(info: StreamInfo) -> bytes:
    if info.codec in ("h264", "hevc"):
        size = struct.pack(">2H", info.width, info.height)
        rest = struct.pack(">3IH32xHH", 0x480000, 0x480000, 0, 1, 0x18, 0xFFFF)
        name = b"avc1" if info.codec == "h264" else b"hev1"
        configuration = _avc_configuration(info) if info.codec == "h264" else _hevc_configuration(info)
        return _box(name, struct.pack(">6xH16x", 1), size, rest, configuration)
    rate = info.sample_rate << 16 if info.sample_rate < 1 << 16 else 0
    sound = struct.pack(">6xH8x2H4xI", 1, info.channels, 16, rate)
    if info.codec == "aac":
        return _box(b"mp4a", sound, _elementary_stream(info.extradata))
    if info.codec == "opus":
        return _box(
            b"Opus", sound, _box(b"dOps", struct.pack(">2BHIhB", 0, info.channels, _OPUS_PRESKIP, 48_000, 0, 0))
        )
    if info.codec in QUICKTIME:
        return _box(QUICKTIME[info.codec], sound)
    raise UnsupportedStream(f"codec {info.codec}: expected h264, hevc, {', '.join(AUDIO_CODECS)}")


def _avc_configuration(info: StreamInfo) -> bytes:
    sets = parameter_sets("h264", info.extradata)
    read = picture("h264", sets)
    sequence = [unit for unit in sets if unit_type("h264", unit) == 7]
    pictures = [unit for unit in sets if unit_type("h264", unit) == 8]
    head = b"\x01" + sequence[0][1:4] + bytes((0xFF, 0xE0 | len(sequence))) + _counted(sequence)
    tail = bytes((len(pictures),)) + _counted(pictures)
    if sequence[0][1] not in (66, 77, 88):
        tail += bytes((0xFC | read.chroma_format, 0xF8 | read.luma_bits - 8, 0xF8 | read.chroma_bits - 8, 0))
    return _box(b"avcC", head, tail)


def _hevc_configuration(info: StreamInfo) -> bytes:
    sets = parameter_sets("hevc", info.extradata)
    read = picture("hevc", sets)
    sequence = next(unit for unit in sets if unit_type("hevc", unit) == 33).replace(b"\0\0\3", b"\0\0")
    layers, nested = (sequence[2] >> 1 & 7) + 1, sequence[2] & 1
    head = b"\x01" + sequence[3:15] + struct.pack(">HB", 0xF000, 0xFC)
    head += bytes((0xFC | read.chroma_format, 0xF8 | read.luma_bits - 8, 0xF8 | read.chroma_bits - 8, 0, 0))
    arrays = b""
    for kind in (32, 33, 34):
        units = [unit for unit in sets if unit_type("hevc", unit) == kind]
        arrays += struct.pack(">BH", kind, len(units)) + _counted(units)
    return _box(b"hvcC", head, bytes((layers << 3 | nested << 2 | 3, 3)), arrays)


def _counted(units: Sequence[bytes]) -> bytes:
    return b"".join(struct.pack(">H", len(unit)) + unit for unit in units)


def _elementary_stream(configuration: bytes) -> bytes:
    def descriptor(tag: int, *content: bytes) -> bytes:
        body = b"".join(content)
        size = len(body)
        groups = [size >> shift & 0x7F for shift in (21, 14, 7) if size >> shift]  # seven bits a byte, the first first
        return bytes((tag, *(0x80 | group for group in groups), size & 0x7F)) + body

    decoder = descriptor(4, struct.pack(">BBxHII", 0x40, 0x15, 0, 0, 0), descriptor(5, configuration))
    return _full(b"esds", 0, 0, descriptor(3, struct.pack(">HB", 1, 0), decoder, descriptor(6, b"\x02")))

"""H.264 and H.265 as they come from a camera (Annex B): their NAL units, and what their parameter sets say.

Only what a container must know of the picture is read: its size, its chroma format and bit depths. Nothing is decoded.
"""

import re
from dataclasses import dataclass

import numpy as np

CODECS = ("h264", "hevc")

_START = b"\0\0\1"
_STARTS = re.compile(_START)
_MOST_PAIRS = 64  # of zeros, in data that are searched by them
_H264_SETS = {7, 8}  # SPS, PPS
_HEVC_SETS = {32, 33, 34}  # VPS, SPS, PPS
_H264_TYPES = {*range(1, 17), 19, 20, 21}
_HEVC_TYPES = {*range(10), *range(16, 22), *range(32, 41)}
_H264_HIGH = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}  # profiles that tell their chroma format


class MalformedVideo(ValueError):  # noqa: N818  (what came, not what we did)
    """A parameter set that can't be read: the message names it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a sequence parameter set says of the picture; sizes in pixels, cropped as it is to be shown."""

    width: int
    height: int
    chroma_format: int = 1
    luma_bits: int = 8
    chroma_bits: int = 8


def nal_units(data: bytes) -> list[bytes]:
    """The NAL units of an access unit, without their start codes. Data without a start code are one unit."""
    return [data[begin:end] for begin, end in unit_spans(data)]


def unit_spans(data: bytes) -> list[tuple[int, int]]:
    """Where the NAL units of an access unit begin and end."""
    starts = _starts(data)
    if not starts:
        return [(0, len(data))] if data else []
    spans, begin = [], 0
    for start in (*starts, len(data)):
        end = start
        if end > begin and not data[end - 1]:  # zeros before a start code belong to neither unit
            end = begin + len(data[begin:end].rstrip(b"\0"))
        if end > begin:
            spans.append((begin, end))
        begin = start + len(_START)
    return spans


def _starts(data: bytes) -> list[int]:
    """Where the start codes are. Every picture of every camera is searched for them twice, so by its pairs of zeros,
    which takes a quarter of the time that a search for three bytes does; they are few in all that is video."""
    octets = np.frombuffer(data, np.uint8)
    pairs = (octets[:-1] | octets[1:]).tobytes()  # 0 where one begins
    starts: list[int] = []
    at = -1
    for _ in range(_MOST_PAIRS):
        at = pairs.find(0, at + 1)
        if at < 0:
            return starts
        if data.startswith(_START, at):
            starts.append(at)
    return [found.start() for found in _STARTS.finditer(data)]


def unit_type(codec: str, unit: bytes) -> int:
    """The type of a NAL unit, as the codec's standard numbers it."""
    return unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63


def parameter_sets(codec: str, data: bytes) -> tuple[bytes, ...]:
    """The parameter sets among the units of `data`, each once, in their order."""
    wanted = _H264_SETS if codec == "h264" else _HEVC_SETS
    return tuple(dict.fromkeys(unit for unit in nal_units(data) if unit_type(codec, unit) in wanted))


def is_plausible(codec: str, data: bytes) -> bool:
    """Whether every unit of `data` begins as a unit of this codec does: what is not video at all soon has one that
    does not."""
    spans = unit_spans(data)
    if codec == "h264":
        return bool(spans) and all(not data[at] & 0x80 and data[at] & 31 in _H264_TYPES for at, _ in spans)
    return bool(spans) and all(
        end - at > 1 and not data[at] & 0x80 and data[at] >> 1 & 63 in _HEVC_TYPES and data[at + 1] & 7
        for at, end in spans
    )


def annex_b(units: tuple[bytes, ...]) -> bytes:
    """Units with start codes again."""
    return b"".join(b"\0" + _START + unit for unit in units)


def picture(codec: str, sets: tuple[bytes, ...]) -> Picture:
    """What the sequence parameter set among `sets` says.

    Raises:
        MalformedVideo: when there is none or it can't be read.
    """
    wanted = 7 if codec == "h264" else 33
    for unit in sets:
        if unit_type(codec, unit) == wanted:
            try:
                return _h264_picture(unit) if codec == "h264" else _hevc_picture(unit)
            except (IndexError, ValueError) as error:
                raise MalformedVideo(f"{codec}: the sequence parameter set can't be read") from error
    raise MalformedVideo(f"{codec}: expected a sequence parameter set, found none")


class _Bits:
    """A reader of bits and Exp-Golomb numbers; emulation prevention bytes are left out."""

    def __init__(self, unit: bytes) -> None:
        data = unit.replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def bits(self, count: int) -> int:
        if count > self._left:
            raise IndexError("the parameter set ends too soon")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        zeros = 0
        while not self.bits(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("a number is too large")
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        value = self.unsigned()
        return (value + 1) // 2 if value % 2 else -(value // 2)


def _h264_picture(unit: bytes) -> Picture:
    bits = _Bits(unit[1:])
    profile = bits.bits(8)
    bits.bits(16)  # constraints, level
    bits.unsigned()
    chroma, luma_bits, chroma_bits = 1, 8, 8
    if profile in _H264_HIGH:
        chroma = bits.unsigned()
        if chroma == 3:
            bits.bits(1)
        luma_bits, chroma_bits = 8 + bits.unsigned(), 8 + bits.unsigned()
        bits.bits(1)
        if bits.bits(1):
            _skip_scaling_lists(bits, 8 if chroma != 3 else 12)
    bits.unsigned()
    _skip_picture_order(bits)
    bits.unsigned()
    bits.bits(1)
    width, rows = 16 * (bits.unsigned() + 1), 16 * (bits.unsigned() + 1)
    frames_only = bits.bits(1)
    if not frames_only:
        bits.bits(1)
    bits.bits(1)
    left = right = top = bottom = 0
    if bits.bits(1):
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
    across, down = _crop_units(chroma)
    height = (2 - frames_only) * rows - down * (2 - frames_only) * (top + bottom)
    return _sound(Picture(width - across * (left + right), height, chroma, luma_bits, chroma_bits))


def _skip_scaling_lists(bits: _Bits, count: int) -> None:
    for number in range(count):
        if bits.bits(1):
            last = following = 8
            for _ in range(16 if number < 6 else 64):
                if following:
                    following = (last + bits.signed()) % 256
                last = following or last


def _skip_picture_order(bits: _Bits) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.bits(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()


def _hevc_picture(unit: bytes) -> Picture:
    bits = _Bits(unit[2:])
    bits.bits(4)
    layers = bits.bits(3)
    bits.bits(1 + 96)  # nesting, general profile, tier and level
    told = [(bits.bits(1), bits.bits(1)) for _ in range(layers)]
    if layers:
        bits.bits(2 * (8 - layers))
    for profile, level in told:
        bits.bits(88 * profile + 8 * level)
    bits.unsigned()
    chroma = bits.unsigned()
    if chroma == 3:
        bits.bits(1)
    width, height = bits.unsigned(), bits.unsigned()
    if bits.bits(1):
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        across, down = _crop_units(chroma)
        width, height = width - across * (left + right), height - down * (top + bottom)
    return _sound(Picture(width, height, chroma, 8 + bits.unsigned(), 8 + bits.unsigned()))


def _crop_units(chroma: int) -> tuple[int, int]:
    return {1: (2, 2), 2: (2, 1)}.get(chroma, (1, 1))


def _sound(read: Picture) -> Picture:
    if not (0 < read.width <= 16_384 and 0 < read.height <= 16_384 and read.luma_bits <= 16 and read.chroma_bits <= 16):
        raise ValueError(f"{read.width}x{read.height} is no picture")
    return read

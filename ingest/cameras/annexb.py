"""H.264 and H.265 as they come from a camera (Annex B): their NAL units. Nothing is decoded."""

import re

import numpy as np

CODECS = ("h264", "hevc")

_START = b"\0\0\1"
_STARTS = re.compile(_START)
_MOST_PAIRS = 64  # of zeros, in data that are searched by them
_H264_SETS = {7, 8}  # SPS, PPS
_HEVC_SETS = {32, 33, 34}  # VPS, SPS, PPS
_H264_TYPES = {*range(1, 17), 19, 20, 21}
_HEVC_TYPES = {*range(10), *range(16, 22), *range(32, 41)}


class MalformedVideo(ValueError):  # noqa: N818  (what came, not what we did)
    """A parameter set that can't be read: the message names it."""


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
    return judged(codec, data)[0]


def judged(codec: str, data: bytes) -> tuple[bool, tuple[bytes, ...]]:
    """Whether `data` is plausible, as :func:`is_plausible`, and the parameter sets among its units: in one pass, for
    every picture of every camera comes here."""
    spans = unit_spans(data)
    if codec == "h264":
        plausible = bool(spans) and all(not data[at] & 0x80 and data[at] & 31 in _H264_TYPES for at, _ in spans)
        return plausible, tuple(data[at:end] for at, end in spans if data[at] & 31 in _H264_SETS)
    plausible = bool(spans) and all(
        end - at > 1 and not data[at] & 0x80 and data[at] >> 1 & 63 in _HEVC_TYPES and data[at + 1] & 7
        for at, end in spans
    )
    return plausible, tuple(data[at:end] for at, end in spans if data[at] >> 1 & 63 in _HEVC_SETS)


def annex_b(units: tuple[bytes, ...]) -> bytes:
    """Units with start codes again."""
    return b"".join(b"\0" + _START + unit for unit in units)

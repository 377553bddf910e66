"""Fragments of one NAL unit (FU-A of RFC 6184, FU of RFC 7798) joined to fewer and longer ones. Pure.

FFmpeg reads a frame of an RTSP connection by three `poll` and three `recv`, three quarters of what recording costs. A
unit in few frames is the same unit.
"""

from collections.abc import Sequence
from struct import Struct

from ingest.cameras.rtsp_messages import Joined, Place, framed

MOST_BYTES = 60_000  # of a frame
HEADERS = {"H264": 1, "H265": 2}  # bytes of a NAL unit's header, by the names of codecs in SDP
_KIND = {1: (0x1F, 28), 2: (0x7E00, 49 << 9)}  # of a NAL unit's header: which bits say its kind, and that of fragments
# of an RTP packet: its first byte, marker and type, number, time and source; the NAL unit's header, the fragment's own
_HEAD = {1: Struct(">BBHQBB"), 2: Struct(">BBHQHB")}
_BEGINS, _ENDS, _OF_WHAT = 0x80, 0x40, 0x3F  # of the fragment's own header
_NOTHING = (0,) * 6  # of what is too short for a fragment


def joined(channel: int, header: int, data: bytes, places: Sequence[Place]) -> Joined:
    """The frames of a picture's `channel`, joined where they are fragments that follow one another; `header` is how
    long the header of a NAL unit is. What is anyhow unusual, or lacks one before it, stays as it is."""
    least, read = _HEAD[header].size, _HEAD[header].unpack_from
    mask, kind = _KIND[header]
    passed: Joined = []
    number = 0
    while number < len(places):
        at, end = places[number]
        number += 1
        last, size, parts = at, end - at, [data[at + 4 : end]]
        version, marked, sequence, origin, unit, fragment = read(data, at) if size >= least else _NOTHING
        goes_on = version == 0x80 and unit & mask == kind and not fragment & _ENDS
        while goes_on and number < len(places):
            then, stop = places[number]
            size += stop - then - least
            if stop - then < least or size > MOST_BYTES:
                break
            sequence = sequence + 1 & 0xFFFF
            then_version, then_marked, then_sequence, then_origin, then_unit, then_fragment = read(data, then)
            if (
                then_sequence != sequence
                or then_origin != origin
                or then_unit != unit
                or then_version != 0x80
                or (then_marked ^ marked) & 0x7F
                or then_fragment & _BEGINS
                or (then_fragment ^ fragment) & _OF_WHAT
            ):
                break
            last, goes_on = then, not then_fragment & _ENDS
            parts.append(data[then + least : stop])
            number += 1
        # the marker and the number are the last one's; that the unit ends is not told, as one that begins may not
        passed.append((framed(channel, data[at : at + 1], data[last + 1 : last + 4], *parts), len(parts)))
    return passed

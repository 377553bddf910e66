"""Fragments of one NAL unit (FU-A of RFC 6184, FU of RFC 7798) joined to fewer and longer ones. Pure.

FFmpeg reads a frame of an RTSP connection by three `poll` and three `recv`, three quarters of what recording costs. A
unit in few frames is the same unit.
"""

from struct import Struct

from ingest.cameras.rtsp_messages import Frames

MOST_BYTES = 60_000  # of a frame
HEADERS = {"H264": 1, "H265": 2}  # bytes of a NAL unit's header, by the names of codecs in SDP
_KIND = {1: (0x1F, 28), 2: (0x7E00, 49 << 9)}  # of a NAL unit's header: which bits say its kind, and that of fragments
# of an RTP packet: its first byte, marker and type, number, time and source; the NAL unit's header, the fragment's own
_HEAD = {1: Struct(">BBHQBB"), 2: Struct(">BBHQHB")}
_BEGINS, _ENDS, _OF_WHAT = 0x80, 0x40, 0x3F  # of the fragment's own header


def joined(frames: Frames, channel: int, header: int) -> bytes:
    """`frames`, those of `channel` joined where they are fragments that follow one another; `header` is how long the
    header of a NAL unit is. What is anyhow unusual, or lacks one before it, stays as it is."""
    data, places, (mask, kind) = frames.data, frames.places, _KIND[header]
    least, read = _HEAD[header].size, _HEAD[header].unpack_from
    passed: list[bytes] = []
    plain_from, number = 0, 0
    while number < len(places):
        of, at, end = places[number]
        number += 1
        if of != channel or end - at < least:
            continue
        version, marked, sequence, origin, unit, fragment = read(data, at)
        if version != 0x80 or unit & mask != kind:
            continue
        pieces, size, last, last_fragment = [data[at + 4 : end]], end - at, at, fragment
        while number < len(places) and not last_fragment & _ENDS:
            of, then, stop = places[number]
            size += stop - then - least
            if of != channel or stop - then < least or size > MOST_BYTES:
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
            pieces.append(data[then + least : stop])
            last, last_fragment, end = then, then_fragment, stop
            number += 1
        if last != at:
            # the marker and the number are the last one's; that the unit ends is not told, as one that begins may not
            packet = b"".join((data[at : at + 1], data[last + 1 : last + 4], *pieces))
            head = bytes((0x24, channel)) + len(packet).to_bytes(2, "big")
            passed += (data[plain_from : at - 4], head, packet)
            plain_from = end
    return b"".join((*passed, data[plain_from:])) if passed else data

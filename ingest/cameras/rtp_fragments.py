"""Fragments of one NAL unit (FU-A of RFC 6184, FU of RFC 7798) joined to fewer and longer ones. Pure.

FFmpeg reads a frame of an RTSP connection by three `poll` and three `recv`, three quarters of what recording costs. A
unit in few frames is the same unit.
"""

from ingest.cameras.rtsp_messages import Frames

MOST_BYTES = 60_000  # of a frame
HEADERS = {"H264": 1, "H265": 2}  # bytes of a NAL unit's header, by the names of codecs in SDP
_FRAGMENT = {1: (0x1F, 28), 2: (0x7E, 49 << 1)}  # of the first byte: which bits, and what they are
_RTP = 12  # bytes of the plainest header


def joined(frames: Frames, channel: int, header: int) -> bytes:
    """`frames`, those of `channel` joined where they are fragments that follow one another; `header` is how long the
    header of a NAL unit is. What is anyhow unusual, or lacks one before it, stays as it is."""
    data, places = frames.data, frames.places
    mask, kind = _FRAGMENT[header]
    told = _RTP + header  # where the fragment's own header is
    passed: list[bytes] = []
    plain_from, number = 0, 0
    while number < len(places):
        of, at, end = places[number]
        number += 1
        if of != channel or end - at <= told or data[at] != 0x80 or data[at + _RTP] & mask != kind:
            continue
        sequence, last, size = data[at + 2] << 8 | data[at + 3], at, end - at
        time_and_source, unit = data[at + 4 : at + _RTP], data[at + _RTP : at + told]
        pieces, end_of_all = [data[at + 4 : end]], end
        while number < len(places):
            of, then, stop = places[number]
            sequence = sequence + 1 & 0xFFFF
            size += stop - then - told - 1
            if (
                of != channel
                or stop - then <= told
                or size > MOST_BYTES
                or data[then] != 0x80
                or data[then + 1] & 0x7F != data[at + 1] & 0x7F
                or data[then + 2] << 8 | data[then + 3] != sequence
                or data[then + 4 : then + _RTP] != time_and_source
                or data[then + _RTP : then + told] != unit
                or data[last + told] & 0x40  # the unit has ended
                or (data[then + told] ^ data[at + told]) & 0x3F  # or is of another kind
                or data[then + told] & 0x80  # or begins
            ):
                break
            pieces.append(data[then + told + 1 : stop])
            last, end_of_all = then, stop
            number += 1
        if last != at:
            # the marker and the number are the last one's; that the unit ends is not told, as one that begins may not
            packet = b"".join((data[at : at + 1], data[last + 1 : last + 4], *pieces))
            head = bytes((0x24, channel)) + len(packet).to_bytes(2, "big")
            passed += (data[plain_from : at - 4], head, packet)
            plain_from = end_of_all
    return b"".join((*passed, data[plain_from:])) if passed else data

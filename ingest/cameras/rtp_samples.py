"""Packets of sound that has an octet a tick (G.711, RFC 3551) joined to fewer and longer ones. Pure.

A camera sends fifty of them a second, three to a picture, and on its way each costs as much as a picture does. The
samples and their times stay what they are.
"""

from collections.abc import Sequence
from struct import Struct

from ingest.cameras.rtsp_messages import Joined, Place, framed

CODECS = ("PCMA", "PCMU")  # as SDP names them
MOST_BYTES = 800  # of samples in a packet: a tenth of a second
_HEAD = Struct(">BBHII")  # of an RTP packet: its first byte, marker and type, number, time, source
_NOTHING = (0,) * 5  # of what is too short for one


def joined(channel: int, data: bytes, places: Sequence[Place]) -> Joined:
    """The frames of a sound's `channel`, joined where their samples follow one another. What is anyhow unusual, or
    lacks some before it, stays as it is."""
    least, read = _HEAD.size, _HEAD.unpack_from
    passed: Joined = []
    number = 0
    while number < len(places):
        at, end = places[number]
        number += 1
        last, size, parts = at, end - at - least, [data[at + 4 : end]]
        version, marked, sequence, ticks, source = read(data, at) if size > 0 else _NOTHING
        while version == 0x80 and number < len(places):
            then, stop = places[number]
            more = stop - then - least
            if more <= 0 or size + more > MOST_BYTES:
                break
            sequence = sequence + 1 & 0xFFFF
            then_version, then_marked, then_sequence, then_ticks, then_source = read(data, then)
            if (
                then_sequence != sequence
                or then_ticks != ticks + size & 0xFFFFFFFF
                or then_source != source
                or then_version != 0x80
                or (then_marked ^ marked) & 0x7F
            ):
                break
            last, size = then, size + more
            parts.append(data[then + least : stop])
            number += 1
        # the number is the last one's
        passed.append((framed(channel, data[at : at + 2], data[last + 2 : last + 4], *parts), len(parts)))
    return passed

"""Fragments of NAL units, joined: the units stay what they are."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rtp_frames import frame, packets, places_of, rtp

from ingest.cameras.rtp_fragments import MOST_BYTES, joined

VIDEO, SOUND = 0, 2
UNIT = {1: bytes([0x65]), 2: bytes([19 << 1, 1])}


def fragments(header: int, body: bytes, cuts: Sequence[int]) -> list[bytes]:
    """A NAL unit in pieces, each behind its headers."""
    ends = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
    pieces = [body[begin:end] for begin, end in pairwise(ends)]
    kind = UNIT[header][0] & 0x1F if header == 1 else UNIT[header][0] >> 1
    indicator = bytes([0x60 | 28]) if header == 1 else bytes([49 << 1, 1])
    flags = [(n == 0) << 7 | (n == len(pieces) - 1) << 6 | kind for n in range(len(pieces))]
    return [indicator + bytes([flag]) + piece for flag, piece in zip(flags, pieces, strict=True)]


def passed(sent: bytes, header: int) -> bytes:
    """What becomes of the frames that were sent."""
    told = joined(VIDEO, header, sent, places_of(sent, VIDEO))
    assert sum(packets for _, packets in told) == len(places_of(sent, VIDEO))
    return b"".join(frame for frame, _ in told)


def units(data: bytes, header: int) -> list[bytes]:
    """What a reader puts together of the picture's fragments: bodies, up to a packet of another kind."""
    found: list[bytes] = []
    for packet in packets(data, VIDEO):
        flags, piece = packet[12 + header], packet[13 + header :]
        assert flags & 0xC0 != 0xC0
        if flags & 0x80:
            found.append(b"")
        found[-1] += piece
    return found


@given(
    header=st.sampled_from([1, 2]),
    bodies=st.lists(
        st.tuples(st.binary(min_size=2, max_size=400), st.lists(st.integers(1, 399), min_size=1, max_size=20)),
        min_size=1,
        max_size=5,
    ),
    first=st.integers(0, 65_535),
    sound=st.sets(st.integers(0, 60)),
)
def test_units_stay_and_each_becomes_one_frame(
    header: int, bodies: list[tuple[bytes, list[int]]], first: int, sound: set[int]
) -> None:
    if any(len(fragments(header, body, cuts)) < 2 for body, cuts in bodies):
        return  # a unit in one fragment is none
    data, number = b"", 0
    for ticks, (body, cuts) in enumerate(bodies):
        parts = fragments(header, body, cuts)
        for place, part in enumerate(parts):
            data += frame(VIDEO, rtp(first + number, part, ticks, place == len(parts) - 1))
            number += 1
            if number in sound:
                data += frame(SOUND, rtp(number, b"sound"))
    told = passed(data, header)
    assert units(told, header) == [body for body, _ in bodies]
    after = packets(told, VIDEO)
    assert len(after) == len(bodies)
    assert all(packet[1] >> 7 for packet in after)
    assert after[-1][2:4] == ((first + number - 1) & 0xFFFF).to_bytes(2, "big")


def test_over_a_loss_nothing_is_joined() -> None:
    one, two, _, four = fragments(1, bytes(range(40)), [10, 20, 30])
    data = b"".join(frame(VIDEO, rtp(n, part)) for n, part in ((1, one), (2, two), (4, four)))
    assert packets(passed(data, 1), VIDEO)[1] == rtp(4, four)


def test_what_would_be_too_long_for_a_frame_is_several() -> None:
    parts = fragments(1, bytes(200_000), range(0, 200_000, 1_400))
    told = passed(b"".join(frame(VIDEO, rtp(n, part)) for n, part in enumerate(parts)), 1)
    assert units(told, 1) == [bytes(200_000)]
    assert len(packets(told, VIDEO)) == 4
    assert max(map(len, packets(told, VIDEO))) <= MOST_BYTES


@given(st.lists(st.binary(min_size=8, max_size=40), min_size=1))
def test_what_is_no_fragment_stays_as_it_is(sent: list[bytes]) -> None:
    for header in (1, 2):
        if not any(packet[0] == 0x80 and len(packet) > 12 + header for packet in sent):
            data = b"".join(frame(VIDEO, packet) for packet in sent)
            assert passed(data, header) == data

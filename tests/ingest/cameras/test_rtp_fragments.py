"""Fragments of NAL units, joined: the units stay what they are."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.cameras.rtp_fragments import MOST_BYTES, joined
from ingest.cameras.rtsp_messages import Frames, Splitter

VIDEO, SOUND = 0, 2
UNIT = {1: bytes([0x65]), 2: bytes([19 << 1, 1])}


def frame(channel: int, packet: bytes) -> bytes:
    return bytes((0x24, channel)) + len(packet).to_bytes(2, "big") + packet


def rtp(number: int, payload: bytes, ticks: int = 0, marker: bool = False, source: int = 7) -> bytes:
    second = 96 | marker << 7
    return (
        bytes((0x80, second))
        + (number & 0xFFFF).to_bytes(2, "big")
        + ticks.to_bytes(4, "big")
        + source.to_bytes(4, "big")
        + payload
    )


def fragments(header: int, body: bytes, cuts: Sequence[int]) -> list[bytes]:
    """A NAL unit in pieces, each behind its headers."""
    ends = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
    pieces = [body[begin:end] for begin, end in pairwise(ends)]
    kind = UNIT[header][0] & 0x1F if header == 1 else UNIT[header][0] >> 1
    indicator = bytes([0x60 | 28]) if header == 1 else bytes([49 << 1, 1])
    flags = [(n == 0) << 7 | (n == len(pieces) - 1) << 6 | kind for n in range(len(pieces))]
    return [indicator + bytes([flag]) + piece for flag, piece in zip(flags, pieces, strict=True)]


def frames_of(data: bytes) -> Frames:
    (frames,) = Splitter().feed(data)
    assert isinstance(frames, Frames)
    return frames


def packets(data: bytes) -> list[tuple[int, bytes]]:
    frames = frames_of(data)
    return [(channel, frames.data[at:end]) for channel, at, end in frames.places]


def units(data: bytes, header: int) -> list[bytes]:
    """What a reader puts together of the picture's fragments: bodies, up to a packet of another kind."""
    found: list[bytes] = []
    for channel, packet in packets(data):
        if channel == VIDEO:
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
def test_units_stay_and_their_frames_become_fewer(
    header: int, bodies: list[tuple[bytes, list[int]]], first: int, sound: set[int]
) -> None:
    data, number = b"", 0
    for ticks, (body, cuts) in enumerate(bodies):
        parts = fragments(header, body, cuts)
        for place, part in enumerate(parts):
            data += frame(VIDEO, rtp(first + number, part, ticks, place == len(parts) - 1))
            number += 1
            if number in sound:
                data += frame(SOUND, rtp(number, b"sound"))
    if any(len(fragments(header, body, cuts)) < 2 for body, cuts in bodies):
        return  # a unit in one fragment is none
    passed = joined(frames_of(data), VIDEO, header)
    assert units(passed, header) == [body for body, _ in bodies]
    before, after = packets(data), packets(passed)
    assert [each for each in after if each[0] == SOUND] == [each for each in before if each[0] == SOUND]
    assert len(after) <= len(before)
    assert sum(packet[1] >> 7 for _, packet in after) == len(bodies)
    if not sound:
        assert len(after) == len(bodies)
        assert [packet[2:4] for _, packet in after][-1] == ((first + number - 1) & 0xFFFF).to_bytes(2, "big")


def test_over_a_loss_nothing_is_joined() -> None:
    one, two, three, four = fragments(1, bytes(range(40)), [10, 20, 30])
    data = b"".join(frame(VIDEO, rtp(n, part)) for n, part in ((1, one), (2, two), (4, four)))
    assert [packet for _, packet in packets(joined(frames_of(data), VIDEO, 1))][1] == rtp(4, four)
    assert three


def test_what_would_be_too_long_for_a_frame_is_several() -> None:
    parts = fragments(1, bytes(200_000), range(0, 200_000, 1_400))
    passed = joined(frames_of(b"".join(frame(VIDEO, rtp(n, part)) for n, part in enumerate(parts))), VIDEO, 1)
    assert units(passed, 1) == [bytes(200_000)]
    assert len(packets(passed)) == 4
    assert max(len(packet) for _, packet in packets(passed)) <= MOST_BYTES


@given(st.lists(st.tuples(st.sampled_from([VIDEO, SOUND]), st.binary(min_size=8, max_size=40)), min_size=1))
def test_what_is_no_fragment_stays_as_it_is(sent: list[tuple[int, bytes]]) -> None:
    data = b"".join(frame(channel, packet) for channel, packet in sent)
    for header in (1, 2):
        passed = joined(frames_of(data), VIDEO, header)
        if not any(packet[0] == 0x80 and len(packet) > 12 + header for _, packet in sent):
            assert passed == data

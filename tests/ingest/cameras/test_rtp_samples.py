"""Packets of G.711, joined: the samples and their times stay what they are."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rtp_frames import frame, packets, places_of, rtp

from ingest.cameras.rtp_samples import MOST_BYTES, joined

SOUND, PCMA = 2, 8


@dataclass(frozen=True)
class Sent:
    """A packet of 160 samples or so."""

    number: int
    ticks: int
    samples: bytes = bytes(range(160))
    marker: bool = False
    source: int = 7
    payload_type: int = PCMA

    def packet(self) -> bytes:
        return rtp(self.number, self.samples, self.ticks, self.marker, self.source, self.payload_type)


def joined_of(sent: list[bytes]) -> list[tuple[bytes, int]]:
    """The packets that become of those that were sent, and of how many each is."""
    data = b"".join(frame(SOUND, packet) for packet in sent)
    return [
        (packet, number)
        for told, number in joined(SOUND, data, places_of(data, SOUND))
        for packet in packets(told, SOUND)
    ]


def passed(sent: list[Sent]) -> list[bytes]:
    """The packets that become of those that were sent."""
    return [packet for packet, _ in joined_of([each.packet() for each in sent])]


def samples_at(packets: list[bytes]) -> dict[int, int]:
    """Each sample by its time."""
    return {
        int.from_bytes(packet[4:8], "big") + at & 0xFFFFFFFF: sample
        for packet in packets
        for at, sample in enumerate(packet[12:])
    }


ONE, TWO = Sent(1, 1_000), Sent(2, 1_160)


@given(
    sizes=st.lists(st.integers(1, 500), min_size=1, max_size=20),
    silences=st.sets(st.integers(0, 19)),
    first=st.integers(0, 65_535),
    ticks=st.integers(0, (1 << 32) - 1),
    marker=st.booleans(),
)
def test_every_sample_keeps_its_time(
    sizes: list[int], silences: set[int], first: int, ticks: int, marker: bool
) -> None:
    sent: list[Sent] = []
    for number, size in enumerate(sizes):
        ticks += 4_000 if number in silences else 0
        sent.append(Sent(first + number, ticks, bytes(number + at & 255 for at in range(size)), marker))
        ticks += size
    told = passed(sent)
    assert samples_at(told) == samples_at([each.packet() for each in sent])
    assert max(len(packet) - 12 for packet in told) <= MOST_BYTES
    assert told[-1][2:4] == ((first + len(sizes) - 1) & 0xFFFF).to_bytes(2, "big")


def test_what_comes_between_two_pictures_is_one_packet() -> None:
    sent = [each.packet() for each in (ONE, TWO, Sent(3, 1_320))]
    assert joined_of(sent) == [(rtp(3, 3 * ONE.samples, ONE.ticks, payload_type=PCMA), 3)]


def test_a_packet_is_no_longer_than_a_tenth_of_a_second() -> None:
    assert [len(packet) - 12 for packet in passed([Sent(n, 160 * n) for n in range(12)])] == [800, 800, 320]


@pytest.mark.parametrize(
    "after",
    [
        replace(TWO, number=3),
        replace(TWO, number=1),
        replace(TWO, ticks=1_161),
        replace(TWO, ticks=1_000),
        replace(TWO, source=8),
        replace(TWO, payload_type=0),
        replace(TWO, samples=b""),
    ],
    ids=["lost", "again", "silence", "same time", "another source", "another codec", "nothing"],
)
def test_what_does_not_follow_on_is_not_joined(after: Sent) -> None:
    assert passed([ONE, after]) == [ONE.packet(), after.packet()]


@given(st.lists(st.binary(min_size=8, max_size=40), min_size=1))
def test_what_is_no_plain_packet_stays_as_it_is(sent: list[bytes]) -> None:
    if not any(packet[0] == 0x80 and len(packet) > 12 for packet in sent):
        assert joined_of(sent) == [(packet, 1) for packet in sent]

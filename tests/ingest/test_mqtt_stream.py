"""The stream of packets that paho and we share."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mqtt_stream import PacketStream, Publication

publications = st.builds(
    Publication,
    topic=st.binary(max_size=40),
    payload=st.binary(max_size=300),
    number=st.integers(1, 65_535),
    qos=st.sampled_from((0, 1)),
    is_retained=st.booleans(),
    is_repeated=st.booleans(),
).map(lambda p: p if p.qos else p._replace(number=0, is_repeated=False))
others = st.sampled_from(
    [b"\xd0\x00", b"\x40\x02\x00\x07", b"\x90\x04\x00\x01\x01\x80", b"\x34\x08\x00\x01t\x00\x09abc"]
)


def length(size: int) -> bytes:
    return bytes([size]) if size < 128 else bytes([size % 128 | 128]) + length(size // 128)


def packet(publication: Publication) -> bytes:
    topic, payload, number, qos, is_retained, is_repeated = publication
    body = len(topic).to_bytes(2, "big") + topic + (number.to_bytes(2, "big") if qos else b"") + payload
    return bytes([0x30 | is_repeated << 3 | qos << 1 | is_retained]) + length(len(body)) + body


@contextmanager
def connected() -> Iterator[tuple[socket.socket, PacketStream]]:
    there, here = socket.socketpair()
    stream = PacketStream(here)
    stream.setblocking(False)
    try:
        yield there, stream
    finally:
        there.close()
        stream.close()


def drain(stream: PacketStream, came: list[Publication | bytes], portion: int) -> None:
    """What has come, as the client takes it: publications in bulk, of other packets `portion` bytes at a time."""
    stream.read()
    while True:
        came += stream.publications()
        if not stream.is_readable():
            assert stream.pending() == 0, "else the network thread would not wait for more"
            return
        taken = b""
        while stream.is_readable():
            taken += stream.recv(portion)
        came.append(taken)


@given(st.lists(publications | others, max_size=12), st.lists(st.integers(1, 500), min_size=1), st.integers(1, 9))
def test_however_it_is_cut_all_comes_whole_and_in_order(
    sent: list[Publication | bytes], cuts: list[int], portion: int
) -> None:
    data = b"".join(packet(one) if isinstance(one, Publication) else one for one in sent)
    came: list[Publication | bytes] = []
    with connected() as (there, stream):
        while data:
            size = cuts[len(data) % len(cuts)]
            there.sendall(data[:size])
            data = data[size:]
            drain(stream, came, portion)
    assert came == sent


def test_a_message_larger_than_what_is_read_at_once_comes_whole() -> None:
    large = Publication(b"t", bytes(range(256)) * 2_000, 7, 1, False, False)
    came: list[Publication | bytes] = []
    with connected() as (there, stream):
        data = packet(large) + packet(large)
        for start in range(0, len(data), 50_000):
            there.sendall(data[start : start + 50_000])
            drain(stream, came, 10)
    assert came == [large, large]


def test_the_end_comes_after_what_was_sent_before() -> None:
    small = Publication(b"t", b"1", 0, 0, False, False)
    with connected() as (there, stream):
        with pytest.raises(BlockingIOError):
            stream.recv(1)
        there.sendall(packet(small) + b"\xd0\x00" + packet(small) + b"\x30")
        there.close()
        stream.read()
        assert stream.publications() == [small]
        assert stream.recv(9) == b"\xd0\x00"
        assert stream.publications() == [small]
        assert not stream.is_readable()
        stream.read()
        assert stream.publications() == []
        assert stream.is_readable()
        assert stream.recv(1) == b""


@pytest.mark.parametrize(
    "broken", [b"\x32\x03\x00\x09t", b"\x30\xff\xff\xff\xff\x01", b"\x30\x01\x00", b"\x36\x05\x00\x01t\x00\x01"]
)
def test_what_is_malformed_is_left_to_paho_to_name(broken: bytes) -> None:
    with connected() as (there, stream):
        there.sendall(broken)
        stream.read()
        assert stream.publications() == []
        assert stream.is_readable()

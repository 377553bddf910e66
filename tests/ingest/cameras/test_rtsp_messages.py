"""What goes over an RTSP connection, cut into messages and frames wherever the pieces that come end."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cameras import rtsp_messages
from ingest.cameras.rtsp_messages import (
    MOST_AT_ONCE,
    MOST_BODY,
    MOST_HEADER,
    MOST_NOISE,
    SHORTEST,
    Frames,
    Message,
    NoRtsp,
    Splitter,
    framed,
)

ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 5\r\n\r\n$a\r\nb"
REQUEST = b"GET_PARAMETER rtsp://c/x RTSP/1.0\r\nCSeq: 7\r\nSession: 1\r\n\r\n"


def frame(channel: int, payload: bytes) -> bytes:
    return b"$" + bytes((channel,)) + len(payload).to_bytes(2, "big") + payload


ONE, TWO = frame(0, b"one packet"), frame(0, b"two packets")


def split(data: bytes, cuts: list[int]) -> list[Message | tuple[int, bytes]]:
    """What comes of `data` that comes in pieces: messages, and frames each with its channel, in the order in which they
    came."""
    splitter, found = Splitter(), list[Message | tuple[int, bytes]]()
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for begin, end in pairwise(ends):
        for item in splitter.feed(data[begin:end]):
            if isinstance(item, Frames):
                places = sorted((at, stop, channel) for channel, of in item.places.items() for at, stop in of)
                found += [(channel, item.data[at:stop]) for at, stop, channel in places]
                for channel, of in item.places.items():
                    assert list(of) == sorted(of)
                    assert all(item.data[at - 4 : stop] == frame(channel, item.data[at:stop]) for at, stop in of)
            else:
                found.append(item)
    return found


FRAMES = st.builds(frame, st.integers(0, 255), st.binary(min_size=SHORTEST, max_size=300))
THINGS = st.one_of(st.just(ANSWER), st.just(REQUEST), FRAMES, st.just(b"\r\n"))


@given(things=st.lists(THINGS, max_size=12), cuts=st.lists(st.integers(0, 4_000), max_size=30))
def test_it_is_the_same_however_it_is_cut(things: list[bytes], cuts: list[int]) -> None:
    found = split(b"".join(things), cuts)
    there = [thing for thing in things if thing != b"\r\n"]
    assert [item.encoded() if isinstance(item, Message) else frame(*item) for item in found] == there


@given(noise=st.text(alphabet="abcxyz .,:;\r\n0123456789", max_size=200), cuts=st.lists(st.integers(0, 400)))
def test_what_is_neither_is_left_out(noise: str, cuts: list[int]) -> None:
    assert split(ONE + noise.encode() + TWO, cuts) == [(0, b"one packet"), (0, b"two packets")]


@given(st.integers(0, SHORTEST - 1))
def test_a_frame_shorter_than_a_packet_is_left_out(size: int) -> None:
    assert split(ONE + frame(1, bytes(size)) + TWO, []) == [(0, b"one packet"), (0, b"two packets")]


@given(st.integers(0, 255), st.lists(st.binary(max_size=30)))
def test_a_frame_is_given_in_parts(channel: int, parts: list[bytes]) -> None:
    assert framed(channel, *parts) == frame(channel, b"".join(parts))


@given(st.lists(st.binary(max_size=500), max_size=20))
def test_noise_is_borne_or_refused(pieces: list[bytes]) -> None:
    splitter = Splitter()
    for piece in pieces:
        for item in splitter.feed(piece):
            assert isinstance(item, Message | Frames)


def test_lines_may_end_with_a_newline_alone() -> None:
    (message,) = split(ANSWER.replace(b"\r\n", b"\n").replace(b"$a\nb", b"hello"), [])
    assert isinstance(message, Message)
    assert (message.status, message.header("cseq"), message.body) == (200, "3", b"hello")


def test_a_message_is_read_by_its_parts() -> None:
    (message,) = split(REQUEST, [])
    assert isinstance(message, Message)
    assert (message.method, message.url, message.is_answer) == ("GET_PARAMETER", "rtsp://c/x", False)
    assert message.told("cseq", "9").all_of("CSeq") == ["9"]


@pytest.mark.parametrize(
    "data",
    [
        b"RTSP/1.0 200 OK\r\n" + b"x" * (MOST_HEADER + 1),
        f"RTSP/1.0 200 OK\r\nContent-Length: {MOST_BODY + 1}\r\n\r\n".encode(),
    ],
)
def test_what_is_too_long_is_no_rtsp(data: bytes) -> None:
    with pytest.raises(NoRtsp, match="expected"):
        split(data, [])


@pytest.mark.parametrize("noise", [b"A", b"ABC D\n\n", b"\0"])
def test_what_is_neither_for_too_long_is_no_rtsp(noise: bytes) -> None:
    few, many = noise * (1_000 // len(noise)), noise * (MOST_NOISE // len(noise) + 100)
    assert split(200 * (few + ONE), [])[-1] == (0, b"one packet")
    for cuts in ([], list(range(0, len(many), 1_000))):
        with pytest.raises(NoRtsp, match="neither a message nor a packet; expected RTSP"):
            split(many, cuts)


def test_a_body_that_comes_byte_by_byte_is_not_read_again_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    look = rtsp_messages._message
    monkeypatch.setattr(rtsp_messages, "_message", lambda data, at: (looks.append(at), look(data, at))[1])
    head = b"RTSP/1.0 200 OK\r\n" + b"a: b\r\n" * 9_000 + b"Content-Length: 500\r\n\r\n"
    splitter = Splitter()
    came = [item for piece in [head, *[b"x"] * 500] for item in splitter.feed(piece)]
    assert [item.body for item in came if isinstance(item, Message)] == [b"x" * 500]
    assert len(looks) == 2


def test_beginnings_of_nothing_end_the_conversation() -> None:
    with pytest.raises(NoRtsp, match="neither a message"):
        split(b"ABC x" * 20_000 + b"\r\n\r\n", [])


def test_messages_and_nothing_else_end_the_conversation() -> None:
    assert len(split(MOST_AT_ONCE * REQUEST, [])) == MOST_AT_ONCE
    with pytest.raises(NoRtsp, match="messages at once; expected packets"):
        split((MOST_AT_ONCE + 1) * REQUEST, [])

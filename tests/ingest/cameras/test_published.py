"""From RTP to a fan-out: when it opens, what it is told, and when a keyframe is asked for."""

import time
from itertools import count

import av
import pytest
from camera_films import film, sound

from ingest.cameras.annexb import annex_b, nal_units, unit_type
from ingest.cameras.fanout import Closed, Ending, Fanout, Item, Opened, Subscription
from ingest.cameras.packets import Media, Packet
from ingest.cameras.published import SOUNDS, Published, opus_samples
from ingest.cameras.reassembly import Piece


class Sender:
    """Sends access units as RTP packets, one each, at times that the test gives."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._numbers = count(65_500)
        self._began_s = time.monotonic()

    def send(self, data: bytes, at_s: float, ticks: int | None = None) -> bool:
        ticks = round(at_s * 90_000) if ticks is None else ticks
        piece = Piece(next(self._numbers) & 0xFFFF, ticks % 2**32, True, data, self._began_s + at_s)
        return self._published.take_picture(piece)

    def lose(self) -> None:
        next(self._numbers)


def everything(subscription: Subscription) -> list[Item]:
    return subscription.take(0.0, limit=10_000)


def with_four_byte_codes(data: bytes) -> bytes:
    """As aiortc makes it of RTP payloads."""
    return annex_b(tuple(nal_units(data)))


def units(size: tuple[int, int] = (192, 108), gop: int = 15) -> list[bytes]:
    return [with_four_byte_codes(packet.data) for packet in film(size=size, gop=gop)[1]]


def test_it_opens_with_the_first_keyframe_and_its_size() -> None:
    fanout, sent = Fanout(), units()
    subscription, sender = fanout.subscribe(), Sender(Published(fanout, SOUNDS["opus"]))
    for number, data in enumerate([*sent[5:15], *sent[15:20]]):
        sender.send(data, number / 15)
    opened, *packets = everything(subscription)
    assert isinstance(opened, Opened)
    assert [(info.codec, info.width, info.height) for info in opened.streams] == [("h264", 192, 108), ("opus", 0, 0)]
    assert opened.streams[0].extradata == film()[0].extradata
    assert [packet.data for packet in packets if isinstance(packet, Packet)] == sent[15:20]
    assert [packet.is_keyframe for packet in packets if isinstance(packet, Packet)] == [True] + [False] * 4


def test_parameter_sets_may_come_before_the_keyframe() -> None:
    fanout = Fanout()
    subscription, sender = fanout.subscribe(), Sender(Published(fanout, None))
    parts = nal_units(units()[0])
    sets = tuple(unit for unit in parts if unit_type("h264", unit) in (7, 8))
    rest = tuple(unit for unit in parts if unit_type("h264", unit) not in (7, 8))
    sender.send(annex_b(sets), 0.0)
    sender.send(annex_b(rest), 0.1)
    opened, packet = everything(subscription)
    assert isinstance(opened, Opened)
    assert opened.streams[0].width == 192
    assert isinstance(packet, Packet)
    assert packet.data == annex_b(rest)


def test_another_size_opens_it_anew() -> None:
    fanout = Fanout()
    subscription, sender = fanout.subscribe(), Sender(Published(fanout, None))
    for number, data in enumerate([units()[0], units()[1], units((256, 144))[0], units((256, 144))[1]]):
        sender.send(data, number / 15)
    kinds = [item.streams[0].width if isinstance(item, Opened) else "packet" for item in everything(subscription)]
    assert kinds == [192, "packet", "packet", 256, "packet", "packet"]


def test_its_end_interrupts_the_fanout_once_and_nothing_follows() -> None:
    fanout = Fanout()
    published = Published(fanout, None)
    subscription, sender = fanout.subscribe(), Sender(published)
    sender.send(units()[0], 0.0)
    published.end(Ending.IN_ORDER)
    published.end(Ending.IN_ORDER)
    sender.send(units()[0], 1.0)
    assert [type(item) for item in everything(subscription)] == [Opened, Packet, Closed]


def test_a_keyframe_is_asked_for_at_the_beginning_and_when_none_came_for_a_while() -> None:
    sender = Sender(Published(Fanout(), None, keyframe_s=2.0))
    sent = units(gop=45)
    asked = [number / 15 for number in range(45) if sender.send(sent[number], number / 15)]
    assert asked[0] == pytest.approx(2.0, abs=0.1)  # the first is one
    assert asked[1] - asked[0] == pytest.approx(0.5, abs=0.1)
    sender = Sender(Published(Fanout(), None, keyframe_s=2.0))
    assert [sender.send(data, number / 15) for number, data in enumerate(sent[1:4])] == [True, False, False]


def test_a_keyframe_is_asked_for_after_a_loss() -> None:
    sender, sent = Sender(Published(Fanout(), None, keyframe_s=60)), units(gop=45)
    asked = []
    for number, data in enumerate(sent[:30]):
        if number == 10:
            sender.lose()
        elif sender.send(data, number / 15):
            asked.append(number / 15)
    assert asked == [pytest.approx(10 / 15 + 0.5, abs=0.15)]


def test_the_clock_of_32_bits_may_wrap_around() -> None:
    fanout = Fanout()
    subscription, sender = fanout.subscribe(), Sender(Published(fanout, None))
    for number, data in enumerate(units()[:10]):
        sender.send(data, number / 15, 2**32 - 30_000 + number * 6_000)
    times = [item.pts for item in everything(subscription) if isinstance(item, Packet)]
    assert times == [2**32 - 30_000 + number * 6_000 for number in range(10)]


@pytest.mark.parametrize(
    "rubbish", [b"", b"\0", b"\0\0\0\1", b"no start code", b"\0\0\0\1\x67\xff", b"\0\0\0\1\x65" * 50]
)
def test_rubbish_opens_nothing_and_stops_nothing(rubbish: bytes) -> None:
    fanout = Fanout()
    subscription, sender = fanout.subscribe(), Sender(Published(fanout, None))
    for number in range(5):
        sender.send(rubbish, number / 15)
    assert everything(subscription) == []
    sender.send(units()[0], 1.0)
    assert [type(item) for item in everything(subscription)] == [Opened, Packet]


@pytest.mark.parametrize("frame_ms", [2.5, 5, 10, 20, 40, 60])
def test_a_packet_of_opus_tells_how_long_it_lasts(frame_ms: float) -> None:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    encoder.options = {"frame_duration": f"{frame_ms:g}"}
    samples = round(frame_ms * 48)
    frame = av.AudioFrame(format="s16", layout="stereo", samples=samples)
    frame.sample_rate = 48_000
    frame.planes[0].update(bytes(samples * 4))
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    assert opus_samples(bytes(packets[0])) == samples


def test_sound_follows_the_picture() -> None:
    fanout = Fanout()
    published = Published(fanout, SOUNDS["opus"])
    subscription = fanout.subscribe()
    spoken = [packet.data for packet in sound("opus")[1]]
    now_s = time.monotonic()
    for number, data in enumerate(spoken[:5]):
        published.take_sound(Piece(number, number * 960, True, data, now_s))
    Sender(published).send(units()[0], 0.0)
    for number, data in enumerate(spoken[5:10], 5):
        published.take_sound(Piece(number, number * 960, True, data, now_s))
    _, _, *heard = everything(subscription)
    assert [packet.data for packet in heard if isinstance(packet, Packet)] == spoken[5:10]


def test_lost_packets_are_told_with_the_picture_after_them_and_once_in_all() -> None:
    lost: list[tuple[Media, int]] = []
    fanout = Fanout()
    published = Published(fanout, None, lost=lambda media, packets: lost.append((media, packets)))
    subscription, sender = fanout.subscribe(), Sender(published)
    for number, data in enumerate(units()[:12]):
        if number in (4, 5, 8):
            sender.lose()
        sender.send(data, number * 0.5)
    sender.lose()
    published.take_picture(Piece(65_500 + 16 & 0xFFFF, 9, True, b"", time.monotonic()))
    published.end(Ending.IN_ORDER)
    told = [packet.lost for packet in everything(subscription) if isinstance(packet, Packet)]
    assert sum(told) == 3
    assert sum(1 for each in told if each) in (2, 3)
    assert sum(packets for _, packets in lost) == 4
    assert {media for media, _ in lost} == {Media.VIDEO}


def test_what_was_lost_last_is_told_when_the_publisher_is_gone() -> None:
    lost: list[int] = []
    fanout, sent = Fanout(), units()
    published = Published(fanout, None, lost=lambda _media, packets: lost.append(packets))
    subscription, sender = fanout.subscribe(), Sender(published)
    sender.send(sent[0], 0.0)
    sender.lose()
    sender.send(sent[2], 2 / 15)
    published.end(Ending.IN_ORDER)
    closed = everything(subscription)[-1]
    assert closed == Closed(Ending.IN_ORDER, {Media.VIDEO: 1})
    assert sum(lost) == 1

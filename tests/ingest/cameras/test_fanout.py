"""The laws of the fan-out."""

from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cameras.fanout import Closed, Fanout, Item, Lost, Newest, Opened, Subscription
from ingest.cameras.packets import Media, Packet, StreamInfo

STREAMS = (StreamInfo(media=Media.VIDEO, codec="h264", time_base=(1, 90_000)),)
OTHERS = (StreamInfo(media=Media.VIDEO, codec="hevc", time_base=(1, 90_000)),)


def packet(number: int, key: bool = False, media: Media = Media.VIDEO, size: int = 10) -> Packet:
    return Packet(
        media=media,
        data=bytes(size),
        pts=number,
        dts=number,
        duration=1,
        is_keyframe=key,
        arrived_s=float(number),
        arrived_wall_s=float(number),
    )


def everything(subscription: Subscription) -> list[Item]:
    items: list[Item] = []
    while taken := subscription.take(0.0):
        items += taken
    return items


def numbers(items: list[Item]) -> list[int]:
    return [item.pts for item in items if isinstance(item, Packet)]


# what happens to a fan-out, in order: a packet (key, picture, size), a connection, its end, or a read of so many items
packets = st.tuples(st.just("packet"), st.booleans(), st.booleans(), st.integers(1, 60))
steps = st.lists(
    st.one_of(
        packets,
        packets,
        packets,
        st.sampled_from([("open",), ("close",)]),
        st.tuples(st.just("read"), st.integers(1, 9)),
    ),
    max_size=120,
)


@given(steps, st.integers(1, 12), st.integers(20, 200))
def test_what_is_read_is_in_order_begins_at_keyframes_is_bounded_and_is_counted(
    happened: list[tuple[object, ...]], max_packets: int, max_bytes: int
) -> None:
    fanout = Fanout()
    fanout.open(STREAMS)
    subscription = fanout.subscribe(max_packets=max_packets, max_bytes=max_bytes)
    read: list[Item] = []
    for number, step in enumerate(happened):
        match step:
            case ("packet", bool(key), bool(picture), int(size)):
                media = Media.VIDEO if picture else Media.AUDIO
                fanout.publish(packet(number, key, media, size))
            case ("open",):
                fanout.open(STREAMS)
            case ("close",):
                fanout.interrupt()
            case ("read", int(limit)):
                read += subscription.take(0.0, limit)
        queued, size = subscription.queued
        assert queued <= max_packets + 3
        assert size <= max(max_bytes, 60)
    read += everything(subscription)
    fanout.publish(packet(len(happened), key=True))  # after which everything is told
    read += everything(subscription)

    assert numbers(read) == sorted(set(numbers(read)))
    begins = True
    for item in read:
        if isinstance(item, Packet):
            assert not begins or (item.is_keyframe and item.media is Media.VIDEO)
            begins = False
        else:
            begins = True
    assert sum(item.packets for item in read if isinstance(item, Lost)) == subscription.lost_packets


@given(steps)
def test_one_that_reads_at_once_loses_nothing(happened: list[tuple[object, ...]]) -> None:
    fanout = Fanout()
    fanout.open(STREAMS)
    quick, slow = fanout.subscribe(), fanout.subscribe(max_packets=1)
    read: list[Item] = []
    for number, step in enumerate(happened):
        if step[0] == "packet":
            fanout.publish(packet(number, key=True))
            read += quick.take(0.0)
    assert numbers(read) == [number for number, step in enumerate(happened) if step[0] == "packet"]
    assert quick.lost_packets == 0
    assert slow.lost_packets == len(numbers(read))  # there was room for the telling of the connection only


@given(steps, st.booleans())
def test_a_late_comer_begins_with_the_last_group_of_pictures(happened: list[tuple[object, ...]], wanted: bool) -> None:
    fanout = Fanout()
    fanout.open(STREAMS)
    group: list[int] = []
    for number, step in enumerate(happened):
        match step:
            case ("packet", bool(key), bool(picture), int(size)):
                fanout.publish(packet(number, key, Media.VIDEO if picture else Media.AUDIO, size))
                if key and picture:
                    group = []
                if (key and picture) or group:
                    group.append(number)
            case ("open",) | ("close",):
                fanout.open(STREAMS) if step[0] == "open" else fanout.interrupt()
                group = []
    assert numbers(everything(fanout.subscribe(with_last_group=wanted))) == (group if wanted else [])


@given(steps)
def test_the_newest_is_the_last_keyframe_of_the_connection_that_stands(happened: list[tuple[object, ...]]) -> None:
    fanout = Fanout()
    keyframe, newest_s = None, 0.0
    assert fanout.newest == Newest(None, None, 0.0)
    for number, step in enumerate(happened):
        match step:
            case ("packet", bool(key), bool(picture), int(size)):
                sent = packet(number, key, Media.VIDEO if picture else Media.AUDIO, size)
                fanout.publish(sent)
                newest_s = float(number)
                keyframe = sent if key and picture else keyframe
            case ("open",):
                fanout.open(STREAMS)
                keyframe = None
            case ("close",):
                fanout.interrupt()
                keyframe = None
        assert fanout.newest == Newest(STREAMS[0] if fanout.streams else None, keyframe, newest_s)


def test_a_reader_that_stands_still_hears_afterwards_what_it_missed() -> None:
    fanout = Fanout()
    fanout.open(STREAMS)
    subscription = fanout.subscribe(max_packets=3)
    for number in range(5):
        fanout.publish(packet(number, key=number == 0))
    fanout.interrupt()
    fanout.open(OTHERS)
    fanout.publish(packet(5, key=True))
    assert numbers(subscription.take(0.0, 3)) == [0, 1]
    fanout.publish(packet(6, key=True))
    assert everything(subscription) == [Lost(4), Opened(OTHERS), packet(6, key=True)]


def test_a_reader_that_stands_still_hears_of_an_end_although_no_packet_follows() -> None:
    fanout = Fanout()
    fanout.open(STREAMS)
    subscription = fanout.subscribe(max_packets=2)
    for number in range(3):
        fanout.publish(packet(number, key=True))
    fanout.interrupt()
    assert everything(subscription) == [Opened(STREAMS), packet(0, key=True), Lost(2), Closed()]


def test_a_packet_larger_than_the_bound_passes_when_nothing_else_waits() -> None:
    fanout = Fanout()
    subscription = fanout.subscribe(max_bytes=10)
    fanout.publish(packet(0, key=True, size=1_000))
    assert numbers(everything(subscription)) == [0]


def test_the_group_that_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.cameras.fanout.GROUP_BYTES", 100)
    fanout = Fanout()
    fanout.open(STREAMS)
    fanout.publish(packet(0, key=True))
    for number in range(1, 30):
        fanout.publish(packet(number))
    assert everything(fanout.subscribe(with_last_group=True)) == [Opened(STREAMS)]


def test_the_end_wakes_whoever_waits_and_what_is_queued_can_be_read() -> None:
    fanout = Fanout()
    subscription = fanout.subscribe()
    taken: list[list[Item]] = []
    waiting = Thread(target=lambda: taken.append(subscription.take(30.0)))
    waiting.start()
    fanout.end()
    waiting.join(5)
    assert not waiting.is_alive()
    assert taken == [[]]
    assert subscription.ended


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_a_patient_reader_is_given_a_group_of_pictures_with_the_packet_after_the_next_keyframe(
    sent: list[tuple[bool, bool]],
) -> None:
    fanout = Fanout()
    fanout.open(STREAMS)
    subscription = fanout.subscribe()
    assert subscription.take_group(30.0) == [Opened(STREAMS)]
    fanout.publish(packet(0, key=True))
    pending, keyframe_came = [0], True
    for number, (key, picture) in enumerate(sent, 1):
        fanout.publish(packet(number, key, Media.VIDEO if picture else Media.AUDIO))
        pending.append(number)
        if keyframe_came:
            assert numbers(subscription.take_group(30.0)) == pending
            pending = []
        keyframe_came = key and picture
    assert numbers(subscription.take_group(0.0)) == pending


def test_a_patient_reader_hears_of_an_end_at_once_and_is_woken_before_its_room_is_taken() -> None:
    fanout = Fanout()
    fanout.open(STREAMS)
    subscription = fanout.subscribe(max_packets=4)
    fanout.publish(packet(0, key=True))
    fanout.interrupt()
    assert subscription.take_group(30.0) == [Opened(STREAMS), packet(0, key=True), Closed()]
    fanout.open(STREAMS)
    assert subscription.take_group(30.0) == [Opened(STREAMS)]
    fanout.publish(packet(1, key=True))
    assert subscription.take_group(0.0) == [packet(1, key=True)]
    for number in (2, 3):
        fanout.publish(packet(number))
    assert numbers(subscription.take_group(30.0)) == [2, 3]
    fanout.end()
    assert subscription.take_group(30.0) == []


def test_many_readers_at_their_own_pace_all_get_what_they_have_room_for() -> None:
    fanout = Fanout()
    subscriptions = [fanout.subscribe(max_packets=100_000) for _ in range(4)]
    read: list[list[int]] = [[] for _ in subscriptions]

    def follow(place: int) -> None:
        while not subscriptions[place].ended:
            read[place] += numbers(subscriptions[place].take(5.0, limit=1 + place * 50))

    threads = [Thread(target=follow, args=(place,)) for place in range(len(subscriptions))]
    for thread in threads:
        thread.start()
    for number in range(5_000):
        fanout.publish(packet(number, key=number % 10 == 0))
    fanout.end()
    for thread in threads:
        thread.join(20)
    assert read == [list(range(5_000))] * len(subscriptions)


def test_a_reader_is_idle_when_it_has_dealt_with_what_it_took_and_comes_for_more() -> None:
    fanout = Fanout()
    subscription = fanout.subscribe()
    fanout.publish(packet(0, key=True))
    assert not subscription.is_idle, "it has not come yet"
    assert numbers(subscription.take(30.0)) == [0]
    assert not subscription.is_idle, "it deals with what it took"
    assert subscription.take(0.0) == []
    assert subscription.is_idle
    fanout.publish(packet(1))
    assert not subscription.is_idle


def test_one_that_left_gets_nothing_more() -> None:
    fanout = Fanout()
    subscription = fanout.subscribe()
    subscription.close()
    fanout.publish(packet(0, key=True))
    assert everything(subscription) == []
    assert subscription.ended

"""Who may publish: offers good and bad, taken by a `Whip` from a real WebRTC peer."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

import psutil
import pytest
from aiortc import AudioStreamTrack, RTCConfiguration, RTCPeerConnection
from ingest_examples import wait_until
from webrtc_publisher import Stripes, publishing

from ingest.cameras.fanout import Closed, Ending, Fanout, Item, Opened
from ingest.cameras.packets import Media, Packet
from ingest.cameras.published import Published
from ingest.cameras.publisher import SOONER, Publisher
from ingest.cameras.segmenter import Segmenter
from ingest.cameras.whip import MAX_COMING, Whip
from ingest.cameras.whip_offer import Offer, Refusal, WhipRefused


@cache
def offered(direction: str = "sendonly") -> str:
    """An offer of picture and sound by a peer that does not wait for the answer."""

    async def offer() -> str:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.addTransceiver(Stripes(), direction)
        connection.addTransceiver(AudioStreamTrack(), direction)
        await connection.setLocalDescription(await connection.createOffer())
        sdp: str = connection.localDescription.sdp
        await connection.close()
        return sdp

    return asyncio.run(offer())


@pytest.fixture
def whip() -> Iterator[Whip]:
    whip = Whip(silent_s=3.0)
    yield whip
    began_s = time.monotonic()
    whip.close()
    assert time.monotonic() - began_s < 5


def until_empty(whip: Whip) -> None:
    wait_until(lambda: not len(whip), 60, "nobody publishes")


def answered(whip: Whip, sdp: str, device: str = "body-1") -> str | Refusal:
    """The answer, or why there is none."""
    try:
        return whip.offer(device, sdp, Fanout())[0]
    except WhipRefused as refused:
        return refused.kind


def test_the_answer_receives_h264_and_one_kind_of_sound(whip: Whip) -> None:
    answer = answered(whip, offered())
    assert answer.count("a=recvonly") == 2
    assert "VP8" not in answer
    assert "H264/90000" in answer
    assert "opus/48000/2" in answer
    assert "PCMA" not in answer


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda sdp: sdp.replace("H264", "H265"), Refusal.NO_H264),
        (lambda sdp: sdp.replace("m=audio", "m=application"), Refusal.INVALID_OFFER),
        (lambda sdp: sdp[: sdp.index("m=video")] + sdp[sdp.index("m=audio") :], Refusal.INVALID_OFFER),
        (lambda sdp: sdp.replace("a=sendonly", "a=recvonly"), Refusal.INVALID_OFFER),
        (lambda sdp: sdp.replace("a=ice-ufrag", "a=ice-frag"), Refusal.INVALID_OFFER),
        (lambda sdp: "".join(line for line in sdp.splitlines(True) if ":opus" not in line), "answer"),
        (lambda sdp: sdp.replace("a=mid:1", "a=mid:0"), Refusal.INVALID_OFFER),
        (lambda sdp: sdp + "a=x\r\n" * 20_000, Refusal.INVALID_OFFER),
    ],
    ids=[
        "H.265",
        "data",
        "no video",
        "receives",
        "no ICE",
        "a format without a name",
        "one mid twice",
        "long",
    ],
)
def test_an_offer_that_can_not_be_taken_is_refused(whip: Whip, change: object, refusal: str) -> None:
    assert callable(change)
    got = answered(whip, change(offered()))
    assert (got if isinstance(got, Refusal) else "answer") == refusal


PROFILES = [
    "42e01f",
    "420029",
    "42C01E",
    "4d0032",
    "4D401F",
    "58a01e",
    "640028",
    "640c1f",
    "64001F",
    "6e0028",
    "f40028",
]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("mode", ["1", "0", None])
def test_any_profile_of_h264_is_taken_and_answered_as_offered(whip: Whip, profile: str, mode: str | None) -> None:
    """For nothing is decoded; and whatever packing, for either is read."""

    def told(sdp: str) -> str:
        sdp = re.sub("profile-level-id=[0-9a-fA-F]+", f"profile-level-id={profile}", sdp)
        return sdp.replace("packetization-mode=1;", "" if mode is None else f"packetization-mode={mode};")

    answer = answered(whip, told(offered()))
    assert isinstance(answer, str)
    assert f"profile-level-id={profile}" in answer
    assert ("packetization-mode" in answer) == (mode is not None)
    assert mode is None or f"packetization-mode={mode}" in answer


def test_h264_without_any_parameters_is_taken(whip: Whip) -> None:
    bare = "".join(line for line in offered().splitlines(True) if "profile-level-id" not in line)
    answer = answered(whip, bare)
    assert isinstance(answer, str)
    assert "profile-level-id" not in answer


@pytest.mark.parametrize("between", ["; ", " ;  ", ";"])
def test_spaces_may_stand_between_parameters(whip: Whip, between: str) -> None:
    lines = [line.replace(";", between) if line.startswith("a=fmtp") else line for line in offered().splitlines()]
    lines = [re.sub(r"^a=fmtp:(\d+) ", r"a=fmtp:\1   ", line) for line in lines]
    answer = answered(whip, "\r\n".join([*lines, ""]))
    assert isinstance(answer, str)
    assert "H264/90000" in answer
    assert "rtx/90000" in answer


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_section_with_port_0_is_answered_with_port_0(whip: Whip, place: int) -> None:
    """A device without a microphone says so."""
    sdp = offered()
    session, picture, sound = re.split("(?=^m=)", sdp, flags=re.MULTILINE)
    left_out = re.sub(r"m=(\w+) \d+", "m=audio 0", sound)
    left_out = re.sub("a=mid:.*", "a=mid:7", left_out)
    sections = [picture, sound]
    sections.insert(place, left_out)
    session = re.sub("a=group:BUNDLE .*", "a=group:BUNDLE 0 1 7", session)
    answer = answered(whip, "".join([session, *sections]))
    assert isinstance(answer, str)
    kinds = [line.split()[:2] for line in answer.splitlines() if line.startswith("m=")]
    assert len(kinds) == 3
    assert [port == "0" for _, port in kinds] == [n == place for n in range(3)]
    assert kinds[place][0] == "m=audio"
    assert re.search("a=group:BUNDLE 0 1\\s", answer)
    alone = "".join([re.sub("BUNDLE .*", "BUNDLE 0", session), picture, left_out])
    answer = answered(whip, alone, "body-2")
    assert isinstance(answer, str)
    assert [line.split()[1] == "0" for line in answer.splitlines() if line.startswith("m=")] == [False, True]


def test_sound_of_another_kind_is_refused_and_says_what_is_taken() -> None:
    sdp = offered().replace("opus/48000/2", "speex/16000").replace("PCMA", "iLBC").replace("PCMU", "G726")
    with pytest.raises(WhipRefused, match=r"Opus or G\.711") as refused:
        Offer.of(sdp)
    assert refused.value.kind is Refusal.NO_SOUND_CODEC


def test_g711_is_taken_where_there_is_no_opus(whip: Whip) -> None:
    answer = answered(whip, offered().replace("opus/48000/2", "speex/16000"))
    assert "PCMA/8000" in answer
    assert "PCMU" not in answer


def test_every_line_of_an_offer_may_lack_or_be_rubbish(whip: Whip) -> None:
    lines, machine = offered().splitlines(), psutil.Process()
    held = machine.num_fds()
    for place in range(len(lines)):
        for rubbish in ((), (lines[place][: len(lines[place]) // 2],), (lines[place] + "\0x",)):
            changed = "\r\n".join([*lines[:place], *rubbish, *lines[place + 1 :], ""])
            device = f"body-{place}-{len(rubbish)}-{rubbish}"
            assert isinstance(answered(whip, changed, device), Refusal | str)
    until_empty(whip)
    wait_until(lambda: machine.num_fds() <= held, what="their sockets are closed")


def test_one_that_never_comes_is_closed_and_keeps_nobody_out(whip: Whip) -> None:
    for _ in range(3 * MAX_COMING):
        assert isinstance(answered(whip, offered()), str)
    assert len(whip) <= MAX_COMING
    fanout = Fanout()
    subscription = fanout.subscribe()
    with publishing(whip, "body-1", fanout):
        wait_until(lambda: any(isinstance(item, Packet) for item in subscription.take(0.5)), 30, "its pictures")
        wait_until(lambda: len(whip) == 1, 30, "the others are gone")
        assert answered(whip, offered()) is Refusal.PUBLISHED_ALREADY
    until_empty(whip)


def test_of_many_that_come_at_once_as_one_device_one_publishes(whip: Whip) -> None:
    refused: list[Refusal] = []
    with ExitStack() as stack:
        fanouts = [Fanout() for _ in range(3)]
        heard = [fanout.subscribe() for fanout in fanouts]
        for fanout in fanouts:
            try:
                stack.enter_context(publishing(whip, "body-1", fanout))
            except WhipRefused as late:  # the first picture of one before came already
                refused.append(late.kind)
        wait_until(lambda: len(whip) == 1, 30, "one is left")
        wait_until(lambda: any(fanout.streams for fanout in fanouts), 30, "it publishes")
    until_empty(whip)
    opened = [any(isinstance(item, Opened) for item in subscription.take(0, 10_000)) for subscription in heard]
    assert sum(opened) == 1
    assert set(refused) <= {Refusal.PUBLISHED_ALREADY}


@pytest.mark.parametrize("steps", range(4))
def test_one_that_waits_for_its_answer_while_another_was_sooner_is_told_so_at_once(steps: int) -> None:
    async def refused() -> Refusal:
        publisher = Publisher("body-1", Published(Fanout(), None), lambda _: False)
        publisher.task = asyncio.create_task(publisher.run(Offer.of(offered()), 3.0))
        for _ in range(steps):  # not begun, or somewhere on its way to an answer
            await asyncio.sleep(0)
        await publisher.end(SOONER)
        with pytest.raises(WhipRefused, match="another was sooner") as caught:
            await publisher.answer
        return caught.value.kind

    assert asyncio.run(refused()) is Refusal.PUBLISHED_ALREADY


def test_one_that_closes_its_connection_has_ended_in_order() -> None:
    whip, fanout = Whip(), Fanout()
    subscription = fanout.subscribe()
    items: list[Item] = []
    try:
        with publishing(whip, "body-1", fanout):
            while not any(isinstance(item, Packet) for item in items):
                items += subscription.take(1.0)
        while not isinstance(items[-1], Closed):
            items += subscription.take(1.0)
    finally:
        whip.close()
    assert items[-1] == Closed(Ending.IN_ORDER)


def test_over_a_network_that_loses_packets_it_goes_on() -> None:
    whip, fanout = Whip(keyframe_s=1.0), Fanout()
    subscription = fanout.subscribe()
    items: list[Item] = []
    try:
        with publishing(whip, "body-1", fanout, loses_one_in=8):
            until_s = time.monotonic() + 60
            while len(pictures(items)) < 60:
                assert time.monotonic() < until_s, len(pictures(items))
                items += subscription.take(1.0)
    finally:
        whip.close()
    assert isinstance(items[0], Opened)
    assert sum(packet.is_keyframe for packet in pictures(items)) >= 2
    assert all(packet.data.startswith(b"\0\0\0\1") for packet in pictures(items))
    segmenter = Segmenter(1.0)
    assert [segment for item in items for segment in segmenter.feed(item)]


def pictures(items: list[Item]) -> list[Packet]:
    return [item for item in items if isinstance(item, Packet) and item.media is Media.VIDEO]


def test_packets_that_never_come_are_counted() -> None:
    lost: dict[str, int] = {}
    gone: list[int] = []

    def count(device: str, media: Media, packets: int) -> None:
        assert media is Media.VIDEO
        lost[device] = lost.get(device, 0) + packets

    whip, fanout = Whip(lost=count), Fanout()
    try:
        with publishing(whip, "body-1", fanout, 20, gone):
            wait_until(lambda: len(gone) >= 4, 60, "losses")
            wait_until(lambda: lost.get("body-1", 0) >= 4, 30, "they are counted", lambda: (gone, lost))
        wait_until(lambda: len(whip) == 0, 30, "the end")
        # the last may have come after all that arrived
        assert len(gone) - 1 <= lost["body-1"] <= len(gone)
    finally:
        whip.close()


def test_over_a_network_that_loses_nothing_none_is_counted() -> None:
    lost: list[int] = []
    whip, fanout = Whip(lost=lambda _device, _media, packets: lost.append(packets)), Fanout()
    subscription = fanout.subscribe()
    try:
        with publishing(whip, "body-1", fanout):
            items: list[Item] = []
            wait_until(lambda: items.extend(subscription.take(0.2)) or len(items) > 40, 30, "packets")
    finally:
        whip.close()
    assert lost == []
    assert all(item.lost == 0 for item in items if isinstance(item, Packet))

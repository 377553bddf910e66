"""The client of the tap against servers that are true, false and gone; and the queue of one viewer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from camera_films import film
from msgspec.structs import replace
from tap_server import Clip, TapServer
from waiting import at_best

from console.live.feed import QUEUE_PACKETS, Feed, FeedEnded, Feeds, Subscription
from console.live.tap import PACKET_BYTES, TapClosed, connect
from ingest.cameras.annexb import annex_b
from ingest.cameras.fanout import Fanout
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.tap import Tap


def packet(n: int, *, keyframe: bool = False, media: Media = Media.VIDEO) -> Packet:
    return Packet(media=media, data=b"x", pts=n, dts=n, duration=1, is_keyframe=keyframe, arrived_s=n, arrived_wall_s=n)


def test_it_begins_with_a_keyframe(tmp_path: Path, clip: Clip) -> None:
    async def first() -> list[Packet]:
        async with connect(str(tmp_path / "tap"), "cam-1") as tap:
            assert [stream.codec for stream in tap.streams] == ["h264"]
            came = [await tap.next() for _ in range(20)]
            return [packet for packet in came if isinstance(packet, Packet)]

    with TapServer(tmp_path / "tap", clip).running():
        packets = asyncio.run(first())
    assert packets[0].is_keyframe
    assert all(p.data.startswith(b"\0\0") for p in packets)


Speaker = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def speaking(answer: bytes) -> Speaker:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        await writer.drain()
        writer.close()

    return speak


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "does not answer"),
        (b"no JSON\n", "expected the camera's streams"),
        (b'{"streams": 3}\n', "expected the camera's streams"),
        (b'{"error": "no such camera"}\n', "no such camera"),
        (b"{}\n", "told no streams"),
        (b"x" * 100_000, "does not answer"),
        (b'{"streams": []}\n', "closed the connection"),
        (b'{"streams": []}\n\0\0\0\3abc', "expected a packet"),
        (b'{"streams": []}\n\0\0\0\x20abc', "closed the connection"),
        (b'{"streams": []}\n' + (PACKET_BYTES + 1).to_bytes(4, "big"), "expected at most"),
    ],
    ids=["nothing", "text", "wrong", "error", "empty", "endless", "no packet", "no MessagePack", "cut off", "too long"],
)
def test_a_worker_that_answers_otherwise_is_told(tmp_path: Path, answer: bytes, says: str) -> None:
    async def ask() -> None:
        path = tmp_path / "tap"
        async with await asyncio.start_unix_server(speaking(answer), path), connect(str(path), "cam-1") as tap:
            await tap.next()

    with pytest.raises(TapClosed, match=says):
        asyncio.run(ask())


def test_a_viewer_that_does_not_keep_up_goes_on_at_the_next_keyframe() -> None:
    subscription = Subscription(Media.VIDEO, [packet(0, keyframe=True)])
    for n in range(1, QUEUE_PACKETS + 20):
        subscription.offer(packet(n))
    subscription.offer(packet(9000, keyframe=True))
    subscription.offer(packet(9001))
    subscription.end("over")

    async def rest() -> list[int]:
        taken = [(await subscription.next()).pts for _ in range(2)]
        with pytest.raises(FeedEnded, match="over"):
            await subscription.next()
        return taken

    assert asyncio.run(rest()) == [9000, 9001]
    assert subscription.lost == QUEUE_PACKETS + 20


def test_sound_that_is_not_taken_is_lost_and_goes_on_at_once() -> None:
    subscription = Subscription(Media.AUDIO, [])
    for n in range(QUEUE_PACKETS + 1):
        subscription.offer(packet(n, keyframe=True, media=Media.AUDIO))
    assert asyncio.run(subscription.next()).pts == QUEUE_PACKETS


def test_a_slow_viewer_holds_up_no_other(tmp_path: Path, clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.live.feed.QUEUE_PACKETS", 20)

    async def both() -> tuple[int, int]:
        feeds = Feeds()
        async with feeds.watched("cam-1", str(tmp_path / "tap")) as feed:
            await feed.first_picture(60)
            async with feed.subscription(Media.VIDEO) as slow, feed.subscription(Media.VIDEO) as quick:
                async with asyncio.timeout(60):
                    for _ in range(50):
                        await quick.next()
                return slow.lost, quick.lost

    with TapServer(tmp_path / "tap", clip).running():
        slow, quick = asyncio.run(both())
    assert slow > 0
    assert quick == 0


def test_a_feed_ends_with_its_last_watcher(tmp_path: Path, clip: Clip) -> None:
    async def watch() -> None:
        feeds = Feeds()
        path = str(tmp_path / "tap")
        async with feeds.watched("cam-1", path) as one:
            async with feeds.watched("cam-1", path) as other:
                assert one is other
            assert len(feeds) == 1
        assert len(feeds) == 0
        assert len(asyncio.all_tasks()) == 1

    with TapServer(tmp_path / "tap", clip).running():
        asyncio.run(watch())


@pytest.mark.parametrize("brought", [(), (0,), (1,), (0, 1)])
def test_a_keyframe_brings_the_parameter_sets_that_it_lacks(brought: tuple[int, ...]) -> None:
    """A camera may tell the SPS when it is asked and the PPS in the stream, or the other way round."""
    sets, idr = (b"\x67sps", b"\x68pps"), b"\x65idr"
    feed = Feed("cam-1", "")
    known = annex_b(sets)
    feed.streams = (StreamInfo(media=Media.VIDEO, codec="h264", time_base=(1, 15), extradata=known),)
    sent = annex_b((*(sets[n] for n in brought), idr))
    given = feed._with_parameters(replace(packet(0, keyframe=True), data=sent)).data
    assert given == (sent if len(brought) == 2 else known + sent)
    feed.streams = (replace(feed.streams[0], codec="vp8"),)
    assert feed._with_parameters(replace(packet(0, keyframe=True), data=sent)).data == sent


def test_a_viewer_stays_when_the_cameras_parameters_change(tmp_path: Path) -> None:
    """And every packet comes: between two of them it is told what holds from there on."""
    info, sent = film(frames=30, gop=5)
    other = replace(info, extradata=info.extradata + annex_b((b"\x68\x47\x8f\x24",)))
    fanout = Fanout()
    tap = Tap(tmp_path / "tap", {"cam-1": fanout}, CameraMetrics())
    tap.start()
    fanout.open((info,))
    fanout.publish(sent[0])

    async def watch() -> tuple[list[bytes], tuple[StreamInfo, ...], str]:
        async with Feeds().watched("cam-1", str(tmp_path / "tap")) as feed:
            await feed.first_picture(60)
            async with feed.subscription(Media.VIDEO) as subscription, asyncio.timeout(60):
                for number, each in enumerate(sent[1:], 1):
                    if number in (5, 15):
                        fanout.open((other if number == 5 else info,))
                    fanout.publish(each)
                taken = [(await subscription.next()).data for _ in sent]
                streams = feed.streams
                fanout.open((replace(info, codec="hevc"),))
                fanout.publish(sent[0])
                with pytest.raises(FeedEnded) as ended:
                    await subscription.next()
                return taken, streams, str(ended.value)

    try:
        taken, streams, why = asyncio.run(watch())
    finally:
        assert tap.stop(60)
    assert taken == [each.data for each in sent]
    assert streams == (info,)
    assert why == "the camera's streams changed"


def _stepping_back(times: int) -> list[int]:
    """The times of pictures; the clock is set back so often by a second."""
    return [n * 6_000 - 90_000 * sum(n >= at for at in range(10, 10 + 15 * times, 15)) for n in range(60)]


@pytest.mark.parametrize(
    ("b_frames", "pts", "reordered"),
    [
        pytest.param(0, _stepping_back(4), False, id="its parameter sets say that it can't"),
        pytest.param(2, _stepping_back(1), False, id="a clock that is set"),
        pytest.param(2, [6_000 * (n + (2 if n % 3 == 1 else -1 if n else 0)) for n in range(60)], True, id="B-frames"),
    ],
)
def test_a_clock_that_is_set_back_is_no_b_frame(b_frames: int, pts: list[int], reordered: bool) -> None:
    info, sent = film(frames=6, b_frames=b_frames) if b_frames else film(frames=6)
    feed = Feed("cam-1", "")
    feed._take((info,))
    for number, each in enumerate(pts):
        feed._remember(replace(sent[0], pts=each, is_keyframe=number % 30 == 0))
    assert feed.reordered is reordered


def test_a_picture_is_waited_for_no_longer_than_said(tmp_path: Path) -> None:
    async def wait() -> None:
        async with Feeds().watched("cam-1", str(tmp_path / "tap")) as feed:
            await feed.first_picture(120)

    def waited_s() -> float:
        began_s = time.monotonic()
        with pytest.raises(TapClosed, match="can't be reached"):
            asyncio.run(wait())
        return time.monotonic() - began_s

    assert at_best(waited_s, promised=2.0) < 2

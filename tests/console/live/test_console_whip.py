"""WHIP from end to end: a virtual body-worn camera, a real console, a real camera process's socket and fan-out."""

import asyncio
import gc
import json
import os
import threading
import time
from io import BytesIO
from itertools import chain, count, pairwise
from pathlib import Path

import av
import httpx
import psutil
import pytest
from publishing import CameraProcess, camera_process, clocks_ms, opened, pictures, received, sounds
from waiting import at_best, wait_until

from hardware.cameras.bodycam import Bodycam, PublishingRefused, wear
from hardware.cameras.clockface import read_ms
from ingest.cameras.fanout import Closed, Ending, Item
from ingest.cameras.packets import Media
from ingest.cameras.segmenter import Segment, Segmenter

JOINS = int(os.environ.get("DUCHA_WHIP_JOINS", "20"))
SIZE = (640, 360)
SMALL = (320, 180)
SDP = {"content-type": "application/sdp"}


def endpoint(address: str, device: str = "body-1") -> str:
    return f"{address}/api/v1/devices/{device}/whip"


def problem(refused: PublishingRefused) -> dict[str, object]:
    document: dict[str, object] = json.loads(str(refused).partition(": ")[2])
    return document


def sent(address: str, dsn: str, folder: Path, device: str) -> list[Item]:
    """What arrives of a bodycam that sends for some seconds and stops in order."""
    camera = Bodycam(endpoint(address, device), size=SIZE)
    with camera_process(dsn, folder, device) as process:
        subscription = process.fanouts[device].subscribe()
        camera.start()
        try:
            items = received(subscription, lambda items: len(pictures(items)) >= 60 and len(sounds(items)) >= 100)
        finally:
            camera.stop()
        assert received(subscription, lambda items: Closed(Ending.IN_ORDER) in items)[-1] == Closed(Ending.IN_ORDER)
    return items


def astray_s(items: list[Item]) -> float:
    """By how much the camera's word for a picture's time and the picture's arrival differ at most."""
    return max(abs(each.camera_s - each.arrived_wall_s) for each in pictures(items) if each.camera_s is not None)


def test_what_a_bodycam_sends_arrives_as_it_was_sent(address: str, postgres_uri: str, tmp_path: Path) -> None:
    items = sent(address, postgres_uri, tmp_path, "body-1")
    video, audio = opened(items).streams
    assert (video.codec, video.width, video.height, video.time_base) == ("h264", *SIZE, (1, 90_000))
    assert (audio.codec, audio.time_base) == ("opus", (1, 48_000))
    seen, heard = pictures(items), sounds(items)
    assert seen[0].is_keyframe
    clocks = clocks_ms(seen)
    assert len(clocks) == len(seen)
    late_s = [packet.arrived_wall_s - (clock or 0) / 1000 for packet, clock in zip(seen, clocks, strict=True)]
    assert sorted(late_s)[len(late_s) // 2] < 0.5  # most arrived at once, the first while everything starts
    assert all(-0.01 < each < 3 for each in late_s)
    steps = sorted(later.pts - former.pts for former, later in pairwise(seen))
    assert steps[0] == 90_000 // 15
    assert all(step > 0 and step % 6_000 == 0 for step in steps)
    assert {packet.duration for packet in heard} == {960}
    tries = chain([items], (sent(address, postgres_uri, tmp_path, f"body-{n}") for n in count(2)))
    assert at_best(lambda: astray_s(next(tries)), promised=1.0) < 1.0


def test_what_arrives_is_cut_and_stored_untouched(address: str, postgres_uri: str, tmp_path: Path) -> None:
    camera = Bodycam(endpoint(address), size=SMALL)
    with camera_process(postgres_uri, tmp_path, "body-1", keyframe_s=1.0) as process:
        subscription = process.fanouts["body-1"].subscribe()
        camera.start()
        items = received(subscription, lambda items: sum(packet.is_keyframe for packet in pictures(items)) >= 4)
        camera.stop()

    segmenter = Segmenter(1.0)
    segments = [segment for item in items for segment in segmenter.feed(item)] + segmenter.flush()
    film = [segment for segment in segments if segment.info.media is Media.VIDEO]
    assert len(film) >= 3
    assert all(0.8 < segment.duration_s < 5 for segment in film[:-1])
    frames = [frame for segment in film for frame in decoded(segment)]
    assert len(frames) == len(pictures(items)) == sum(segment.frames for segment in film)
    assert all(read_ms(frame.to_ndarray(format="bgr24")) for frame in frames)
    stored = b"".join(segment.fragment for segment in film)
    for packet in pictures(items):
        assert packet.data.rpartition(b"\0\0\0\1")[2] in stored
    (tone, *_) = [segment for segment in segments if segment.info.media is Media.AUDIO]
    with av.open(BytesIO(tone.init + tone.fragment)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) >= (tone.frames - 1) * 960


def decoded(segment: Segment) -> list[av.VideoFrame]:
    with av.open(BytesIO(segment.init + segment.fragment)) as container:
        return list(container.decode(video=0))


def test_a_worn_camera_publishes_as_soon_as_it_may_and_comes_back(
    address: str, postgres_uri: str, tmp_path: Path
) -> None:
    stop = threading.Event()
    worn = threading.Thread(target=wear, args=(endpoint(address), stop))
    worn.start()  # before anybody is there for it
    try:
        with camera_process(postgres_uri, tmp_path, "body-1") as process:
            wait_until(lambda: process.fanouts["body-1"].streams is not None, 60)
        with camera_process(postgres_uri, tmp_path, "body-1") as process:
            wait_until(lambda: process.fanouts["body-1"].streams is not None, 60)
    finally:
        stop.set()
        worn.join(60)
    assert not worn.is_alive()


def test_an_offer_without_h264_is_refused(address: str, postgres_uri: str, tmp_path: Path) -> None:
    with camera_process(postgres_uri, tmp_path, "body-1"), pytest.raises(PublishingRefused) as refused:
        Bodycam(endpoint(address), size=SMALL, codec="video/VP8").start()
    told = problem(refused.value)
    assert (refused.value.status, told["type"]) == (406, "urn:ducha:problem:no-h264")
    assert "H.264" in str(told["detail"])


TOKEN = "0123456789abcdef-of-body-1"


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "Bearer",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.upper()}",
        f"Bearer {TOKEN} {TOKEN}",
        "Bearer 0123456789abcdef-of-body-2",
    ],
)
def test_without_its_token_nobody_publishes_as_a_device(
    address: str, postgres_uri: str, tmp_path: Path, shown: str | None
) -> None:
    tokens = {"body-1": TOKEN, "body-2": "0123456789abcdef-of-body-2"}
    with camera_process(postgres_uri, tmp_path, *tokens, tokens=tokens) as process:
        headers = SDP | ({} if shown is None else {"authorization": shown})
        answer = httpx.post(endpoint(address), headers=headers, content="v=0\r\n")
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:ducha:problem:wrong-token")
        assert TOKEN not in answer.text
        assert len(process.whip) == 0


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_token_opens_the_door_and_the_offer_is_looked_at(
    address: str, postgres_uri: str, tmp_path: Path, scheme: str
) -> None:
    with camera_process(postgres_uri, tmp_path, "body-1", tokens={"body-1": TOKEN}):
        headers = SDP | {"authorization": f"{scheme}  {TOKEN}"}
        answer = httpx.post(endpoint(address), headers=headers, content="v=0\r\n")
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:ducha:problem:invalid-offer")


def test_a_device_that_shows_its_token_publishes(address: str, postgres_uri: str, tmp_path: Path) -> None:
    camera = Bodycam(endpoint(address), size=SMALL, token=TOKEN)
    with camera_process(postgres_uri, tmp_path, "body-1", tokens={"body-1": TOKEN}) as process:
        subscription = process.fanouts["body-1"].subscribe()
        with pytest.raises(PublishingRefused) as refused:
            Bodycam(endpoint(address), size=SMALL).start()
        assert refused.value.status == 401
        camera.start()
        try:
            received(subscription, lambda items: len(pictures(items)) >= 1)
        finally:
            camera.stop()


def test_a_second_publisher_of_a_device_is_refused(address: str, postgres_uri: str, tmp_path: Path) -> None:
    first = Bodycam(endpoint(address), size=SMALL)
    with camera_process(postgres_uri, tmp_path, "body-1") as process:
        subscription = process.fanouts["body-1"].subscribe()
        first.start()
        received(subscription, lambda items: len(pictures(items)) >= 1)
        with pytest.raises(PublishingRefused) as refused:
            Bodycam(endpoint(address), size=SMALL).start()
        received(subscription, lambda items: len(pictures(items)) >= 10)  # the first goes on
        first.stop()
    assert (refused.value.status, problem(refused.value)["type"]) == (409, "urn:ducha:problem:published-already")


def test_a_publisher_that_vanishes_interrupts_the_fanout(address: str, postgres_uri: str, tmp_path: Path) -> None:
    numbers = count(1)

    def interrupted_s() -> float:
        device = f"body-{next(numbers)}"
        camera = Bodycam(endpoint(address, device), size=SMALL)
        with camera_process(postgres_uri, tmp_path, device, silent_s=3.0) as process:
            subscription = process.fanouts[device].subscribe()
            camera.start()
            received(subscription, lambda items: len(pictures(items)) >= 5)
            killed_s = time.monotonic()
            camera.kill()
            received(subscription, lambda items: Closed(Ending.LOST) in items)
            took_s = time.monotonic() - killed_s
            wait_until(lambda: len(process.whip) == 0)
        return took_s

    assert 1.5 < at_best(interrupted_s, promised=5.0) < 5


def test_one_that_fell_silent_is_replaced(address: str, postgres_uri: str, tmp_path: Path) -> None:
    with camera_process(postgres_uri, tmp_path, "body-1", replaced_s=1.0) as process:
        subscription = process.fanouts["body-1"].subscribe()
        first = Bodycam(endpoint(address), size=SMALL)
        first.start()
        received(subscription, lambda items: len(pictures(items)) >= 5)
        first.kill()
        second = started(endpoint(address))
        lost = Closed(Ending.LOST)
        items = received(subscription, lambda items: lost in items and len(pictures(items[items.index(lost) :])) > 3)
        again = items[items.index(lost) :]
        assert pictures(again)[0].is_keyframe
        wait_until(lambda: len(process.whip) == 1, what="the first has left")
        second.stop()


def started(url: str, within_s: float = 60.0) -> Bodycam:
    """A camera that tries again until it may publish."""
    until_s = time.monotonic() + within_s
    while True:
        camera = Bodycam(url, size=SMALL)
        try:
            camera.start()
        except PublishingRefused:
            assert time.monotonic() < until_s
        else:
            return camera


def test_only_so_many_may_publish(address: str, postgres_uri: str, tmp_path: Path) -> None:
    one = Bodycam(endpoint(address, "body-1"), size=SMALL)
    with camera_process(postgres_uri, tmp_path, "body-1", "body-2", max_publishers=1):
        one.start()
        with pytest.raises(PublishingRefused) as refused:
            Bodycam(endpoint(address, "body-2"), size=SMALL).start()
        one.stop()
    assert (refused.value.status, problem(refused.value)["type"]) == (503, "urn:ducha:problem:too-many-publishers")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("", SDP, 400),
        ("v=0\r\nthis is no SDP", SDP, 400),
        ("\0" * 65_000, SDP, 400),
        ("v=0\r\nm=video 9\r\n", SDP, 400),
        ("v=0\r\n" + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n" * 400, SDP, 400),
        ("v=0\r\n" + "a=x\r\n" * 5_000, SDP, 400),
        ("v=0", {"content-type": "text/plain"}, 415),
        ("v=0\r\n" + "a=x\r\n" * 200_000, SDP, 413),
    ],
    ids=["empty", "text", "zeros", "cut off", "many sections", "many lines", "no SDP", "1 MB"],
)
def test_what_is_no_offer_is_refused(
    address: str, postgres_uri: str, tmp_path: Path, body: str, headers: dict[str, str], status: int
) -> None:
    with camera_process(postgres_uri, tmp_path, "body-1") as process:
        answer = httpx.post(endpoint(address), content=body, headers=headers, trust_env=False)
        assert len(process.whip) == 0
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    if status == 400:
        assert answer.json()["type"] == "urn:ducha:problem:invalid-offer"


def test_an_unknown_device_and_an_unknown_publication_are_404(address: str, postgres_uri: str, tmp_path: Path) -> None:
    with camera_process(postgres_uri, tmp_path, "body-1"):
        assert httpx.post(endpoint(address, "body-9"), content="v=0", headers=SDP, trust_env=False).status_code == 404
        answer = httpx.delete(endpoint(address) + "/nothing", trust_env=False)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:ducha:problem:no-such-publication")


def test_without_a_camera_process_it_is_503(address: str, postgres_uri: str, tmp_path: Path) -> None:
    with camera_process(postgres_uri, tmp_path, "body-1"):
        pass
    answer = httpx.post(endpoint(address), content="v=0", headers=SDP, trust_env=False)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:ducha:problem:no-answer")


def test_joining_and_leaving_leaves_nothing_behind(address: str, postgres_uri: str, tmp_path: Path) -> None:
    machine = psutil.Process()

    def held() -> tuple[int, int]:
        gc.collect()
        return threading.active_count(), machine.num_fds()

    def come_and_go(process: CameraProcess, times: int) -> None:
        for number in range(times):
            camera = Bodycam(endpoint(address), size=SMALL, sound=number % 2 == 0)
            subscription = process.fanouts["body-1"].subscribe()
            camera.start()
            received(subscription, lambda items: len(pictures(items)) >= 1)
            vanishes = number % 20 == 19
            camera.kill() if vanishes else camera.stop()
            closed = Closed(Ending.LOST if vanishes else Ending.IN_ORDER)
            received(subscription, lambda items, closed=closed: closed in items)
            subscription.close()

    # a silence longer than a camera takes to begin on a busy machine
    with camera_process(postgres_uri, tmp_path, "body-1", silent_s=8.0, replaced_s=0.5) as process:
        come_and_go(process, 10)
        before = held()
        come_and_go(process, JOINS)
        wait_until(lambda: held() <= before)

        def tasks() -> list[str]:
            return asyncio.run_coroutine_threadsafe(_tasks(), process.whip._loop).result(60)

        wait_until(lambda: len(tasks()) == 2, told=tasks)  # the loop's own, and that which counts
    ours = ("whip", "whip socket", "bodycam")
    wait_until(lambda: not [thread.name for thread in threading.enumerate() if thread.name in ours])


async def _tasks() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks()]


def test_everything_stops_at_once_although_somebody_publishes(address: str, postgres_uri: str, tmp_path: Path) -> None:
    camera = Bodycam(endpoint(address), size=SMALL)
    with camera_process(postgres_uri, tmp_path, "body-1") as process:
        subscription = process.fanouts["body-1"].subscribe()
        camera.start()
        received(subscription, lambda items: len(pictures(items)) >= 5)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 5
    assert received(subscription, lambda items: Closed(Ending.STOPPED) in items)
    camera.stop()

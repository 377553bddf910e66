"""A browser publishes, as a phone does: Chromium with its own fake camera and microphone."""

from io import BytesIO
from itertools import pairwise
from pathlib import Path

import av
import pytest
from browsing import patient_page
from chromium import CHROMIUM, FLAGS, needs_chromium
from playwright.sync_api import sync_playwright
from publishing import camera_process, opened, pictures, received, sounds

from ingest.cameras.fanout import Closed, Ending
from ingest.cameras.packets import Media
from ingest.cameras.segmenter import Segmenter

FAKE_DEVICES = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
PUBLISH = """async (endpoint) => {
    const stream = await navigator.mediaDevices.getUserMedia({
        video: {width: 640, height: 360, frameRate: 15}, audio: true
    });
    window.connection = new RTCPeerConnection();
    for (const track of stream.getTracks()) connection.addTransceiver(track, {direction: "sendonly"});
    await connection.setLocalDescription(await connection.createOffer());
    const headers = {"content-type": "application/sdp"};
    const answer = await fetch(endpoint, {method: "POST", headers, body: connection.localDescription.sdp});
    if (answer.status != 201) throw new Error(await answer.text());
    await connection.setRemoteDescription({type: "answer", sdp: await answer.text()});
    return answer.headers.get("location");
}"""
END = """async (location) => (await fetch(location, {method: "DELETE"})).status"""


@pytest.mark.browser
@needs_chromium
def test_a_browser_publishes_makes_keyframes_when_asked_and_ends(
    address: str, postgres_uri: str, tmp_path: Path
) -> None:
    with camera_process(postgres_uri, tmp_path, "phone-1", keyframe_s=1.0) as process, sync_playwright() as playwright:
        subscription = process.fanouts["phone-1"].subscribe()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *FAKE_DEVICES])
        page = patient_page(browser)
        page.goto(f"{address}/healthz")
        location = page.evaluate(PUBLISH, f"{address}/api/v1/devices/phone-1/whip")
        items = received(subscription, lambda items: sum(packet.is_keyframe for packet in pictures(items)) >= 4)
        assert page.evaluate(END, location) == 200
        assert received(subscription, lambda items: Closed(Ending.IN_ORDER) in items)
        browser.close()

    video, audio = opened(items).streams
    assert (video.codec, video.width, video.height, audio.codec) == ("h264", 640, 360, "opus")
    keys = [packet.arrived_s for packet in pictures(items) if packet.is_keyframe]
    assert all(later - former < 3 for former, later in pairwise(keys))  # a browser makes none by itself
    heard = sounds(items)
    assert {later.pts - former.pts for former, later in pairwise(heard)} == {packet.duration for packet in heard}
    told = [packet for packet in pictures(items) if packet.camera_s is not None]
    assert all(abs((packet.camera_s or 0) - packet.arrived_wall_s) < 1 for packet in told)
    segmenter = Segmenter(1.0)
    segments = [segment for item in items for segment in segmenter.feed(item)]
    film = [segment for segment in segments if segment.info.media is Media.VIDEO]
    assert len(film) >= 2
    for segment in film:
        with av.open(BytesIO(segment.init + segment.fragment), "r") as container:
            assert len(list(container.decode(video=0))) == segment.frames

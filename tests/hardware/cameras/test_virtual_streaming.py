"""A camera seen by real clients: FFmpeg, and a plain socket."""

import threading
import time
from itertools import islice, pairwise

import av
import pytest
from ffmpeg_viewer import pictures, watching
from plain_rtsp_client import RtspClient, decoded
from waiting import at_best, wait_until

from hardware.cameras import CameraServer, CameraSpec, clockface
from hardware.cameras.encoder import VideoCodec


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(("camera", "sound"), [("win-1", "pcm_alaw"), ("room-1", "aac")])
def test_a_player_gets_pictures_and_sound(server, camera, sound, transport):
    with watching(server.url(camera), transport) as container:
        assert [s.codec_context.name for s in container.streams] == ["h264", sound]
        frames = {"video": [], "audio": []}
        for packet in container.demux():
            frames[packet.stream.type] += packet.decode()
            if len(frames["video"]) > 15 and len(frames["audio"]) > 15:
                break
    assert (frames["video"][0].width, frames["video"][0].height) == (640, 360)
    times = [f.time for f in frames["video"] if f.time is not None]
    assert times == sorted(times)
    loudest = max(abs(f.to_ndarray()).max() / (1 if sound == "aac" else 32768) for f in frames["audio"])
    assert 0.1 < loudest < 0.5


def test_the_clock_in_the_picture_tells_how_old_it_is(server):
    with watching(server.url("win-1")) as container:
        ages = [time.time() * 1000 - clockface.read_ms(picture) for picture in pictures(container, 25)]
    assert 0 <= min(ages) < 400


def test_a_deaf_camera_describes_no_sound(server):
    with RtspClient(server.url("street-1")) as client:
        description = client.ask("DESCRIBE").body.decode()
    assert "m=video" in description
    assert "m=audio" not in description


def test_the_first_picture_is_a_keyframe_with_its_parameter_sets(server):
    with RtspClient(server.url("street-1")) as client:
        client.play()
        first = [client.rtp() for _ in range(3)]
    assert [packet.payload[0] & 0x1F for packet in first[:2]] == [7, 8]
    assert len({packet.timestamp for packet in first}) == 1


def test_sender_reports_tell_when_a_picture_was_taken(server):
    def off_s() -> float:
        """How far what a report says of the first picture is from the clock in it."""
        with RtspClient(server.url("street-1")) as client:
            asked_s = time.time()
            client.play()
            report = client.report()
            assert asked_s - 0.1 < report.wall_s < time.time() + 0.1
            packets = [client.rtp()]
            while not packets[-1].marker:
                packets.append(client.rtp())
        picture = decoded([packet.payload for packet in packets]).to_ndarray(format="bgr24")
        taken_s = report.wall_s + (packets[0].timestamp - report.rtp_timestamp) / 90_000
        return abs(taken_s - clockface.read_ms(picture) / 1000)

    assert at_best(off_s, 0.005) < 0.005, "the camera is held up between its two clocks now and then"


def test_sender_reports_come_every_five_seconds_for_every_track(server):
    with RtspClient(server.url("win-1")) as client:
        client.play(tracks=2)
        reports = {1: [], 3: []}
        until_s = time.monotonic() + 6.5
        while time.monotonic() < until_s or min(len(times) for times in reports.values()) < 2:
            channel, data = client.receive()
            if channel in reports and data[1] == 200:
                reports[channel].append(time.monotonic())
    for times in reports.values():
        assert 2 <= len(times) <= 3
        assert max(b - a for a, b in pairwise(times)) < 5.5


def test_sequence_numbers_have_no_gap(server):
    with RtspClient(server.url("street-1")) as client:
        client.play()
        numbers = [client.rtp().sequence for _ in range(60)]
    assert [(b - a) % 65_536 for a, b in pairwise(numbers)] == [1] * 59


def test_the_right_password_opens_and_a_wrong_one_does_not(server):
    right = server.url("room-1")
    with watching(right) as container:
        assert next(pictures(container)) is not None
    for wrong in (
        right.replace("s3cret", "guess"),
        right.replace("admin", "root"),
        server.url("room-1", credentials=False),
    ):
        with pytest.raises(av.error.HTTPUnauthorizedError):
            av.open(wrong, timeout=30.0)


def test_what_is_asked_wrongly_is_refused(server):
    with RtspClient(server.url("win-1")) as client:
        assert client.ask("OPTIONS").status == 200
        assert client.ask("RECORD").status == 501
        assert client.ask("PLAY").status == 454
        assert client.ask("SETUP", "/trackID=7", transport="RTP/AVP/TCP;unicast;interleaved=0-1").status == 404
        assert client.ask("SETUP", "/trackID=0", transport="RTP/AVP;multicast").status == 461
        assert client.ask("SETUP", "/trackID=0", transport="RTP/AVP;unicast;client_port=99999-100000").status == 461
        assert client.ask("DESCRIBE", "/elsewhere").status == 404
        assert client.ask("GET_PARAMETER").status == 200
        client.socket.sendall(b"nonsense\r\n\r\n")
        assert client.ask("OPTIONS").status == 400


def test_a_keep_alive_is_answered_between_packets_and_teardown_ends_it(server):
    with RtspClient(server.url("street-1")) as client:
        client.play()
        client.rtp()
        assert client.ask("GET_PARAMETER").status == 200
        assert client.ask("TEARDOWN").status == 200
        assert client.is_closed()


def test_two_cameras_of_one_name_are_refused(window):
    with pytest.raises(ValueError, match="expected different"):
        CameraServer([CameraSpec(name="a", view=window), CameraSpec(name="a", view=window)])


def test_a_taken_port_is_told(server, window):
    threads = threading.active_count()
    taken = int(server.url("win-1").split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="in use"):
        CameraServer([CameraSpec(name="a", view=window)], port=taken).start()
    wait_until(lambda: threading.active_count() <= threads, what="its threads have ended")


def test_a_camera_that_cannot_be_encoded_is_told(window):
    with pytest.raises(av.FFmpegError):
        CameraServer([CameraSpec(name="a", view=window, preset="no such preset")]).start()


@pytest.mark.parametrize("codec", list(VideoCodec))
@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_player_decodes_either_codec_with_and_without_b_frames(window, codec, b_frames):
    spec = CameraSpec(
        name="a", view=window, size=(320, 180), audio=None, codec=codec, b_frames=b_frames, delimiters=b_frames > 0
    )
    with CameraServer([spec]) as server, watching(server.url("a")) as container:
        packets = list(islice(container.demux(video=0), 30))
        times = [p.pts for p in packets if p.pts is not None]
        shown_ms = [clockface.read_ms(f.to_ndarray(format="bgr24")) for p in packets for f in p.decode()]
    assert (times == sorted(times)) == (b_frames == 0)
    assert len(shown_ms) > 15
    assert shown_ms == sorted(shown_ms)
    seconds = float((max(times) - min(times)) * packets[0].time_base)  # more than two where pictures were left out
    assert sum(p.is_keyframe for p in packets) == pytest.approx(seconds, abs=1)

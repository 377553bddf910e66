"""A player's conversation with a camera, from between them: what each is told, without a wire."""

import re
from collections.abc import Callable
from hashlib import md5, sha256

import pytest
from rtp_frames import frame
from rtp_frames import rtp as rtp_packet

from ingest.cameras.address import Address
from ingest.cameras.packets import Media
from ingest.cameras.rtp_loss import Losses
from ingest.cameras.rtsp_proxy import Agreed, Proxy
from ingest.cameras.states import SourceFault, State

LOCAL = "rtsp://127.0.0.1:9/secret"
CAMERA = Address(url="rtsp://cam:8554/live?ch=1", username="admin", password="密码", proved_by="DIGEST")
DESCRIPTION = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\na=control:*\r\n"
    "m=video 0 RTP/AVP 96\r\na=control:trackID=1\r\nm=audio 0 RTP/AVP 8\r\na=control:trackID=11\r\n"
)


def asks(method: str, url: str = LOCAL, number: int = 1, **headers: str) -> bytes:
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {url} RTSP/1.0\r\nCSeq: {number}\r\n{told}\r\n".encode()


def answers(status: int, number: int, body: str = "", **headers: str) -> bytes:
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"RTSP/1.0 {status} Whatever\r\nCSeq: {number}\r\n{told}{length}\r\n{body}".encode()


def rtp(channel: int, number: int) -> bytes:
    return frame(channel, rtp_packet(number, b"data"))


@pytest.fixture
def losses() -> Losses:
    return Losses()


@pytest.fixture
def proxy(losses: Losses) -> Proxy:
    return Proxy(CAMERA, LOCAL, losses)


def set_up(proxy: Proxy, transport: str = "RTP/AVP/TCP;unicast;interleaved=0-1") -> tuple[bytes, bytes]:
    """The picture, of what was described; what the camera was asked, and what the player was told."""
    proxy.from_player(asks("DESCRIBE"))
    proxy.from_camera(answers(200, 1, DESCRIPTION))
    asked = proxy.from_player(
        asks("SETUP", "rtsp://cam:8554/live?ch=1/trackID=1", 2, Transport="RTP/AVP/TCP;unicast;interleaved=0-1")
    )
    told, _ = proxy.from_camera(answers(200, 2, Session="5;timeout=60", Transport=transport))
    return asked, told


def test_the_camera_is_asked_in_its_own_name(proxy: Proxy) -> None:
    asked = proxy.from_player(asks("OPTIONS", User_Agent="player"))
    assert asked.startswith(b"OPTIONS rtsp://cam:8554/live?ch=1 RTSP/1.0\r\n")
    assert b"127.0.0.1" not in asked
    assert b"secret" not in asked


def test_what_is_relative_is_relative_to_the_camera(proxy: Proxy) -> None:
    proxy.from_player(asks("DESCRIBE"))
    told, _ = proxy.from_camera(answers(200, 1, DESCRIPTION))
    assert b"Content-Base: rtsp://cam:8554/live?ch=1\r\n" in told
    assert told.endswith(DESCRIPTION.encode())
    proxy.from_player(asks("DESCRIBE", number=2))
    told, _ = proxy.from_camera(answers(200, 2, DESCRIPTION, Content_Base="rtsp://cam/base/"))
    assert told.count(b"Content-Base") == 1
    assert b"Content-Base: rtsp://cam/base/\r\n" in told


def test_who_does_not_name_the_address_is_not_let_in(proxy: Proxy) -> None:
    for url in ("rtsp://127.0.0.1:9/", "rtsp://127.0.0.1:9/secrets", CAMERA.url):
        with pytest.raises(SourceFault, match="somebody else"):
            proxy.from_player(asks("OPTIONS", url))


@pytest.mark.parametrize(("algorithm", "hashed"), [("", md5), ("MD5", md5), ("SHA-256", sha256)])
def test_a_challenge_is_met_and_the_player_knows_nothing_of_it(
    proxy: Proxy, algorithm: str, hashed: Callable[[bytes], "md5"]
) -> None:
    def proof(text: str) -> str:
        return str(hashed(text.encode()).hexdigest())

    named = f", algorithm={algorithm}" if algorithm else ""
    wanted = f'Digest realm="r", nonce="n1", qop="auth"{named}'
    proxy.from_player(asks("OPTIONS", number=4))
    told, asked = proxy.from_camera(answers(401, 1, WWW_Authenticate=wanted))
    assert told == b""
    for count, method in ((1, "OPTIONS"), (2, "DESCRIBE")):
        fields = dict(re.findall(r'(\w+)="?([^",]+)', asked.decode().partition("Authorization: Digest ")[2]))
        between = f"n1:{count:08x}:{fields['cnonce']}:auth"
        secret, what = proof("admin:r:密码"), proof(f"{method}:{CAMERA.url}")
        assert fields["response"] == proof(f"{secret}:{between}:{what}")
        assert fields["nc"] == f"{count:08x}"
        asked = proxy.from_player(asks("DESCRIBE", number=5))
    told, _ = proxy.from_camera(answers(200, 2))
    assert b"CSeq: 4\r\n" in told


def test_a_nonce_that_is_used_up_is_followed_by_the_next(proxy: Proxy) -> None:
    proxy.from_player(asks("GET_PARAMETER", number=1))
    proxy.from_camera(answers(401, 1, WWW_Authenticate='Digest realm="r", nonce="old"'))
    proxy.from_camera(answers(200, 2))
    proxy.from_player(asks("GET_PARAMETER", number=2))
    told, asked = proxy.from_camera(answers(401, 3, WWW_Authenticate='Digest realm="r", nonce="new", stale=true'))
    assert (told, b'nonce="new"' in asked) == (b"", True)
    told, asked = proxy.from_camera(answers(401, 4, WWW_Authenticate='Digest realm="r", nonce="newer"'))
    assert (told.startswith(b"RTSP/1.0 401"), asked) == (True, b"")


@pytest.mark.parametrize("when", ["at once", "after a proof"])
def test_where_a_proof_was_taken_the_password_is_not_told(proxy: Proxy, when: str) -> None:
    proxy.from_player(asks("OPTIONS"))
    number = 1
    if when == "after a proof":
        proxy.from_camera(answers(401, 1, WWW_Authenticate='Digest realm="r", nonce="n"'))
        proxy.from_camera(answers(200, 2))
        proxy.from_player(asks("DESCRIBE"))
        number = 3
    with pytest.raises(SourceFault, match="took a proof of it before; expected Digest") as fault:
        proxy.from_camera(answers(401, number, WWW_Authenticate='Basic realm="r"'))
    assert fault.value.state is State.REFUSED


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305])
@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER"])
def test_a_redirection_ends_it(proxy: Proxy, method: str, status: int) -> None:
    proxy.from_player(asks(method))
    with pytest.raises(SourceFault, match="sends us elsewhere when it is asked for the stream"):
        proxy.from_camera(answers(status, 1, Location="rtsp://thief/x"))


STRANGE = [
    "RTSP/1.0  302 Found",
    "RTSP/1.0 0302 Found",
    "RTSP/1.0 302.0 Found",
    "RTSP/1.0 3\r02 x",
    "RTSP/1.0\t302",
]


@pytest.mark.parametrize("first", STRANGE)
@pytest.mark.parametrize("asked", [True, False])
def test_a_redirection_in_a_strange_hand_is_none_either(proxy: Proxy, first: str, asked: bool) -> None:
    """Another reader may see one in it."""
    if asked:
        proxy.from_player(asks("DESCRIBE"))
    told, _ = proxy.from_camera(f"{first}\r\nCSeq: 1\r\nLocation: rtsp://thief/x\r\n\r\n".encode())
    assert b"thief" not in told
    assert told.startswith(b"RTSP/1.0 000 -\r\n")


def test_a_redirection_nobody_asked_for_ends_it_too(proxy: Proxy) -> None:
    with pytest.raises(SourceFault, match="before it is asked"):
        proxy.from_camera(b"  RTSP/1.0 302 Found\r\nLocation: rtsp://thief/x\r\n\r\n")


def test_every_reader_finds_the_same_end(proxy: Proxy) -> None:
    for number, lengths in enumerate((("4x", "4"), ("4", "40"), (" 4", "+4"), ("0x4", "4")), 1):
        proxy.from_player(asks("OPTIONS", number=number))
        told, _ = proxy.from_camera(
            f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n".encode()
            + b"".join(f"Content-Length: {length}\r\n".encode() for length in lengths)
            + b"\r\n"
        )
        told += proxy.from_camera(b"body")[0]
        head, _, body = told.partition(b"\r\n\r\n")
        assert re.findall(b"Content-Length: (.*)", head) == ([b"4"] if body else [])
        assert len(body) in (0, 4)


def test_a_frame_too_short_for_a_packet_is_left_out(proxy: Proxy) -> None:
    assert proxy.from_camera(rtp(0, 1) + b"$\0\0\2hi" + rtp(0, 2))[0] == rtp(0, 1) + rtp(0, 2)


@pytest.mark.parametrize("told", ["RTP/AVP 8\r\n", "RTP/AVP 97\r\na=rtpmap:97 pcmu/8000\r\n"])
def test_sound_goes_on_in_fewer_packets(proxy: Proxy, told: str) -> None:
    proxy.from_player(asks("DESCRIBE"))
    proxy.from_camera(answers(200, 1, f"v=0\r\nm=audio 0 {told}a=control:sound\r\n"))
    proxy.from_player(asks("SETUP", f"{LOCAL}/sound", 2, Transport="RTP/AVP/TCP;unicast;interleaved=2-3"))
    proxy.from_camera(answers(200, 2, Transport="RTP/AVP/TCP;unicast;interleaved=2-3"))
    sent = b"".join(frame(2, rtp_packet(number, 160 * b"s", 160 * number)) for number in (1, 2, 3))
    assert proxy.from_camera(sent)[0] == frame(2, rtp_packet(3, 480 * b"s", 160))


def test_a_stream_ends_behind_its_last_packet(proxy: Proxy) -> None:
    set_up(proxy)
    report, bye = frame(1, bytes((0x80, 200)) + bytes(26)), frame(1, bytes((0x80, 203)) + bytes(6))
    assert proxy.from_camera(report + rtp(0, 1) + rtp(0, 2) + bye)[0] == rtp(0, 1) + rtp(0, 2) + report + bye


def test_packets_pass_and_those_that_lack_are_counted(proxy: Proxy, losses: Losses) -> None:
    set_up(proxy)
    frames = b"".join(rtp(0, number & 0xFFFF) for number in range(65_530, 65_550) if number not in (65_535, 65_536))
    passed, _ = proxy.from_camera(frames + rtp(2, 9) + rtp(2, 99))
    assert passed == frames + rtp(2, 9) + rtp(2, 99)
    losses.settle()
    assert (losses.news(Media.VIDEO), losses.news(Media.AUDIO)) == (2, 0)


def test_a_stream_is_known_by_the_whole_of_its_place(proxy: Proxy, losses: Losses) -> None:
    set_up(proxy)
    proxy.from_player(asks("SETUP", "rtsp://cam/live/trackID=11", 3, Transport="RTP/AVP/TCP;interleaved=2-3"))
    proxy.from_camera(answers(200, 3, Transport="RTP/AVP/TCP;interleaved=6-7"))
    proxy.from_camera(rtp(6, 1) + rtp(6, 3))
    losses.settle()
    assert (losses.news(Media.VIDEO), losses.news(Media.AUDIO)) == (0, 1)


def test_by_udp_the_camera_is_given_ports_and_the_player_a_channel(losses: Losses) -> None:
    agreed: list[Agreed] = []
    proxy = Proxy(CAMERA, LOCAL, losses, lambda channel: (5_000 + channel, 5_001 + channel), agreed.append)
    asked, told = set_up(proxy, "RTP/AVP;unicast;client_port=5000-5001;server_port=7000-7001;source=10.0.0.9")
    assert b"Transport: RTP/AVP;unicast;client_port=5000-5001\r\n" in asked
    assert b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n" in told
    assert agreed == [Agreed(0, (7_000, 7_001), "10.0.0.9")]
    assert proxy.datagram(0, rtp(0, 1)[4:]) == rtp(0, 1)
    proxy.datagram(0, rtp(0, 3)[4:])
    losses.settle()
    assert losses.news(Media.VIDEO) == 1


def test_the_camera_may_ask_too(proxy: Proxy) -> None:
    proxy.from_player(asks("OPTIONS"))
    question = b"ANNOUNCE rtsp://cam/x RTSP/1.0\r\nCSeq: 1\r\n\r\n"
    assert proxy.from_camera(question) == (question, b"")
    answer = b"RTSP/1.0 501 Not Implemented\r\nCSeq: 1\r\n\r\n"
    assert proxy.from_player(answer) == answer


def test_an_answer_without_a_number_is_to_the_first_question(proxy: Proxy) -> None:
    proxy.from_player(asks("OPTIONS", number=8))
    told, _ = proxy.from_camera(b"RTSP/1.0 200 OK\r\n\r\n")
    assert b"CSeq: 8" in told
    assert proxy.from_camera(b"RTSP/1.0 200 OK\r\n\r\n") == (b"RTSP/1.0 200 -\r\n\r\n", b"")

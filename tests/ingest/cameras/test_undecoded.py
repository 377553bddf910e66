"""What is relied on inside of aiortc. When one of these fails, a new aiortc keeps its receivers another way: see
ingest/cameras/undecoded.py."""

import asyncio
import inspect
import time

import aiortc.rtcrtpreceiver
import pytest
from aiortc import RTCPeerConnection, RTCRtpReceiver
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtp import RtpPacket
from webrtc_publisher import publishing

from ingest.cameras.fanout import Fanout
from ingest.cameras.packets import Packet
from ingest.cameras.undecoded import HANDLE_RTCP, JITTER_BUFFER, UnknownReceiver, divert
from ingest.cameras.whip import Whip


async def _receiver() -> RTCRtpReceiver:
    return RTCPeerConnection().addTransceiver("video", "recvonly").receiver


def test_a_receiver_has_a_jitter_buffer_that_is_given_packets_and_says_what_to_do() -> None:
    receiver = asyncio.run(_receiver())
    assert isinstance(getattr(receiver, JITTER_BUFFER), JitterBuffer)
    packet = RtpPacket(sequence_number=1, timestamp=2, payload=b"x")
    packet._data = b"x"  # type: ignore[attr-defined]
    assert getattr(receiver, JITTER_BUFFER).add(packet) == (False, None)
    assert inspect.iscoroutinefunction(getattr(receiver, HANDLE_RTCP))
    source = inspect.getsource(RTCRtpReceiver._handle_rtp_packet)
    assert "packet._data = depayload(codec, packet.payload)" in source
    assert "pli_flag, encoded_frame = self.__jitter_buffer.add(packet)" in source


def test_a_receiver_of_another_kind_is_refused() -> None:
    class Other:
        pass

    with pytest.raises(UnknownReceiver, match="expected a receiver with a jitter buffer"):
        divert(Other(), lambda _: False, lambda *_: None)  # type: ignore[arg-type]


def test_a_real_sender_is_received_undecoded_tells_its_clock_and_makes_keyframes_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded: list[object] = []
    monkeypatch.setattr(aiortc.rtcrtpreceiver, "get_decoder", decoded.append)
    whip, fanout = Whip(keyframe_s=0.5), Fanout()
    subscription = fanout.subscribe()
    packets: list[Packet] = []
    try:
        with publishing(whip, "body-1", fanout):
            until_s = time.monotonic() + 60
            # aiortc's encoder makes a keyframe every 250 pictures, unless it is asked for one
            while sum(p.is_keyframe for p in packets) < 3 or packets[-1].camera_s is None:
                assert time.monotonic() < until_s, [(p.is_keyframe, p.camera_s) for p in packets]
                packets += [item for item in subscription.take(1.0) if isinstance(item, Packet)]
    finally:
        whip.close()
    third = [number for number, packet in enumerate(packets) if packet.is_keyframe][2]
    assert third < 100
    assert decoded == []
    assert packets[-1].camera_s == pytest.approx(packets[-1].arrived_wall_s, abs=1.0)

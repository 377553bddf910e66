"""Takes what an aiortc receiver receives before it is decoded. The only module that reaches into aiortc.

aiortc decodes whatever it receives, and has no other way: RTP packet → `depayload` → jitter buffer → decoder's thread.
The jitter buffer is the place to turn off at: one object of the receiver, with one method,
`add(packet) -> (wants a keyframe, a whole frame or None)`. What stands in for it here hands every packet on and never
has a whole frame, so the decoder's thread sleeps until the receiver stops; and by saying that it wants a keyframe it
has aiortc send a PLI (RFC 4585). Repetition of lost packets (NACK, RTX), bandwidth estimation and reports stay
aiortc's own. Sender reports, whose RTP time its statistics leave out, are read on their way to the receiver.

What it relies on is pinned by tests/ingest/cameras/test_undecoded.py, written for aiortc 1.16.
"""

import time
from collections.abc import Callable
from typing import Any

import aiortc
from aiortc import RTCRtpReceiver
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket, RtpPacket

from ingest.cameras.reassembly import Piece
from ingest.errors import IngestError

JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"
HANDLE_RTCP = "_handle_rtcp_packet"


class UnknownReceiver(IngestError):  # noqa: N818  (a state of the installation)
    """This aiortc keeps its receivers another way than is known here: says what was expected."""


def divert(receiver: RTCRtpReceiver, take: Callable[[Piece], bool], reported: Callable[[int, int], None]) -> None:
    """From now on `take` is called with what each RTP packet of `receiver` holds, as it comes, and nothing is decoded;
    where it returns True, a keyframe is asked for. `reported` is called with the RTP time and the NTP time of each
    sender report. Both are called in the event loop. Call it before the connection is made.

    Raises:
        UnknownReceiver: when aiortc has changed.
    """
    if not callable(getattr(getattr(receiver, JITTER_BUFFER, None), "add", None)) or not hasattr(receiver, HANDLE_RTCP):
        raise UnknownReceiver(
            f"aiortc {aiortc.__version__}: expected a receiver with a jitter buffer, as version 1.16 has; "
            "install that version"
        )
    handle = getattr(receiver, HANDLE_RTCP)

    async def handle_rtcp(packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket):
            reported(packet.sender_info.rtp_timestamp, packet.sender_info.ntp_timestamp)
        await handle(packet)

    setattr(receiver, JITTER_BUFFER, _Diversion(take))
    setattr(receiver, HANDLE_RTCP, handle_rtcp)


class _Diversion:
    """In the place of a jitter buffer."""

    def __init__(self, take: Callable[[Piece], bool]) -> None:
        self._take = take

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        data: Any = packet._data  # type: ignore[attr-defined]  # what `depayload` made of its payload
        piece = Piece(packet.sequence_number, packet.timestamp, bool(packet.marker), data, time.monotonic())
        return self._take(piece), None

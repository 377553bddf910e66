"""A camera's packets as a WebRTC track: they are packed into RTP as they came, nothing is decoded or encoded."""

import asyncio
import time
from fractions import Fraction
from typing import Any, Final

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from console.live.feed import FeedEnded, Subscription
from ingest.cameras.packets import Media, Packet, StreamInfo

HASTE: Final = 20  # how many times as fast the pictures from before the viewer joined are sent and shown
SLACK_S: Final = 0.5  # that a step may be longer than the wait for its packet; more, or backwards, is no sensible one
STRAY_S: Final = 0.5  # that the track's clock may be off the packets' arrival
MISTRUSTED_S: Final = 10.0  # for so long a camera's clock that was further off is not gone by
USUAL_STEP_S: Final = {Media.VIDEO: 0.04, Media.AUDIO: 0.02}
AUDIO: Final = {"pcm_alaw": "audio/PCMA", "pcm_mulaw": "audio/PCMU", "opus": "audio/opus"}


class CameraTrack(MediaStreamTrack):
    """Sends what `subscription` gives.

    Its clock runs on from zero whatever the camera's does: where that leaps, repeats itself or runs at another rate
    than pictures come, arrival counts. Pictures from before the viewer joined are shown in haste, so that it is at the
    present at once and no picture is missing that another one needs.
    """

    def __init__(self, subscription: Subscription, stream: StreamInfo) -> None:
        super().__init__()
        self.kind = stream.media.value
        self._media = stream.media
        self._subscription = subscription
        self._time_base = Fraction(*stream.time_base)
        self._joined_s: float | None = None
        self._last: Packet | None = None
        self._clock = 0
        self._usual = round(USUAL_STEP_S[stream.media] / self._time_base)
        self._borrowed = 0  # of the step that follows
        self._origin: tuple[float, int] | None = None  # when a packet arrived, and the track's clock then
        self._mistrusted_until_s = 0.0

    async def recv(self) -> "av.Packet[Any]":
        """The next packet. Raises `MediaStreamError` at the end, as aiortc's senders expect."""
        if self._joined_s is None:
            self._joined_s = time.monotonic()
        try:
            packet = await self._next(self._joined_s)
        except FeedEnded as error:
            raise MediaStreamError(str(error)) from error
        step = self._step(packet)
        if packet.arrived_s < self._joined_s:
            step = max(1, step // HASTE)
            await asyncio.sleep(float(step * self._time_base))
        self._clock += step
        self._last = packet
        sent = av.Packet(packet.data)
        sent.pts = sent.dts = self._clock
        sent.time_base = self._time_base
        return sent

    async def _next(self, joined_s: float) -> Packet:
        """The next packet; of sound none from before the viewer joined, for it can't be played in haste."""
        while True:
            packet = await self._subscription.next()
            if self._media is Media.VIDEO or packet.arrived_s >= joined_s:
                return packet

    def _step(self, packet: Packet) -> int:
        """How far the track's clock moves from the packet before to this one, in its time base."""
        if self._last is None or self._origin is None:
            self._origin = packet.arrived_s, self._clock
            return 0
        gap_s = packet.arrived_s - self._last.arrived_s
        step = packet.pts - self._last.pts - self._borrowed
        self._borrowed = 0
        if packet.pts == self._last.pts:  # the next one tells how long both last
            step = self._borrowed = max(1, self._usual // 2)
        elif not 0 < step * self._time_base <= gap_s + SLACK_S:
            step = self._usual
        else:
            self._usual = step
        return self._kept_to_arrival(packet, step)

    def _kept_to_arrival(self, packet: Packet, step: int) -> int:
        assert self._joined_s is not None
        assert self._origin is not None
        if packet.arrived_s < self._joined_s:  # shown in haste: the present begins behind it
            self._origin = packet.arrived_s, self._clock + max(1, step // HASTE)
            return step
        arrived_s, clock = self._origin
        ahead_s = (self._clock + step - clock) * self._time_base - Fraction(packet.arrived_s - arrived_s)
        if abs(ahead_s) > STRAY_S:
            self._mistrusted_until_s = packet.arrived_s + MISTRUSTED_S
        if packet.arrived_s >= self._mistrusted_until_s:
            return step
        return max(1, round(step - ahead_s / self._time_base))


def sound_type(stream: StreamInfo) -> str | None:
    """The MIME type under which a browser takes this sound as it is; None where it would have to be encoded anew."""
    if stream.codec == "opus":
        return AUDIO["opus"]
    fits = stream.sample_rate == 8000 and stream.channels == 1
    return AUDIO.get(stream.codec) if fits else None

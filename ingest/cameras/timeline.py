"""The times of one stream within one file: begun near Unix time, and never going back, whatever the camera says.

RTSP tells when a picture is shown, not when it is decoded; where pictures come in another order than they are shown,
the decoding times are worked out, a segment at a time. A camera's timestamps may also leap or repeat: a step that is
not forward by a sensible amount counts as the step before it. What the camera itself said stays in the leaf
(`first_pts`, `last_pts`).
"""

from collections.abc import Sequence
from operator import lt, sub

from ingest.cameras.packets import Packet

LONGEST_STEP_S = 10
LONGEST_DELAY_S = 2  # of a picture's being shown, behind its being decoded


class Timeline:
    """Maps the times of packets, in `scale` units a second, to those of the file."""

    def __init__(self, scale: int, offset_s: int) -> None:
        self._scale = scale
        self._offset = offset_s * scale
        self._last: tuple[int, int] | None = None  # the camera's decoding time, the file's
        self._step = 1
        self._delay = 0

    def place(self, packets: Sequence[Packet]) -> list[tuple[int, int]]:
        """Of each packet of a segment, when it is decoded in the file's time, and how much later it is shown."""
        longest = LONGEST_STEP_S * self._scale
        decoded = self._decoded(packets)
        shown_later = (packet.pts - dts for packet, dts in zip(packets, decoded, strict=True))
        return [
            (time, later if -longest <= later <= longest else 0)
            for time, later in zip(self._times(packets, decoded, longest), shown_later, strict=True)
        ]

    @property
    def step(self) -> int:
        """The last step between two packets."""
        return self._step

    def _times(self, packets: Sequence[Packet], decoded: list[int], longest: int) -> list[int]:
        """The file's times for those of decoding."""
        dts, time = self._last or (decoded[0], max(0, decoded[0] + self._offset))
        first = 0 if self._last is not None else 1
        steps = list(map(sub, decoded[first:], [dts, *decoded[first:]]))
        if steps and min(steps) > 0 and max(steps) <= longest:  # as nearly always, and then it takes no loop
            times = [each + time - dts for each in decoded]
            self._step = steps[-1]
        else:
            times = [time] * first
            for packet, told in zip(packets[first:], steps, strict=True):
                step = told
                if not 0 < step <= longest:
                    step = packet.duration if 0 < packet.duration <= longest else self._step
                self._step = step
                times.append((times[-1] if times else time) + step)
        self._last = (decoded[-1], times[-1])
        return times

    def _decoded(self, packets: Sequence[Packet]) -> list[int]:
        """The decoding times: as told, or, where those go back and forth, the times of showing in their order, as much
        earlier as it takes for each picture to be decoded before it is shown."""
        told = [packet.dts for packet in packets]
        if not self._delay and all(map(lt, told, told[1:])):
            return told
        shown = sorted(packet.pts for packet in packets)
        delay = max(0, *(time - packet.pts for time, packet in zip(shown, packets, strict=True)))
        if delay > LONGEST_DELAY_S * self._scale:
            return told  # no other order: the clock leapt
        self._delay = max(self._delay, delay)
        return [time - self._delay for time in shown]

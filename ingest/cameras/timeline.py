"""The times of one stream within one file: begun near Unix time, and never going back, whatever the camera says.

A camera's timestamps may leap or repeat. A step that is not forward by a sensible amount counts as the step before it;
what the camera itself said stays in the leaf (`first_pts`, `last_pts`).
"""

from ingest.cameras.packets import Packet

LONGEST_STEP_S = 10


class Timeline:
    """Maps the decoding times of packets, in `scale` units a second, to those of the file."""

    def __init__(self, scale: int, offset_s: int) -> None:
        self._scale = scale
        self._offset = offset_s * scale
        self._last: tuple[int, int] | None = None  # the camera's time, the file's
        self._step = 1

    def place(self, packet: Packet) -> tuple[int, int]:
        """When `packet` is decoded in the file's time, and how much later it is shown."""
        if self._last is None:
            time = max(0, packet.dts + self._offset)
        else:
            step = packet.dts - self._last[0]
            if not 0 < step <= LONGEST_STEP_S * self._scale:
                step = packet.duration if 0 < packet.duration <= LONGEST_STEP_S * self._scale else self._step
            self._step = step
            time = self._last[1] + step
        self._last = (packet.dts, time)
        later = packet.pts - packet.dts
        return time, later if abs(later) <= LONGEST_STEP_S * self._scale else 0

    @property
    def step(self) -> int:
        """The last step between two packets."""
        return self._step

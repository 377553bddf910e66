"""The clock of one RTP stream: 32 bits that wrap around, and what sender reports say of the time it means."""

_HALF = 1 << 31
_UNIX_NTP_S = 2_208_988_800  # from 1900, where NTP begins, to 1970


class RtpClock:
    """`rate_hz` ticks a second."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._last: int | None = None
        self._report: tuple[int, float] | None = None

    def unwrapped(self, timestamp: int) -> int:
        """The time of the next frame, in ticks that go on where the 32 bits begin anew. A step back stays one."""
        self._last = timestamp if self._last is None else self._last + _nearest(timestamp - self._last)
        return self._last

    def report(self, timestamp: int, ntp: int) -> None:
        """A sender report (RFC 3550): `timestamp` is the time `ntp`, seconds since 1900 times 2^32. A sender that has
        no clock says zero, or how long it runs; that is no time of day and left out."""
        unix_s = ntp / (1 << 32) - _UNIX_NTP_S
        if unix_s > 0:
            self._report = timestamp, unix_s

    def camera_s(self, pts: int) -> float | None:
        """The sender's own clock (Unix seconds) at `pts`, where it was told."""
        if self._report is None:
            return None
        timestamp, unix_s = self._report
        return unix_s + _nearest(pts - timestamp) / self._rate_hz


def _nearest(difference: int) -> int:
    return (difference + _HALF) % (1 << 32) - _HALF

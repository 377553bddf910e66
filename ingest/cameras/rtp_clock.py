"""The clock of one RTP stream: 32 bits that wrap around, and what sender reports say of the time it means."""

import time
from collections.abc import Callable
from enum import StrEnum

ERA_S = 1 << 32  # after so many seconds NTP begins anew: next in February 2036
FURTHEST_S = 366 * 86_400.0  # from our own clock; what is further off is a clock that was never set

_HALF = 1 << 31
_UNIX_NTP_S = 2_208_988_800  # from 1900, where NTP begins, to 1970


class ClockSource(StrEnum):
    """Where the camera's own clock is known from; the values stand in leaves."""

    RTCP = "rtcp"
    RTCP_IMPLAUSIBLE = "rtcp-implausible"  # it reports, but no time of day


class RtpClock:
    """`rate_hz` ticks a second; `now` gives our own time (Unix seconds)."""

    def __init__(self, rate_hz: int, now: Callable[[], float] = time.time) -> None:
        self._rate_hz = rate_hz
        self._now = now
        self._last: int | None = None
        self._report: tuple[int, float] | None = None
        self.source: ClockSource | None = None
        """What the last sender report was good for; None before there is one."""

    def unwrapped(self, timestamp: int) -> int:
        """The time of the next frame, in ticks that go on where the 32 bits begin anew. A step back stays one."""
        self._last = timestamp if self._last is None else self._last + _nearest(timestamp - self._last)
        return self._last

    def report(self, timestamp: int, ntp: int) -> None:
        """A sender report (RFC 3550): `timestamp` is the time `ntp`, seconds since 1900 times 2^32."""
        told_s = time_of_day(ntp / (1 << 32) - _UNIX_NTP_S, self._now())
        self._report = None if told_s is None else (timestamp, told_s)
        self.source = ClockSource.RTCP_IMPLAUSIBLE if told_s is None else ClockSource.RTCP

    def camera_s(self, pts: int) -> float | None:
        """The sender's own clock (Unix seconds) at `pts`, where it was told."""
        if self._report is None:
            return None
        timestamp, unix_s = self._report
        return unix_s + _nearest(pts - timestamp) / self._rate_hz


def time_of_day(told_s: float, now_s: float) -> float | None:
    """What a sender report says (Unix seconds, in any era of NTP), in the era that is nearest to `now_s`. None where
    that is no time of day: a sender that has no clock says zero, how long it runs, or counts from another year."""
    told_s += ERA_S * round((now_s - told_s) / ERA_S)
    return told_s if abs(told_s - now_s) <= FURTHEST_S else None


def _nearest(difference: int) -> int:
    return (difference + _HALF) % (1 << 32) - _HALF

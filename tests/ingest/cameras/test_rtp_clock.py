"""The 32-bit clock of RTP, and what sender reports say of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cameras.rtp_clock import ClockSource, RtpClock

NTP_1970_S = 2_208_988_800
NOW_S = 1_790_000_000


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(-(2**20), 2**31 - 1), max_size=50))
def test_it_goes_on_where_the_32_bits_begin_anew(first: int, steps: list[int]) -> None:
    clock, time = RtpClock(90_000), first
    assert clock.unwrapped(first) == first
    for step in steps:
        time += step
        assert clock.unwrapped(time % 2**32) == time


@given(st.integers(0, 2**32 - 1), st.integers(-(2**30), 2**30), st.integers(0, 4_000_000_000), st.floats(-360.0, 360.0))
def test_a_report_tells_the_time_of_frames_before_and_after_it(first: int, later: int, now_s: int, days: float) -> None:
    """Whatever the year: in 2036 the seconds of NTP begin anew."""
    told_s = now_s + days * 86_400
    clock = RtpClock(90_000, lambda: now_s)
    pts = clock.unwrapped(first)
    assert (clock.camera_s(pts), clock.source) == (None, None)
    clock.report((first + later) % 2**32, round((told_s + NTP_1970_S) * 2**32) % 2**64)
    assert clock.camera_s(pts) == pytest.approx(told_s - later / 90_000, abs=1e-4)
    assert clock.source is ClockSource.RTCP


@pytest.mark.parametrize(
    "ntp_s",
    [
        pytest.param(0, id="no clock"),
        pytest.param(2**-32, id="nearly none"),
        pytest.param(3_600, id="an hour since it was switched on"),
        pytest.param(NOW_S, id="Unix seconds where NTP's belong"),
        pytest.param(NTP_1970_S - 86_400 * 200, id="1969"),
        pytest.param(NTP_1970_S, id="1970"),
        pytest.param(NTP_1970_S + 946_684_800, id="2000"),
        pytest.param(NTP_1970_S + NOW_S - 1024 * 7 * 86_400, id="1024 weeks ago"),
        pytest.param(2**32 - 1, id="the end of an era"),
    ],
)
def test_a_sender_without_a_clock_tells_no_time_and_says_that_it_tried(ntp_s: float) -> None:
    clock = RtpClock(48_000, lambda: NOW_S)
    clock.report(5, NTP_1970_S + NOW_S << 32)
    assert clock.camera_s(clock.unwrapped(5)) is not None
    clock.report(5, int(ntp_s * 2**32))
    assert clock.camera_s(clock.unwrapped(5)) is None
    assert clock.source is ClockSource.RTCP_IMPLAUSIBLE

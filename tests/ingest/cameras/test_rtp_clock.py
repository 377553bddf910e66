"""The 32-bit clock of RTP, and what sender reports say of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cameras.rtp_clock import RtpClock

NTP_1970 = 2_208_988_800 << 32


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(-(2**20), 2**31 - 1), max_size=50))
def test_it_goes_on_where_the_32_bits_begin_anew(first: int, steps: list[int]) -> None:
    clock, time = RtpClock(90_000), first
    assert clock.unwrapped(first) == first
    for step in steps:
        time += step
        assert clock.unwrapped(time % 2**32) == time


@given(st.integers(0, 2**32 - 1), st.integers(-(2**30), 2**30), st.integers(1, 2_000_000_000))
def test_a_report_tells_the_time_of_frames_before_and_after_it(first: int, later: int, unix_s: int) -> None:
    clock = RtpClock(90_000)
    pts = clock.unwrapped(first)
    assert clock.camera_s(pts) is None
    clock.report((first + later) % 2**32, NTP_1970 + (unix_s << 32))
    assert clock.camera_s(pts) == pytest.approx(unix_s - later / 90_000, abs=1e-4)


@pytest.mark.parametrize("ntp", [0, 1, 3_600 << 32])
def test_a_sender_without_a_clock_tells_no_time(ntp: int) -> None:
    clock = RtpClock(48_000)
    clock.report(5, ntp)
    assert clock.camera_s(clock.unwrapped(5)) is None

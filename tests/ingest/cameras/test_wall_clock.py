"""One moment by two clocks, whatever holds up who reads them."""

import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cameras import wall_clock
from ingest.cameras.wall_clock import AT_ONCE_S, wall_at

AHEAD_S = 1_767_600_000.0


class HeldUp:
    """Two clocks with one course, of which a reading takes as long as the machine is busy with others."""

    def __init__(self, held_s: list[float]) -> None:
        self._now_s = 50.0
        self._held_s = iter(held_s)

    def monotonic(self) -> float:
        self._now_s += next(self._held_s, 0.0)
        return self._now_s

    def time(self) -> float:
        return AHEAD_S + self.monotonic()


held = st.lists(st.floats(0.0, 5.0), max_size=12)


@given(held=held)
def test_a_moment_is_the_same_by_both_however_long_the_readings_take(held: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wall_clock, "time", HeldUp(held))
        assert wall_at(49.0) == pytest.approx(AHEAD_S + 49.0, abs=AT_ONCE_S)


def test_where_it_never_goes_at_once_the_tightest_readings_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wall_clock, "time", HeldUp([0.0, 2.0, 2.0, 0.0, 0.2, 0.2, 0.0, *[3.0] * 60]))
    assert wall_at(50.0) == pytest.approx(AHEAD_S + 50.0, abs=0.2)


def test_it_is_the_clock_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    before_s, wall_s, after_s = time.time(), wall_at(time.monotonic()), time.time()
    assert before_s - AT_ONCE_S <= wall_s <= after_s + AT_ONCE_S
    monkeypatch.setattr(wall_clock, "time", SimpleNamespace(monotonic=lambda: 10.0, time=lambda: AHEAD_S))
    assert wall_at(7.0) == AHEAD_S - 3.0

"""What was lost lately, and no longer what was lost before."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.cameras.recent_losses import HOUR_S, MINUTE_S, RecentLosses

LOSSES = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 10_000)), max_size=60)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@given(LOSSES)
def test_it_is_what_was_lost_in_the_last_hour_to_a_minute(steps: list[tuple[int, int]]) -> None:
    clock, told = Clock(), list[tuple[float, int]]()
    losses = RecentLosses(clock)
    for step_s, packets in steps:
        clock.now_s += step_s
        losses.add("c-1", packets)
        told.append((clock.now_s, packets))
        surely = sum(n for at_s, n in told if clock.now_s - at_s < HOUR_S - MINUTE_S)
        at_most = sum(n for at_s, n in told if clock.now_s - at_s < HOUR_S)
        assert surely <= losses.of("c-1") <= at_most
    clock.now_s += HOUR_S
    assert losses.of("c-1") == 0


def test_each_camera_has_its_own() -> None:
    losses = RecentLosses()
    losses.add("c-1", 3)
    losses.add("c-2", 4)
    losses.add("c-1", 5)
    assert [losses.of(camera) for camera in ("c-1", "c-2", "c-3")] == [8, 4, 0]

"""A device's history by pages: all of it once, in the order of time, a fix before a ping of the same time."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_examples import NOON

from analytics.fixes import FixBatch
from store.intake import Intake


@pytest.fixture
def intake(postgres_uri: str) -> Iterator[Intake]:
    with Intake(postgres_uri) as intake:
        intake.register(["car-00", "car-01"])
        yield intake


times = st.sets(st.integers(0, 30), max_size=20)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fixes=times, pings=times, limit=st.integers(1, 7))
def test_the_pages_hold_what_is_stored(
    intake: Intake, rows: Callable[[str], object], fixes: set[int], pings: set[int], limit: int
) -> None:
    rows("TRUNCATE fixes, positions, signs_of_life")
    device, count = 1, len(fixes)
    placed = FixBatch.build(
        np.full(count, device), NOON + np.array(sorted(fixes), np.float64), np.full(count, 120.0), np.full(count, 30.0)
    )
    said = FixBatch.pings(np.full(len(pings), device), NOON + np.array(sorted(pings), np.float64))
    anothers = FixBatch.pings(np.array([0]), np.array([NOON + 3.0]))
    intake.commit(FixBatch.concatenate([placed, said, anothers]), received_s=NOON)

    found: list[tuple[float, bool]] = []
    while True:
        page = intake.history_page(device, found[-1][0] if found else NOON - 1, limit)
        found += zip(page.t_s.tolist(), page.is_ping.tolist(), strict=True)
        if len(page) < limit:
            break
    assert [(t_s - NOON, ping) for t_s, ping in found] == [(t, t not in fixes) for t in sorted(fixes | pings)]

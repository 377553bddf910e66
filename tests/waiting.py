"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable
from threading import Event


def at_best(measure: Callable[[], float], promised: float, tries: int = 5) -> float:
    """The least that was measured, up to the first that is less than `promised`: other tests hold up one try or the
    other, and what is wrong with the product each."""
    least = measure()
    for _ in range(tries - 1):
        if least < promised:
            break
        least = min(least, measure())
    return least


def wait_until(
    condition: Callable[[], object], within_s: float = 120.0, what: str = "condition", told: Callable[[], object] = str
) -> float:
    """Return as soon as `condition` holds, with the seconds it took; fail when it does not hold in time, with what is
    `told` then."""
    pause = Event()
    began_s = time.monotonic()
    while not condition():
        assert time.monotonic() - began_s < within_s, f"not within {within_s} s: {what} {told()}"
        pause.wait(0.02)
    return time.monotonic() - began_s

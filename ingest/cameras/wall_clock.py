"""What the wall clock showed at a moment that the monotonic clock has noted.

Two clocks can't be read at once: whatever holds the reader up in between, another thread or a busy machine, would make
one moment two. So the wall clock is read between two readings of the monotonic one, again where these are far apart.
"""

import time

AT_ONCE_S = 0.0001
_TRIES = 5


def wall_at(mono_s: float) -> float:
    """Unix seconds at `mono_s`, which is not long ago: a step of the wall clock since then is taken for its time."""
    least_s, ahead_s = float("inf"), 0.0
    for _ in range(_TRIES):
        before_s, wall_s, after_s = time.monotonic(), time.time(), time.monotonic()
        if after_s - before_s < least_s:
            least_s, ahead_s = after_s - before_s, wall_s - (before_s + after_s) / 2
        if least_s <= AT_ONCE_S:
            break
    return mono_s + ahead_s

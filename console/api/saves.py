"""How long ago ingest was heard of."""

import time
from datetime import datetime
from typing import Any

from store.times import seconds


class Saves:
    """When each ingest worker saved last, by our own steady clock once it was seen: the system's clock may run faster
    than time, in a demo."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._seen: dict[str, tuple[str, float]] = {}

    def age_s(self, worker: dict[str, Any], now_s: float) -> float:
        name, saved_at = worker["name"], worker["saved_at"]
        steady_s = time.monotonic()
        by_clock_s = max(0.0, now_s - seconds(datetime.fromisoformat(saved_at)))
        before = self._seen.get(name)
        if before is None or before[0] != saved_at:
            self._seen[name] = (saved_at, steady_s if before else steady_s - by_clock_s)
        return min(by_clock_s, steady_s - self._seen[name][1])

    def listened_s(self) -> float:
        """For how long workers could have been heard of."""
        return time.monotonic() - self._began_s

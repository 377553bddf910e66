"""Letting go of old fixes: whole days at a time, once an hour. Alerts and what people did about them stay for ever."""

import time

import structlog

from ingest.metrics import Metrics
from store.errors import StoreError
from store.ledger import Ledger

EVERY_S = 3600.0

log = structlog.get_logger("ingest.retention")


class Retention:
    """Keeps the last `keep_days` days. Counted back from the newest fix stored where that is earlier than the clock: a
    clock that leaps ahead must not cost a year of history."""

    def __init__(self, ledger: Ledger, keep_days: int, metrics: Metrics) -> None:
        self._ledger = ledger
        self._keep_days = keep_days
        self._metrics = metrics
        self._due_s = 0.0  # by the monotonic clock

    def look(self, now_s: float) -> None:
        """Drop what is too old, unless that was done lately. What can't be dropped now is tried again in an hour."""
        if time.monotonic() < self._due_s:
            return
        self._due_s = time.monotonic() + EVERY_S
        try:
            newest_s = self._ledger.latest_s()
            dropped = 0 if newest_s is None else self._ledger.retain(self._keep_days, now_s=min(now_s, newest_s))
        except StoreError as error:
            log.warning("old fixes could not be dropped, trying again in an hour", error=str(error))
            return
        if dropped:
            self._metrics.dropped_days.inc(dropped)
            log.info("dropped old fixes", days=dropped, kept_days=self._keep_days)

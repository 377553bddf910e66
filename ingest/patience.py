"""Waiting for the database: the same call again and again, with pauses, until it goes through."""

from collections.abc import Callable
from threading import Event
from typing import Protocol, TypeVar

import structlog

from ingest.errors import IngestError
from ingest.metrics import Metrics
from store.errors import StoreUnavailable

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0

T = TypeVar("T")

log = structlog.get_logger("ingest.store")


class Insist(Protocol):
    """Calls the store until it answers."""

    def __call__(self, call: Callable[[], T]) -> T: ...


class Stopped(IngestError):  # noqa: N818  (not a fault: the process is to end)
    """The process is to end, and the database does not answer."""


class Patience:
    """Calls the store until it answers; once `stop` is set, it tries no more than once."""

    def __init__(self, stop: Event, metrics: Metrics) -> None:
        self._stop = stop
        self._metrics = metrics

    def __call__(self, call: Callable[[], T]) -> T:
        """The result of `call`.

        Raises:
            Stopped: when the database is away and the process is to end.
        """
        pause_s = FIRST_PAUSE_S
        tries = 0
        while True:
            try:
                result = call()
            except StoreUnavailable as error:
                tries += 1
                self._metrics.retries.inc()
                if tries == 1:
                    log.warning("the database is away: waiting for it", error=str(error))
                if self._stop.wait(pause_s):
                    raise Stopped("stopping while the database is away; nothing is acknowledged") from error
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                if tries:
                    log.info("the database is back", tries=tries)
                return result

"""No thread of the cameras' process ends without a word: what fails is said, counted, and begun anew after a pause."""

import random
from collections.abc import Callable

import structlog

from ingest.cameras.backoff import Backoff
from ingest.cameras.metrics import CameraMetrics

FIRST_S, MOST_S = 1.0, 10.0

log = structlog.get_logger("ingest.cameras")


def keep_going(work: Callable[[], None], name: str, pause: Callable[[float], bool], metrics: CameraMetrics) -> None:
    """Run `work` until it returns; where it fails, `pause` for some seconds, which says whether that is all, and run it
    again."""
    pauses = Backoff(FIRST_S, MOST_S, random.random)
    while True:
        try:
            work()
        except Exception:
            metrics.failures.labels(name).inc()
            log.exception("a thread failed, it is begun anew", thread=name)
            if pause(pauses.pause_s()):
                return
        else:
            return

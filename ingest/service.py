"""One ingest worker with everything it needs: receiver, inbox, ledger, metrics."""

import time
from collections.abc import Callable
from threading import Event

import structlog

from ingest.config import Settings
from ingest.inbox import Inbox
from ingest.marks import Marks
from ingest.metrics import Metrics
from ingest.mqtt import Receiver
from ingest.worker import Worker
from store.errors import LeaseLost, StoreUnavailable
from store.intake import Intake
from store.lease import Lease

TRY_AGAIN_S = 0.5

log = structlog.get_logger("ingest")


def serve(
    settings: Settings,
    stop: Event,
    *,
    clock: Callable[[], float] = time.time,
    steady: Callable[[], float] | None = None,
    metrics: Metrics | None = None,
) -> None:
    """Receive, judge and store until `stop` is set, while this process holds its shard; else wait for it. The database
    must have been migrated. The clocks are those of :class:`Worker`.

    Raises:
        store.errors.CommitRefused: when the database is there but takes nothing.
    """
    metrics = metrics or Metrics()
    if settings.ingest.metrics_port is not None:
        metrics.serve(settings.ingest.metrics_port, settings.ingest.metrics_host)
    with Lease(settings.database.url, settings.ingest.shard) as lease:
        while _acquired(lease, stop):
            metrics.lease.set(1)
            try:
                _work(settings, stop, lease, clock, steady, metrics)
            except LeaseLost as error:
                log.error("lost the shard, nothing more is committed", problem=str(error))
            metrics.lease.set(0)
            lease.release()


def _acquired(lease: Lease, stop: Event) -> bool:
    """Wait until the shard is ours; False where `stop` is set first."""
    said = None
    while not stop.is_set():
        try:
            holder = lease.acquire()
            if holder is None:
                return True
            if str(holder) != said:
                said = str(holder)
                log.warning("waiting: another worker has this shard", shard=lease.shard, holder=said)
        except StoreUnavailable as error:
            if said != "away":
                said = "away"
                log.warning("the database is away: waiting for it", error=str(error))
        stop.wait(TRY_AGAIN_S)
    return False


def _work(
    settings: Settings,
    stop: Event,
    lease: Lease,
    clock: Callable[[], float],
    steady: Callable[[], float] | None,
    metrics: Metrics,
) -> None:
    inbox = Inbox(metrics, settings.ingest.inbox_messages, settings.ingest.inbox_bytes)
    receiver = Receiver(settings.broker, inbox, metrics, clock)
    marks = Marks(settings.broker.filters, settings.ingest.shard, settings.ingest.mark_s, receiver.publish)
    with Intake(settings.database.url, name=settings.ingest.shard, lease=lease) as ledger:
        worker = Worker(
            settings.ingest, inbox, ledger, receiver.acknowledge, receiver.heard_for_s, marks, metrics, clock, steady
        )
        receiver.start()
        log.info("ingest started", broker=f"{settings.broker.host}:{settings.broker.port}", shard=settings.ingest.shard)
        try:
            worker.run(stop)
        finally:
            receiver.stop()

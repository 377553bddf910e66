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
from store.intake import Intake

log = structlog.get_logger("ingest")


def serve(
    settings: Settings, stop: Event, *, clock: Callable[[], float] = time.time, metrics: Metrics | None = None
) -> None:
    """Receive, judge and store until `stop` is set. The database must have been migrated.

    Raises:
        store.errors.CommitRefused: when the database is there but takes nothing.
    """
    metrics = metrics or Metrics()
    inbox = Inbox(metrics, settings.ingest.inbox_messages, settings.ingest.inbox_bytes)
    receiver = Receiver(settings.broker, inbox, metrics, clock)
    if settings.ingest.metrics_port is not None:
        metrics.serve(settings.ingest.metrics_port, settings.ingest.metrics_host)
    with Intake(settings.database.url, name=settings.ingest.shard) as ledger:
        marks = Marks(settings.broker.filters, settings.ingest.shard, settings.ingest.mark_s, receiver.publish)
        worker = Worker(
            settings.ingest, inbox, ledger, receiver.acknowledge, receiver.heard_for_s, marks, metrics, clock
        )
        receiver.start()
        log.info("ingest started", broker=f"{settings.broker.host}:{settings.broker.port}", shard=settings.ingest.shard)
        try:
            worker.run(stop)
        finally:
            receiver.stop()

"""What ingest tells Prometheus of itself."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """One set of instruments in one registry, so that several workers may live in one process."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        r = self.registry
        self.messages = Counter("ducha_ingest_messages", "Messages received from the broker", registry=r)
        self.fixes = Counter("ducha_ingest_fixes", "Fixes stored, without duplicates", registry=r)
        self.duplicates = Counter("ducha_ingest_duplicate_fixes", "Fixes that were already stored", registry=r)
        self.dead_letters = Counter("ducha_ingest_dead_letters", "Messages refused", ["reason"], registry=r)
        self.alert_changes = Counter("ducha_ingest_alert_changes", "Changes of alerts stored", ["change"], registry=r)
        self.late = Counter("ducha_ingest_late_fixes", "Fixes older than one already seen of their device", registry=r)
        self.too_late = Counter("ducha_ingest_too_late_devices", "Devices rebuilt from stored fixes", registry=r)
        self.rebuild = Histogram(
            "ducha_ingest_rebuild_seconds", "Work to walk one device's history anew", buckets=_SECONDS, registry=r
        )
        self.aside = Gauge("ducha_ingest_aside_fixes", "Fixes set aside and not taken in yet", ["reason"], registry=r)
        self.refused = Counter("ducha_ingest_refused_fixes", "Fixes dropped beyond every bound", ["reason"], registry=r)
        self.retries = Counter("ducha_ingest_commit_retries", "Commits tried again", registry=r)
        self.connections = Counter("ducha_ingest_broker_connections", "Connections made to the broker", registry=r)
        self.dropped_days = Counter("ducha_ingest_dropped_days", "Days of fixes dropped as too old", registry=r)
        self.inbox = Gauge("ducha_ingest_inbox_messages", "Messages waiting to be decoded", registry=r)
        self.inbox_bytes = Gauge("ducha_ingest_inbox_bytes", "Bytes waiting to be decoded", registry=r)
        self.inbox_full = Counter("ducha_ingest_inbox_full", "Times the inbox made the broker wait", registry=r)
        self.commit = Histogram("ducha_ingest_commit_seconds", "One commit", buckets=_SECONDS, registry=r)
        self.latency = ManyTimes("ducha_ingest_latency_seconds", "From receipt of a message to its commit")
        r.register(self.latency)
        self.last_message = Gauge(
            "ducha_ingest_last_message_timestamp_seconds", "When the last message came (Unix time)", registry=r
        )
        self.lease = Gauge("ducha_ingest_lease_held", "1 while this worker holds its shard", registry=r)
        self.rivals = Counter("ducha_ingest_rivals", "Other ingests of this shard seen on the broker", registry=r)
        self.takeovers = Counter(
            "ducha_ingest_session_takeovers", "Times another client seems to have taken the session", registry=r
        )
        self.unmarked = Gauge("ducha_ingest_marks_missing", "1 while the broker drops ingest's own marks", registry=r)
        self.connected = Gauge("ducha_ingest_broker_connected", "1 while connected to the broker", registry=r)

    def serve(self, port: int, host: str = "127.0.0.1") -> None:
        """Answer `GET /metrics` on a thread of its own until the process ends."""
        start_http_server(port, host, registry=self.registry)


class ManyTimes(Collector):
    """A histogram of times that takes a whole batch at once."""

    def __init__(self, name: str, documentation: str) -> None:
        self._name, self._documentation = name, documentation
        self._counts = np.zeros(len(_SECONDS) + 1, np.int64)  # by bucket; the last is of what is beyond all bounds
        self._sum_s = 0.0

    def observe(self, times_s: NDArray[np.float64]) -> None:
        """Count `times_s` (n,)."""
        found = np.searchsorted(_SECONDS, times_s, "left")
        self._counts = self._counts + np.bincount(found, minlength=len(self._counts))
        self._sum_s += float(times_s.sum())

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """What Prometheus reads."""
        up_to = np.cumsum(self._counts).tolist()
        bounds = [*map(str, _SECONDS), "+Inf"]
        yield HistogramMetricFamily(self._name, self._documentation, list(zip(bounds, up_to, strict=True)), self._sum_s)

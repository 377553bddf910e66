"""What the console tells Prometheus of itself."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """One set of instruments in one registry, so that several consoles may live in one process."""

    def __init__(self) -> None:
        self.registry = r = CollectorRegistry()
        self.requests = Counter(
            "ducha_console_requests", "Requests answered", ["method", "route", "status"], registry=r
        )
        self.request_s = Histogram(
            "ducha_console_request_seconds", "Time to the end of an answer", ["route"], buckets=_SECONDS, registry=r
        )
        self.clients = Gauge("ducha_console_event_clients", "Open event streams", registry=r)
        self.slow_clients = Counter(
            "ducha_console_event_clients_dropped", "Event streams ended because they fell behind", registry=r
        )
        self.events = Counter("ducha_console_events", "Events pushed, each once for all clients", ["kind"], registry=r)
        self.alert_push_s = Histogram(
            "ducha_console_alert_push_seconds",
            "From an alert's being raised (received by ingest) to its being pushed",
            buckets=_SECONDS,
            registry=r,
        )
        self.swept = Counter("ducha_console_alerts_swept", "Alerts changed by the clock alone", registry=r)
        self.viewers = Gauge("ducha_console_video_viewers", "Viewers of live video (WHEP)", registry=r)
        self.faults = Counter("ducha_console_task_faults", "Failures of a background task", ["task"], registry=r)

    def answered(self, method: str, route: str, status: int, took_s: float) -> None:
        """Counts an answer. Event streams last as long as a shift: their time says nothing."""
        known = method if method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH") else "other"
        self.requests.labels(known, route, str(status)).inc()
        if not route.endswith("/events"):
            self.request_s.labels(route).observe(took_s)

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)

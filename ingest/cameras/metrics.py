"""What the cameras' process tells Prometheus of itself."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from ingest.cameras.packets import Media

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class CameraMetrics:
    """One set of instruments in one registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        r = self.registry
        self.live = Gauge("ducha_camera_live", "1 while the camera's picture comes", ["camera"], registry=r)
        self.changes = Counter("ducha_camera_states", "States that cameras went into", ["camera", "state"], registry=r)
        self.segments = Counter("ducha_camera_segments", "Segments stored", ["camera"], registry=r)
        self.recorded_bytes = Counter("ducha_camera_recorded_bytes", "Bytes stored", ["camera"], registry=r)
        self.lost_packets = Counter(
            "ducha_camera_lost_packets", "Packets not recorded because the disk was slow", ["camera"], registry=r
        )
        self.rtp_lost = Counter(
            "ducha_camera_rtp_packets_lost",
            "RTP packets that a camera sent and that never came",
            ["camera", "medium"],
            registry=r,
        )
        self.failures = Counter("ducha_camera_thread_failures", "Threads begun anew", ["thread"], registry=r)
        self.store = Histogram("ducha_camera_store_seconds", "One segment to the disk", buckets=_SECONDS, registry=r)
        self.free = Gauge("ducha_recordings_free_bytes", "Free on the disk of the recordings", registry=r)
        self.deleted_packs = Counter("ducha_recordings_deleted_packs", "Pack files deleted as too old", registry=r)
        self.irreconcilable = Gauge(
            "ducha_recordings_irreconcilable", "Pack files missing or short, as found at the start", registry=r
        )
        self.viewers = Gauge("ducha_tap_clients", "Clients of the tap", registry=r)
        self.tap_lost = Counter("ducha_tap_lost_packets", "Packets that slow clients of the tap lost", registry=r)
        self.projected = Counter("ducha_recordings_projected_rows", "Rows of segments written", registry=r)
        self.retries = Counter("ducha_cameras_store_retries", "Writes to the database tried again", registry=r)

    def lose(self, camera: str, media: Media, packets: int) -> None:
        """So many RTP packets of a camera never came."""
        self.rtp_lost.labels(camera, media.value).inc(packets)

    def serve(self, port: int, host: str = "127.0.0.1") -> None:
        """Answer `GET /metrics` on a thread of its own until the process ends."""
        start_http_server(port, host, registry=self.registry)

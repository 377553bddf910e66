"""One thread that looks at its share of the cameras, as often as it is begun."""

from threading import Event, Thread

import structlog

from analytics.video.detection import Detector
from ingest.cameras.config import CameraSettings
from ingest.cameras.facts import Records
from ingest.cameras.looking import Looking

_AGAIN_S = 2.0  # before it may be begun anew

log = structlog.get_logger("ingest.looking")


class Looker:
    """Looks at `cameras` with a `detector` of its own until `stop` is set or it fails."""

    def __init__(self, cameras: tuple[CameraSettings, ...], detector: Detector, stop: Event) -> None:
        self.cameras = cameras
        self.detector = detector
        self._stop = stop
        self._looking: Looking | None = None
        self._thread: Thread | None = None

    @property
    def looks(self) -> bool:
        """Whether it does: before it is begun and after it failed it does not."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, looking: Looking) -> None:
        """Look by `looking`, in the background; only where it does not look."""
        self._looking = looking
        self._thread = Thread(target=self._run, args=(looking,), name="looker", daemon=True)
        self._thread.start()

    def learn(self, records: Records) -> None:
        """Go by `records` from now on."""
        if self._looking is not None:
            self._looking.learn(records)

    def join(self, timeout_s: float) -> None:
        """Wait for the look that it is at."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self, looking: Looking) -> None:
        try:
            looking.run(self._stop)
        except Exception:
            log.exception("looking failed, beginning anew", cameras=[camera.id for camera in self.cameras])
            self._stop.wait(_AGAIN_S)

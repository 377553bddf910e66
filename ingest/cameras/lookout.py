"""The lookout: everything that is needed to look at the cameras of a recorder, on a thread of its own.

It needs the database, for what the rules know and for what they find; it waits for it as long as it takes. Whatever
goes wrong here, recording goes on.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Event, Thread

import structlog

from analytics.alerts import Alert
from analytics.catalogue import video_rules
from analytics.fixes import FixBatch
from analytics.video.detection import Detector
from analytics.video.regions import Region
from analytics.video.standing import Standing, unwatched
from analytics.video.watcher import Outlook, Watcher
from ingest.cameras.album import Album
from ingest.cameras.config import CameraSettings, Kind, Settings
from ingest.cameras.detectors import default_detector, detector_of
from ingest.cameras.facts import Facts
from ingest.cameras.fanout import Fanout
from ingest.cameras.looking import Looking, View
from ingest.errors import DetectorUnavailable
from store.errors import StoreError
from store.evidence.leaf import Leaf
from store.ledger import Ledger

_AGAIN_S = 2.0
_COUNTED = (Kind.INTERROGATION, Kind.WAITING)  # rooms: everybody in the picture counts

log = structlog.get_logger("ingest.looking")


class Lookout:
    """Looks at the cameras of `settings` by their `fanouts`; `last` gives a stream's newest leaf."""

    def __init__(self, settings: Settings, fanouts: Mapping[str, Fanout], last: Callable[[str], Leaf | None]) -> None:
        self._settings = settings
        self._fanouts = fanouts
        self._last = last
        self._stop = Event()
        self._thread = Thread(target=self._run, name="lookout", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Whether it ended within `timeout_s`."""
        self._stop.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            detector = _detector(self._settings.recorder.model)
        except DetectorUnavailable as error:
            log.error("pictures are not judged", reason=str(error))
            return
        with Ledger(self._settings.database.url, name="lookout") as ledger:
            while not self._stop.is_set():
                try:
                    self._looking(ledger, detector).run(self._stop)
                except StoreError as error:
                    log.warning("waiting for the database", error=str(error))
                except Exception:
                    log.exception("looking failed, beginning anew")
                self._stop.wait(_AGAIN_S)

    def _looking(self, ledger: Ledger, detector: Detector) -> Looking:
        """With the rules as they are and the alerts that were open when it was last looked."""
        now_s = time.time()
        rules = video_rules()
        settings = {rule: told for rule, told in ledger.rule_settings().items() if rule in rules.rules}
        rules = rules.amended(settings, "rules")
        known = [alert for alert in ledger.alerts_known(now_s, rules.rules) if alert.end_s is None]
        cameras = list(looked_at(self._settings.cameras))
        self._let_go(ledger, known, {camera.id for camera in cameras}, now_s)
        views = []
        for camera in cameras:
            mine = [alert for alert in known if alert.device == camera.id]
            watcher = Watcher(outlook_of(camera), detector, rules, mine)
            album = Album(camera.id, Path(self._settings.recorder.folder).absolute())
            views.append(View(camera.id, self._fanouts[camera.id], watcher, album))
        facts = Facts(self._settings.cameras, ledger, self._last, now_s)
        return Looking(views, facts, ledger, rules)

    def _let_go(self, ledger: Ledger, known: Iterable[Alert], looked_at: set[str], now_s: float) -> None:
        """End what is open about cameras that nobody looks at any more: this recorder's that it has no longer."""
        followed = looked_at | ledger.cameras_of_others(self._settings.recorder.recorder)
        gone = [Standing.resumed(alert) for alert in known if alert.device not in followed]
        changes = unwatched(gone, now_s)
        if changes:
            ledger.commit(FixBatch.empty(), changes, received_s=now_s)


def looked_at(cameras: Iterable[CameraSettings]) -> Iterator[CameraSettings]:
    """The cameras that hang on a wall. One that somebody wears turns away and is switched off with no fault."""
    return (camera for camera in cameras if camera.kind is not Kind.BODYCAM)


def outlook_of(camera: CameraSettings) -> Outlook:
    """What to look for in a camera's picture."""
    return Outlook(
        camera.id,
        tuple(Region.of(name, corners) for name, corners in camera.region.items())
        if camera.kind is Kind.WINDOW
        else (),
        counts=camera.kind in _COUNTED,
        interrogation=camera.kind is Kind.INTERROGATION,
        lon=camera.lon,
        lat=camera.lat,
    )


def _detector(model: str | None) -> Detector:
    return default_detector() if model is None else detector_of(Path(model))

"""The lookout: everything that is needed to look at the cameras of a recorder.

Several threads look, each at its own share of the cameras; one stores what they find and tells them what is in the
records, for it alone knows the database, and waits for it as long as it takes while they look on. Whatever goes wrong
here, recording goes on; where a thread that looks fails, its share is begun anew.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import structlog

from analytics.alerts import Alert
from analytics.catalogue import video_rules
from analytics.fixes import FixBatch
from analytics.video.detection import Detector
from analytics.video.recorder_gaps import Hole, is_recorders
from analytics.video.regions import Region
from analytics.video.rules import recording_gap
from analytics.video.standing import Standing, unwatched
from analytics.video.watcher import Outlook, Watcher
from ingest.cameras.album import Album
from ingest.cameras.background import Background
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.detectors import default_detector, detector_of
from ingest.cameras.facts import OVERLAP_S, Facts, Records
from ingest.cameras.fanout import Fanout
from ingest.cameras.keep_going import keep_going
from ingest.cameras.looker import Looker
from ingest.cameras.looking import Judged, Looking, View
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.outbox import Outbox
from ingest.cameras.own_gaps import OwnGaps
from ingest.errors import DetectorUnavailable
from store.errors import StoreError
from store.evidence.leaf import Leaf
from store.ledger import Ledger

STORE_S = 0.25  # between two times that what was found and seen is stored
RECORDS_S = 2.0  # between two looks into the records
_AGAIN_S = 2.0  # the database having been away
_LAST_S = 0.5  # for a thread to end its look, when all end
_COUNTED = (Kind.INTERROGATION, Kind.WAITING)  # rooms: everybody in the picture counts

log = structlog.get_logger("ingest.looking")


class Lookout(Background):
    """Looks at the cameras of `settings` by their `fanouts`; `last` gives a stream's newest leaf; `judged` hears
    of each picture whether it could be decoded; `lost` gives what is not recorded now because of the recorder."""

    def __init__(
        self,
        settings: Settings,
        fanouts: Mapping[str, Fanout],
        last: Callable[[str], Leaf | None],
        judged: Judged | None = None,
        lost: Callable[[], Sequence[Hole]] = lambda: (),
        metrics: CameraMetrics | None = None,
    ) -> None:
        super().__init__(self._go_on_looking, "lookout")
        self._settings = settings
        self._fanouts = fanouts
        self._last = last
        self._judged = judged
        self._lost = lost
        self._metrics = metrics or CameraMetrics()
        self._rules = video_rules()
        self._outbox = Outbox()
        self._lookers: list[Looker] = []
        self._own_gaps: OwnGaps | None = None
        self._read_s = time.time()
        self._due_s = 0.0  # monotonic, of the next look into the records

    def _go_on_looking(self) -> None:
        keep_going(self._run, "lookout", self._stop.wait, self._metrics)

    def _run(self) -> None:
        self._lookers = []
        recorder, cameras = self._settings.recorder, list(looked_at(self._settings.cameras))
        try:
            for share in shares(cameras, looking_threads(recorder)):
                if self._stop.is_set():  # a detector takes most of a second to make
                    return
                self._lookers.append(Looker(share, _detector(recorder.model), self._stop))
        except DetectorUnavailable as error:
            log.error("pictures are not judged", reason=str(error))
            return
        with Ledger(self._settings.database.url, name="lookout") as ledger:
            rest_s = 0.0
            while not self._stop.wait(rest_s):
                rest_s = STORE_S if self._go_on(self._turn, ledger) else _AGAIN_S
            for looker in self._lookers:
                looker.join(_LAST_S)
            self._go_on(self._store, ledger)

    def _go_on(self, work: Callable[[Ledger], None], ledger: Ledger) -> bool:
        """Whether `work` could be done now."""
        try:
            work(ledger)
        except StoreError as error:
            log.warning("the database is away: what was seen waits", waiting=self._outbox.waiting, error=str(error))
        except Exception:
            log.exception("what was seen could not be stored, trying again")
        else:
            return True
        return False

    def _turn(self, ledger: Ledger) -> None:
        idle = [looker for looker in self._lookers if not looker.looks]  # they find nothing more: all is stored below
        self._store(ledger)
        if idle or time.monotonic() >= self._due_s:
            now_s = time.time()
            records = Records.read(ledger, self._rules, self._read_s)
            self._read_s, self._due_s = now_s, time.monotonic() + RECORDS_S
            for looker in self._lookers:
                looker.learn(records)
            self._tell_own_gaps(ledger, records, now_s)
            if idle:
                self._begin(idle, ledger, records, now_s)

    def _store(self, ledger: Ledger) -> None:
        self._outbox.store(ledger, time.time())

    def _tell_own_gaps(self, ledger: Ledger, records: Records, now_s: float) -> None:
        if self._own_gaps is None:
            known = ledger.alerts_known(now_s - OVERLAP_S, [recording_gap.RULE.id])
            self._own_gaps = OwnGaps(self._settings, records, known, now_s)
        for change in self._own_gaps.learn(records, self._lost(), now_s):
            self._outbox.found(change)

    def _begin(self, lookers: Sequence[Looker], ledger: Ledger, records: Records, now_s: float) -> None:
        """With the rules as they are and the alerts that were open when it was last looked."""
        known = [alert for alert in ledger.alerts_known(now_s, self._rules.rules) if alert.end_s is None]
        self._let_go(ledger, known, {camera.id for looker in self._lookers for camera in looker.cameras}, now_s)
        for looker in lookers:
            views = [self._view(camera, looker.detector, records, known) for camera in looker.cameras]
            looking = Looking(views, Facts(looker.cameras, self._last, self._lost), self._outbox)
            looking.learn(records)
            looker.begin(looking)

    def _view(self, camera: CameraSettings, detector: Detector, records: Records, known: Iterable[Alert]) -> View:
        mine = [alert for alert in known if alert.device == camera.id and not is_recorders(alert)]
        watcher = Watcher(outlook_of(camera), detector, records.rules, mine)
        largest = self._settings.recorder.largest_pixels
        album = Album(camera.id, Path(self._settings.recorder.folder).absolute(), largest)
        view = View(camera.id, self._fanouts[camera.id], watcher, album, largest)
        if self._judged is not None:
            view.judged = self._judged
        return view

    def _let_go(self, ledger: Ledger, known: Iterable[Alert], looked_at: set[str], now_s: float) -> None:
        """End what is open about cameras that nobody looks at any more: this recorder's that it has no longer."""
        recorder = self._settings.recorder.recorder
        followed = looked_at | {recorder} | ledger.followed_by_others(recorder)
        gone = [Standing.resumed(alert) for alert in known if alert.device not in followed]
        changes = unwatched(gone, now_s)
        if changes:
            ledger.commit(FixBatch.empty(), changes, received_s=now_s)


def looked_at(cameras: Iterable[CameraSettings]) -> Iterator[CameraSettings]:
    """The cameras that hang on a wall. One that somebody wears turns away and is switched off with no fault."""
    return (camera for camera in cameras if camera.kind is not Kind.BODYCAM)


def looking_threads(recorder: RecorderSettings) -> int:
    """On how many threads cameras are looked at: half of the cores where nobody says, as recording and the database
    need some too."""
    return recorder.looking_threads or max(1, (os.cpu_count() or 1) // 2)


def shares(cameras: Iterable[CameraSettings], threads: int) -> list[tuple[CameraSettings, ...]]:
    """What each of at most `threads` threads, and at least one, looks at. They are dealt out by what they cost, so that
    none has all the rooms."""
    dear_first = sorted(cameras, key=lambda camera: (camera.kind not in _COUNTED, camera.kind is not Kind.WINDOW))
    return [tuple(dear_first[n::threads]) for n in range(max(1, min(threads, len(dear_first))))]


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

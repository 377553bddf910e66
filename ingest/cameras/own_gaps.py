"""What a recorder says that it left out itself, on its way to the one who tells of it."""

from collections.abc import Sequence

from analytics.alerts import Alert, AlertChange
from analytics.video.recorder_gaps import Hole, RecorderWatcher, is_own
from ingest.cameras.config import Kind, Settings
from ingest.cameras.facts import Records
from ingest.cameras.packets import Media


class OwnGaps:
    """Of the recorder of `settings`; `known` are alerts that were told before. For use by one thread."""

    def __init__(self, settings: Settings, records: Records, known: Sequence[Alert], now_s: float) -> None:
        recorder = settings.recorder.recorder
        mine = [alert for alert in known if alert.device == recorder]
        self._watcher = RecorderWatcher(recorder, records.rules, mine, now_s)
        self._cameras = {
            f"{camera.id}.{media}": (camera.id, camera.kind is Kind.INTERROGATION)
            for camera in settings.cameras
            if camera.record
            for media in Media
        }
        self._seen: set[tuple[str, int, int]] = set()

    def learn(self, records: Records, now_s: float) -> tuple[AlertChange, ...]:
        """What is to be told at `now_s`, after a look into the records."""
        holes = []
        for row in records.gaps:
            camera, interrogation = self._cameras.get(row.stream, (None, False))
            if camera is None or (row.stream, row.log, row.seq) in self._seen:
                continue
            if is_own(row.reason, interrogation=interrogation):
                holes.append(Hole(camera, row.from_s, row.to_s, row.reason))
        self._seen = {(row.stream, row.log, row.seq) for row in records.gaps}
        return self._watcher.use(records.rules, now_s) + self._watcher.gaps(holes, now_s)

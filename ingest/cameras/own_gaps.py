"""What a recorder says that it left out itself, on its way to the one who tells of it: of the recorder, and of each
interrogation room's camera by itself."""

from collections.abc import Sequence

from analytics.alerts import Alert, AlertChange, Grade
from analytics.video.recorder_gaps import OWN_REASONS, Hole, RecorderWatcher, is_recorders
from ingest.cameras.config import Kind, Settings
from ingest.cameras.facts import Records
from ingest.cameras.packets import Media


class OwnGaps:
    """Of the recorder of `settings`; `known` are alerts that were told before. For use by one thread."""

    def __init__(self, settings: Settings, records: Records, known: Sequence[Alert], now_s: float) -> None:
        recorder = settings.recorder.recorder
        recorded = [camera for camera in settings.cameras if camera.record]
        rooms = {camera.id for camera in recorded if camera.kind is Kind.INTERROGATION}

        def watcher(of: str, grade: Grade | None) -> RecorderWatcher:
            mine = [alert for alert in known if alert.device == of and is_recorders(alert)]
            return RecorderWatcher(of, records.rules, mine, now_s, grade)

        self._watchers = {recorder: watcher(recorder, None)} | {room: watcher(room, Grade.A) for room in sorted(rooms)}
        self._told_of = {camera.id: camera.id if camera.id in rooms else recorder for camera in recorded}
        self._cameras = {f"{camera.id}.{media}": camera.id for camera in recorded for media in Media}
        self._seen: set[tuple[str, int, int]] = set()

    def learn(self, records: Records, lost: Sequence[Hole], now_s: float) -> tuple[AlertChange, ...]:
        """What is to be told at `now_s`, after a look into the records; `lost` is what is not recorded now."""
        holes: dict[str, list[Hole]] = {of: [] for of in self._watchers}
        for hole in lost:
            holes[self._told_of[hole.camera]].append(hole)
        for row in records.gaps:
            camera = self._cameras.get(row.stream)
            if camera is not None and (row.stream, row.log, row.seq) not in self._seen and row.reason in OWN_REASONS:
                holes[self._told_of[camera]].append(Hole(camera, row.from_s, row.to_s, row.reason))
        self._seen = {(row.stream, row.log, row.seq) for row in records.gaps}
        changes: tuple[AlertChange, ...] = ()
        for of, watcher in self._watchers.items():
            changes += watcher.use(records.rules, now_s) + watcher.gaps(holes[of], now_s)
        return changes

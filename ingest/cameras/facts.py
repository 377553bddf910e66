"""What the rules know besides the picture: who is signed in to a room, what is recorded of it, what is missing.

The records are read every few seconds, once for all cameras. A gap is declared leaf by leaf while it lasts; here the
leaves are joined again, so that one gap is one finding.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analytics.interrogations import Interrogation
from analytics.rulebook import Rulebook
from analytics.video.recorder_gaps import OWN_REASONS, Hole
from analytics.video.rooms import Room, Session
from analytics.video.rules.recording_gap import Gap
from analytics.video.watcher import Known
from ingest.cameras.config import CameraSettings
from ingest.cameras.hours import ServiceHours
from ingest.cameras.packets import Media
from store.evidence.leaf import GapBody, Leaf, SegmentBody
from store.ledger import Ledger
from store.records import RecordedGap

OVERLAP_S = 600.0  # gaps are read again for so long, so that no reading needs the one before it
_SEAM_S = 1.0  # two gap leaves so close are one gap
_FRESH_S = 15.0  # a stream whose newest segment is older is not being recorded
_IN_A_ROW = 2  # pictures that can't be decoded; one may have been damaged on its way
UNDECODABLE = "undecodable"


@dataclass(frozen=True, slots=True)
class Missing:
    """What is known of a gap in the recording of a camera's stream."""

    camera: str
    stream: str
    gap: Gap


@dataclass(slots=True)
class _Unshown:
    """Pictures in a row that could not be decoded, the first taken at `since_s`."""

    since_s: float
    pictures: int = 0


@dataclass(frozen=True, slots=True)
class Records:
    """What the database says: who is in which room, the gaps of the last minutes, the rules as they are now."""

    rooms: Mapping[str, Interrogation]
    gaps: Sequence[RecordedGap]
    rules: Rulebook

    @classmethod
    def read(cls, ledger: Ledger, rules: Rulebook, since_s: float) -> "Records":
        """With the gaps since `since_s` and what was known some time before; `rules` are those that may be amended.

        Raises:
            StoreUnavailable: while the database is away.
        """
        settings = {rule: told for rule, told in ledger.rule_settings().items() if rule in rules.rules}
        amended = rules.amended(settings, "rules")
        return cls(ledger.interrogations(), ledger.recorded_gaps(since_s - OVERLAP_S), amended)


class Facts:
    """Of some cameras of one recorder. `last` gives a stream's newest leaf, `lost` what is not recorded now because of
    the recorder itself. For use by one thread."""

    def __init__(
        self,
        cameras: Sequence[CameraSettings],
        last: Callable[[str], Leaf | None],
        lost: Callable[[], Sequence[Hole]] = lambda: (),
    ) -> None:
        self._cameras = {camera.id: camera for camera in cameras}
        self._hours = {camera.id: ServiceHours(camera.service) for camera in cameras}
        self._last = last
        self._lost = lost
        self._rooms: Mapping[str, Interrogation] = {}
        self._seen: set[tuple[str, int, int]] = set()
        self._open: dict[str, Gap] = {}
        self._ended_s: dict[str, float] = {}  # when the last gap of each stream was over
        self._unshown: dict[str, _Unshown] = {}

    def learn(self, records: Records) -> list[Missing]:
        """Go by `records` from now on; what is to be told of gaps that are not the recorder's own."""
        self._rooms = records.rooms
        streams = self._streams()
        told = [
            row for row in records.gaps if (row.stream, row.log, row.seq) not in self._seen and row.stream in streams
        ]
        self._seen = {(row.stream, row.log, row.seq) for row in records.gaps}
        return [missing for missing in self._joined(told) if missing.gap.reason not in OWN_REASONS]

    def judge(self, camera: str, t_s: float, *, shown: bool) -> Missing | None:
        """A picture of `camera` taken at `t_s` was decoded, or could not be. What is stored and can't be shown is as
        good as missing: that, while it lasts and once when it is over; None where nothing is."""
        stream = f"{camera}.{Media.VIDEO}"
        if shown:
            unshown = self._unshown.pop(camera, None)
            if unshown is None or unshown.pictures < _IN_A_ROW:
                return None
            self._ended_s[stream] = t_s
            return Missing(camera, stream, Gap(unshown.since_s, t_s, UNDECODABLE))
        if not self._cameras[camera].record:
            return None
        unshown = self._unshown.setdefault(camera, _Unshown(t_s))
        unshown.pictures += 1
        if unshown.pictures < _IN_A_ROW:
            return None
        return Missing(camera, stream, Gap(unshown.since_s, None, UNDECODABLE))

    def known(self, camera: str) -> Known:
        """What is known now of what `camera` looks at."""
        looked_into = self._cameras[camera].looks_into
        in_service = self._hours[camera].hold(time.time())
        if looked_into is None:
            return Known(in_service)
        interrogation = self._rooms.get(looked_into)
        picture: bool | None = self._is_recorded(f"{camera}.{Media.VIDEO}")
        sound: bool | None = self._is_recorded(f"{camera}.{Media.AUDIO}")
        if interrogation is None:
            return Known(in_service, Room(recorded_picture=picture, recorded_sound=sound))
        if (lost_s := self._lost_s(camera)) is not None and interrogation.opened_s < lost_s:
            picture = sound = None  # that the recording stopped is told as its gap
        session = Session(interrogation.id, interrogation.procedure, interrogation.standard_place)
        gapless = camera not in self._unshown and all(
            self._ended_s.get(f"{camera}.{media}", 0.0) < interrogation.opened_s
            and f"{camera}.{media}" not in self._open
            for media in Media
        )
        room = Room(session, interrogation.detainees, picture, sound, bool(picture and sound and gapless))
        return Known(in_service, room)

    def _lost_s(self, camera: str) -> float | None:
        """Since when nothing of `camera` is recorded because of the recorder itself."""
        since = [hole.from_s for hole in self._lost() if hole.camera == camera]
        for media in Media:
            leaf = self._last(f"{camera}.{media}")
            if leaf is not None and isinstance(leaf.body, GapBody) and leaf.body.reason.value in OWN_REASONS:
                since.append(leaf.body.from_ns / 1e9)
        return min(since, default=None)

    def _streams(self) -> dict[str, str]:
        return {f"{camera}.{media}": camera for camera, told in self._cameras.items() if told.record for media in Media}

    def _joined(self, rows: Sequence[RecordedGap]) -> Iterator[Missing]:
        streams = self._streams()
        for row in sorted(rows, key=lambda r: (r.stream, r.log, r.seq)):
            before = self._open.get(row.stream)
            if before is not None and before.to_s is not None and row.from_s - before.to_s > _SEAM_S:
                yield Missing(streams[row.stream], row.stream, before)
                before = None
            from_s, reason = (before.from_s, before.reason) if before else (row.from_s, row.reason)
            self._open[row.stream] = Gap(from_s, row.to_s, reason)
            self._ended_s[row.stream] = row.to_s
        for stream, gap in list(self._open.items()):
            leaf = self._last(stream)
            if leaf is not None and isinstance(leaf.body, GapBody):
                yield Missing(streams[stream], stream, Gap(gap.from_s, None, gap.reason))
            else:
                del self._open[stream]
                yield Missing(streams[stream], stream, gap)

    def _is_recorded(self, stream: str) -> bool:
        leaf = self._last(stream)
        if leaf is None or isinstance(leaf.body, GapBody):
            return False
        newest_s = leaf.wall_ns / 1e9
        if isinstance(leaf.body, SegmentBody):
            newest_s += leaf.body.duration_ns / 1e9
        return time.time() - newest_s < _FRESH_S

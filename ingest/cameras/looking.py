"""Looking at the cameras: about once a second the newest keyframe of each is decoded and judged; what the rules find is
stored like any alert, with the pictures it rests on.

One thread looks at all cameras in turn, so that the county costs one core at most, and a camera whose picture takes
long delays its neighbours by that and no more. It drains its subscriptions and keeps only keyframes; a camera with a
long group of pictures is looked at as often as it sends one. The database may be away: what was found waits, bounded.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event

import structlog

from analytics.alerts import AlertChange, Change
from analytics.fixes import FixBatch
from analytics.rulebook import Rulebook
from analytics.video.watcher import Sampled, Watcher
from ingest.cameras.album import Album
from ingest.cameras.facts import Facts
from ingest.cameras.fanout import Closed, Fanout, Opened, Subscription
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.pictures import Undecodable, decoded, pixels
from store.errors import CommitRefused, StoreError
from store.ledger import Ledger
from store.records import AlertPicture, Sight

EVERY_S = 1.0
TURN_S = 0.25  # between two rounds through the cameras
PATIENCE_S = 6.0  # without a keyframe for so long, nothing is known of the picture
FACTS_S = 2.0  # between two looks into the records
WAITING = 1_000  # changes that wait for the database

log = structlog.get_logger("ingest.looking")


@dataclass(slots=True)
class View:
    """One camera being looked at."""

    camera: str
    fanout: Fanout
    watcher: Watcher
    album: Album
    subscription: Subscription = field(init=False)
    stream: StreamInfo | None = None
    keyframe: Packet | None = None
    packet_s: float = 0.0
    looked_s: float = 0.0
    told: tuple[int | None, str | None] | None = None

    def __post_init__(self) -> None:
        self.subscription = self.fanout.subscribe(max_bytes=8 << 20, with_last_group=True)

    def drain(self) -> None:
        """Take what has come; keep the newest keyframe."""
        while items := self.subscription.take(0.0):
            for item in items:
                if isinstance(item, Opened):
                    self.stream = next((s for s in item.streams if s.media is Media.VIDEO), None)
                elif isinstance(item, Closed):
                    self.keyframe = None
                elif isinstance(item, Packet):
                    self.packet_s = max(self.packet_s, item.arrived_wall_s)
                    if item.is_keyframe and item.media is Media.VIDEO:
                        self.keyframe = item


class Looking:
    """Looks at `views` until told to stop. `clock` gives Unix seconds."""

    def __init__(
        self,
        views: Sequence[View],
        facts: Facts,
        ledger: Ledger,
        rules: Rulebook,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._views = {view.camera: view for view in views}
        self._facts = facts
        self._ledger = ledger
        self._rules = rules
        self._clock = clock
        self._waiting: deque[tuple[AlertChange, tuple[AlertPicture, ...]]] = deque(maxlen=WAITING)
        self._sights: dict[str, Sight] = {}
        self._news = False
        self._facts_s = 0.0

    def run(self, stop: Event) -> None:
        """Look, again and again."""
        began_s = self._clock()
        for view in self._views.values():
            view.packet_s = view.looked_s = began_s
        while not stop.wait(TURN_S):
            for view in self._views.values():
                if stop.is_set():
                    break
                self._turn(view)
            self._store()

    def _turn(self, view: View) -> None:
        view.drain()
        now_s = self._clock()
        changes = view.watcher.stream(view.packet_s, now_s)
        keyframe, stream = view.keyframe, view.stream
        if keyframe is not None and stream is not None and keyframe.arrived_wall_s - view.looked_s >= EVERY_S * 0.9:
            changes += self._look(view, keyframe, stream)
        elif now_s - view.looked_s > PATIENCE_S:
            view.looked_s = now_s
            changes += self._saw(view, view.watcher.sample(None, now_s, self._facts.known(view.camera)))
        self._found(view, changes)

    def _look(self, view: View, keyframe: Packet, stream: StreamInfo) -> tuple[AlertChange, ...]:
        view.keyframe, view.looked_s = None, keyframe.arrived_wall_s
        t_s = keyframe.arrived_wall_s
        try:
            picture = pixels(decoded(keyframe, stream))
        except Undecodable as error:
            log.debug("no picture", camera=view.camera, problem=str(error))
            return self._saw(view, view.watcher.sample(None, t_s, self._facts.known(view.camera)))
        view.album.keep(keyframe, stream)
        media_s = keyframe.pts * stream.time_base[0] / stream.time_base[1]
        return self._saw(view, view.watcher.sample(picture, t_s, self._facts.known(view.camera), media_s))

    def _saw(self, view: View, sampled: Sampled) -> tuple[AlertChange, ...]:
        state = sampled.picture.value if sampled.picture is not None else None
        self._sights[view.camera] = Sight(view.camera, sampled.people, state, sampled.t_s)
        if view.told != (sampled.people, state):
            view.told = (sampled.people, state)
            self._news = True
        return sampled.changes

    def _found(self, view: View, changes: Sequence[AlertChange]) -> None:
        for change in changes:
            pictures: tuple[AlertPicture, ...] = ()
            if change.change is Change.RAISED:
                pictures = view.album.mount(change.alert)
            log.info("found", camera=view.camera, rule=change.alert.rule, change=change.change.value)
            if len(self._waiting) == WAITING:
                log.error("too much waits for the database: an alert is lost", alert=self._waiting[0][0].alert.id)
            self._waiting.append((change, pictures))

    def _store(self) -> None:
        """Hand over what was found and seen; what can't be stored now waits for the next round."""
        try:
            while self._waiting:
                change, pictures = self._waiting[0]
                self._commit(change, pictures)
                self._waiting.popleft()
            if self._sights:
                self._ledger.saw(list(self._sights.values()), changed=self._news)
                self._sights.clear()
                self._news = False
            if time.monotonic() - self._facts_s >= FACTS_S:
                self._facts_s = time.monotonic()
                self._read_records()
        except StoreError as error:
            log.warning("the database is away: what was seen waits", waiting=len(self._waiting), error=str(error))

    def _commit(self, change: AlertChange, pictures: Sequence[AlertPicture]) -> None:
        try:
            self._ledger.commit(FixBatch.empty(), [change], pictures=pictures, received_s=self._clock())
        except CommitRefused as error:
            log.error("the database refused an alert", alert=change.alert.id, error=str(error))

    def _read_records(self) -> None:
        now_s = self._clock()
        for missing in self._facts.read(now_s):
            view = self._views.get(missing.camera)
            if view is not None:
                self._found(view, view.watcher.gap(missing.stream, missing.gap, now_s))
        settings = {k: v for k, v in self._ledger.rule_settings().items() if k in self._rules.rules}
        rules = self._rules.amended(settings, "rules")
        for view in self._views.values():
            self._found(view, view.watcher.use(rules, now_s))

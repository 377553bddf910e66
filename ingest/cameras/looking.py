"""Looking at cameras: about once a second the newest keyframe of each is decoded and judged.

One thread looks at all cameras of a `Looking` in turn, so that it costs one core at most, and a camera whose picture
takes long delays its neighbours by that and no more. A camera with a long group of pictures is looked at as often as it
sends one. What is found and seen goes into the outbox, with the pictures it rests on; what is known besides the
pictures comes by `learn`. Nobody here waits for the database.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

import structlog

from analytics.alerts import AlertChange, Change
from analytics.video.watcher import Sampled, Watcher
from ingest.cameras.album import Album
from ingest.cameras.facts import Facts, Records
from ingest.cameras.fanout import Fanout
from ingest.cameras.outbox import Outbox
from ingest.cameras.packets import Packet, StreamInfo
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from ingest.cameras.pictures import Undecodable, decoded, pixels
from store.records import AlertPicture, Sight

EVERY_S = 1.0
TURN_S = 0.25  # at least, from one round through the cameras to the next
PATIENCE_S = 6.0  # without a keyframe for so long, nothing is known of the picture

Judged = Callable[[str, float, str | None], None]
"""Hears of a camera's keyframe, by when it arrived (monotonic), why it can't be decoded; None where it can."""

log = structlog.get_logger("ingest.looking")


def _nobody(camera: str, arrived_s: float, problem: str | None) -> None:  # noqa: ARG001
    return


@dataclass(slots=True)
class View:
    """One camera being looked at."""

    camera: str
    fanout: Fanout
    watcher: Watcher
    album: Album
    largest_pixels: int = LARGEST_PIXELS
    judged: Judged = _nobody
    packet_s: float = 0.0
    looked_s: float = 0.0
    told: tuple[int | None, str | None] | None = None


class Looking:
    """Looks at `views` until told to stop. `clock` gives Unix seconds."""

    def __init__(
        self, views: Sequence[View], facts: Facts, outbox: Outbox, clock: Callable[[], float] = time.time
    ) -> None:
        self._views = {view.camera: view for view in views}
        self._facts = facts
        self._outbox = outbox
        self._clock = clock
        self._records: Records | None = None
        self._learnt: Records | None = None

    def learn(self, records: Records) -> None:
        """Go by `records` from the next round on. For another thread to call."""
        self._records = records

    def run(self, stop: Event) -> None:
        """Look, again and again; once."""
        began_s = self._clock()
        for view in self._views.values():
            view.packet_s = view.looked_s = began_s
        rest_s = TURN_S
        while not stop.wait(rest_s):
            round_s = time.monotonic()
            self._take_in()
            for view in self._views.values():
                if stop.is_set():
                    break
                self._turn(view)
            rest_s = max(0.0, TURN_S - (time.monotonic() - round_s))

    def _take_in(self) -> None:
        """What was learnt since the last round."""
        records, now_s = self._records, self._clock()
        if records is None or records is self._learnt:
            return
        self._learnt = records
        for missing in self._facts.learn(records):
            view = self._views.get(missing.camera)
            if view is not None:
                self._found(view, view.watcher.gap(missing.stream, missing.gap, now_s))
        for view in self._views.values():
            self._found(view, view.watcher.use(records.rules, now_s))

    def _turn(self, view: View) -> None:
        newest, now_s = view.fanout.newest, self._clock()
        view.packet_s = max(view.packet_s, newest.packet_s)
        changes = view.watcher.stream(view.packet_s, now_s)
        keyframe, stream = newest.keyframe, newest.stream
        if keyframe is not None and stream is not None and keyframe.arrived_wall_s - view.looked_s >= EVERY_S * 0.9:
            changes += self._look(view, keyframe, stream)
        elif now_s - view.looked_s > PATIENCE_S:
            view.looked_s = now_s
            changes += self._saw(view, view.watcher.sample(None, now_s, self._facts.known(view.camera)))
        self._found(view, changes)

    def _look(self, view: View, keyframe: Packet, stream: StreamInfo) -> tuple[AlertChange, ...]:
        view.looked_s = t_s = keyframe.arrived_wall_s
        try:
            picture = pixels(decoded(keyframe, stream, view.largest_pixels))
        except Undecodable as error:
            log.debug("no picture", camera=view.camera, problem=str(error))
            view.judged(view.camera, keyframe.arrived_s, str(error))
            missing = self._missing(view, t_s, shown=False)
            return missing + self._saw(view, view.watcher.sample(None, t_s, self._facts.known(view.camera)))
        view.judged(view.camera, keyframe.arrived_s, None)
        missing = self._missing(view, t_s, shown=True)
        view.album.keep(keyframe, stream)
        media_s = keyframe.pts * stream.time_base[0] / stream.time_base[1]
        return missing + self._saw(view, view.watcher.sample(picture, t_s, self._facts.known(view.camera), media_s))

    def _missing(self, view: View, t_s: float, *, shown: bool) -> tuple[AlertChange, ...]:
        """What is to be told of stored pictures that can't be shown, after one of them."""
        missing = self._facts.judge(view.camera, t_s, shown=shown)
        return () if missing is None else view.watcher.gap(missing.stream, missing.gap, t_s)

    def _saw(self, view: View, sampled: Sampled) -> tuple[AlertChange, ...]:
        state = sampled.picture.value if sampled.picture is not None else None
        changed, view.told = view.told != (sampled.people, state), (sampled.people, state)
        self._outbox.saw(Sight(view.camera, sampled.people, state, sampled.t_s), changed=changed)
        return sampled.changes

    def _found(self, view: View, changes: Sequence[AlertChange]) -> None:
        for change in changes:
            pictures: tuple[AlertPicture, ...] = ()
            if change.change is Change.RAISED:
                pictures = view.album.mount(change.alert)
            log.info("found", camera=view.camera, rule=change.alert.rule, change=change.change.value)
            self._outbox.found(change, pictures)

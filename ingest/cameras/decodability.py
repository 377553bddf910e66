"""Whether what is stored of a camera can be shown: now and then a picture of each is decoded with nothing but what its
segments stand on.

A recording can be intact and worth nothing. Where pictures are looked at anyway, that look counts, for it decodes a
keyframe with the same parameter sets as the stored one; of the other cameras one is decoded here every few seconds,
some 10 ms of a core each.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

import structlog

from ingest.cameras.background import Background
from ingest.cameras.fanout import Fanout
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from ingest.cameras.pictures import Undecodable, decoded

EVERY_S = 4.0
IN_A_ROW = 2  # one that was damaged on its way says nothing yet

log = structlog.get_logger("ingest.cameras")


@dataclass(slots=True)
class _View:
    """A camera; `told` hears why its pictures can't be decoded, or None when they can again."""

    fanout: Fanout
    told: Callable[[str | None], None]
    seen_s: float = 0.0  # arrival of the last keyframe that was judged
    judged_s: float = 0.0  # and when it was
    failures: int = 0


class Decodability(Background):
    """Of the cameras of a process. `judged` is called by whoever decodes their pictures; for any thread."""

    def __init__(
        self,
        cameras: Mapping[str, tuple[Fanout, Callable[[str | None], None]]],
        largest_pixels: int = LARGEST_PIXELS,
        every_s: float = EVERY_S,
    ) -> None:
        super().__init__(self._run, "decodability")
        self._views = {camera: _View(fanout, told) for camera, (fanout, told) in cameras.items()}
        self._largest_pixels = largest_pixels
        self._every_s = every_s
        self._lock = Lock()

    def judged(self, camera: str, arrived_s: float, problem: str | None) -> None:
        """The keyframe of `camera` that arrived at `arrived_s` (monotonic) was decoded, or could not be: why."""
        view = self._views.get(camera)
        if view is None:
            return
        with self._lock:
            if arrived_s <= view.seen_s:
                return
            view.seen_s, view.judged_s = arrived_s, time.monotonic()
            was_bad = view.failures >= IN_A_ROW
            view.failures = view.failures + 1 if problem is not None else 0
            is_bad = view.failures >= IN_A_ROW
        if is_bad and not was_bad:
            view.told(f"what is recorded can't be shown: {problem}")
        elif was_bad and not is_bad:
            view.told(None)

    def _run(self) -> None:
        while not self._stop.wait(self._every_s / 4):
            for camera, view in self._views.items():
                if self._stop.is_set():
                    return
                if time.monotonic() - view.judged_s >= self._every_s:
                    self._look(camera, view)

    def _look(self, camera: str, view: _View) -> None:
        newest = view.fanout.newest
        if newest.keyframe is None or newest.stream is None or newest.keyframe.arrived_s <= view.seen_s:
            return
        problem = None
        try:
            decoded(newest.keyframe, newest.stream, self._largest_pixels)
        except Undecodable as error:
            problem = str(error)
        except Exception as error:  # whatever a strange picture makes of a decoder, the others are looked at
            log.exception("a picture could not be judged", camera=camera)
            problem = type(error).__name__
        self.judged(camera, newest.keyframe.arrived_s, problem)

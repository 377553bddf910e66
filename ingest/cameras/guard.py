"""Cuts the connections on which a camera has fallen silent. One thread looks at all of them twice a second, for to wake
one for each costs a thirtieth of what recording does."""

import time
from threading import Condition, Thread
from typing import Self

import structlog

from ingest.cameras.line import Line

LOOK_S = 0.5

log = structlog.get_logger("ingest.cameras")


class Guard:
    """Cuts `line` when `heard_s` (monotonic) is `patience_s` ago, and then `has_cut` it. Long before, it has given free
    what did come and was gathered there."""

    def __init__(self, line: Line, patience_s: float) -> None:
        self.heard_s = time.monotonic()
        self.has_cut = False
        self.patience_s = patience_s
        self._line = line

    def __enter__(self) -> Self:
        _round.begin(self)
        return self

    def __exit__(self, *_: object) -> None:
        _round.end(self)

    def look(self) -> float:
        """Seconds after which to look again. What fails here is one connection's, and no end of the others' guard."""
        try:
            return self._look()
        except Exception:
            log.exception("a connection could not be guarded")
            return LOOK_S

    def _look(self) -> float:
        left_s = self.heard_s + self.patience_s - time.monotonic()
        if left_s <= 0:
            self.has_cut = True
            self._line.cut()
            return LOOK_S
        if self.patience_s - left_s >= LOOK_S:
            self._line.gather(1)
        return min(LOOK_S, left_s)


class _Round:
    """Goes from guard to guard for as long as there are any."""

    def __init__(self) -> None:
        self._guards: set[Guard] = set()
        self._is_going = False
        self._changed = Condition()

    def begin(self, guard: Guard) -> None:
        with self._changed:
            self._guards.add(guard)
            self._changed.notify_all()
            if not self._is_going:
                self._is_going = True
                Thread(target=self._go, name="guard", daemon=True).start()

    def end(self, guard: Guard) -> None:
        with self._changed:
            self._guards.discard(guard)
            self._changed.notify_all()

    def _go(self) -> None:
        with self._changed:
            while self._guards:
                self._changed.wait(min(guard.look() for guard in self._guards))
            self._is_going = False


_round = _Round()

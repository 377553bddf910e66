"""One thread for all relays, woken for all of them together: to wake costs more than what is done for a packet."""

import time
import traceback
from collections import deque
from collections.abc import Callable
from selectors import EVENT_READ, DefaultSelector
from socket import socketpair
from threading import Lock, Thread
from typing import Protocol

import structlog

PAUSE_S = 0.001  # what comes meanwhile is handed on together: the rest of a picture, other cameras' pictures
TICK_S = 1.0

log = structlog.get_logger("ingest.cameras")

Handler = Callable[[int], None]
"""Called with what its socket is ready for, `EVENT_READ` or `EVENT_WRITE`."""


class Served(Protocol):
    """One relay, as the loop knows it. The loop's thread alone calls these; none may wait or raise."""

    @property
    def is_playing(self) -> bool:
        """Whether packets come, for which a moment does not matter."""

    @property
    def has_ended(self) -> bool:
        """Whether the loop may forget it."""

    def begin(self, ready: DefaultSelector) -> None:
        """Register its sockets, each with a `Handler`."""

    def tick(self, now_s: float) -> None:
        """About every `TICK_S`; `now_s` is monotonic."""


class RelayLoop:
    """Serves the relays that it is given, until each has ended."""

    def __init__(self) -> None:
        self._ready = DefaultSelector()
        self._bell, self._rung = socketpair()
        self._ready.register(self._rung, EVENT_READ, self._admit)
        self._waiting: deque[Served] = deque()
        self._served: list[Served] = []
        self._lock = Lock()
        self._thread: Thread | None = None

    def serve(self, relay: Served) -> None:
        """Begin with one more. To be called from any thread."""
        self._waiting.append(relay)
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="relays", daemon=True)
                self._thread.start()
        self._bell.send(b"!")

    def _admit(self, _: int) -> None:
        self._rung.recv(4096)
        while self._waiting:
            relay = self._waiting.popleft()
            self._served.append(relay)
            relay.begin(self._ready)

    def _run(self) -> None:
        tick_s = time.monotonic()
        while True:
            try:
                tick_s = self._round(tick_s)
            except Exception as error:  # a fault of ours with one relay, which must not end the others
                at = traceback.extract_tb(error.__traceback__)[-1]
                log.error("the relays' loop failed", error=type(error).__name__, where=f"{at.filename}:{at.lineno}")
                time.sleep(PAUSE_S)

    def _round(self, tick_s: float) -> float:
        """Wait for anything, and serve it; `tick_s` is when the next tick is due, before and after."""
        ready = self._ready.select(TICK_S)
        if ready and any(relay.is_playing for relay in self._served):
            time.sleep(PAUSE_S)
            ready = self._ready.select(0)
        for key, events in ready:
            key.data(events)
        now_s = time.monotonic()
        if now_s < tick_s:
            return tick_s
        self._served = [relay for relay in self._served if not relay.has_ended]
        for relay in self._served:
            relay.tick(now_s)
        return now_s + TICK_S


relays = RelayLoop()

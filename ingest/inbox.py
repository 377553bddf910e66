"""Messages between the network thread and the worker: bounded by count and by bytes.

When it is full, the network thread waits in :meth:`Inbox.put`; so it reads no more from its socket, and TCP makes the
broker wait. Nothing is dropped: what the broker can't deliver it keeps in the persistent session.
"""

import time
from collections import deque
from threading import Condition

from ingest.messages import Message
from ingest.metrics import Metrics

MAX_MESSAGES = 20_000
MAX_BYTES = 64 << 20
BATCH_BYTES = 2 << 20  # a batch of large messages ends here, so that it takes no longer than one of small ones
QUIET_S = 0.004  # when nothing came for so long, a batch is complete


class Inbox:
    """A queue with one producer and one consumer."""

    def __init__(self, metrics: Metrics, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._metrics = metrics
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._queue: deque[Message] = deque()
        self._bytes = 0
        self._closed = False
        self._crowded = False  # somebody waits for room
        self._wanted = 1
        self._changed = Condition()

    def __len__(self) -> int:
        return len(self._queue)

    def oldest_waiting_s(self) -> float:
        """How long the first message has waited; 0 where there is none."""
        with self._changed:
            return time.monotonic() - self._queue[0].arrived_s if self._queue else 0.0

    def put(self, message: Message) -> bool:
        """Add `message`, waiting while there is no room; False when the inbox was closed instead."""
        size = len(message.payload)
        with self._changed:
            if self._full(size) and not self._closed:
                self._metrics.inbox_full.inc()
                self._crowded = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._closed or not self._full(size))
            if self._closed:
                return False
            self._queue.append(message)
            self._bytes += size
            if len(self._queue) in (1, self._wanted):
                self._changed.notify_all()
            return True

    def _full(self, size: int) -> bool:
        # an empty inbox takes a message of any size, else one larger than the bound would wait for ever
        return bool(self._queue) and (len(self._queue) >= self._max_messages or self._bytes + size > self._max_bytes)

    def take(self, limit: int, wait_s: float = 0.0, gather_s: float = 0.0) -> list[Message]:
        """Up to `limit` messages of :data:`BATCH_BYTES` in all, but at least one: waits `wait_s` for the first, then
        gathers more for `gather_s` at most, as long as they keep coming. (A broker sends no more than its window before
        it is answered.)"""
        with self._changed:
            self._wanted = limit
            if self._changed.wait_for(lambda: self._closed or bool(self._queue), wait_s) and gather_s:
                until_s, seen = time.monotonic() + gather_s, 0
                while seen < len(self._queue) < limit and not self._crowded and time.monotonic() < until_s:
                    seen = len(self._queue)
                    self._changed.wait(min(QUIET_S, gather_s))
            taken: list[Message] = []
            size = 0
            while self._queue and len(taken) < limit and size < BATCH_BYTES:
                taken.append(self._queue.popleft())
                size += len(taken[-1].payload)
            self._bytes -= size
            self._crowded = False
            self._metrics.inbox.set(len(self._queue))
            self._metrics.inbox_bytes.set(self._bytes)
            if taken:
                self._changed.notify_all()
            return taken

    def close(self) -> None:
        """Take no more; whoever waits goes on. What is inside can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

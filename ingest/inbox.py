"""Messages between the network thread and the worker: bounded by count and by bytes, and fair between devices.

When it is full, the network thread waits in :meth:`Inbox.put`; so it reads no more from its socket, and TCP makes the
broker wait. Nothing is dropped: what the broker can't deliver it keeps in the persistent session.

Each device has its own queue, and a batch takes a share of each: who sends thousands of messages at once waits for his
own, and nobody else does. One connection may speak under many names where the broker lets it; so the devices that
nobody introduced have one share together, and their turns in it. A mark of our own says that everything before it was
taken; so it alone overtakes nothing.
"""

import time
from collections import deque
from collections.abc import Container, Iterator
from threading import Condition

from ingest.messages import Message
from ingest.metrics import Metrics
from ingest.queues import Crowd, Queue, size_of
from ingest.topics import OWN, Source, parse_topic

MAX_MESSAGES = 20_000
MAX_BYTES = 64 << 20
BATCH_BYTES = 2 << 20  # a batch of large messages ends here, so that it takes no longer than one of small ones
SHARE_MESSAGES, SHARE_BYTES = 1_000, 256 << 10  # of one device in a batch
STRANGERS = ""  # no device's name: whose share the messages of those are that nobody introduced, and foreign topics
QUIET_S = 0.004  # when nothing came for so long, a batch is complete


class Inbox:
    """A queue with one producer and one consumer."""

    def __init__(self, metrics: Metrics, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._metrics = metrics
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._introduced: Container[str] | None = None  # None until anybody says
        self._queues: dict[str, Queue | Crowd] = {}  # by device
        self._turns: deque[str] = deque()  # the devices in it, the one whose turn it is first
        self._marks: deque[Message] = deque()
        self._messages = self._bytes = 0
        self._closed = False
        self._crowded = False  # somebody waits for room
        self._wanted = 1
        self._changed = Condition()

    def __len__(self) -> int:
        return self._messages

    def oldest_waiting_s(self) -> float:
        """How long the first message has waited; 0 where there is none."""
        with self._changed:
            now_s = time.monotonic()
            return now_s - min(self._oldest_s(), self._marks[0].arrived_s if self._marks else now_s, now_s)

    def introduce(self, devices: Container[str]) -> None:
        """From now on `devices` have a share each, and all others one together."""
        with self._changed:
            if devices == self._introduced:
                return
            waiting = sorted((message for queue in self._queues.values() for message in queue), key=lambda m: m.order)
            self._introduced = devices
            self._queues.clear()
            self._turns.clear()
            for message in waiting:
                self._add(message)

    def put(self, *messages: Message) -> bool:
        """Add `messages`, waiting while there is no room; False when the inbox was closed instead."""
        with self._changed:
            before = self._messages
            for message in messages:
                size = size_of(message)
                if self._full(size) and not self._closed:
                    self._metrics.inbox_full.inc()
                    self._crowded = True
                    self._changed.notify_all()
                    self._changed.wait_for(lambda size=size: self._closed or not self._full(size))  # type: ignore[misc]
                    before = self._messages
                if self._closed:
                    return False
                self._add(message)
                self._messages += 1
                self._bytes += size
            if before == 0 or before < self._wanted <= self._messages:
                self._changed.notify_all()
            return True

    def _full(self, size: int) -> bool:
        # an empty inbox takes a message of any size, else one larger than the bound would wait for ever
        return self._messages > 0 and (self._messages >= self._max_messages or self._bytes + size > self._max_bytes)

    def _add(self, message: Message) -> None:
        source = parse_topic(message.topic)
        device = source.device if isinstance(source, Source) else STRANGERS
        if device == OWN:
            self._marks.append(message)
            return
        whose = device if self._introduced is None or device in self._introduced else STRANGERS
        if whose not in self._queues:
            self._queues[whose] = Crowd() if whose == STRANGERS else Queue()
            self._turns.append(whose)
        self._queues[whose].add(device, message)

    def _oldest_s(self) -> float:
        """When the first message that waits came, but for marks; infinite where none does."""
        return min((message.arrived_s for message in self._firsts()), default=float("inf"))

    def _first(self) -> float:
        """The place of the first message that waits, but for marks; infinite where none does."""
        return min((message.order for message in self._firsts()), default=float("inf"))

    def _firsts(self) -> Iterator[Message]:
        return (message for queue in self._queues.values() for message in queue.firsts())

    def take(self, limit: int, wait_s: float = 0.0, gather_s: float = 0.0) -> list[Message]:
        """Up to `limit` messages of :data:`BATCH_BYTES` in all, but at least one, and marks.

        It waits `wait_s` for the first, then gathers more for `gather_s` at most, as long as they keep coming. (A
        broker sends no more than its window before it is answered.)
        """
        with self._changed:
            self._wanted = limit
            if self._changed.wait_for(lambda: self._closed or self._messages > 0, wait_s) and gather_s:
                until_s, seen = time.monotonic() + gather_s, 0
                while seen < self._messages < limit and not self._crowded and time.monotonic() < until_s:
                    seen = self._messages
                    self._changed.wait(min(QUIET_S, gather_s))
            taken = self._shares(limit)
            if self._marks:
                first = self._first()
                while self._marks and self._marks[0].order < first:
                    taken.append(self._marks.popleft())
            self._messages -= len(taken)
            self._bytes -= sum(map(size_of, taken))
            self._crowded = False
            self._metrics.inbox.set(self._messages)
            self._metrics.inbox_bytes.set(self._bytes)
            if taken:
                self._changed.notify_all()
            return taken

    def _shares(self, limit: int) -> list[Message]:
        """The next batch: of each device its share, of one after the other until the batch is full."""
        taken: list[Message] = []
        left: list[str] = []
        size = 0
        while self._turns and len(taken) < limit and size < BATCH_BYTES:
            device = self._turns.popleft()
            queue = self._queues[device]
            part = queue.take(min(limit - len(taken), SHARE_MESSAGES), min(BATCH_BYTES - size, SHARE_BYTES))
            taken += part
            size += sum(map(size_of, part))
            if queue:
                left.append(device)
            else:
                del self._queues[device]
        self._turns.extend(left)
        return taken

    def close(self) -> None:
        """Take no more; whoever waits goes on. What is inside can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

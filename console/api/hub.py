"""Fan-out of events to many clients. A client that does not keep up loses its own stream, never holds up another's.

It then opens the stream anew and fetches everything, so that nothing is missed silently.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from console.api.metrics import Metrics

QUEUE_EVENTS = 256
MAX_CLIENTS = 100

REFETCH = b"event: refetch\ndata: {}\n\n"


class TooManyClients(Exception):  # noqa: N818  (a state of the server)
    """As many event streams are open as may be."""


class Client:
    """One stream: a bounded queue of encoded events; None ends it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_EVENTS)
        self.dropped = False

    def offer(self, event: bytes) -> bool:
        """Queues `event`; False when the client has fallen behind and is dropped."""
        if self.dropped:
            return True
        if self._queue.full():
            self.end()
            return False
        self._queue.put_nowait(event)
        return True

    def end(self, last: bytes = REFETCH) -> None:
        """Forgets what waits, says `last` and ends the stream."""
        self.dropped = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(last)
        self._queue.put_nowait(None)

    async def next(self) -> bytes | None:
        """The next event, or None at the end."""
        return await self._queue.get()


class Hub:
    """All open streams. Lives on one event loop."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._clients: set[Client] = set()
        self._number = 0
        self._run = int(time.time())  # so that ids of two runs differ
        self._closed = False

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A new stream, as long as the context lasts."""
        if self._closed or len(self._clients) >= MAX_CLIENTS:
            raise TooManyClients(f"{len(self._clients)} event streams are open; at most {MAX_CLIENTS} may be")
        client = Client()
        self._clients.add(client)
        self._metrics.clients.inc()
        try:
            yield client
        finally:
            self._clients.discard(client)
            self._metrics.clients.dec()

    def __len__(self) -> int:
        return len(self._clients)

    def push(self, kind: str, data: Any) -> None:
        """Sends an event to every client; encoded once."""
        self._metrics.events.labels(kind).inc()
        if not self._clients:
            return
        event = self.encode(kind, data)
        for client in self._clients:
            if not client.offer(event):
                self._metrics.slow_clients.inc()

    def encode(self, kind: str, data: Any) -> bytes:
        """An event as it goes over the wire, with an id of its own."""
        self._number += 1
        return b"event: %b\nid: %d-%d\ndata: %b\n\n" % (
            kind.encode(),
            self._run,
            self._number,
            msgspec.json.encode(data),
        )

    def refetch(self) -> None:
        """Ends every stream: more changed than was told; who opens it anew fetches everything."""
        for client in self._clients:
            client.end()

    def close(self) -> None:
        """Ends every stream and takes no more: the server stops."""
        self._closed = True
        self.refetch()

"""The console's connections: how long one may stay silent, and how many one client may hold.

Uvicorn closes a connection that is silent after an answer. It waits for ever for a request that never comes, for the
rest of a body that nobody reads any more, and for a client that takes nothing; and it takes any number of connections.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SILENT_S = 10.0  # for the head of a request from its first moment, and between two pieces of what follows an answer
STALLED_S = 30.0  # a client that takes nothing of an answer for so long is gone
PER_CLIENT = 128
ALTOGETHER = 512  # below the usual limit of 1,024 open files

_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 2\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n\r\n%b"
)


class BoundedConnection(H11Protocol):
    """An HTTP/1.1 connection with limits. A client at its limit loses its longest idle connection first."""

    per_client = PER_CLIENT
    _silence: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None
    _idle_since_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._idle_since_s = self.loop.time()
        if not self._make_room():
            text = b"too many connections of this client; close some, or repeat the request later"
            transport.write(_REFUSAL % (len(text), text))
            transport.close()
            return
        self._await_client()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._silence, self._stall):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        was_idle = self.is_idle
        super().data_received(data)
        if not was_idle and self.conn.their_state is h11.SEND_BODY:
            self._stop_waiting()  # what comes is counted from its last piece
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._await_client()
        else:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        self._idle_since_s = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way on it."""
        return self.cycle is None or self.cycle.response_complete

    def _make_room(self) -> bool:
        """Closes idle connections while there are too many; False when too many are at work."""
        others: list[Any] = [other for other in self.connections if isinstance(other, BoundedConnection)]
        for limit, rivals in (
            (self.per_client, [other for other in others if _host(other) == _host(self)]),
            (ALTOGETHER, others),
        ):
            idle = sorted((other for other in rivals if other.is_idle and other is not self), key=_idle_since)
            excess = len(rivals) - limit
            if excess > len(idle):
                return False
            for other in idle[: max(0, excess)]:
                other.transport.abort()
                self.connections.discard(other)
        return True

    def _await_client(self) -> None:
        if self._silence is None and self.timeout_keep_alive_task is None:
            self._silence = self.loop.call_later(SILENT_S, self._end_silence)

    def _stop_waiting(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _end_silence(self) -> None:
        """Ends a connection on which nothing is being answered; the guard ends a body that an answer waits for."""
        self._silence = None
        if self.is_idle and not self.transport.is_closing():
            self.transport.close()


def _host(connection: H11Protocol) -> str | None:
    return connection.client[0] if connection.client else None


def _idle_since(connection: BoundedConnection) -> float:
    return connection._idle_since_s

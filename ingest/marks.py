"""Up to when the input is complete: marks that ingest sends to itself through the broker.

Messages may wait in the broker for minutes: while ingest was away, while the database was, in a rush. How long one
waited can't be seen at it, and nobody may be called silent for it. So ingest publishes a mark with its own time on a
topic that each of its filters matches, and gets it back through the same subscription, behind everything that came
before. Silence counts up to the time of the last mark that came back, and no further.

Such a topic has `_ingest` where the filter has a wildcard; no device may be called that. A broker that drops our marks,
because its access list forbids them, is told by :meth:`Marks.missing`.
"""

import os
import socket
import time
import uuid
from collections.abc import Callable, Container, Sequence

import msgspec

from ingest.topics import OWN

AGAIN_S = 10.0  # a mark that has not come back by then may be lost: another is sent
MISSING_S = 120.0


class Mark(msgspec.Struct, frozen=True):
    """What a mark says: up to when (Unix seconds, by ingest's clock), and whose it is; `steady_s` is the same by the
    sender's monotonic clock."""

    t: float
    nonce: str
    shard: str
    host: str
    pid: int
    steady_s: float = 0.0


_read = msgspec.json.Decoder(Mark).decode
_write = msgspec.json.Encoder().encode


class Marks:
    """The marks of one worker. `send` publishes a payload on a topic and says whether it could."""

    def __init__(self, filters: Sequence[str], shard: str, every_s: float, send: Callable[[str, bytes], bool]) -> None:
        self._shard = shard
        self._every_s = every_s
        self._send = send
        self._nonce = uuid.uuid4().hex
        topics = sorted({own for own in map(own_topic, filters) if own is not None})
        self._returned_s = dict.fromkeys(topics, -float("inf"))
        self._sent_s = dict.fromkeys(topics, -float("inf"))  # by the monotonic clock, as is the next
        self._returned_steady_s = dict.fromkeys(topics, -float("inf"))
        self._waiting = dict.fromkeys(topics, False)
        self._ever = False
        self._first_s: float | None = None  # by ingest's clock, when the first mark was due
        self._began_s = time.monotonic()
        self.rival: Mark | None = None  # another worker of this shard whose mark came

    def send(self, now_s: float) -> None:
        """Send a mark on each topic where one is due."""
        if self._first_s is None:
            self._first_s = now_s
        steady_s = time.monotonic()
        mark = b""
        for topic, sent_s in self._sent_s.items():
            if steady_s - sent_s >= (AGAIN_S if self._waiting[topic] else self._every_s):
                mark = mark or _write(
                    Mark(now_s, self._nonce, self._shard, socket.gethostname(), os.getpid(), steady_s)
                )
                if self._send(topic, mark):
                    self._sent_s[topic], self._waiting[topic] = steady_s, True

    @property
    def topics(self) -> Container[str]:
        """Where only marks come."""
        return self._returned_s

    def take(self, topic: str, payload: bytes) -> None:
        """All that came before this message is taken in; where it is our mark, the input is complete up to its time."""
        if topic not in self._returned_s:
            return
        try:
            mark = _read(payload)
        except msgspec.MsgspecError:
            return
        if mark.nonce == self._nonce:
            if mark.steady_s >= self._returned_steady_s[topic]:  # our clock may have been set back since an earlier one
                self._returned_s[topic], self._returned_steady_s[topic] = mark.t, mark.steady_s
            self._waiting[topic] = False
            self._ever = True
        elif mark.shard == self._shard and self._first_s is not None and mark.t >= self._first_s:
            self.rival = mark  # an older one is of the worker before us, and waited

    def complete_s(self) -> float:
        """The time up to which everything said has been taken; minus infinity before the first marks came back."""
        return min(self._returned_s.values(), default=-float("inf"))

    def behind_s(self) -> float:
        """How long ago the input was complete; infinite before the first marks came back. What comes now waited in the
        broker no longer than that."""
        return time.monotonic() - min(self._returned_steady_s.values(), default=-float("inf"))

    def missing(self) -> bool:
        """Whether the broker seems to drop our marks: none of them ever came back."""
        return not self._ever and (not self._sent_s or time.monotonic() - self._began_s > MISSING_S)


def own_topic(topic_filter: str) -> str | None:
    """The topic of the marks that `topic_filter` matches; None where it is one device's topic."""
    levels = topic_filter.split("/")
    return "/".join(OWN if level in "+#" else level for level in levels) if {"+", "#"} & {*levels} else None

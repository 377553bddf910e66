"""What was found and seen in the cameras' pictures, on its way into the database.

Those who look put it in and never wait; one thread stores it, in the order in which it came. While the database is away
it waits here: alerts up to a bound, of what a camera showed only the last.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import structlog

from analytics.alerts import AlertChange
from analytics.fixes import FixBatch
from store.errors import CommitRefused, StoreUnavailable
from store.ledger import Ledger
from store.records import AlertPicture, Sight

WAITING = 1_000  # changes of alerts that wait for the database

log = structlog.get_logger("ingest.looking")


@dataclass(frozen=True, slots=True)
class _Found:
    change: AlertChange
    pictures: tuple[AlertPicture, ...]


class Outbox:
    """Of all cameras of a recorder. `found` and `saw` may be called by anybody, `store` by one thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: deque[_Found] = deque()
        self._sights: dict[str, Sight] = {}
        self._news = False

    @property
    def waiting(self) -> int:
        """Changes that wait for the database."""
        return len(self._found)

    def found(self, change: AlertChange, pictures: Sequence[AlertPicture] = ()) -> None:
        """Have `change` stored, with the pictures it rests on."""
        with self._lock:
            if len(self._found) >= WAITING:
                self._lose(self._found.popleft())
            self._found.append(_Found(change, tuple(pictures)))

    def saw(self, sight: Sight, *, changed: bool) -> None:
        """Have stored what a camera showed; `changed` is for the consoles to know at once."""
        with self._lock:
            self._sights[sight.camera] = sight
            self._news = self._news or changed

    def store(self, ledger: Ledger, now_s: float) -> None:
        """Store everything, at `now_s`.

        Raises:
            StoreUnavailable: while the database is away; what is not stored waits.
        """
        while found := self._next():
            try:
                ledger.commit(FixBatch.empty(), [found.change], pictures=found.pictures, received_s=now_s)
            except StoreUnavailable:
                self._put_back(found)
                raise
            except CommitRefused as error:
                log.error("the database refused an alert", alert=found.change.alert.id, error=str(error))
        with self._lock:
            sights, news = self._sights, self._news
            self._sights, self._news = {}, False
        if not sights:
            return
        try:
            ledger.saw(list(sights.values()), changed=news)
        except StoreUnavailable:
            with self._lock:
                self._sights = sights | self._sights
                self._news = self._news or news
            raise

    def _next(self) -> _Found | None:
        with self._lock:
            return self._found.popleft() if self._found else None

    def _put_back(self, found: _Found) -> None:
        with self._lock:
            if len(self._found) >= WAITING:  # it is the oldest of them
                self._lose(found)
            else:
                self._found.appendleft(found)

    def _lose(self, found: _Found) -> None:
        log.error("too much waits for the database: an alert is lost", alert=found.change.alert.id)

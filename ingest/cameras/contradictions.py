"""Tells people of what contradicts what in a recorder's log, as soon as the database is there to take it."""

from collections.abc import Sequence
from threading import Event, Lock, Thread

import structlog

from analytics.alerts import AlertChange
from analytics.catalogue import video_rules
from analytics.fixes import FixBatch
from analytics.video.rules.recording_contradicted import RULE, Contradiction, ended, raised
from store.errors import CommitRefused, StoreUnavailable
from store.ledger import Ledger

AGAIN_S = 2.0
_MOST = 100  # at once: a recorder has few logs

log = structlog.get_logger("ingest.cameras")


class Contradictions:
    """Of the recorder `recorder`. `tell` may be called by anybody; a thread stores what it is told."""

    def __init__(self, dsn: str, recorder: str) -> None:
        self._dsn = dsn
        self._recorder = recorder
        self._lock = Lock()
        self._waiting: list[Contradiction] = []
        self._now_s = 0.0
        self._is_all = False
        self._news = False
        self._wake = Event()
        self._stopping = False
        self._thread = Thread(target=self._run, name="contradictions", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def tell(self, found: Sequence[Contradiction], now_s: float, *, is_all: bool) -> None:
        """Have an alert of each; one that is told already stays the same alert. Where this is all there is, what was
        gone and is back is over."""
        with self._lock:
            self._waiting = [*self._waiting, *found][-_MOST:]
            self._now_s, self._is_all, self._news = now_s, is_all, True
        self._wake.set()

    def stop(self, timeout_s: float) -> bool:
        """Store what waits, if the database is there; whether that ended within `timeout_s`."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while not self._store() and not self._stopping:
                self._wake.wait(AGAIN_S)
                self._wake.clear()
            if self._stopping:
                self._store()
                return

    def _store(self) -> bool:
        """Whether nothing waits any more."""
        with self._lock:
            waiting, now_s, is_all, news = list(self._waiting), self._now_s, self._is_all, self._news
        if not news:
            return True
        try:
            with Ledger(self._dsn, name="contradictions") as ledger:
                if changes := self._changes(ledger, waiting, now_s, is_all=is_all):
                    ledger.commit(FixBatch.empty(), changes, received_s=now_s)
        except StoreUnavailable:
            return False
        except CommitRefused as error:
            log.error("the database refuses an alert about the log, trying again", error=str(error))
            return False
        with self._lock:
            self._waiting = self._waiting[len(waiting) :]
            self._news = bool(self._waiting)
        return True

    def _changes(
        self, ledger: Ledger, found: Sequence[Contradiction], now_s: float, *, is_all: bool
    ) -> list[AlertChange]:
        rules = video_rules()
        told = {rule: setting for rule, setting in ledger.rule_settings().items() if rule in rules.rules}
        rule = rules.amended(told, "rules")[RULE.id]
        known = {alert.id: alert for alert in ledger.alerts_known(0.0, [RULE.id]) if alert.device == self._recorder}
        changes = [change for one in found for change in raised(rule, self._recorder, one, now_s)]
        there = {change.alert.id for change in changes}
        open_now = {number for number, alert in known.items() if alert.end_s is None}
        over = [alert for number, alert in known.items() if is_all and number not in there]
        return [
            *(change for change in changes if change.alert.id not in open_now),
            *(change for alert in over for change in ended(alert, now_s)),
        ]

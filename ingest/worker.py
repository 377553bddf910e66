"""The loop: messages → fixes → engine → one transaction → acknowledgements.

Nothing is acknowledged before it is committed, and a commit is repeated until it goes through. So a process that dies
anywhere loses nothing: the broker delivers again what was not acknowledged, and the engine is built anew from what was
committed. A message the database refuses is set aside as a dead letter; it stops nothing.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event

import numpy as np
import structlog
from numpy.typing import NDArray

from analytics.fixes import FixBatch
from analytics.outcome import Checkpoint, Outcome
from ingest import strangers
from ingest.config import WorkerSettings
from ingest.decode import Decoded, Limits, decode
from ingest.device_clocks import DeviceClocks
from ingest.event_time import EventTime
from ingest.inbox import Inbox
from ingest.marks import Marks
from ingest.messages import Message
from ingest.metrics import Metrics
from ingest.patience import Patience, Stopped
from ingest.retention import Retention
from ingest.supervision import Supervision
from ingest.surplus import Surplus
from ingest.unknown import Unknown
from ingest.unread import Unread
from store.errors import CommitRefused, LeaseLost
from store.intake import Intake
from store.records import AsideReason, Batch, Committed, DeadLetter, Deferred, Held

log = structlog.get_logger("ingest.worker")

TELL_S = 1.0  # between two notes of work done
REREAD_S = 3600.0  # what was refused for its time so lately is read again when our clock is taken for another
_NOTHING = Decoded([], {}, FixBatch.empty(), [], [], [])
_NO_DEVICES = np.empty(0, np.int32)
_LETTERS_A_TURN = 100
_REBUILD_BUDGET_S = 0.05  # of a turn


class Worker:
    """One shard: it owns its inbox and its ledger. `heard_for_s` is how long the broker has been heard by now.

    `clock` is the time of the fixes in Unix seconds: the wall clock, but for a demo that runs faster. `steady` is a
    clock that nobody sets; only the wall clock can be set, another one is its own.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        inbox: Inbox,
        ledger: Intake,
        acknowledge: Callable[[Sequence[Message]], None],
        heard_for_s: Callable[[], float],
        marks: Marks,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] | None = None,
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._ledger = ledger
        self._acknowledge = acknowledge
        self._marks = marks
        self._metrics = metrics
        self._clock = clock
        self._limits = Limits(settings.payload_bytes, settings.future_s, settings.past_days * 86_400.0)
        self._retention = Retention(ledger, settings.keep_days, metrics)
        self._newest_s = np.empty(0)
        self._clocks = DeviceClocks(settings.listen_s)
        steady = steady or (time.monotonic if clock is time.time else clock)
        self._time = EventTime(
            clock, steady, marks, heard_for_s, lambda: not len(inbox), self._clocks, settings, metrics
        )
        self._rival: tuple[str, int] | None = None
        self.ready = Event()  # set when the engine stands and messages are taken

    def run(self, stop: Event) -> None:
        """Work until `stop` is set; then commit what is held, and return within the settings' `stop_s`.

        Raises:
            CommitRefused: when the database refuses even to set a message aside.
            LeaseLost: when another worker has taken over this one's shard.
        """
        self._stop = stop
        self._stopping_s: float | None = None
        insist = Patience(stop, self._metrics)
        self._insist = insist
        settings = self._settings
        self._supervision = Supervision(self._ledger, insist, self._metrics, settings.lateness_s, settings.units)
        self._surplus = Surplus(self._ledger, insist, self._metrics, settings.device_fixes_per_s, settings.device_burst)
        try:
            self._begin()
            self.ready.set()
            while not stop.is_set():
                self._turn()
            self._finish()
        except Stopped as reason:
            log.warning("stopped", reason=str(reason))
        finally:
            self.ready.clear()

    def _begin(self) -> None:
        outcome = self._supervision.begin(self._time.now_s())
        self._time.begin(self._supervision.heard_s)
        self._surplus.begin(self._supervision.rules, self._supervision.known, self._supervision.devices.names)
        self._clocks.begin(self._supervision.rules, self._supervision.known)
        self._inbox.introduce(self._supervision.introduced())
        self._commit(_NOTHING, outcome)
        self._ticked_s = self._kept_s = self._polled_s = time.monotonic()
        self._told_s = -np.inf

    def _turn(self) -> None:
        """Take what is there, or what comes until the next tick."""
        settings = self._settings
        self._marks.send(self._clock())
        wait_s = max(0.0, settings.tick_s - (time.monotonic() - self._ticked_s))
        wait_s = min(wait_s, settings.mark_s, self._supervision.rebuilds.due_in_s(), self._surplus.due_in_s())
        messages = self._inbox.take(settings.batch_messages, wait_s, settings.gather_s)
        if messages:
            self._receive(messages)
        now_s = time.monotonic()
        if now_s - self._ticked_s >= settings.tick_s:
            self._ticked_s = now_s
            self._take_in([])
        self._catch_up()
        if now_s - self._polled_s >= settings.plan_poll_s:
            self._polled_s = now_s
            if self._supervision.is_outdated():
                self._begin()
            self._answer_people()
            self._retention.look(min(self._clock(), self._time.now_s()))  # nobody's clock makes us drop what is young
        if now_s - self._told_s >= TELL_S:
            self._told_s = now_s
            self._insist(lambda: self._ledger.worked(len(self._inbox), self._inbox.oldest_waiting_s()))

    def _catch_up(self) -> None:
        """Take in what waits, and rebuild devices whose history has changed: a portion of both a turn."""
        names = self._supervision.devices.names
        try:
            taken = self._surplus.take_in(names, self._time.now_s())
            if taken is not None:
                self._note_late([taken])
            rebuilt = self._supervision.rebuild(
                self._time.complete_s(), _REBUILD_BUDGET_S, but=self._surplus.draining()
            )
            outcome = Outcome(rebuilt.changes, rebuilt.crossings, _NO_DEVICES)
            self._commit(_NOTHING, outcome, None, Deferred(walked=rebuilt.walked))
        except (Stopped, LeaseLost):
            raise
        except Exception:  # one device's history must not stop the others
            log.exception("could not rebuild")
            self._supervision.rebuilds.fail()
            self._begin()

    def _note_late(self, devices: Sequence[int]) -> None:
        self._supervision.rebuilds.note(self._insist(lambda: self._ledger.late_history(devices)))

    def _finish(self) -> None:
        """Commit what waits in the inbox, as far as time allows, and the state of the engine."""
        while messages := self._inbox.take(self._settings.batch_messages):
            self._receive(messages)
        self._kept_s = -np.inf
        self._take_in([])
        log.info("stopped", left_to_the_broker=len(self._inbox))

    def _is_out_of_time(self) -> bool:
        """Whether the process is to end and has used up its time for finishing what it holds."""
        if not self._stop.is_set():
            return False
        if self._stopping_s is None:
            self._stopping_s = time.monotonic()
        return time.monotonic() - self._stopping_s > self._settings.stop_s / 2

    def _receive(self, messages: Sequence[Message]) -> None:
        """Take in and acknowledge `messages`, and then know what our own marks among them say."""
        said = [message for message in messages if message.topic not in self._marks.topics]
        if said:
            self._take_in(said)
        if len(said) < len(messages):
            for message in messages:
                self._marks.take(message.topic, message.payload)
        self._say_rival()
        self._acknowledge(messages)

    def _take_in(self, messages: Sequence[Message]) -> None:
        """Process `messages`; without any, let time pass."""
        if self._is_out_of_time():
            raise Stopped("out of time; what is not acknowledged stays with the broker")
        try:
            self._process(messages)
        except (Stopped, LeaseLost):
            raise
        except Exception as error:  # whatever one message does to engine or database, it must not stop the others
            log.exception("could not process messages", messages=len(messages))
            self._begin()  # the engine has seen what is not stored: it is built anew from what is
            if not messages:
                return
            if len(messages) > 1:  # find the one that is to blame by halves
                self._take_in(messages[: len(messages) // 2])
                self._take_in(messages[len(messages) // 2 :])
                return
            letter = DeadLetter(messages[0].topic, Unread.REFUSED, _refusal(error), messages[0].payload)
            self._insist(lambda: self._ledger.commit(FixBatch.empty(), dead_letters=[letter], received_s=self._clock()))
            self._metrics.dead_letters.labels(Unread.REFUSED).inc()

    def _process(self, messages: Sequence[Message]) -> None:
        decoded, numbers, held = self._admitted(self._read(messages))
        if self._time.hear(decoded.clock_s, self._voters(numbers), len(self._supervision.devices)):
            self._change_clock()
            decoded, numbers, held = self._admitted(self._read(messages))
        aside: tuple[tuple[AsideReason, FixBatch], ...] = ()
        names, now_s = self._supervision.devices.names, self._time.now_s()
        fixes, retained, mistimed, pings = (
            replace(part, device=numbers[part.device])
            for part in (decoded.fixes, decoded.retained, decoded.mistimed, decoded.pings)
        )
        self._clocks.see(fixes, mistimed, names, now_s)
        if len(retained):
            aside += ((AsideReason.RETAINED, retained),)
        if len(fixes) or len(pings):
            fixes = FixBatch.concatenate([self._without_known(fixes), pings])
            fixes, surplus = self._surplus.split(fixes, names, now_s, self._supervision.only_heard)
            self._count_late(fixes)
            aside += ((AsideReason.FLOOD, surplus),) if len(surplus) else ()
        decoded = replace(decoded, fixes=fixes)
        advance = self._supervision.advance(decoded.fixes, self._time.complete_s())
        unwalked = np.unique(advance.unwalked.device)
        checkpoint = None
        if time.monotonic() - self._kept_s >= self._settings.checkpoint_s:
            self._kept_s = time.monotonic()
            checkpoint = self._supervision.checkpoint()
        if checkpoint is not None:
            walked = tuple(set(self._supervision.covers()) - set(unwalked.tolist()))
            self._commit(decoded, advance.outcome, checkpoint, Deferred(aside, advance.unwalked, walked, held))
            self._supervision.kept(checkpoint)
        else:
            late = FixBatch.concatenate([advance.unwalked, advance.uncovered])
            self._commit(decoded, advance.outcome, None, Deferred(aside, late, held=held))
            self._supervision.uncovered(advance.uncovered.device)
        self._note_newest(decoded.fixes)
        self._surplus.keep(np.unique(retained.device).tolist(), AsideReason.RETAINED)
        if len(unwalked):
            self._note_late(unwalked.tolist())
        self._count(messages, decoded)

    def _voters(self, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
        """`numbers`, and -1 of devices that nobody named: one terminal may speak under many names."""
        return np.where(np.isin(numbers, list(self._supervision.only_heard)), np.int32(-1), numbers)

    def _read(self, messages: Sequence[Message]) -> Decoded:
        if not messages:
            return _NOTHING
        return decode(messages, self._time.now_s(), self._limits, ours_s=self._clock())

    def _change_clock(self) -> None:
        """Our clock is taken for wrong, or for right again: judge all that is stored anew by the other time, and read
        again what was refused for its time."""
        log.error("most devices say what our clock lacks", offset_s=self._clocks.offset_s)
        self._commit(_NOTHING, Outcome((), (), _NO_DEVICES))  # the alert, before all is begun anew
        self._begin()
        since_s = self._clock() - REREAD_S
        self._insist(lambda: self._ledger.want_mistimed(since_s))
        self._polled_s = -np.inf

    def _admitted(self, decoded: Decoded) -> tuple[Decoded, NDArray[np.int32], Held]:
        """What known devices sent, the numbers of all devices named (-1 where one is not known), and what is held."""
        numbers = np.full(len(decoded.names), -1, np.int32)
        held = Held()
        supervision = self._supervision
        strange = supervision.strange(decoded.names)
        if strange.any() and self._settings.unknown is Unknown.ACCEPT:
            names = [decoded.names[place] for place in np.flatnonzero(strange)]
            supervision.admit(names, decoded.units, self._settings.accept_most)
            strange = np.array([name not in supervision.devices for name in decoded.names], np.bool_)
        if strange.any():
            decoded, held = strangers.part(decoded, strange)
            if self._settings.unknown is Unknown.REFUSE:
                self._metrics.refused.labels("unknown").inc(sum(device.seen for device in held.devices))
                held = Held()
        known = [name for name, unknown in zip(decoded.names, strange.tolist(), strict=True) if not unknown]
        numbers[~strange] = supervision.numbers(known)
        return decoded, numbers, held

    def _answer_people(self) -> None:
        """Take in what was kept of devices that were accepted, and read again the dead letters that somebody wants."""
        if accepted := self._insist(self._ledger.accepted):
            self._supervision.learn()
            self._inbox.introduce(self._supervision.introduced())
            self._surplus.keep(accepted, AsideReason.ACCEPTED)
        letters = self._insist(lambda: self._ledger.wanted_letters(_LETTERS_A_TURN))
        for letter in letters:
            self._take_in([Message(letter.topic, letter.payload, self._clock(), time.monotonic(), reread=True)])
            self._insist(lambda w=letter: self._ledger.replayed(w))  # type: ignore[misc]
        if len(letters) == _LETTERS_A_TURN:
            self._polled_s = -np.inf  # there are more

    def _say_rival(self) -> None:
        rival, self._marks.rival = self._marks.rival, None
        if rival is not None and (rival.host, rival.pid) != self._rival:
            self._rival = (rival.host, rival.pid)
            self._metrics.rivals.inc()
            log.error(
                "another ingest of this shard is on the broker", shard=rival.shard, host=rival.host, pid=rival.pid
            )

    def _commit(
        self,
        decoded: Decoded,
        outcome: Outcome,
        checkpoint: Checkpoint | None = None,
        deferred: Deferred = Deferred(),
    ) -> None:
        letters = [rejected.letter for rejected in decoded.rejected]
        changes = (*outcome.changes, *self._surplus.settle(), *self._clocks.settle())
        parts = (decoded.fixes, changes, outcome.crossings, letters, decoded.statuses)
        if checkpoint is None and not deferred and not any(len(part) for part in parts):
            return
        batch = Batch(*parts, checkpoint)
        received_s = self._clock()  # the same in every repetition, so that the store knows them for one
        began_s = time.monotonic()
        done: Committed = self._insist(lambda: self._ledger.take(batch, deferred, received_s=received_s))
        self._metrics.commit.observe(time.monotonic() - began_s)
        self._metrics.fixes.inc(done.new_fixes)
        self._metrics.duplicates.inc(max(0, int((~decoded.fixes.is_ping).sum()) - done.new_fixes))
        for change, count in Counter(change.change.value for change in changes).items():
            self._metrics.alert_changes.labels(change).inc(count)

    def _count(self, messages: Sequence[Message], decoded: Decoded) -> None:
        now_s = time.monotonic()
        self._metrics.latency.observe(now_s - np.array([message.arrived_s for message in messages]))
        for code, count in Counter(rejected.code for rejected in decoded.rejected).items():
            self._metrics.dead_letters.labels(code).inc(count)

    def _newest_of(self, fixes: FixBatch) -> NDArray[np.float64]:
        """The time of the newest fix that is stored of the device of each fix."""
        if len(self._newest_s) < len(self._supervision.devices):
            more = len(self._supervision.devices) - len(self._newest_s)
            self._newest_s = np.append(self._newest_s, np.full(more, -np.inf))
        return self._newest_s[fixes.device]

    def _without_known(self, fixes: FixBatch) -> FixBatch:
        """What is not the newest place of its device once more, as it comes with each ping: that is no news."""
        known = fixes.t_s == self._newest_of(fixes)
        self._metrics.duplicates.inc(int(known.sum()))
        return fixes.take(~known) if known.any() else fixes

    def _count_late(self, fixes: FixBatch) -> None:
        self._metrics.late.inc(int((fixes.t_s < self._newest_of(fixes)).sum()))

    def _note_newest(self, fixes: FixBatch) -> None:
        if len(fixes):
            placed = fixes.take(~fixes.is_ping)
            self._newest_of(placed)
            np.maximum.at(self._newest_s, placed.device, placed.t_s)


def _refusal(error: Exception) -> str:
    where = "the database" if isinstance(error, CommitRefused) else "the engine"
    return f"refused by {where}: {type(error).__name__}: {error}"[:500]

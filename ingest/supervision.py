"""The engine beside the ledger: resumed from what is stored, fed with batches, built anew when plan or rules change."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from analytics.alerts import AlertChange, Change
from analytics.catalogue import all_rules, default_rules
from analytics.engine import Engine
from analytics.fixes import DeviceTable, FixBatch
from analytics.outcome import Checkpoint, Crossing, Outcome
from analytics.planning import Plan, parse_plan
from analytics.rulebook import Rulebook, RuleError
from geofence.features import PlanError
from ingest.metrics import Metrics
from store.ledger import Ledger

RUN_UP_S = 600.0  # history read before the first duty concerned, so that its states begin as they did
_BASIS_BYTES = 32
_RULES = tuple(default_rules().rules)  # the engine's; what cameras find is not its business

T = TypeVar("T")

log = structlog.get_logger("ingest.supervision")


class Insist(Protocol):
    """Calls the store until it answers."""

    def __call__(self, call: Callable[[], T]) -> T: ...


class Supervision:
    """The plan and rules in force, the engine that holds them, and the numbers of the devices."""

    def __init__(self, ledger: Ledger, insist: Insist, metrics: Metrics, lateness_s: float) -> None:
        self._ledger = ledger
        self._insist = insist
        self._metrics = metrics
        self._lateness_s = lateness_s
        self._devices = DeviceTable()
        self._plan = Plan()
        self._rules = all_rules()
        self._basis = b""
        self._engine: Engine | None = None

    def begin(self, now_s: float) -> Outcome:
        """Build the engine from the plan, the last checkpoint and the fixes stored since; what that changes.

        The engine's clock goes on where the stored fixes end, at `now_s` at most: what happened since is still to come
        from the broker, and is not silence.
        """
        self._read_basis()
        self._devices = self._insist(self._ledger.devices)
        self._number_planned()
        stored = self._insist(self._ledger.checkpoint)
        checkpoint, since_s = None, self._horizon_s(now_s)
        if stored is not None:
            basis, payload = stored.payload[:_BASIS_BYTES], stored.payload[_BASIS_BYTES:]
            checkpoint = Checkpoint(payload, stored.since_s)
            # under another plan the checkpoint may say nothing of a duty: its whole history is read then
            since_s = stored.since_s if basis == self._basis else min(since_s, stored.since_s)
        fixes = self._insist(lambda: self._ledger.fixes_since(since_s))
        known = self._insist(lambda: self._ledger.alerts_known(since_s, _RULES))
        heard_s = min(now_s, float(fixes.t_s.max())) if len(fixes) else now_s
        self._engine, outcome = Engine.resume(
            self._plan, self._rules, self._devices, checkpoint, fixes, known, heard_s, lateness_s=self._lateness_s
        )
        log.info("resumed", fixes=len(fixes), since_s=since_s, known_alerts=len(known), changes=len(outcome.changes))
        return outcome

    @property
    def devices(self) -> DeviceTable:
        return self._devices

    def is_outdated(self) -> bool:
        """Whether the stored plan or rules are others than those in force."""
        return self._stored_basis() != self._basis

    def number(self, names: Sequence[str], units: dict[str, str]) -> NDArray[np.int32]:
        """The numbers of devices; unknown ones are registered, with the unit that their topic names."""
        unknown = [name for name in names if name not in self._devices]
        if unknown:
            told = {name: units[name] for name in unknown if name in units}
            self._insist(lambda: self._ledger.register(unknown, units=told))
            # another worker may have registered some in between, so the order is the database's, not ours
            for name in self._insist(self._ledger.devices).names:
                self._devices.index(name)
            log.info("new devices", count=len(unknown), names=unknown[:10])
        return np.array([self._devices.index(name) for name in names], np.int32)

    def advance(self, fixes: FixBatch, now_s: float) -> Outcome:
        """One step of the engine, with those devices rebuilt of which a fix came later than memory reaches."""
        engine = self._running
        outcome = engine.advance(fixes, now_s) if len(fixes) else engine.tick(now_s)
        changes: list[AlertChange] = list(outcome.changes)
        crossings: list[Crossing] = list(outcome.crossings)
        if len(outcome.too_late):
            self._rebuild(engine, outcome.too_late, fixes, changes, crossings, now_s)
        return Outcome(tuple(changes), tuple(crossings), outcome.too_late[:0])

    def checkpoint(self) -> Checkpoint | None:
        """The engine's state, to be stored with the next commit; None while there is nothing to keep."""
        checkpoint = self._running.checkpoint()
        if not np.isfinite(checkpoint.since_s):
            return None
        return Checkpoint(self._basis + checkpoint.payload, checkpoint.since_s)

    @property
    def _running(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("supervision has not begun")
        return self._engine

    def _rebuild(
        self,
        engine: Engine,
        devices: NDArray[np.int32],
        arrived: FixBatch,
        changes: list[AlertChange],
        crossings: list[Crossing],
        now_s: float,
    ) -> None:
        """Build `devices` anew from their stored and just `arrived` fixes; what that tells is added to `changes` and
        `crossings`. A device is left alone where everything that came too late for it had been stored before."""
        arrived = arrived.take(np.isin(arrived.device, devices))
        first_s = float(arrived.t_s.min())
        names = {self._devices.names[device] for device in devices.tolist()}
        starts = [duty.from_s for duty in self._plan.duties if duty.device in names and duty.to_s >= first_s]
        from_s = min([first_s, *starts]) - RUN_UP_S
        stored = self._insist(lambda: self._ledger.fixes_since(from_s, devices))
        known = {alert.id: alert for alert in self._insist(lambda: self._ledger.alerts_known(from_s, _RULES))}
        for change in changes:
            known[change.alert.id] = change.alert
            if change.change is Change.WITHDRAWN:
                del known[change.alert.id]
        for device in devices.tolist():
            old, new = stored.take(stored.device == device), arrived.take(arrived.device == device)
            unknown_s = new.t_s[~np.isin(new.t_s, old.t_s)]
            if not (unknown_s <= engine.older_s[device]).any():
                continue
            self._metrics.too_late.inc()
            name = self._devices.names[device]
            mine = [alert for alert in known.values() if alert.device == name]
            outcome = engine.rebuild(device, FixBatch.concatenate([old, new]), mine, now_s)
            changes += outcome.changes
            crossings += outcome.crossings
        log.info("late history", devices=len(devices), first_s=first_s, fixes=len(stored) + len(arrived))

    def _horizon_s(self, now_s: float) -> float:
        """Where history matters from: the earliest start of a duty that is not long over."""
        starts = [d.from_s for d in self._plan.duties if d.to_s > now_s - self._lateness_s]
        return min([now_s - self._lateness_s, *starts]) - RUN_UP_S

    def _stored_basis(self) -> bytes:
        stored = self._insist(self._ledger.plan)
        settings = self._insist(self._ledger.rule_settings)
        return _basis(stored[0] if stored else None, settings)

    def _read_basis(self) -> None:
        """Take the stored plan and rules in force; those that can't be used leave the ones before in force."""
        stored = self._insist(self._ledger.plan)
        settings = self._insist(self._ledger.rule_settings)
        self._basis = _basis(stored[0] if stored else None, settings)
        if stored is None:
            log.warning("no plan is stored: fixes are kept, nothing is judged")
        version, document = stored or (None, {"type": "FeatureCollection", "features": []})
        try:
            plan = parse_plan(document)
            rules: Rulebook = all_rules().amended(settings, "rules").amended(plan.rules, "plan.rules")
        except (PlanError, RuleError) as error:
            log.error("the stored plan or rules can't be used", version=version, error=str(error))
            return
        self._plan, self._rules = plan, rules
        log.info("plan in force", version=version, duties=len(plan.duties))

    def _number_planned(self) -> None:
        # the engine numbers the devices of its plan, so the database must have numbered them before
        named = {duty.device for duty in self._plan.duties} | {device.id for device in self._plan.devices}
        self.number(sorted(named | {dispatch.device for dispatch in self._plan.dispatches}), {})


def _basis(version: int | None, settings: object) -> bytes:
    return hashlib.sha256(json.dumps([version, settings], sort_keys=True, default=str).encode()).digest()

"""The engine beside the ledger: resumed from what is stored, fed with batches, built anew when plan or rules change."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray

from analytics.alerts import Alert
from analytics.catalogue import all_rules, default_rules
from analytics.engine import Engine
from analytics.fixes import DeviceTable, FixBatch
from analytics.outcome import Checkpoint, Outcome
from analytics.planning import Plan, parse_plan
from analytics.rulebook import Rulebook, RuleError
from geofence.features import PlanError
from ingest.arrivals import SERVER, of_engine
from ingest.metrics import Metrics
from ingest.patience import Insist
from ingest.rebuilding import RUN_UP_S, Rebuilds, Rebuilt
from ingest.shard_units import ShardUnits
from store.intake import Intake

_BASIS_BYTES = 32
_RULES = tuple(default_rules().rules)  # the engine's; what cameras find is not its business

log = structlog.get_logger("ingest.supervision")


@dataclass(frozen=True, slots=True)
class Advance:
    """What a batch changed; those of its fixes that only a rebuild of their device can walk; and those that were walked
    and are older than what is read after a restart, until the next checkpoint holds them."""

    outcome: Outcome
    unwalked: FixBatch
    uncovered: FixBatch


class Supervision:
    """The plan and rules in force, the engine that holds them, and the numbers of the devices."""

    def __init__(
        self, ledger: Intake, insist: Insist, metrics: Metrics, lateness_s: float, units: Sequence[str] = ()
    ) -> None:
        self._ledger = ledger
        self._insist = insist
        self._lateness_s = lateness_s
        self.rebuilds = Rebuilds(ledger, insist, metrics, _RULES)
        self.heard_s = -np.inf  # event time at which the engine began: where the stored fixes end
        self.known: list[Alert] = []  # alerts that last, or ended lately, when the engine began
        self._shard = ShardUnits(units)
        self._devices = DeviceTable()
        self._only_heard: set[int] = set()
        self._plan = Plan()
        self._rules = all_rules()
        self._basis = b""
        self._stored: tuple[int | None, int] | None = None
        self._engine: Engine | None = None
        self._covered_s = -np.inf  # event time from which stored fixes are read after a restart
        self._uncovered: set[int] = set()  # devices with older ones that the stored checkpoint does not hold

    def begin(self, now_s: float) -> Outcome:
        """Build the engine from the plan, the last checkpoint and the fixes stored since; what that changes.

        The engine's clock goes on where the stored fixes end, at `now_s` at most: what happened since is still to come
        from the broker, and is not silence.
        """
        self._read_basis()
        self._devices = self._insist(self._ledger.devices)
        self._hear()
        self._shard.units_of = self._insist(self._ledger.device_units)
        self._plan = self._shard.part_of(self._plan)
        self._number_planned()
        mine = None if self._shard.whole else np.flatnonzero(self._mine())
        names = None if mine is None else [*(self._devices.names[device] for device in mine.tolist()), SERVER]
        stored = self._insist(self._ledger.checkpoint)
        checkpoint, since_s = None, self._horizon_s(now_s)
        self._covered_s = -np.inf if stored is None else stored.since_s
        if stored is not None:
            basis, payload = stored.payload[:_BASIS_BYTES], stored.payload[_BASIS_BYTES:]
            checkpoint = Checkpoint(payload, stored.since_s)
            # of another plan or program the checkpoint may say nothing of a duty: its whole history is read then
            since_s = stored.since_s if basis == self._basis else min(since_s, stored.since_s)
        fixes = self._insist(lambda: self._ledger.history_since(since_s, mine))
        self.known = self._insist(lambda: self._ledger.alerts_known(since_s, _RULES, names))
        known, apart = of_engine(self.known), self.rebuilds.begin(mine)
        self.heard_s = min(now_s, float(fixes.t_s.max())) if len(fixes) else now_s
        self._engine, outcome = Engine.resume(
            self._plan,
            self._rules,
            self._devices,
            checkpoint,
            fixes,
            known,
            self.heard_s,
            lateness_s=self._lateness_s,
            apart=list(apart),
        )
        log.info("resumed", fixes=len(fixes), since_s=since_s, known_alerts=len(known), changes=len(outcome.changes))
        return outcome

    @property
    def devices(self) -> DeviceTable:
        return self._devices

    @property
    def rules(self) -> Rulebook:
        """The rules in force."""
        return self._rules

    def is_outdated(self) -> bool:
        """Whether the stored plan or rules are others than those in force."""
        return self._insist(self._ledger.basis) != self._stored

    def strange(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Which of `names` are no device's that is known. One that was accepted meanwhile is known from now on."""
        unknown = [name for name in names if name not in self._devices]
        if unknown and self._known(unknown):
            self.learn()
        return np.array([name not in self._devices for name in names], np.bool_)

    def _known(self, names: list[str]) -> dict[str, int]:
        return self._insist(lambda: self._ledger.numbers(names))

    def learn(self) -> None:
        """Take in the devices that the database knows by now."""
        self._renumber()
        self._shard.units_of = self._insist(self._ledger.device_units)

    def admit(self, names: Sequence[str], units: Mapping[str, str], most: int) -> None:
        """Names that are only heard get numbers too, with the units that their topics name, as long as fewer than
        `most` have one."""
        admitted = names[: max(0, most - len(self._only_heard))]
        if admitted:
            told = {name: units[name] for name in admitted if name in units}
            self._insist(lambda: self._ledger.admit(admitted, told))
            self._renumber()
            self._shard.units_of |= told
            log.info("new devices", count=len(admitted), names=admitted[:10])

    def numbers(self, names: Sequence[str]) -> NDArray[np.int32]:
        """The numbers of devices that are known."""
        return np.array([self._devices.index(name) for name in names], np.int32)

    def introduced(self) -> frozenset[str]:
        """The names of the devices that somebody named."""
        return frozenset(name for number, name in enumerate(self._devices.names) if number not in self._only_heard)

    @property
    def only_heard(self) -> Collection[int]:
        """The numbers of those that nobody named."""
        return self._only_heard

    def _renumber(self) -> None:
        """The numbers are the database's: another worker may have given some in between."""
        for name in self._insist(self._ledger.devices).names:
            self._devices.index(name)
        self._hear()

    def _hear(self) -> None:
        self._only_heard = set(self._insist(self._ledger.only_heard))
        self.rebuilds.strangers = self._only_heard

    def advance(self, fixes: FixBatch, now_s: float) -> Advance:
        """One step of the engine."""
        engine = self._running
        if not self._shard.whole:
            fixes = fixes.take(self._mine()[fixes.device])
        if not len(fixes):
            return Advance(engine.tick(now_s), fixes, fixes)
        beyond = engine.unwalkable(fixes)
        unwalked, walked = fixes.take(beyond), fixes.take(~beyond)
        outcome = engine.advance(walked, now_s)
        unwalked = unwalked.take(self.rebuilds.missed(unwalked))
        return Advance(outcome, unwalked, walked.take(walked.t_s <= self._covered_s))

    def rebuild(self, now_s: float, budget_s: float, but: Collection[int]) -> Rebuilt:
        """Go on with the rebuilds that are due, but for some devices."""
        return self.rebuilds.work(self._running, now_s, budget_s, but=but)

    def checkpoint(self) -> Checkpoint | None:
        """The engine's state, to be stored with the next commit; None while there is nothing to keep."""
        checkpoint = self._running.checkpoint()
        if not np.isfinite(checkpoint.since_s):
            return None
        return Checkpoint(self._basis + checkpoint.payload, checkpoint.since_s)

    def uncovered(self, devices: NDArray[np.int32]) -> None:
        """The database notes these devices: after a restart they are rebuilt, unless a checkpoint was kept before."""
        self._uncovered.update(devices.tolist())

    def kept(self, checkpoint: Checkpoint) -> None:
        """The checkpoint is stored."""
        self._covered_s = checkpoint.since_s
        self._uncovered.clear()

    def covers(self) -> tuple[int, ...]:
        """The devices that need no rebuild after a restart any more once a checkpoint of now is stored."""
        return tuple(device for device in self._uncovered if not self.rebuilds.has(device))

    def _mine(self) -> NDArray[np.bool_]:
        """Which devices this shard judges."""
        return np.array([self._shard.has(name) for name in self._devices.names], np.bool_)

    @property
    def _running(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("supervision has not begun")
        return self._engine

    def _horizon_s(self, now_s: float) -> float:
        """Where history matters from: the earliest start of a duty that is not long over."""
        starts = [d.from_s for d in self._plan.duties if d.to_s > now_s - self._lateness_s]
        return min([now_s - self._lateness_s, *starts]) - RUN_UP_S

    def _read_basis(self) -> None:
        """Take the stored plan and rules in force; those that can't be used leave the ones before in force."""
        self._stored = self._insist(self._ledger.basis)  # before what it stands for: a later change is noticed then
        stored = self._insist(self._ledger.plan)
        settings = self._insist(self._ledger.rule_settings)
        if stored is None:
            log.warning("no plan is stored: fixes are kept, nothing is judged")
        version, document = stored or (None, {"type": "FeatureCollection", "features": []})
        try:
            plan = parse_plan(document)
            rules: Rulebook = all_rules().amended(settings, "rules").amended(plan.rules, "plan.rules")
        except (PlanError, RuleError) as error:
            log.error("the stored plan or rules can't be used", version=version, error=str(error))
        else:
            self._plan, self._rules = plan, rules
            log.info("plan in force", version=version, duties=len(plan.duties))
        self._basis = _basis(version, settings, Engine.layout(self._rules))

    def _number_planned(self) -> None:
        # the engine numbers the devices of its plan, so the database must have numbered them before
        named = {duty.device for duty in self._plan.duties} | {device.id for device in self._plan.devices}
        named |= {dispatch.device for dispatch in self._plan.dispatches}
        introduced = self.introduced()
        if new := sorted(name for name in named if name not in introduced):
            self._insist(lambda: self._ledger.register(new))
            self._renumber()


def _basis(version: int | None, settings: object, layout: str) -> bytes:
    return hashlib.sha256(json.dumps([version, settings, layout], sort_keys=True, default=str).encode()).digest()

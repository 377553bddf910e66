"""The engine: fixes in, alerts out; the same live and in replay.

A fix advances its device at once. Every device has a snapshot of its state that is at least `lateness_s` older than its
latest fix, and the fixes since then; a late fix returns that one device to the snapshot and walks it through all its
fixes in order. What then differs from what was told before leaves as an amendment. So the alerts are always those of
the sorted stream, whatever the order of arrival, and the common case pays nothing (Time Warp: Jefferson, 1985).

Time is an input like a fix: the wall clock live, the stream's own clock in replay. What only the clock can notice
(silence, the end of a duty) is told by :meth:`Engine.tick`; a fix that is older than what the clock did to its device
counts as late.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Alert, AlertChange, Because, Change
from analytics.book import AlertBook, Joined, Key
from analytics.catalogue import OF_DEVICES, OF_DUTIES
from analytics.checkpoint import freeze, layout, thaw
from analytics.duties import DutyTable
from analytics.fixes import DeviceTable, FixBatch
from analytics.outcome import Checkpoint, Crossing, Outcome
from analytics.planning import Plan
from analytics.plausibility import WAY, Plausibility, believe, weigh
from analytics.recent import RecentFixes
from analytics.report import Report
from analytics.rulebook import Rulebook
from analytics.rules import implausible_position, missed_checkpoint, signal_lost
from analytics.samples import SAMPLES, sample
from analytics.situation import ARRIVED, Ground, situate
from analytics.state import StateTable, blank
from analytics.steps import HEARD, LAST, Heard, Steps, hear, hear_all, walk
from analytics.view import View

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LATENESS_S = 120.0
_TICK_S = 1.0
_CHECKPOINT_SPAN_S = 600.0
_STALE = 3  # times the lateness: a snapshot older than this is renewed while its device is walked anew
_MOST_AGAIN = 5_000  # fixes of one device: a late fix among more than these waits for the device's rebuild
_NONE = np.empty(0, np.int32)


class Engine:
    """All rules over all devices of a plan.

    `began_s` is when the watching began: nobody is called silent for what was before. `lateness_s=0` promises that
    fixes come in order (a sorted recording), and saves the snapshots.
    """

    def __init__(
        self,
        plan: Plan,
        rules: Rulebook,
        devices: DeviceTable,
        *,
        lateness_s: float = LATENESS_S,
        began_s: float = -np.inf,
    ) -> None:
        for device in plan.devices:
            devices.index(device.id)
        self.plan, self.rules, self.devices = plan, rules, devices
        self.lateness_s, self.began_s = lateness_s, began_s
        self.duties = DutyTable(plan.duties, devices)
        self.ground = Ground(plan, self.duties, devices, began_s)
        self.duty_tables = {m.RULE.id: StateTable(m.STATE, len(self.duties)) for m in OF_DUTIES}
        self.duty_tables |= {
            "last": StateTable(blank(LAST), len(self.duties)),
            "heard": StateTable(blank(HEARD), len(self.duties)),
            "arrived": StateTable(ARRIVED, len(self.duties)),
            "samples": StateTable(SAMPLES, len(self.duties)),
            "closed": StateTable(blank(np.dtype([("closed", "?")])), len(self.duties)),
        }
        self.duty_tables["closed"].load(np.array([(d.to_s <= began_s,) for d in plan.duties], [("closed", "?")]))
        self.device_tables = {m.RULE.id: StateTable(m.STATE, 0) for m in OF_DEVICES}
        self.device_tables |= {
            "last": StateTable(blank(LAST), 0),
            "head": StateTable(blank(np.dtype([("t_s", "f8")])), 0),
            "way": StateTable(WAY, 0),
        }
        self.book = AlertBook()
        self.recent = RecentFixes()
        self.newer_s = self.older_s = self.clocked_s = np.empty(0)
        self._apart = np.empty(0, bool)  # devices that are being rebuilt: only their history is walked
        self._ticked_s = -np.inf
        self._grow()

    @property
    def head_s(self) -> Floats:
        """Event time of each device's latest fix or ping; NaN where there is none."""
        head_s: Floats = self.device_tables["head"].head["t_s"]
        return head_s

    def advance(self, batch: FixBatch, now_s: float) -> Outcome:
        """Take in fixes in any order, then let time pass to `now_s`."""
        self._grow()
        report = self._report()
        too_old = batch.t_s <= self.older_s[batch.device]
        too_late = np.unique(batch.device[too_old]) if too_old.any() else _NONE
        if len(too_late):
            batch = batch.take(~too_old)
        batch, late = self._sorted(batch)
        for part in self._parts(batch, late):
            self._walk(part, report)
            if self.lateness_s > 0:
                self._keep(part)
        self._tick(now_s, report, at_once=len(late) > 0)
        return Outcome(self._settle(), tuple(report.crossings), too_late)

    def unwalkable(self, batch: FixBatch) -> Bools:
        """Which fixes of `batch` :meth:`advance` must not be given, because only a rebuild from the stored history can
        walk them: those older than memory reaches, late ones among so many that to sort them in would hold up the
        other devices, and those of a device that is being rebuilt."""
        self._grow()
        beyond: Bools = (batch.t_s <= self.older_s[batch.device]) | self._apart[batch.device]
        if self.lateness_s > 0:
            with np.errstate(invalid="ignore"):
                late = batch.t_s <= self.head_s[batch.device]
            if late.any():
                beyond |= late & (self.recent.count(len(self.devices))[batch.device] > _MOST_AGAIN)
        return beyond

    def tick(self, now_s: float) -> Outcome:
        """Let time pass to `now_s`."""
        report = self._report()
        self._tick(now_s, report, at_once=True)
        return Outcome(self._settle(), (), _NONE)

    def checkpoint(self) -> Checkpoint:
        """The state to resume from; small beside the fixes it stands for."""
        newest_s = np.nanmax(self.head_s, initial=-np.inf)
        return freeze(self, newest_s - _CHECKPOINT_SPAN_S)

    @staticmethod
    def layout(rules: Rulebook) -> str:
        """What the states depend on beside the plan. Of a checkpoint that was made under another nothing holds."""
        return layout(Engine(Plan(), rules, DeviceTable()))

    @staticmethod
    def resume(
        plan: Plan,
        rules: Rulebook,
        devices: DeviceTable,
        checkpoint: Checkpoint | None,
        fixes: FixBatch,
        known: Sequence[Alert],
        now_s: float,
        *,
        lateness_s: float = LATENESS_S,
        apart: Collection[int] = (),
    ) -> tuple["Engine", Outcome]:
        """An engine that goes on where another stopped, and what differs from the `known` alerts.

        `fixes` are the stored ones since `checkpoint.since_s`, `known` the alerts open or noticed since then. Without a
        checkpoint, or where plan and rules have changed since, the states are built anew from `fixes`. Devices `apart`
        are left out: their rebuild (:meth:`begin_rebuild`) is still to come, and until then nothing is said of them.
        """
        engine = Engine(plan, rules, devices, lateness_s=lateness_s, began_s=now_s)
        engine._apart[list(apart)] = True
        open_alerts: list[tuple[int, Key, Alert]] = []
        joined: list[tuple[int, Key, Joined]] = []
        fed_s = float(fixes.t_s.min()) if len(fixes) else now_s
        thawed = None if checkpoint is None else thaw(engine, checkpoint)
        if thawed is not None:
            open_alerts = [entry for entry in thawed.open if not engine._apart[entry[0]]]
            joined = [entry for entry in thawed.joined if not engine._apart[entry[0]]]
            told, held = thawed.told, thawed.held
            fixes, fed_s = FixBatch.concatenate([held, fixes]), -np.inf
            # What was told of the fixes in the checkpoint may be older than what the store was asked for.
            stored = {a.id for a in known}
            known = [*known, *(a for a in told if a.id not in stored)]
        fixes = fixes.take((fixes.t_s > engine.older_s[fixes.device]) & ~engine._apart[fixes.device])
        ended = engine._begin_revision(known, open_alerts, joined, fed_s, now_s)
        report = engine._report()
        batch, _ = engine._sorted(fixes)
        engine._walk(batch, report)
        engine._keep(batch)
        engine._tick(now_s, report, at_once=True)
        return engine, Outcome(engine._settle() + ended, tuple(report.crossings), _NONE)

    def rebuild(self, device: int, fixes: FixBatch, known: Sequence[Alert], now_s: float) -> Outcome:
        """Build the state of one device anew from all its stored `fixes` since some time before its duty, because one
        of them came too late for memory; `known` are its alerts noticed since the first of them, and the open ones."""
        self.begin_rebuild(device, known, float(fixes.t_s.min()) if len(fixes) else now_s)
        crossings = self.feed_rebuild(device, fixes)
        outcome = self.end_rebuild(device, now_s)
        return Outcome(outcome.changes, (*crossings, *outcome.crossings), _NONE)

    def begin_rebuild(self, device: int, known: Sequence[Alert], first_s: float) -> None:
        """Set one device apart to build its state anew from its history, which begins at `first_s` and is given page by
        page, in the order of time, to :meth:`feed_rebuild`. `known` are its alerts noticed since, and the open ones.
        Until :meth:`end_rebuild` the other devices go on, and nothing changes of this one."""
        mine = np.array([device])
        marked = np.zeros(len(self.devices), bool)
        marked[device] = True
        rows = self.duties.of_devices(mine)
        for tables, subjects in ((self.duty_tables, rows), (self.device_tables, mine)):
            for table in tables.values():
                table.reset(subjects)
        over = rows[self.duties.to_s[rows] <= first_s]
        for copy in ("head", "newer", "older"):
            getattr(self.duty_tables["closed"], copy)["closed"][over] = True
        self.newer_s[device] = self.older_s[device] = self.clocked_s[device] = -np.inf
        self.recent.forget(marked)
        told = [a for a in known if self.rules[a.rule].enabled]
        self.book.revise(device, [a for a in told if a.end_s is None or a.noticed_s >= first_s])
        self._apart[device] = True

    def feed_rebuild(self, device: int, fixes: FixBatch) -> tuple[Crossing, ...]:
        """Walk the next `fixes` of a device that is set apart.

        Raises:
            ValueError: where they are another's.
        """
        if (fixes.device != device).any():
            raise ValueError(f"feed_rebuild: expected fixes of device {device} alone")
        report = self._report()
        head_s = float(fixes.t_s.max()) if len(fixes) else -np.inf
        settled = fixes.t_s <= head_s - self.lateness_s
        for part in (fixes.take(settled), fixes.take(~settled)):
            batch, _ = self._sorted(part)
            self._walk(batch, report)
            self._keep(batch)
        return tuple(report.crossings)

    def end_rebuild(self, device: int, now_s: float) -> Outcome:
        """Let the device go on with the others; what its history says otherwise than was told before."""
        self._apart[device] = False
        report = self._report()
        self._tick(now_s, report, at_once=True)
        return Outcome(self._settle(), tuple(report.crossings), _NONE)

    def _settle(self) -> tuple[AlertChange, ...]:
        return self.book.settle(but=np.flatnonzero(self._apart).tolist())

    def _begin_revision(
        self,
        known: Sequence[Alert],
        open_alerts: list[tuple[int, Key, Alert]],
        joined: list[tuple[int, Key, Joined]],
        fed_s: float,
        now_s: float,
    ) -> tuple[AlertChange, ...]:
        """Set the known alerts against what the fixes since `fed_s` will say; returns the ends of open ones about which
        they can say nothing, as their rule is off or their duty is no more planned."""
        duties = {d.id for d in self.plan.duties}
        by_device: dict[int, list[Alert]] = {}
        opened: dict[int, dict[Key, Alert]] = {}
        for device, key, alert in open_alerts:
            opened.setdefault(device, {})[key] = alert
        lines: dict[int, dict[Key, Joined]] = {}
        for device, key, line in joined:
            lines.setdefault(device, {})[key] = line
        gone: list[tuple[Alert, Because]] = []
        for alert in known:
            if not self.rules[alert.rule].enabled:
                if alert.end_s is None:
                    gone.append((alert, Because.RULE_OFF))
                continue
            device = self.devices.index(alert.device)
            if self._apart[device] and (alert.duty is None or alert.duty in duties):
                continue
            older_s = self.older_s[device]
            held = any(a.id == alert.id for a in opened.get(device, {}).values())
            planned = alert.duty is None or alert.duty in duties
            seen = alert.noticed_s > older_s and (alert.start_s >= fed_s or np.isfinite(older_s))
            if held or (planned and seen):
                by_device.setdefault(device, []).append(alert)
            elif alert.end_s is None:
                gone.append((alert, Because.PLAN))
        for device in by_device.keys() | opened.keys() | lines.keys():
            self.book.revise(device, by_device.get(device, []), opened.get(device), lines.get(device))
        return tuple(
            AlertChange(Change.ENDED, alert.ended(max(now_s, alert.start_s), ended_because=why), alert)
            for alert, why in gone
        )

    def _report(self) -> Report:
        return Report(self.book, self.duties, self.devices)

    def _grow(self) -> None:
        n = len(self.devices)
        more = n - len(self.older_s)
        if more > 0:
            for table in self.device_tables.values():
                table.grow(n)
            fresh = np.full(more, -np.inf)
            self.newer_s, self.older_s, self.clocked_s = (
                np.concatenate([v, fresh]) for v in (self.newer_s, self.older_s, self.clocked_s)
            )
            self._apart = np.append(self._apart, np.zeros(more, bool))

    def _sorted(self, batch: FixBatch) -> tuple[FixBatch, Ints]:
        """The fixes to walk, by device and time, each once; devices that a late fix concerns are rewound and come with
        all their recent fixes. Returns these devices too."""
        with np.errstate(invalid="ignore"):
            behind = (batch.t_s <= self.head_s[batch.device]) | (batch.t_s < self.clocked_s[batch.device])
        late = np.unique(batch.device[behind]).astype(np.int64) if behind.any() else _NONE.astype(np.int64)
        again = FixBatch.empty()
        if len(late) and self.lateness_s > 0:
            marked = np.zeros(len(self.devices), bool)
            marked[late] = True
            again = self.recent.of(marked, self.older_s)
            self._rewind(late)
        both = FixBatch.concatenate([again, batch])
        # The sort is stable, so of two fixes of one device and time the one that came first stays. A ping gives way.
        ping = both.is_ping
        order = np.lexsort((ping, both.t_s, both.device) if ping.any() else (both.t_s, both.device))
        device, t_s = both.device[order], both.t_s[order]
        once = np.ones(len(order), bool)
        once[1:] = (device[1:] != device[:-1]) | (t_s[1:] != t_s[:-1])
        order = order[once]
        if self.lateness_s > 0:
            self.recent.append(both.take(order[order >= len(again)]), self.older_s)
        else:
            order = order[both.t_s[order] > np.nan_to_num(self.head_s, nan=-np.inf)[both.device[order]]]
        return both.take(order), late

    def _parts(self, batch: FixBatch, late: Ints) -> Sequence[FixBatch]:
        """`batch` (in order) in one part; or in two, where a device that was rewound would else never get a younger
        snapshot, because some late fix returns it to the same one each time: first what no late fix can change."""
        if not len(late) or self.lateness_s <= 0:
            return (batch,)
        head_s = np.full(len(self.devices), -np.inf)
        np.maximum.at(head_s, batch.device, batch.t_s)
        stale = np.zeros(len(self.devices), bool)
        stale[late] = head_s[late] - self.older_s[late] > _STALE * self.lateness_s
        settled = stale[batch.device] & (batch.t_s <= head_s[batch.device] - self.lateness_s)
        return (batch.take(settled), batch.take(~settled)) if settled.any() else (batch,)

    def _rewind(self, devices: Ints) -> None:
        for table in self.device_tables.values():
            table.rewind(devices)
        rows = self.duties.of_devices(devices)
        for table in self.duty_tables.values():
            table.rewind(rows)
        self.newer_s[devices] = self.older_s[devices]
        self.clocked_s[devices] = -np.inf
        self.book.rewind(devices.tolist())

    def _walk(self, batch: FixBatch, report: Report) -> None:
        if not len(batch):
            return
        latest = np.append(batch.device[1:] != batch.device[:-1], True)
        self.head_s[batch.device[latest]] = batch.t_s[latest]
        ping = batch.is_ping
        pinged, batch = (batch, batch.take(~ping)) if ping.any() else (None, batch)
        everything = np.arange(len(batch))
        device_steps = walk(batch, everything, batch.device.astype(np.int64), self.device_tables["last"].head)
        rule = self.rules[implausible_position.RULE.id]
        way = self.device_tables["way"].head
        trust = weigh(device_steps, way, rule["limit_mps"]) if rule.enabled else believe(device_steps)
        fix, duty = self.duties.active(batch.device, batch.t_s)
        duty_steps, heard = self._duty_steps(batch, fix, duty, trust, pinged)
        situation = situate(duty_steps, self.ground, self.duty_tables["arrived"].head)
        samples = sample(situation, self.duty_tables["samples"].head)
        view = View(self.ground, situation, samples, heard, device_steps, trust)
        # Devices first: what is known of them may explain what is found of their duties.
        for modules, tables in ((OF_DEVICES, self.device_tables), (OF_DUTIES, self.duty_tables)):
            for module in modules:
                rule = self.rules[module.RULE.id]
                if rule.enabled:
                    module.step(rule, view, tables[rule.id].head, report)

    def _duty_steps(
        self, batch: FixBatch, fix: Ints, duty: Ints, trust: Plausibility, pinged: FixBatch | None
    ) -> tuple[Steps, Heard]:
        """The steps of duties that may be held against anybody; and all that was heard, the fixes that may not standing
        where their device was last seen. `pinged` is `batch` with the pings among its fixes, if there are any."""
        last, heard = (self.duty_tables[name].head for name in ("last", "heard"))
        believed = trust.plausible[fix]
        if pinged is None and believed.all():
            steps = walk(batch, fix, duty, last)
            return steps, hear(steps, heard)
        if pinged is None:
            everything = hear_all(replace(batch, lon=trust.way_lon, lat=trust.way_lat), fix, duty, heard)
        else:
            seen = replace(pinged, lon=pinged.lon.copy(), lat=pinged.lat.copy())
            fixes = ~pinged.is_ping
            seen.lon[fixes], seen.lat[fixes] = trust.way_lon, trust.way_lat
            everything = hear_all(seen, *self.duties.active(seen.device, seen.t_s), heard)
        return walk(batch, fix[believed], duty[believed], last), everything

    def _keep(self, batch: FixBatch) -> None:
        """Age the snapshots of the devices whose newer one has become old enough."""
        devices = np.unique(batch.device).astype(np.int64)
        head_s = self.head_s
        due = devices[head_s[devices] - self.newer_s[devices] >= self.lateness_s]
        if not len(due):
            return
        for table in self.device_tables.values():
            table.keep(due)
        rows = self.duties.of_devices(due)
        for table in self.duty_tables.values():
            table.keep(rows)
        self.older_s[due], self.newer_s[due] = self.newer_s[due], head_s[due]
        self.book.keep(due.tolist())

    def _tick(self, now_s: float, report: Report, *, at_once: bool) -> None:
        if not at_once and now_s - self._ticked_s < _TICK_S:
            return
        self._ticked_s = max(now_s, self._ticked_s)
        for device in report.release(now_s):
            self.clocked_s[device] = now_s
        closed = self.duty_tables["closed"].head["closed"]
        on = np.flatnonzero((self.duties.from_s <= now_s) & ~closed & ~self._apart[self.duties.device])
        if not len(on):
            return
        rule = self.rules[signal_lost.RULE.id]
        if rule.enabled:
            last, state = self.duty_tables["heard"].head, self.duty_tables[rule.id].head
            lost = signal_lost.tick(rule, self.ground, on, now_s, last, state, report)
            self.clocked_s[self.duties.device[lost]] = now_s
        over = on[self.duties.to_s[on] <= now_s]
        self._close(over, report)
        self.clocked_s[self.duties.device[over]] = now_s

    def _close(self, over: Ints, report: Report) -> None:
        rule = self.rules[missed_checkpoint.RULE.id]
        arrived = self.duty_tables["arrived"].head["arrived"]
        for duty in over.tolist():
            if rule.enabled:
                state, last = self.duty_tables[rule.id].head, self.duty_tables["last"].head[duty]
                missed_checkpoint.judge(rule, self.ground, duty, bool(arrived[duty]), last, state, report)
            report.close_duty(duty, float(self.duties.to_s[duty]))
        self.duty_tables["closed"].head["closed"][over] = True

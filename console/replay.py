"""`ducha replay`: the same analytics over recorded traces, offline."""

import json
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analytics.alerts import Alert, AlertChange, Change, contract_form
from analytics.catalogue import all_rules
from analytics.engine import LATENESS_S, Engine
from analytics.fixes import DeviceTable, FixBatch
from analytics.planning import Plan, parse_plan
from analytics.rulebook import Rulebook
from console.judged import Judged, Tally
from ingest.traces import Traces, in_time_order, read_traces

BATCH = 250_000
MOST_MALFORMED = 0.01


class ReplayError(ValueError):
    """Input that can't be replayed; the message says which file, what, and what was expected."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The alerts in the order of the contract, what was judged, and how the run went."""

    alerts: list[Alert]
    judged: Judged
    malformed: int
    blank: int
    reading_s: float
    judging_s: float

    @property
    def fixes(self) -> int:
        return self.judged.fixes


def read_plan(file: Path) -> Plan:
    """The plan in a GeoJSON file.

    Raises:
        ReplayError, PlanError: naming the file, or the feature in it.
    """
    try:
        document = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise ReplayError(f"{file}: no such file; expected a plan as GeoJSON") from error
    except (ValueError, OSError) as error:
        raise ReplayError(f"{file}: can't be read ({error}); expected a plan as GeoJSON") from error
    return parse_plan(document)


def read_rules(plan: Plan, file: Path | None) -> Rulebook:
    """The catalogue, with the plan's settings, then those of a TOML file.

    Raises:
        ReplayError, RuleError: naming the file, or the rule and key in it.
    """
    rules = all_rules().amended(plan.rules, "plan.rules")
    if file is None:
        return rules
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ReplayError(f"{file}: no such file; expected rules as TOML") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ReplayError(f"{file}: can't be read ({error}); expected rules as TOML") from error
    return rules.amended(document, str(file))


def replay(
    files: Sequence[Path],
    plan: Plan,
    rules: Rulebook,
    *,
    lenient: bool = False,
    progress: Callable[[int, int], None] | None = None,
    complain: Callable[[str], None] | None = None,
) -> Replayed:
    """All alerts that the rules find in the traces. `progress(done, total)` counts fixes.

    Raises:
        ReplayError: where more than 1 % of a file's rows are malformed and `lenient` is not set.
    """
    devices = DeviceTable()
    started = time.perf_counter()
    traces = [_read(file, devices, lenient, complain) for file in files]
    fixes = FixBatch.concatenate([t.fixes for t in traces])
    heard = FixBatch.concatenate([fixes, *(t.pings for t in traces)])
    read = time.perf_counter()
    changes: list[AlertChange] = []
    engine = Engine(plan, rules, devices, lateness_s=0.0, began_s=float(fixes.t_s.min()) if len(fixes) else -np.inf)
    tally = Tally(plan, engine.duties, devices)
    if len(fixes):
        done, now_s = 0, -np.inf
        newest_s = float(fixes.t_s.max())
        for batch in in_time_order(heard, BATCH):
            # The clock goes by fixes alone: a ping has its time from a device's clock, and nothing to hold it against.
            now_s = min(float(batch.t_s[-1]), newest_s)
            changes += engine.advance(batch, now_s).changes
            placed = batch.take(~batch.is_ping)
            tally.add(placed)
            done += len(placed)
            if progress is not None:
                progress(done, len(fixes))
        # The stream's own clock runs on for as long as a late fix could still have come.
        changes += engine.tick(now_s + LATENESS_S).changes
    alerts: dict[str, Alert] = {}
    for change in changes:
        alerts[change.alert.id] = change.alert
        if change.change is Change.WITHDRAWN:
            del alerts[change.alert.id]
    ordered = sorted(alerts.values(), key=lambda a: (a.start_s, a.device, a.rule))
    malformed, blank = sum(t.rejects.count for t in traces), sum(t.blank for t in traces)
    return Replayed(ordered, tally.judged(), malformed, blank, read - started, time.perf_counter() - read)


def _read(file: Path, devices: DeviceTable, lenient: bool, complain: Callable[[str], None] | None) -> Traces:
    traces = read_traces(file, devices)
    complain = complain or (lambda _line: None)
    for line in (*traces.rejects.remarks, *traces.rejects.named):
        complain(line)
    rejected = traces.rejects.count
    if rejected > len(traces.rejects.named):
        complain(f"{file.name}: {rejected - len(traces.rejects.named)} more malformed rows")
    if not lenient and rejected > MOST_MALFORMED * traces.rows:
        raise ReplayError(
            f"{file}: {rejected} of {traces.rows} rows are malformed; expected at most 1 % (--lenient takes the rest)"
        )
    return traces


def write_alerts(alerts: Sequence[Alert], file: Path) -> None:
    """One JSON object a line, as in the contract."""
    lines = (json.dumps(contract_form(a), ensure_ascii=False, separators=(",", ":")) for a in alerts)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

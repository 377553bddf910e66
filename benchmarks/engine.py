"""How fast the engine judges: all rules on, fixes in live mode, one core."""

import gc
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from analytics.catalogue import default_rules
from analytics.engine import Engine
from analytics.fixes import FixBatch
from benchmarks.figures import Figure, at_least
from benchmarks.fleet import EVERY_S, START_S, Fleet, Size

TARGET = 200_000
LATENESS_S = 120.0
_WARM_S = 1_200.0  # until the look-backs are full and the snapshots have aged


@dataclass(frozen=True, slots=True)
class Run:
    """One run over a fleet. `rates` are fixes/s of each stretch; `resident_bytes` is what the process grew by."""

    rates: list[float]
    alerts: Counter[str]
    bytes_per_device: float
    resident_bytes: float


def run(devices: int, batch: int, fixes: int, *, stretches: int = 3, warm_s: float = _WARM_S) -> Run:
    """Warm an engine up, then judge `stretches` times `fixes` fixes in batches of `batch`."""
    fleet = Fleet(Size(devices=devices))
    plan, table = fleet.plan(), fleet.devices()
    gc.collect()
    before = _rss_bytes()
    engine = Engine(plan, default_rules(), table, lateness_s=LATENESS_S, began_s=START_S)
    alerts: Counter[str] = Counter()
    rounds = round(warm_s / EVERY_S)
    _judge(engine, list(fleet.batches(rounds * devices, max(batch, devices))), alerts)
    rates = []
    for _ in range(stretches):
        batches = list(fleet.batches(fixes, batch, rounds))
        rounds += -(-fixes // devices)
        rates.append(_judge(engine, batches, alerts))
        del batches
    gc.collect()
    grown = _rss_bytes() - before
    tables = (*engine.duty_tables.values(), *engine.device_tables.values())
    return Run(rates, alerts, sum(t.bytes_per_row for t in tables), grown)


def _alone(devices: int, batch: int, fixes: int, *, warm_s: float = _WARM_S) -> Run:
    """The same in a process of its own, whose memory no earlier run has stretched."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(run, devices, batch, fixes, warm_s=warm_s).result()


def _judge(engine: Engine, batches: list[FixBatch], alerts: Counter[str]) -> float:
    began = time.perf_counter()
    for batch in batches:
        outcome = engine.advance(batch, float(batch.t_s[-1]))
        alerts.update(f"{c.alert.rule} {c.change}" for c in outcome.changes)
    return sum(map(len, batches)) / (time.perf_counter() - began)


def _rss_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4_096


def measure(*, quick: bool = False) -> list[Figure]:
    """The engine's rates, its memory, and whether its cost depends on the number of devices."""
    fixes = 400_000 if quick else 2_000_000
    large, small = _alone(2_000, 20_000, fixes), _alone(2_000, 1_000, fixes // 4)
    figures = [
        at_least("engine, 2,000 devices, batches of 20,000", max(large.rates), TARGET, "fixes/s"),
        at_least("engine, 2,000 devices, batches of 1,000", max(small.rates), TARGET, "fixes/s"),
    ]
    costs, resident = {}, {}
    for devices in (100, 1_000, 10_000) if quick else (100, 1_000, 10_000, 100_000):
        warm_s = _WARM_S if devices < 100_000 else 12 * EVERY_S
        result = _alone(devices, 20_000, max(200_000, 2 * devices), warm_s=warm_s)
        costs[devices], resident[devices] = 1e6 / max(result.rates), result.resident_bytes
    more = (resident[10_000] - resident[1_000]) / 9_000
    found_memory = (
        f"{large.bytes_per_device / 1024:.1f} KiB of state with its two snapshots; {more / 1024:.1f} KiB resident "
        "with its duty and the fixes held (1,000 → 10,000 devices)"
    )
    figures.append(Figure("engine, memory a device", found_memory))
    found = ", ".join(f"{cost:.1f} µs ({devices:,})" for devices, cost in costs.items())
    return [*figures, Figure("engine, cost a fix (by devices), batches of 20,000", found)]

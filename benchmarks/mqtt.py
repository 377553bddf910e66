"""From MQTT to the committed row: broker, ingest and database, with every rule on, all on this machine."""

import json
import os
import time
from dataclasses import dataclass

from benchmarks.figures import Figure, at_least
from benchmarks.publisher import fleet_of
from benchmarks.rig import MOSQUITTO, Rig, begin, publisher, running, within

_DEVICES = 10_000
_PUBLISHERS = 2
_SINGLE_TARGET, _ARRAY_TARGET = 18_000, 130_000


@dataclass(frozen=True, slots=True)
class Run:
    """Fixes a second from the first publish to the last commit, and what lies in the database."""

    rate: float
    published: int
    stored: int
    alerts: int
    dead_letters: int


def run(rounds: int, together: int, offered: float, *, mosquitto: bool = False) -> Run:
    """`rounds` messages of each device, `together` fixes in each; `offered` messages a second (0: all that go)."""
    every_s = _DEVICES / offered / together
    with running(fleet_of(_DEVICES, every_s), mosquitto=mosquitto) as rig:
        publishers = [
            publisher(rig, _DEVICES, n, _PUBLISHERS, rounds, together, offered / _PUBLISHERS, every_s)
            for n in range(_PUBLISHERS)
        ]
        begin(publishers)
        outputs = [json.loads(process.communicate()[0]) for process in publishers]
        published = together * sum(o["messages"] for o in outputs)
        last_s = _drained(rig, published)
        rate = published / (last_s - min(o["began_s"] for o in outputs))
        return Run(rate, published, rig.count("fixes"), rig.count("alerts"), rig.count("dead_letters"))


def _drained(rig: Rig, published: int) -> float:
    """When ingest had committed all (Unix seconds)."""
    within(180, lambda: rig.metric("ducha_ingest_fixes_total") >= published)
    return time.time()


def measure(*, quick: bool = False) -> list[Figure]:
    """Single messages and arrays, through NATS as the demo has it, and Mosquitto where it is installed."""
    times = 1 if quick else 3
    figures = []
    for mosquitto in (False, True) if MOSQUITTO else (False,):
        broker = "Mosquitto" if mosquitto else "NATS"
        rounds = 6 if quick else 20
        single = [run(rounds, 1, 20_000, mosquitto=mosquitto) for _ in range(times)]
        arrays = [run(rounds // 2, 20, 7_000, mosquitto=mosquitto) for _ in range(times)]
        figures.append(_figure(f"MQTT ({broker}) → committed, messages of one fix", single, _SINGLE_TARGET))
        figures.append(_figure(f"MQTT ({broker}) → committed, arrays of 20", arrays, _ARRAY_TARGET))
    if not MOSQUITTO:
        figures.append(Figure("MQTT (Mosquitto) → committed", "not measured: Mosquitto is not installed"))
    return figures


def _figure(what: str, runs: list[Run], target: float) -> Figure:
    best = max(runs, key=lambda r: r.rate)
    broken = [r for r in runs if r.stored != r.published or r.dead_letters]
    kept = f"**rows differ: {broken}**" if broken else f"{best.stored:,} published = rows stored"
    what = f"{what} ({kept}, {best.alerts:,} alerts; {os.cpu_count()} cores for publishers, broker, ingest, database)"
    return at_least(what, best.rate, target, "fixes/s")

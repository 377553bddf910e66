"""`ducha simulate`: a county of virtual devices, recorded or on the air."""

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from hardware.county import build
from hardware.fleet import Broker, Fleet
from hardware.recording import write_county
from ingest.stopping import stopper


class SimulationError(ValueError):
    """The simulation can't be run as asked: what is wrong, and what was expected."""


def record(out: Path, hours: float, cars: int, officers: int, seed: int, start_s: float, console: Console) -> None:
    """Write a county's plan, base map, traces and truth into `out`."""
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("simulate", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        written = write_county(out, seed, hours, cars, officers, start_s, progress)
    console.print(
        f"{written.devices} devices, {written.duties} duties, {written.fixes:,} fixes, {written.acts} acts in {out}"
    )


def publish(address: str, hours: float, cars: int, officers: int, seed: int, say: Callable[[str], None]) -> None:
    """Publish a county to the broker at `address` until its hours are over or Ctrl-C.

    Raises:
        SimulationError: where `address` is not HOST:PORT.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise SimulationError(f"--broker {address}: expected HOST:PORT")
    scenario = build(seed).shift(time.time(), hours, cars, officers)
    progress = Fleet(scenario, Broker(host, int(port))).run(stopper())
    say(f"{progress.acknowledged:,} of {progress.published:,} messages acknowledged")

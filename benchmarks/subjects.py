"""What can be measured, each in a process of its own."""

import importlib
import os

from benchmarks.figures import Figure

SUBJECTS = (
    "engine",
    "peers",
    "replay",
    "mqtt",
    "latency",
    "flood",
    "map",
    "recording",
    "watching",
    "looking",
    "tamper",
    "live.viewer_cost",
    "live.on_screen",
    "playback",
)
# Ten minutes and more each: measured only where asked for.
LONG = ("live.joins", "live.publications", "watching_memory", "forgery", "rollback", "stillness")
_ON_ONE_CORE = {"engine", "peers", "replay", "watching", "tamper"}


def measure(subject: str, *, quick: bool) -> list[Figure]:
    """The figures of `benchmarks.<subject>`; what claims one core is held to it."""
    if subject in _ON_ONE_CORE:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    figures: list[Figure] = importlib.import_module(f"benchmarks.{subject}").measure(quick=quick)
    return figures

"""Finds and runs the program under judgement."""

import os
import shlex
import shutil
import subprocess
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 900


class NoReplay(Exception):  # noqa: N818 - the name says what happened
    """`ducha replay` could not be run, or did not end well."""


def command() -> list[str]:
    """`DUCHA`, or `ducha` on PATH, or the one in the repository's virtual environment."""
    named = os.environ.get("DUCHA")
    if named:
        return shlex.split(named)
    for found in (shutil.which("ducha"), shutil.which("ducha", path=str(_ROOT / ".venv" / "bin"))):
        if found:
            return [found]
    raise NoReplay("ducha: not found; expected in DUCHA, on PATH or in .venv/bin")


def replay(traces: Path, plan: Path, alerts: Path) -> float:
    """Runs the replay; returns the seconds it took."""
    line = [*command(), "replay", str(traces), "--plan", str(plan), "--out", str(alerts)]
    began = time.perf_counter()
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoReplay(f"{shlex.join(line)}: {error}") from error
    if done.returncode != 0 or not alerts.is_file():
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise NoReplay(f"{shlex.join(line)}: exit {done.returncode}: " + " / ".join(said))
    return time.perf_counter() - began

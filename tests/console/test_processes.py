"""Processes that belong together, as real ones."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from waiting import wait_until

ROOT = Path(__file__).parents[2]
PARENT = """
import sys, threading
from console.processes import Child
child = Child("child", exec, (sys.argv[1],))
child.start()
print(child.process.pid, flush=True)
threading.Event().wait()
"""
OBEDIENT = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


@pytest.mark.parametrize("work", [OBEDIENT, DEAF])
def test_a_child_ends_with_a_parent_that_was_killed(work: str) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, work], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    try:
        wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, what="the child ends")
    finally:
        if child.is_running():
            child.kill()

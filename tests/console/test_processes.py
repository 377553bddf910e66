"""Processes that belong together, as real ones."""

import os
import signal
import subprocess
import sys
import time
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


HOLDER = """
import fcntl, os, resource, sys, threading
from console.processes import Child
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
lock = open(sys.argv[1], "wb")
fcntl.flock(lock, fcntl.LOCK_SH)
files = [os.open(sys.argv[1], os.O_RDONLY) for _ in range(min(most, 20_000) - 100)]  # a kill closes the newest first
Child("test", exec, (sys.argv[2],)).start()
threading.Event().wait()
"""
WAITING_FOR_ITS_END = """
import fcntl, os, resource
from ingest.stopping import stopper
stop = stopper()
room = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100
files = [os.open({path!r}, os.O_RDONLY) for _ in range(min(room, 1_100))]  # as with a thousand viewers
print("up", flush=True)
stop.wait()
with open({path!r}, "wb") as lock:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        print("free", flush=True)
    except BlockingIOError:
        print("held", flush=True)
"""


def test_a_child_that_ends_with_a_parent_that_was_killed_finds_its_locks_free(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    command = [sys.executable, "-c", HOLDER, path, WAITING_FOR_ITS_END.format(path=path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        parent.kill()
        assert parent.stdout.readline() == "free\n"


SYSTEM = """
import sys, threading
from console.processes import Child, kept, watch
from ingest.stopping import stopper
stop = stopper()
work = "from ingest.stopping import stopper; stop = stopper(); print('up\\\\n', end='', flush=True); stop.wait()"
server, client = Child("server", exec, (work,)), Child("client", exec, (work,))
with kept([server], stop):
    watch([client], stop)
    print("the server is", "there" if server.process.is_alive() else "gone", flush=True)
"""


@pytest.mark.parametrize("whom", ["the group", "each"])
def test_what_is_told_to_end_is_not_started_again(whom: str) -> None:
    """Ctrl-C in a terminal and `kill -- -GROUP` mean all of it; a service manager signals each process by itself."""
    command = [sys.executable, "-c", SYSTEM]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as parent:
        assert parent.stdout is not None
        try:
            assert [parent.stdout.readline() for _ in range(2)] == ["up\n"] * 2
            children = psutil.Process(parent.pid).children()
            began_s = time.monotonic()
            if whom == "the group":
                os.killpg(parent.pid, signal.SIGTERM)
            else:
                for process in (parent, *children):
                    process.send_signal(signal.SIGTERM)
            assert parent.wait(60) == 0
            assert time.monotonic() - began_s < 5
        finally:
            parent.kill()
        said = parent.stdout.read()
    assert "again" not in said
    assert "the server is there" in said or whom == "each"

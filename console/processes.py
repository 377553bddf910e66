"""Child processes that are started again when they die, and stopped together."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Any

import structlog

log = structlog.get_logger("processes")

_BACK_OFF_S = (0.2, 5.0)
_STEADY_S = 30.0
_STOP_S = 4.0  # so that servers, which end last, are gone five seconds after the first word
_POLL_S = 0.2


@dataclass(slots=True)
class Child:
    """One process: `target(*arguments)` runs in it until SIGTERM. It is started again when it ends; one that is not
    `lasting`, only when it failed."""

    name: str
    target: Callable[..., None]
    arguments: tuple[Any, ...] = ()
    lasting: bool = True
    process: SpawnProcess | None = None
    started_s: float = 0.0
    wait_s: float = 0.0
    again_s: float | None = None  # when it is to be started again (monotonic); None while it runs

    def start(self) -> None:
        self.again_s = None
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(
            target=_run, args=(self.target, self.arguments), name=f"ducha-{self.name}", daemon=True
        )
        self.process.start()
        self.started_s = time.monotonic()

    def ended(self) -> bool:
        return self.process is not None and not self.process.is_alive()

    def done(self) -> bool:
        """Whether it has ended as it was to."""
        return not self.lasting and self.process is not None and self.process.exitcode == 0


def _run(target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    os.setsid()  # Ctrl-C and a signal to the whole group are for the parent, which ends us when our turn comes
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    target(*arguments)


def _end_with_parent() -> None:
    """Whoever is to start everything again must find ports, locks and cameras free: a parent that was killed could not
    stop its children."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    assert parent.pid is not None
    parent.join()
    with suppress(OSError):  # the pipe that this waits for closes before other files: locks are held still
        gone = os.pidfd_open(parent.pid)
        wait([gone], _STOP_S)
        os.close(gone)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_STOP_S)
    os._exit(1)


def watch(
    children: list[Child],
    stop: threading.Event,
    until_s: float | None = None,
    ending: threading.Event | None = None,
) -> bool:
    """Start `children` and keep them running until `stop` is set, or the monotonic time `until_s`, or one that is not
    lasting is done. Returns whether such a one was. Once `ending` is set, none is started again."""
    for child in children:
        child.start()
    try:
        while not stop.wait(_POLL_S):
            if until_s is not None and time.monotonic() >= until_s:
                return False
            for child in children:
                if child.done():
                    return True
                if ending is None or not ending.is_set():
                    _start_again(child)
        return False
    finally:
        end(children)


@contextmanager
def kept(children: list[Child], ending: threading.Event) -> Iterator[None]:
    """`children` run until the end of the block, and are started again until `ending` is set: who needs them may still
    have work to finish."""
    stop = threading.Event()
    watcher = threading.Thread(target=watch, args=(children, stop, None, ending), name="keeper")
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def _start_again(child: Child) -> None:
    """Start a child that has ended, after a while that grows from one end to the next."""
    now_s = time.monotonic()
    if child.again_s is None and child.ended():
        steady = now_s - child.started_s > _STEADY_S
        child.wait_s = _BACK_OFF_S[0] if steady else min(max(child.wait_s * 2, _BACK_OFF_S[0]), _BACK_OFF_S[1])
        child.again_s = now_s + child.wait_s
        exit_code = child.process.exitcode if child.process else None
        log.warning("process ended, starting it again", process=child.name, exit=exit_code, after_s=child.wait_s)
    if child.again_s is not None and now_s >= child.again_s:
        child.start()


def end(children: list[Child]) -> None:
    """Ask all to stop, and make those stop that do not in time."""
    for child in children:
        if child.process is not None and child.process.is_alive():
            child.process.terminate()
    deadline = time.monotonic() + _STOP_S
    for child in children:
        if child.process is not None:
            child.process.join(max(0.0, deadline - time.monotonic()))
            if child.process.is_alive():
                child.process.kill()
                child.process.join()

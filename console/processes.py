"""Child processes that are started again when they die, and stopped together."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.context import SpawnProcess
from typing import Any

import structlog

log = structlog.get_logger("processes")

_BACK_OFF_S = (0.2, 5.0)
_STEADY_S = 30.0
_STOP_S = 5.0


@dataclass(slots=True)
class Child:
    """One process: `target(*arguments)` runs in it until SIGTERM; a `lasting` one is started again when it ends."""

    name: str
    target: Callable[..., None]
    arguments: tuple[Any, ...] = ()
    lasting: bool = True
    process: SpawnProcess | None = None
    started_s: float = 0.0
    wait_s: float = field(default=_BACK_OFF_S[0])

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(
            target=_run, args=(self.target, self.arguments), name=f"ducha-{self.name}", daemon=True
        )
        self.process.start()
        self.started_s = time.monotonic()

    def ended(self) -> bool:
        return self.process is not None and not self.process.is_alive()


def _run(target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    target(*arguments)


def _end_with_parent() -> None:
    """Whoever is to start everything again must find ports, locks and cameras free: a parent that was killed could not
    stop its children."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_STOP_S)
    os._exit(1)


def watch(children: list[Child], stop: threading.Event, until_s: float | None = None) -> bool:
    """Start `children` and keep them running until `stop` is set, or the monotonic time `until_s`, or one that is not
    lasting ends. Returns whether such a one ended."""
    for child in children:
        child.start()
    try:
        while not stop.wait(0.2):
            if until_s is not None and time.monotonic() >= until_s:
                return False
            for child in children:
                if not child.ended():
                    continue
                if not child.lasting:
                    return True
                _start_again(child, stop)
        return False
    finally:
        end(children)


def _start_again(child: Child, stop: threading.Event) -> None:
    steady = time.monotonic() - child.started_s > _STEADY_S
    child.wait_s = _BACK_OFF_S[0] if steady else min(child.wait_s * 2, _BACK_OFF_S[1])
    exit_code = child.process.exitcode if child.process else None
    log.warning("process ended, starting it again", process=child.name, exit=exit_code, after_s=child.wait_s)
    if not stop.wait(child.wait_s):
        child.start()


def end(children: list[Child]) -> None:
    """Ask all to stop, and make those stop that do not within five seconds."""
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

"""Virtual cameras for the length of a benchmark, in a process of their own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event as Flag

import numpy as np

from hardware.cameras import CameraServer, CameraSpec
from hardware.cameras.picture import Picture, Size

_PROCESSES = get_context("spawn")
_STARTED_S = 30.0


class Mosaic:
    """A picture that fills its bitrate and is quickly made: tiles that slide."""

    def __init__(self) -> None:
        self._tiles = np.random.default_rng(1).integers(40, 215, (1440, 2560, 3), np.uint8)
        self._tiles = np.repeat(np.repeat(self._tiles[::16, ::16], 16, 0), 16, 1)

    def picture(self, t_s: float, size: Size) -> Picture:
        """What is seen at `t_s` seconds."""
        left, top = round(40 * t_s) % 1000, round(25 * t_s) % 600
        return np.ascontiguousarray(self._tiles[top : top + size[1], left : left + size[0]])


@contextmanager
def serving(specs: Sequence[CameraSpec]) -> Iterator[list[str]]:
    """Serves `specs`; their addresses, in the same order.

    Raises:
        RuntimeError: when they do not start within 30 s.
    """
    ours, theirs = _PROCESSES.Pipe()
    stop = _PROCESSES.Event()
    process = _PROCESSES.Process(target=_serve, args=(specs, theirs, stop))
    process.start()
    try:
        if not ours.poll(_STARTED_S):
            raise RuntimeError(f"the cameras did not start within {_STARTED_S:g} s")
        yield ours.recv()
    finally:
        stop.set()
        process.join(_STARTED_S)


def _serve(specs: Sequence[CameraSpec], addresses: "Connection[list[str], None]", stop: Flag) -> None:
    with CameraServer(specs) as server:
        addresses.send([server.url(spec.name) for spec in specs])
        stop.wait()

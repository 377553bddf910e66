"""What a process holds before and after many came and left."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import psutil  # type: ignore[import-untyped]

from benchmarks.figures import Figure

STEP = 100  # between two looks
_TARGET = 5.0


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds; memory in bytes, resident. `files` are all descriptors, `udp` those of viewers."""

    memory: int
    threads: int
    files: int
    udp: int

    @classmethod
    def by(cls, pid: int) -> "Held":
        process = psutil.Process(pid)
        return cls(
            process.memory_info().rss, process.num_threads(), process.num_fds(), len(process.net_connections("udp"))
        )

    def __str__(self) -> str:
        return f"{self.memory / 1e6:.1f} MB, {self.threads} threads, {self.files} files, {self.udp} of them UDP"


def kept(what: str, held: Sequence[Held]) -> Figure:
    """Whether the last of `held` is as the first was."""
    before, after = held[0], held[-1]
    change = 100 * (after.memory / before.memory - 1)
    steps = [f"{(later.memory - former.memory) / 1e6:+.1f}" for former, later in pairwise(held)]
    told = f"{before}; after: {after} ({change:+.1f} %; MB each {STEP}: {', '.join(steps)})"
    sound = abs(change) <= _TARGET and after.udp <= before.udp and after.threads <= before.threads
    return Figure(what, told, f"± {_TARGET:g} %", sound)

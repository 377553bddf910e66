"""Reading the log's leaves while it is written: from its end backwards, and on as it grows."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from store.evidence.errors import InvalidLeaf
from store.evidence.leaf import MAX_LINE, Leaf, Remark, SealBody
from store.evidence.recovery import LEAVES
from store.evidence.standalone import opened

BLOCK = 1 << 18
_SOON_NS = 60_000_000_000


def newest_first(folder: Path) -> Iterator[tuple[int, Leaf]]:
    """Every leaf with the place of its line, the newest first. What is no leaf is passed over: it is for verification
    to name."""
    with opened(folder / LEAVES) as file:
        end = file.seek(0, 2)
        rest = b""  # the beginning of `rest` is where `end` is
        while end:
            begin = max(0, end - BLOCK)
            file.seek(begin)
            data = file.read(end - begin) + rest
            first = data.find(b"\n") + 1 if begin else 0  # where the first whole line begins
            stop = data.rfind(b"\n")
            while stop >= first:
                start = data.rfind(b"\n", first, stop) + 1 or first
                if (leaf := _leaf(data[start:stop])) is not None:
                    yield begin + start, leaf
                stop = start - 1
            rest, end = data[:first] if first or not begin else data, begin


def first_leaf(folder: Path) -> Leaf | None:
    """The log's first leaf; None where there is none."""
    with suppress(FileNotFoundError), opened(folder / LEAVES) as file:
        line = file.readline(MAX_LINE + 2)
        return _leaf(line[:-1]) if line.endswith(b"\n") else None
    return None


def is_sealed(folder: Path, last: Leaf) -> bool:
    """Whether the session of the stream whose newest leaf is `last` is sealed. Remarks come at any time and say
    nothing of that; but a stream in a session says something every 10 s, so one need not look far beyond them."""
    if not isinstance(last.body, Remark):
        return isinstance(last.body, SealBody)
    for _, leaf in newest_first(folder):
        if abs(leaf.wall_ns - last.wall_ns) > _SOON_NS:
            break
        if leaf.stream == last.stream and not isinstance(leaf.body, Remark):
            return isinstance(leaf.body, SealBody)
    return True


def ends_at(folder: Path, place: int) -> Leaf | None:
    """The leaf whose line ends at byte `place`, if one does."""
    with opened(folder / LEAVES) as file:
        begin = max(0, place - MAX_LINE - 2)
        file.seek(begin)
        line, end = file.read(place - begin)[:-1], file.tell()
        file.seek(max(place - 1, 0))
        if end != place or file.read(1) != b"\n":
            return None
    return _leaf(line[line.rfind(b"\n") + 1 :])


class Follower:
    """Reads on from byte `place` of the log, as it grows; `read_to` is how far it came with the last reading."""

    def __init__(self, folder: Path, place: int = 0) -> None:
        self._file = opened(folder / LEAVES)
        self._place = self.read_to = place

    def read(self, limit: int, end: int) -> list[Leaf]:
        """Up to about `limit` whole leaves from here on, but none behind byte `end`; the same again until
        :meth:`advance`."""
        self._file.seek(self._place)
        lines: list[bytes] = []
        self.read_to = self._place
        while len(lines) < limit and self.read_to < end and (line := self._file.readline()).endswith(b"\n"):
            lines.append(line)
            self.read_to += len(line)
        return [leaf for line in lines if (leaf := _leaf(line[:-1])) is not None]

    def advance(self) -> None:
        """Go on behind what was read."""
        self._place = self.read_to

    def close(self) -> None:
        self._file.close()


def _leaf(line: bytes) -> Leaf | None:
    try:
        return Leaf.parse(line)
    except InvalidLeaf:
        return None

"""What retention deleted of a stream: which tombstone speaks of a leaf?"""

from bisect import bisect_right
from collections.abc import Iterable

from store.evidence.leaf import TombstoneBody


class Deletions:
    """The tombstones of one stream by the numbers that they cover, found by bisection: a month of a camera has
    thousands of them, over millions of segments."""

    def __init__(self, stones: Iterable[TombstoneBody]) -> None:
        self._stones: list[TombstoneBody] = []
        self._firsts: list[int] = []  # what each covers and none before it does: spans that don't meet
        self._lasts: list[int] = []
        for stone in sorted(stones, key=lambda stone: stone.from_seq):
            first = max(stone.from_seq, self._lasts[-1] + 1) if self._lasts else stone.from_seq
            if first <= stone.to_seq:
                self._stones.append(stone)
                self._firsts.append(first)
                self._lasts.append(stone.to_seq)

    def of(self, seq: int) -> TombstoneBody | None:
        """A tombstone that covers leaf `seq`; None where there is none."""
        place = bisect_right(self._firsts, seq) - 1
        return self._stones[place] if place >= 0 and seq <= self._lasts[place] else None

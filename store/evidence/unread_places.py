"""Where stands something in the log that nobody can read?"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import islice

from store.evidence.verdict import Verdict


class UnreadPlaces:
    """The places of a log without a leaf that can be read, in their order, and why. Which stream's leaf it was, the
    streams tell: the one that misses a leaf there takes it out."""

    def __init__(self) -> None:
        self._places: list[int] = []
        self._why: dict[int, Verdict] = {}

    def __len__(self) -> int:
        return len(self._why)

    def __iter__(self) -> Iterator[int]:
        return iter(self._why)

    def add(self, place: int, why: Verdict) -> None:
        """One more, after those that are known."""
        self._places.append(place)
        self._why[place] = why

    def take(self, after: int, before: int, most: int) -> dict[int, Verdict]:
        """Take out the first of those between two places, at `most` so many."""
        between = range(bisect_right(self._places, after), bisect_left(self._places, before))
        there = (place for at in between if (place := self._places[at]) in self._why)
        return {place: self._why.pop(place) for place in list(islice(there, most))}

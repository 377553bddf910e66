"""When was that recorded which stands between two places of the log? Its neighbours tell, for itself it may be forged.

A leaf is written when its time is over, and the streams take turns: when one's is written, another's that began before
is not there yet. So of each stream by itself the time runs from the end of its last leaf before the one place to the
beginning of its first after the other; and all of it was over when the next leaf of any stream was written.
"""

from array import array
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from store.evidence.continuity import QUIET_NS, SLACK_NS
from store.evidence.leaf import Leaf

REACH = 1_024  # leaves looked at on either side
HOLE_NS = 100_000_000  # from here on it is no mere unevenness of a stream's times

Span = tuple[int, int]


class Standing(Enum):
    """What of a time stands in the log."""

    THERE = "these are not the leaves that were signed"
    ABSENT = "nothing stands where something was signed"
    ELSEWHERE = "a leaf that is not as it was signed says that it is of this time"


class Accused(NamedTuple):
    """A time of a stream that is not as it was."""

    stream: str
    begin_ns: int
    end_ns: int
    standing: Standing


class Spans:
    """The times of all leaves, by their place in the log."""

    def __init__(self) -> None:
        self.begins, self.ends = array("q"), array("q")
        self._streams = array("q")  # by number; 0: a line that is no leaf
        self._names: list[str | None] = [None]
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.begins)

    def add(self, leaf: Leaf | None) -> None:
        """The next leaf, or a line that is none."""
        number = 0
        begin_ns = end_ns = self.ends[-1] if self.ends else 0
        if leaf is not None:
            begin_ns, end_ns = leaf.begin_ns, leaf.end_ns
            number = self._numbers.setdefault(leaf.stream, len(self._names))
            if number == len(self._names):
                self._names.append(leaf.stream)
        self.begins.append(begin_ns)
        self.ends.append(end_ns)
        self._streams.append(number)

    def between(self, first: int, last: int) -> dict[str, Span]:
        """The time of each stream that may have a leaf among `first` to `last`, not included. Those of which there is
        none count where they went on just before."""
        here = {name for number in set(self._streams[first:last]) if (name := self._names[number]) is not None}
        begins = self._begins(here, first)
        after = range(last, min(last + REACH, len(self)))
        follow = self._first_of_each(after, self.begins)
        if follow:
            over_ns = next(self.ends[place] for place in after if self._streams[place])
        else:  # the log ends here
            begin_ns, over_ns = min(begins.values(), default=0), self.ends[last - 1]
            over_ns = max(
                (self.ends[p] for p in range(first, last) if begin_ns <= self.begins[p] <= over_ns), default=over_ns
            )
        ends = {stream: min(follow.get(stream, over_ns), over_ns) for stream in begins}
        return {s: (min(begins[s], ends[s]), max(begins[s], ends[s])) for s in begins}

    def whole(self, first: int, last: int) -> Span:
        """The same of all streams together."""
        spans = self.between(first, last).values()
        return min((begin for begin, _ in spans), default=0), max((end for _, end in spans), default=0)

    def accused(self, first: int, last: int) -> Iterator[Accused]:
        """What of these times is not as it was, when one of the leaves was changed, cut out or put in."""
        spans = self.between(first, last)
        there: dict[str, list[Span]] = {stream: [] for stream in spans}
        for place in range(first, last):
            name, begin_ns, end_ns = self._names[self._streams[place]], self.begins[place], self.ends[place]
            if name is None:
                continue
            if spans[name][0] <= (begin_ns + end_ns) // 2 <= spans[name][1]:
                there[name].append((begin_ns, end_ns))
            else:
                yield Accused(name, begin_ns, end_ns, Standing.ELSEWHERE)
        for name, span in spans.items():
            yield from (Accused(name, *part) for part in _parted(span, sorted(there[name])))

    def _begins(self, here: set[str], first: int) -> dict[str, int]:
        before = self._first_of_each(range(first - 1, max(first - 1 - REACH, -1), -1), self.ends)
        if not before:
            return dict.fromkeys(here, self.begins[first])
        newest_ns = next(iter(before.values()))
        begins = dict.fromkeys(here, newest_ns - SLACK_NS)  # that begin anew, with the second before
        begins |= {s: before[s] for s in here & set(before) if before[s] >= newest_ns - QUIET_NS}
        return begins | {s: end_ns for s, end_ns in before.items() if end_ns >= newest_ns - SLACK_NS}

    def _first_of_each(self, places: Iterable[int], times: "array[int]") -> dict[str, int]:
        """Of each stream the time of the leaf that comes first, in the order in which they come."""
        found: dict[str, int] = {}
        for place in places:
            if (name := self._names[self._streams[place]]) is not None:
                found.setdefault(name, times[place])
        return found


def _parted(span: Span, there: Iterable[Span]) -> Iterator[tuple[int, int, Standing]]:
    """The span by what of it is `there`, in its order, and what is not."""
    begin = cursor = span[0]
    for leaf_begin, leaf_end in there:
        if leaf_begin >= cursor + HOLE_NS:
            if cursor > begin:
                yield begin, cursor, Standing.THERE
            yield cursor, leaf_begin, Standing.ABSENT
            begin = leaf_begin
        cursor = max(cursor, leaf_end)
    is_open = span[1] >= cursor + HOLE_NS
    if not is_open or cursor > begin:
        yield begin, cursor if is_open else span[1], Standing.THERE
    if is_open:
        yield cursor, span[1], Standing.ABSENT

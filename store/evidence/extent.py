"""Which leaves of a stream belong into an export of a range, by their numbers and their positions in the log: searched
from the range on, back to the beginning of what was recorded then and forward to its end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from store.evidence.errors import ExportError, InvalidLeaf
from store.evidence.leaf import Leaf, SealBody, StartBody, TombstoneBody, bears, member_of
from store.evidence.marks import Marks, runs
from store.evidence.recovery import LEAVES

NEAR_NS = 300_000_000_000  # beside the range: a stream in a session says something every ten seconds

Spot: TypeAlias = tuple[int, int]  # of a leaf: its position in the log, and its number in the stream


class Extent(NamedTuple):
    """A stream's leaves from number `first_seq` up to `end_seq`, not included; the positions of the first and last."""

    first_seq: int
    end_seq: int
    first_at: int
    last_at: int


def extents(marks: Marks, streams: Sequence[str], from_ns: int, to_ns: int) -> dict[str, Extent]:
    """Of each stream the leaves from the beginning of the first session that the range touches to the end of the last,
    and on to the tombstones that speak of them; and at either side to a leaf that lies outside of the range, which
    shows that nothing of the range was left out.

    Raises:
        ExportError: there is nothing of a stream in the range, or one of its leaves can't be read.
    """
    scout = _Search(marks, streams, from_ns, to_ns)
    scout.read([*marks.touched(from_ns - NEAR_NS, to_ns + NEAR_NS), marks.rest])
    first, last = scout.touched()
    search = _Search(marks, streams, from_ns, to_ns)
    search.read(range(first, last + 1))
    while first and not search.is_begun:
        first -= 1
        search.read([first])
    while last < marks.rest and not search.is_over:
        last += 1
        if search.may_go_on(last):
            search.read([last])
    later = _Search(marks, streams, from_ns, to_ns)
    later.read(marks.telling_of({stream: sought.span() for stream, sought in search.sought.items()}))
    return {stream: sought.extent(later.sought[stream].stones) for stream, sought in search.sought.items()}


@dataclass(slots=True)
class _Session:
    first: Spot
    last: Spot
    begin_ns: int
    end_ns: int
    is_begun: bool = False
    is_sealed: bool = False

    def take(self, spot: Spot, leaf: Leaf) -> None:
        self.first, self.last = min(self.first, spot), max(self.last, spot)
        self.begin_ns, self.end_ns = min(self.begin_ns, leaf.begin_ns), max(self.end_ns, leaf.end_ns)
        self.is_begun |= isinstance(leaf.body, StartBody)
        self.is_sealed |= isinstance(leaf.body, SealBody)


@dataclass(slots=True)
class _Sought:
    """What of a stream was found."""

    from_ns: int
    to_ns: int
    sessions: dict[str, _Session] = field(default_factory=dict)
    before: Spot | None = None
    after: Spot | None = None
    stones: list[tuple[Spot, TombstoneBody]] = field(default_factory=list)
    has_first: bool = False

    def take(self, position: int, leaf: Leaf) -> None:
        """A leaf, in any order."""
        spot = (position, leaf.seq)
        self.has_first |= leaf.seq == 0
        if leaf.end_ns <= self.from_ns:
            self.before = max(self.before or spot, spot)
        if leaf.begin_ns >= self.to_ns:
            self.after = min(self.after or spot, spot)
        if isinstance(leaf.body, TombstoneBody):
            self.stones.append((spot, leaf.body))
        else:
            seen = self.sessions.setdefault(leaf.session, _Session(spot, spot, leaf.begin_ns, leaf.end_ns))
            seen.take(spot, leaf)

    def touched(self) -> list[_Session]:
        """The sessions that the range touches."""
        return [s for s in self.sessions.values() if s.begin_ns < self.to_ns and s.end_ns > self.from_ns]

    @property
    def is_begun(self) -> bool:
        """Whether nothing earlier is needed."""
        return self.has_first or (self.before is not None and all(s.is_begun for s in self.touched()))

    @property
    def is_closed(self) -> bool:
        """Whether the touched sessions are over."""
        last = max(session.last for session in self.sessions.values())
        return all(session.is_sealed or session.last < last for session in self.touched())

    def span(self) -> tuple[int, int]:
        """The first and the last number."""
        spots = self._spots()
        return min(spots)[1], max(spots)[1]

    def extent(self, stones: Iterable[tuple[Spot, TombstoneBody]]) -> Extent:
        """All of it, with those tombstones that speak of it."""
        first_seq, last_seq = self.span()
        spots = self._spots()
        spots += [spot for spot, stone in stones if stone.from_seq <= last_seq and stone.to_seq >= first_seq]
        return Extent(first_seq, max(seq for _, seq in spots) + 1, min(spots)[0], max(spots)[0])

    def _spots(self) -> list[Spot]:
        beside = [spot for spot in (self.before, self.after) if spot is not None]
        return [*beside, *(spot for session in self.touched() for spot in (session.first, session.last))]


class _Search:
    """Takes the leaves of some streams out of a log."""

    def __init__(self, marks: Marks, streams: Sequence[str], from_ns: int, to_ns: int) -> None:
        self.sought = {stream: _Sought(from_ns, to_ns) for stream in streams}
        self._marks = marks
        self._members = tuple(map(member_of, streams))

    def read(self, numbers: Sequence[int]) -> None:
        """Read these stretches, which are in the order of the log."""
        for run in runs(numbers):
            for position, line in self._marks.lines(run):
                if bears(line, self._members):
                    leaf = parsed(position, line)
                    if leaf.stream in self.sought:
                        self.sought[leaf.stream].take(position, leaf)

    def touched(self) -> tuple[int, int]:
        """The stretches with the first and the last leaf of the touched sessions, as far as they were read."""
        spots = []
        for stream, sought in self.sought.items():
            if not (touched := sought.touched()):
                raise ExportError(f"nothing of {stream} in the range; expected a recorded stream and time")
            spots += [spot for session in touched for spot in (session.first, session.last)]
        return self._marks.number_of(min(spots)[0]), self._marks.number_of(max(spots)[0])

    @property
    def is_begun(self) -> bool:
        """Whether nothing earlier is needed."""
        return all(sought.is_begun for sought in self.sought.values())

    @property
    def is_over(self) -> bool:
        """Whether nothing later is needed."""
        return all(sought.is_closed and sought.after is not None for sought in self.sought.values())

    def may_go_on(self, number: int) -> bool:
        """Whether the stretch may hold something that is needed: a stream goes on after a seal only with a start."""
        if number == self._marks.rest:
            return True
        starts = self._marks.stretches[number].starts
        open_now = any(not sought.is_closed for sought in self.sought.values())
        return open_now or any(s.after is None and stream in starts for stream, s in self.sought.items())


def parsed(position: int, line: bytes) -> Leaf:
    """The leaf.

    Raises:
        ExportError: it is none.
    """
    try:
        return Leaf.parse(line)
    except InvalidLeaf as error:
        raise ExportError(f"{LEAVES}: line {position + 1}: {error}") from error

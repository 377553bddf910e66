"""One stream's leaves read in the order of the log: is each in its place, linked to the one before, without a hole?

Where a link is broken, one of its two leaves was changed; the leaves around tell which, so that the finding names one
second. A changed leaf's own times are not believed, those of its neighbours are. A hole in time counts as missing
unless a gap is declared, or the camera's own clock (the PTS) runs on: then the packets only came late.
"""

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field

from store.evidence.leaf import (
    Body,
    GapBody,
    HeartbeatBody,
    Leaf,
    Reason,
    SealBody,
    SegmentBody,
    StartBody,
    TombstoneBody,
    UnacknowledgedBody,
)
from store.evidence.unread_places import UnreadPlaces
from store.evidence.verdict import Finding, Verdict

SLACK_NS = 2_000_000_000  # between two segments: how late the network may bring the first packet
QUIET_NS = 12_000_000_000  # beside a heartbeat, which comes every 10 s

CHANGED = "the leaf is not as it was written"
NO_LEAF = "the leaf is not there"
LATE = "the leaf stands out of its order"
TWICE = "the leaf stands there twice"
SWAPPED = "the leaf of another time stands here"
NO_LINE = "a line of the log that is no leaf"
OF_THE_LOG = frozenset((CHANGED, NO_LEAF, LATE, TWICE, SWAPPED, NO_LINE))  # findings about the log, not the recording


@dataclass(slots=True)
class _Hole:
    from_seq: int
    to_seq: int  # not included
    from_ns: int | None
    to_ns: int
    changed: int = 0  # unreadable lines in its place
    late: set[int] = field(default_factory=set)


class StreamWalk:
    """Feed it with :meth:`push` and end with :meth:`finish`; then `findings` are complete.

    `unread` are the positions in the log of leaves of unknown stream, because they can't be read; it is shared by all
    streams, and who misses a leaf there takes it out. `attested` gives for the position of a changed leaf the hash it
    must have had, as the stream's next leaf says.
    """

    def __init__(self, stream: str, unread: UnreadPlaces, attested: dict[int, str], first_seq: int = 0) -> None:
        self.stream = stream
        self.findings: list[Finding] = []
        self.tombstones: list[TombstoneBody] = []
        self.first: Leaf | None = None
        self.last: Leaf | None = None
        self._unread = unread
        self._attested = attested
        self._ahead: deque[tuple[int, Leaf]] = deque()
        self._expected = first_seq
        self._position = -1  # of `last`
        self._doubtful = False  # `last` was changed
        self._known_ns: int | None = None  # the end of the newest leaf that is not doubtful
        self._cursor_ns: int | None = None  # up to where the recording is accounted for
        self._segment: SegmentBody | None = None  # of `last`, where it is one
        self._closing: Body | None = None  # what the newest leaf about the recording itself says
        self._holes: list[_Hole] = []
        self._replaced: dict[int, tuple[int, Finding]] = {}

    @property
    def sealed(self) -> bool:
        """Whether the stream's last leaf closes its session; what retention says later opens none."""
        return self._cursor_ns is None and isinstance(self._closing, SealBody)

    def push(self, position: int, leaf: Leaf) -> None:
        """The stream's next leaf, number `position` of the log."""
        self.first = self.first or leaf
        self._ahead.append((position, leaf))
        if len(self._ahead) > 2:
            self._step()

    def finish(self, end_seq: int | None = None) -> None:
        """No more leaves come. `end_seq`: one more than the last that should have come, where that is known."""
        while self._ahead:
            self._step()
        if end_seq is not None and self._expected < end_seq:
            self.findings.append(Finding(Verdict.MISSING, NO_LEAF, self.stream, self._known_ns, None))
        for hole in self._holes:
            left = hole.to_seq - hole.from_seq - len(hole.late)
            if hole.changed:
                self._find(Verdict.ALTERED, CHANGED, hole.from_ns, hole.to_ns)
            if left > hole.changed:
                self._find(Verdict.MISSING, NO_LEAF, hole.from_ns, hole.to_ns)
        for seq, (other, finding) in self._replaced.items():
            swapped = self._replaced.get(other, (None,))[0] == seq
            self.findings.append(
                Finding(Verdict.REORDERED, SWAPPED, self.stream, finding.from_ns, finding.to_ns) if swapped else finding
            )

    def _step(self) -> None:
        position, leaf = self._ahead.popleft()
        after = self._ahead[0][1] if self._ahead else None
        linked = self.last is None or leaf.prev == self.last.hash
        in_place = leaf.seq == self._expected
        if not in_place and (
            (linked and self.last is not None) or (after is not None and after.seq == self._expected + 1)
        ):
            begin, end = self._between(leaf, after)
            self._replaced[self._expected] = (leaf.seq, Finding(Verdict.ALTERED, CHANGED, self.stream, begin, end))
            self._accept(position, leaf, after, doubtful=True)
        elif leaf.seq < self._expected:
            self._late(leaf)
        else:
            if not in_place:
                self._hole(position, leaf)
            doubtful = self._is_changed(leaf, after, linked=linked or not in_place)
            if doubtful:
                last_two = after is not None and len(self._ahead) == 1
                begin, end = self._between(leaf, after)
                self._find(Verdict.ALTERED, CHANGED, begin, after.end_ns if last_two and after is not None else end)
            self._accept(position, leaf, after, doubtful=doubtful)

    def _is_changed(self, leaf: Leaf, after: Leaf | None, *, linked: bool) -> bool:
        """Whether of the broken links around this leaf it is the one to blame."""
        if not _breaks(leaf, after):
            return False
        if not linked and not self._doubtful:
            return True  # both its links are broken
        next_too = len(self._ahead) > 1 and _breaks(self._ahead[0][1], self._ahead[1][1])
        return not next_too

    def _accept(self, position: int, leaf: Leaf, after: Leaf | None, *, doubtful: bool) -> None:
        if doubtful:
            if after is not None and after.seq == self._expected + 1 and after.prev is not None:
                self._attested[position] = after.prev
            self._cursor_ns, self._segment = None, None
            self._expected += 1
        else:
            self._follow_time(leaf)
            self._known_ns = leaf.end_ns
            self._expected = leaf.seq + 1
        self.last, self._position, self._doubtful = leaf, position, doubtful

    def _follow_time(self, leaf: Leaf) -> None:
        body = leaf.body
        if (
            type(body) is SegmentBody
            and self._segment is not None
            and self._cursor_ns is not None
            and abs(leaf.begin_ns - self._cursor_ns) <= SLACK_NS
        ):  # as nearly every leaf is
            self._cursor_ns = max(self._cursor_ns, leaf.end_ns)
            self._segment = self._closing = body
            return
        if isinstance(body, TombstoneBody):
            self.tombstones.append(body)
            return
        if isinstance(body, UnacknowledgedBody):
            detail = f"{body.bytes} bytes without a leaf, set aside in {body.file}: {body.reason}"
            self._find(Verdict.DECLARED_GAP, detail, leaf.begin_ns, leaf.end_ns)
            return
        if isinstance(body, GapBody):
            self._find(Verdict.DECLARED_GAP, body.reason, min(body.from_ns, body.to_ns), max(body.from_ns, body.to_ns))
        if self._cursor_ns is not None and not isinstance(body, StartBody):
            self._check_hole(leaf, self._cursor_ns)
        steps = isinstance(body, GapBody) and body.reason is Reason.CLOCK_STEP
        if isinstance(body, SealBody):
            self._cursor_ns = None
        elif self._cursor_ns is None or steps:
            self._cursor_ns = leaf.end_ns
        elif not isinstance(body, StartBody):
            back = leaf.begin_ns < self._cursor_ns - QUIET_NS
            self._cursor_ns = leaf.end_ns if back else max(self._cursor_ns, leaf.end_ns)
        self._segment = body if isinstance(body, SegmentBody) else None
        self._closing = body

    def _check_hole(self, leaf: Leaf, cursor_ns: int) -> None:
        quiet = not isinstance(leaf.body, SegmentBody | GapBody) or isinstance(self._closing, HeartbeatBody | StartBody)
        slack_ns = QUIET_NS if quiet else SLACK_NS
        if _runs_on(self._segment, leaf.body):
            return
        if leaf.begin_ns > cursor_ns + slack_ns:
            self._find(Verdict.MISSING, "nothing recorded and no gap declared", cursor_ns, leaf.begin_ns)
        elif leaf.begin_ns < cursor_ns - QUIET_NS and not isinstance(leaf.body, GapBody):
            detail = "the clock goes back and no step of it is declared"
            self._find(Verdict.REORDERED, detail, leaf.begin_ns, cursor_ns)

    def _hole(self, position: int, leaf: Leaf) -> None:
        count = leaf.seq - self._expected
        hole = _Hole(self._expected, leaf.seq, self._known_ns, leaf.begin_ns)
        between = self._unread.take(self._position, position, count)
        hole.changed = sum(why is Verdict.ALTERED for why in between.values())
        if count == 1 and between and leaf.prev is not None:
            self._attested[next(iter(between))] = leaf.prev
        self._holes.append(hole)
        self._cursor_ns, self._segment = None, None

    def _late(self, leaf: Leaf) -> None:
        place = bisect_right(self._holes, leaf.seq, key=lambda hole: hole.from_seq) - 1  # later holes begin later
        hole = self._holes[place] if place >= 0 else None
        is_awaited = hole is not None and leaf.seq < hole.to_seq and leaf.seq not in hole.late
        if hole is not None and is_awaited:
            hole.late.add(leaf.seq)
        self._find(Verdict.REORDERED, LATE if is_awaited else TWICE, leaf.begin_ns, leaf.end_ns)

    def _between(self, leaf: Leaf, after: Leaf | None) -> tuple[int, int]:
        begin = self._known_ns if self._known_ns is not None else leaf.begin_ns
        end = after.begin_ns if after is not None else leaf.end_ns
        return min(begin, end), max(begin, end)

    def _find(self, verdict: Verdict, detail: str, from_ns: int | None, to_ns: int | None) -> None:
        self.findings.append(Finding(verdict, detail, self.stream, from_ns, to_ns))


def _breaks(leaf: Leaf, after: Leaf | None) -> bool:
    return after is not None and after.seq == leaf.seq + 1 and after.prev != leaf.hash


def _runs_on(before: SegmentBody | None, body: Body) -> bool:
    """Whether by the camera's clock the one segment follows upon the other."""
    if before is None or not isinstance(body, SegmentBody) or before.time_base != body.time_base:
        return False
    numerator, denominator = body.time_base
    step_ns = abs(body.first_pts - before.last_pts) * numerator * 1_000_000_000
    return denominator > 0 and step_ns <= SLACK_NS * denominator

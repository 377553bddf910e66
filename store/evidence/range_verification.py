"""Verification of a few minutes of a recorder's folder: their leaves, their data, and the signed heads over them.

Of the log only the parts are read that may speak of the range, as its marks tell; without marks it is read from its
beginning to the first head after the range. A head vouches for all leaves that it counts, but only leaves of the range
and their neighbours are judged, unless a head speaks against the part: then all of its leaves are asked what happened
when. What happened to other times is not told here.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from store.evidence.anchoring import Anchoring
from store.evidence.checkpoint import Head
from store.evidence.continuity import StreamWalk
from store.evidence.data import DataCheck, Fault, Problem, in_folder
from store.evidence.errors import InvalidKey, InvalidLeaf, LogCorrupt, Unreadable
from store.evidence.examination import LogWalk
from store.evidence.leaf import (
    GapBody,
    Leaf,
    Reason,
    Remark,
    SealBody,
    SegmentBody,
    TombstoneBody,
    UnacknowledgedBody,
    bears,
    member_of,
    touches,
)
from store.evidence.log import CERTIFICATE, identity
from store.evidence.marks import runs
from store.evidence.part import Part, PartReader
from store.evidence.recovery import HEADS, last_head
from store.evidence.signer import public_key_of
from store.evidence.spans import REACH, Span
from store.evidence.unread_places import UnreadPlaces
from store.evidence.verdict import Finding, Verdict, merged
from store.evidence.verification import Recorded, Report, aside, count, intact, judge_data, judge_key, piece_of
from store.evidence.witnesses import Contradicted, Known, contradiction, in_its_folder

MAX_LEAVES = 2_000_000  # read for one answer; some ten seconds
_PASSED = 3  # leaves behind the range
_SILENT_NS = 25_000_000_000  # after which a stream is not just about to say something; it does every ten seconds
LEAD_NS = 300_000_000_000  # how long before the range its leaves may begin, and how far its neighbours may be


def verify_range(
    folder: Path,
    streams: Sequence[str],
    from_ns: int,
    to_ns: int,
    trusted: Sequence[bytes] = (),
    *,
    max_leaves: int = MAX_LEAVES,
    known: Sequence[Known] = (),
) -> Report:
    """Verify what `folder` holds of `streams` in [from_ns, to_ns), Unix nanoseconds. `trusted` are public keys; with
    none, the folder's own key is used. `known` are heads that others have kept. A stream of which the range holds
    nothing gets no finding, unless somebody knows that there was more.

    Raises:
        Unreadable: it is no recorder's folder, or can't be read.
        TooLong: more than `max_leaves` would have to be read.
    """
    try:
        recorder, certificate = identity(folder)
        own = public_key_of(certificate, CERTIFICATE)
        told = [*known, *in_its_folder(folder, recorder, own)]
        newest = _newest(folder, recorder, own)
        reader = PartReader(folder, recorder, own, max_leaves)
        read = _read(reader, streams, from_ns, to_ns)
        with DataCheck(in_folder(folder), threads=1) as check:
            segments = {
                stream: [leaf for near in read for _, leaf in near.around[stream].leaves()] for stream in streams
            }
            recorded: dict[str, Recorded] = {}
            for leaves in segments.values():
                _check(leaves, check, recorded)
            problems = check.finish()
            hashed = check.bytes
        tombstones = _tombstones(reader, problems)
    except (OSError, msgspec.MsgspecError, InvalidKey) as error:
        raise Unreadable(f"{folder}: expected a recorder's folder: {error}") from error
    key, findings = judge_key("the recorder", own, trusted)
    for near in read:
        findings += _judge(near, reader, from_ns, to_ns)
    against = contradiction(folder, newest, told)
    findings += _told_against(against, read, [s for s in streams if (folder / s).is_dir()], from_ns, to_ns)
    findings += judge_data(problems, tombstones)
    findings += intact(list(segments), recorded, findings)
    return Report(recorder, [key], merged(findings), sum(map(len, segments.values())), hashed)


def _newest(folder: Path, recorder: str, key: bytes) -> Head | None:
    with suppress(LogCorrupt):  # that is found where the heads are read
        return last_head(folder / HEADS, recorder, key)[0]
    return None


def _told_against(
    against: Contradicted | None, read: "Sequence[_Near]", streams: Sequence[str], from_ns: int, to_ns: int
) -> Iterator[Finding]:
    """That somebody knows more than there is, of streams that don't go on after the range."""
    if against is None:
        return
    if not against.is_shorter:
        yield Finding(Verdict.ALTERED, against.problem, None, from_ns, to_ns)
        return
    for stream in streams:
        if not any(near.around[stream].is_passed for near in read):
            ends = [leaf.end_ns for near in read for _, leaf in near.around[stream].found]
            yield Finding(Verdict.TRUNCATED, against.problem, stream, max(ends, default=from_ns), None)


@dataclass(slots=True)
class _Around:
    """A stream's leaves in a part of the log, each with its position."""

    from_ns: int
    to_ns: int
    found: list[tuple[int, Leaf]] = field(default_factory=list)
    is_reached: bool = False  # there is one in the range
    passed: int = 0  # later ones after it, one after another

    def take(self, position: int, leaf: Leaf) -> None:
        """The next leaf."""
        self.found.append((position, leaf))
        steps = isinstance(leaf.body, GapBody) and leaf.body.reason is Reason.CLOCK_STEP  # over the range, and back
        self.is_reached |= touches(leaf, self.from_ns, self.to_ns) and not steps
        self.passed = self.passed + 1 if self.is_reached and leaf.begin_ns >= self.to_ns else 0

    @property
    def is_passed(self) -> bool:
        """Whether the stream went on after the range; one leaf alone may be forged."""
        return self.passed >= _PASSED

    @property
    def open_since_ns(self) -> int | None:
        """From when on the stream's session says nothing more, without having been sealed."""
        for _, leaf in reversed(self.found):
            if not isinstance(leaf.body, Remark):
                return None if isinstance(leaf.body, SealBody) else leaf.end_ns
        return None

    def leaves(self) -> list[tuple[int, Leaf]]:
        """Those in the range."""
        return [(position, leaf) for position, leaf in self.found if touches(leaf, self.from_ns, self.to_ns)]

    def walk(self) -> list[tuple[int, Leaf]]:
        """What is to be judged: from the first in the range to the last, and one on either side."""
        within = [n for n, (_, leaf) in enumerate(self.found) if touches(leaf, self.from_ns, self.to_ns)]
        return self.found[max(within[0] - 1, 0) : within[-1] + 2] if within else []


@dataclass(slots=True)
class _Near:
    """A part of the log, and what of it concerns the range."""

    around: dict[str, _Around]
    since_ns: int  # leaves that say that they are older are not looked at
    members: tuple[bytes, ...]  # by which lines of the streams are known
    part: Part = field(init=False)
    unread: UnreadPlaces = field(default_factory=UnreadPlaces)

    def take(self, position: int, line: bytes) -> None:
        """The next line of the log."""
        if not bears(line, self.members) or _is_long_before(line, self.since_ns):
            return
        try:
            leaf = Leaf.parse(line)
        except InvalidLeaf:
            self.unread.add(position, Verdict.ALTERED)
            return
        if leaf.stream in self.around:
            self.around[leaf.stream].take(position, leaf)

    def is_passed(self) -> bool:
        """Whether every stream went on after the range."""
        return all(around.is_passed for around in self.around.values())


def _read(reader: PartReader, streams: Sequence[str], from_ns: int, to_ns: int) -> list[_Near]:
    """The parts that may speak of the range; what comes after the last mark may too, unless every stream went on after
    the range before."""
    marks = reader.marks
    numbers = marks.touched(from_ns - LEAD_NS, to_ns + LEAD_NS)
    if numbers and numbers[-1] == marks.rest - 1:
        numbers.append(marks.rest)
    read: list[_Near] = []

    def add(run: range) -> None:
        around = {stream: _Around(from_ns, to_ns) for stream in streams}
        near = _Near(around, from_ns - LEAD_NS, tuple(map(member_of, streams)))
        near.part = reader.read(run, near.take, near.is_passed)
        while read and read[-1].part.size > near.part.place.size:  # it had to begin before its first mark
            read.pop()
        read.append(near)

    for run in runs(numbers):
        add(run)
    is_passed = all(any(near.around[stream].is_passed for near in read) for stream in streams)
    if not is_passed and marks.rest not in numbers:
        add(range(marks.rest, marks.rest + 1))
    return read


def _is_long_before(line: bytes, since_ns: int) -> bool:
    """Whether a leaf says that it is older. Reading it whole takes ten times as long; one that lies is missed in its
    place."""
    wall_ns = line.rpartition(b'"wall_ns":')[2].removesuffix(b"}")
    return wall_ns.isdigit() and int(wall_ns) < since_ns


def _check(leaves: Sequence[Leaf], check: DataCheck, recorded: dict[str, Recorded]) -> None:
    """Has the data of a stream's segments hashed, and counts what was recorded."""
    for leaf in leaves:
        if isinstance(leaf.body, UnacknowledgedBody):
            check.add(leaf.body.file, aside(leaf, leaf.body))
        if isinstance(leaf.body, SegmentBody):
            check.add(leaf.body.file, piece_of(leaf, leaf.body))
            count(recorded, leaf.stream, leaf.begin_ns, leaf.end_ns, leaf.body.lost_packets)


def _judge(near: _Near, reader: PartReader, from_ns: int, to_ns: int) -> list[Finding]:
    """What is found of the leaves of a part."""
    part, attested = near.part, dict[int, str]()
    findings: list[Finding] = []
    for stream, around in near.around.items():
        if found := around.walk():
            walk = StreamWalk(stream, near.unread, attested, found[0][1].seq)
            for position, leaf in found:
                walk.push(position, leaf)
            walk.finish()
            findings += walk.findings
    for position, known in attested.items():
        part.attest(position, known)
    anchored = part.anchored()
    if anchored.refuted is not None or anchored.beyond is not None:
        findings = _contradicted(near, reader, anchored, (from_ns, to_ns))
    else:
        findings += _unanchored(near, anchored.proven)
    findings = [f for f in findings if _concerns(f, near.around, from_ns, to_ns)]
    findings += _unsealed(near, to_ns)
    if anchored.proven == part.place.size and part.hashes:
        findings += reader.faults_of_heads(part)  # forged heads matter where no true one vouches
    return findings


def _contradicted(near: _Near, reader: PartReader, anchored: Anchoring, asked: Span) -> list[Finding]:
    """What is found where a head speaks against the leaves. Those of all streams are asked: others may explain it, and
    tell when that was recorded which is not there."""
    part = near.part
    begin = max(anchored.proven - REACH, part.place.size)
    walk = LogWalk(begin)
    for line in reader.lines(part, begin, REACH):
        walk.push(_leaf(line))
    known = walk.finish()
    for position, digest in walk.attested.items():
        if position >= anchored.proven:
            part.attest(position, digest)
    found = part.anchored()
    altered = walk.altered(found, known)
    return [*known, *altered, *walk.truncated(found), *(_within(f, asked) for f in walk.unanchored(found, altered))]


def _unanchored(near: _Near, first: int) -> Iterator[Finding]:
    """That for the range's leaves from number `first` of the log on no signed head vouches."""
    for stream, around in near.around.items():
        for position, leaf in around.leaves():
            if position >= first:
                detail = "no signed head vouches for the leaves from here on"
                yield Finding(Verdict.UNANCHORED, detail, stream, leaf.begin_ns, leaf.end_ns)


def _within(finding: Finding, asked: Span) -> Finding:
    """The same of no more than was asked for."""
    begin_ns, end_ns = finding.from_ns or 0, finding.to_ns or asked[1]
    return replace(finding, from_ns=max(begin_ns, asked[0]), to_ns=min(end_ns, asked[1]))


def _unsealed(near: _Near, to_ns: int) -> Iterator[Finding]:
    """Which sessions are open though the log ends well before the range does."""
    for stream, around in near.around.items():
        end_ns = around.open_since_ns
        if near.part.ended and end_ns is not None and end_ns + _SILENT_NS < to_ns:
            detail = "no seal: whether the session went on cannot be told"
            yield Finding(Verdict.TRUNCATED, detail, stream, end_ns, None)


def _leaf(line: bytes) -> Leaf | None:
    try:
        return Leaf.parse(line)
    except InvalidLeaf:
        return None


def _tombstones(reader: PartReader, problems: Sequence[Problem]) -> dict[str, list[TombstoneBody]]:
    """What retention says of data that are missing, as far as heads vouch for its leaves."""
    gone: dict[str, tuple[int, int]] = {}
    for problem in problems:
        if problem.fault is Fault.MISSING:
            stream, seq = problem.piece.stream, problem.piece.seq
            first, last = gone.get(stream, (seq, seq))
            gone[stream] = min(first, seq), max(last, seq)
    found: dict[str, list[TombstoneBody]] = {}
    if not gone:
        return found
    for run in runs(reader.marks.telling_of(gone)):
        told = _Told()
        proven = reader.read(run, told.take).anchored().proven
        for position, stream, body in told.tombstones:
            if position < proven:
                found.setdefault(stream, []).append(body)
    return found


class _Told:
    """The tombstones in a part of the log, each with its position and stream."""

    def __init__(self) -> None:
        self.tombstones: list[tuple[int, str, TombstoneBody]] = []

    def take(self, position: int, line: bytes) -> None:
        """The next line of the log."""
        if b'"tombstone"' in line:
            with suppress(InvalidLeaf):
                leaf = Leaf.parse(line)
                if isinstance(leaf.body, TombstoneBody):
                    self.tombstones.append((position, leaf.stream, leaf.body))


def _concerns(finding: Finding, streams: Collection[str], from_ns: int, to_ns: int) -> bool:
    begins_before = finding.from_ns is None or finding.from_ns < to_ns
    is_within = begins_before and (finding.to_ns is None or finding.to_ns > from_ns)
    return is_within and (finding.stream is None or finding.stream in streams)

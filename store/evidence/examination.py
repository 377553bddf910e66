"""What do the leaves of a log and its signed heads say by themselves, before any data are looked at? All of it is pure:
leaves and heads in, findings out."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from store.evidence.anchoring import Anchoring, anchoring
from store.evidence.checkpoint import Head
from store.evidence.continuity import NO_LINE, OF_THE_LOG, StreamWalk
from store.evidence.leaf import Leaf
from store.evidence.spans import Span, Spans, Standing
from store.evidence.unread_places import UnreadPlaces
from store.evidence.verdict import Finding, Verdict

_UNKNOWN_HASH = bytes(32)
_VERDICTS = {Standing.ABSENT: Verdict.MISSING}  # the others: altered


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found of a whole log."""

    findings: list[Finding]
    streams: dict[str, StreamWalk]
    size: int


def examine(leaves: Iterable[Leaf | None], heads: Sequence[Head]) -> Examined:
    """Judge a whole log: `leaves` in its order, None for a line that is none; `heads` whose signatures hold."""
    hashes, walk = bytearray(), LogWalk()
    for leaf in leaves:
        hashes += bytes.fromhex(leaf.hash) if leaf is not None else _UNKNOWN_HASH
        walk.push(leaf)
    findings = walk.finish()
    for position, known in walk.attested.items():
        hashes[32 * position : 32 * position + 32] = bytes.fromhex(known)
    found = anchoring((bytes(hashes[at : at + 32]) for at in range(0, len(hashes), 32)), walk.end, heads)
    altered = walk.altered(found, findings)
    findings += [*altered, *walk.truncated(found), *walk.unanchored(found, altered), *walk.unsealed()]
    return Examined(findings, walk.streams, walk.end)


class LogWalk:
    """The leaves of all streams in the log's order, from its beginning or from leaf number `begin` on. Feed it with
    :meth:`push`; after :meth:`finish` it can be asked what the heads speak against. Positions are those of the log.

    `attested` gives for the position of a changed leaf the hash it must have had, as its stream's next leaf says.
    """

    def __init__(self, begin: int = 0) -> None:
        self.streams: dict[str, StreamWalk] = {}
        self.attested: dict[int, str] = {}
        self._begin = begin
        self._spans = Spans()
        self._unread = UnreadPlaces()
        self._newest: dict[str, str] = {}  # hash, by stream
        self._awaiting: set[str] = set()  # the same hashes: on each a leaf of its stream is to follow

    @property
    def end(self) -> int:
        """The position after the last leaf."""
        return self._begin + len(self._spans)

    def push(self, leaf: Leaf | None) -> None:
        """The log's next leaf; None: a line that is none."""
        position = self.end
        # A leaf that begins a stream but follows on another's is that other's, with its name changed.
        if leaf is None or (leaf.stream not in self.streams and leaf.prev in self._awaiting):
            self._unread.add(position, Verdict.ALTERED)
            self._spans.add(None)
            return
        self._spans.add(leaf)
        if leaf.stream not in self.streams:
            first_seq = leaf.seq if self._begin else 0
            self.streams[leaf.stream] = StreamWalk(leaf.stream, self._unread, self.attested, first_seq)
        self.streams[leaf.stream].push(position, leaf)
        self._awaiting.discard(self._newest.get(leaf.stream, ""))
        self._awaiting.add(leaf.hash)
        self._newest[leaf.stream] = leaf.hash

    def finish(self) -> list[Finding]:
        """What is found without any head."""
        findings: list[Finding] = []
        for walk in self.streams.values():
            walk.finish()
            findings += walk.findings
        begin = self._begin
        return findings + [
            Finding(Verdict.ALTERED, NO_LINE, None, *self._spans.whole(first - begin, end - begin))
            for first, end in _runs(self._unread)
        ]

    def altered(self, found: Anchoring, known: Sequence[Finding]) -> list[Finding]:
        """What is not as it was signed, by the first head that is refuted; nothing where what is `known` already
        explains that."""
        if found.refuted is None:
            return []
        accused = list(self._spans.accused(found.proven - self._begin, found.refuted - self._begin))
        if _meet([(begin, end) for _, begin, end, _ in accused], [f for f in known if f.detail in OF_THE_LOG]):
            return []
        return [
            Finding(_VERDICTS.get(standing, Verdict.ALTERED), standing.value, stream, begin, end)
            for stream, begin, end, standing in accused
        ]

    def truncated(self, found: Anchoring) -> Iterator[Finding]:
        """That leaves are missing at the end, and of which streams."""
        if found.beyond is None:
            return
        detail = f"a signed head counts {found.beyond} leaves, there are {self.end}"
        spans = self._spans.between(found.proven - self._begin, len(self._spans)) if found.proven else {}
        begins = {stream: begin for stream, (begin, _) in spans.items()}
        yield Finding(Verdict.TRUNCATED, detail, None, max(begins.values(), default=None), None)  # anywhere after
        yield from (Finding(Verdict.TRUNCATED, detail, stream, begin, None) for stream, begin in begins.items())

    def unsealed(self) -> Iterator[Finding]:
        """Which sessions are open at the end."""
        for stream, walk in self.streams.items():
            if walk.last is not None and not walk.sealed:
                detail = "no seal: whether the session went on cannot be told"
                yield Finding(Verdict.TRUNCATED, detail, stream, walk.last.end_ns, None)

    def unanchored(self, found: Anchoring, altered: Sequence[Finding]) -> Iterator[Finding]:
        """That for the last leaves no head vouches; those `altered` are not told of again."""
        if (first := _unproven_from(found, altered)) < self.end:
            begin, end = self._spans.whole(first - self._begin, len(self._spans))
            yield Finding(Verdict.UNANCHORED, "no signed head vouches for the leaves from here on", None, begin, end)


def _unproven_from(found: Anchoring, altered: Sequence[Finding]) -> int:
    """The position of the first leaf that is neither proven nor among those `altered`."""
    return found.refuted if altered and found.refuted is not None else found.proven


def _runs(positions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Where each run of neighbours begins, and ends, not included."""
    for _, run in groupby(enumerate(positions), lambda found: found[1] - found[0]):
        places = [position for _, position in run]
        yield places[0], places[-1] + 1


def _meet(spans: Sequence[Span], findings: Iterable[Finding]) -> bool:
    """Whether the time of any finding meets any of the spans."""
    ordered = sorted(spans)
    begins = [begin for begin, _ in ordered]
    ends = list(accumulate((end for _, end in ordered), max))  # the latest so far
    for finding in findings:
        begun = len(begins) if finding.to_ns is None else bisect_right(begins, finding.to_ns)
        if begun and (finding.from_ns is None or ends[begun - 1] >= finding.from_ns):
            return True
    return False

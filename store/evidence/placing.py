"""Each line of an export's leaves in its place: the proof says which hash stands where, so what was changed, dropped,
repeated or moved is told by line, and speaks against no other.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from store.evidence.continuity import LATE, NO_LINE, TWICE
from store.evidence.errors import InvalidLeaf
from store.evidence.leaf import Leaf
from store.evidence.manifest import Proof
from store.evidence.unread_places import UnreadPlaces
from store.evidence.verdict import Finding, Verdict


@dataclass(slots=True)
class Placed:
    """The export's leaves in the order of the log; `unread` are the places without their leaf, and why."""

    leaves: list[tuple[int, Leaf]] = field(default_factory=list)
    unread: UnreadPlaces = field(default_factory=UnreadPlaces)
    tail: list[Leaf] = field(default_factory=list)  # beyond the signed head
    findings: list[Finding] = field(default_factory=list)


def as_they_come(lines: Sequence[bytes]) -> Placed:
    """The lines in their own order, where no proof tells another."""
    placed = Placed()
    for position, line in enumerate(lines):
        leaf = _parsed(line)
        if leaf is None:
            placed.unread.add(position, Verdict.ALTERED)
        else:
            placed.leaves.append((position, leaf))
    return placed


def in_their_places(lines: Sequence[bytes], proof: Proof, count: int) -> Placed:
    """The lines in the places of a proof that holds; `count` lines there were, those beyond the proof at the end."""
    placed = Placed()
    places = {digest: place for place, digest in enumerate(proof.hashes)}
    tail = max(count - len(places), 0)
    read = [_parsed(line) for line in lines]
    found = [places.get(leaf.hash) if leaf is not None else None for leaf in read[: len(read) - tail]]
    here: dict[int, Leaf] = {}
    strange: Counter[int] = Counter()  # lines that are no leaf of ours, by the place of the leaf before
    ordered = _in_order([place for place in found if place is not None])
    last = -1
    for leaf, place in zip(read, found, strict=False):
        if leaf is None or place is None:
            strange[last] += 1
            continue
        if place in here:
            placed.findings.append(Finding(Verdict.REORDERED, TWICE, leaf.stream, leaf.begin_ns, leaf.end_ns))
        elif place not in ordered:
            placed.findings.append(Finding(Verdict.REORDERED, LATE, leaf.stream, leaf.begin_ns, leaf.end_ns))
        else:
            last = place
        here[place] = leaf
    before = -1
    for place in range(len(places)):
        if place in here:
            before = place
            placed.leaves.append((place, here[place]))
        else:
            placed.unread.add(place, Verdict.ALTERED if strange[before] else Verdict.MISSING)
            strange[before] -= 1
    for place, count in strange.items():
        if count > 0:
            near = here.get(place) or (placed.leaves[0][1] if placed.leaves else None)
            span = (near.begin_ns, near.end_ns) if near is not None else (None, None)
            placed.findings.append(Finding(Verdict.ALTERED, NO_LINE, None, *span))
    for leaf in read[len(read) - tail :]:
        if leaf is None:
            placed.findings.append(Finding(Verdict.ALTERED, NO_LINE))
        else:
            placed.tail.append(leaf)
    return placed


def _in_order(places: Sequence[int]) -> set[int]:
    """The most of the places that stand in ascending order: the others were moved."""
    ends: list[int] = []  # indices: of each length of ascending sequence, its smallest end
    values: list[int] = []
    before: list[int] = []
    for index, place in enumerate(places):
        at = bisect_left(values, place)
        before.append(ends[at - 1] if at else -1)
        ends[at : at + 1], values[at : at + 1] = [index], [place]
    ordered: set[int] = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        ordered.add(places[index])
        index = before[index]
    return ordered


def _parsed(line: bytes) -> Leaf | None:
    try:
        return Leaf.parse(line)
    except InvalidLeaf:
        return None

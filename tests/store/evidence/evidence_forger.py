"""An outsider who changes a recorder's log and data, with all skill but without the key."""

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from evidence_hour import SECOND, T0

from store.evidence.checkpoint import Head
from store.evidence.errors import InvalidLeaf
from store.evidence.leaf import Leaf, SegmentBody, canonical
from store.evidence.merkle import leaf_hash
from store.evidence.verdict import Finding, Verdict

NAMING = (Verdict.ALTERED, Verdict.MISSING, Verdict.REORDERED, Verdict.TRUNCATED)


@dataclass
class Record:
    """A recorder's folder in memory; `leaves` has None where a line is no leaf."""

    leaves: list[Leaf | None]
    files: dict[str, bytes]
    heads: list[Head]
    changed: set[str] = field(default_factory=set)  # files
    broken: bytes = b""  # the line that is no leaf

    def lines(self) -> bytes:
        """As leaves.jsonl."""
        return b"".join((leaf.line if leaf else self.broken) + b"\n" for leaf in self.leaves)

    def copy(self) -> "Record":
        return Record(list(self.leaves), dict(self.files), list(self.heads))

    def segments(self, stream: str) -> list[int]:
        """The positions of the stream's segments."""
        return [p for p, x in enumerate(self.leaves) if x and x.stream == stream and isinstance(x.body, SegmentBody)]


@dataclass(frozen=True)
class Forgery:
    """What was done. `seconds`: the times (ns) that are not what was recorded; `wide`: not one second exactly."""

    what: str
    stream: str | None
    seconds: tuple[int, ...]
    wide: bool = False


def middle(leaf: Leaf) -> int:
    return (leaf.begin_ns + leaf.end_ns) // 2


def relink(record: Record, stream: str, start: int) -> None:
    """Number and link the stream's leaves anew from position `start` on, as if it had always been so."""
    before: Leaf | None = None
    for position, leaf in enumerate(record.leaves):
        if leaf is None or leaf.stream != stream:
            continue
        if position >= start:
            seq, prev = (before.seq + 1, before.hash) if before else (0, None)
            if (leaf.seq, leaf.prev) != (seq, prev):
                line = leaf.line.replace(f'"seq":{leaf.seq},'.encode(), f'"seq":{seq},'.encode())
                line = line.replace(str(leaf.prev).encode(), str(prev).encode())
                leaf = replace(leaf, seq=seq, prev=prev, line=line, hash=leaf_hash(line).hex())
                record.leaves[position] = leaf
        before = leaf


def rewritten(leaf: Leaf, **members: object) -> Leaf:
    """The same leaf with other members."""
    return Leaf.parse(canonical(json.loads(leaf.line) | members))


def bytes_of(record: Record, leaf: Leaf) -> bytes:
    body = leaf.body
    assert isinstance(body, SegmentBody)
    return record.files[body.file][body.offset : body.offset + body.bytes]


def put(record: Record, leaf: Leaf, data: bytes) -> None:
    body = leaf.body
    assert isinstance(body, SegmentBody)
    whole = record.files[body.file]
    record.files[body.file] = whole[: body.offset] + data + whole[body.offset + body.bytes :]
    record.changed.add(body.file)


# --- what he does ---


def flip_data(record: Record, stream: str, at: int, chance: random.Random, rehash: bool) -> Forgery:
    leaf = record.leaves[at]
    assert leaf is not None
    data = bytearray(bytes_of(record, leaf))
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    put(record, leaf, bytes(data))
    if rehash:
        record.leaves[at] = rewritten(leaf, sha256=hashlib.sha256(data).hexdigest())
        relink(record, stream, at)
    return Forgery("flip a bit of the data", stream, (middle(leaf),))


def cut_data(record: Record, stream: str, at: int, chance: random.Random, rehash: bool) -> Forgery:
    leaf = record.leaves[at]
    assert leaf is not None
    body = leaf.body
    assert isinstance(body, SegmentBody)
    record.files[body.file] = record.files[body.file][: body.offset + chance.randrange(body.bytes)]
    record.changed.add(body.file)
    gone = [
        p
        for p in record.segments(stream)
        if p >= at and (x := record.leaves[p]) is not None and getattr(x.body, "file", "") == body.file
    ]
    seconds = tuple(middle(x) for p in gone if (x := record.leaves[p]) is not None)
    if rehash:
        record.leaves = [x for p, x in enumerate(record.leaves) if p not in set(gone)]
        relink(record, stream, at)
    return Forgery("cut a file", stream, seconds, wide=rehash)


def drop(record: Record, stream: str, at: int, _chance: random.Random, rehash: bool) -> Forgery:
    leaf = record.leaves.pop(at)
    assert leaf is not None
    if rehash:
        relink(record, stream, at)
    return Forgery("drop a leaf", stream, (middle(leaf),))


def swap_leaves(record: Record, stream: str, at: int, chance: random.Random, rehash: bool) -> Forgery:
    segments = record.segments(stream)
    other = chance.choice([p for p in segments if p != at])
    one, two = record.leaves[at], record.leaves[other]
    assert one is not None
    assert two is not None
    if rehash:  # the one's pictures are shown as the other's second
        for place, time, shown in ((at, one, two), (other, two, one)):
            members = json.loads(shown.line) | {"wall_ns": time.wall_ns, "mono_ns": time.mono_ns}
            record.leaves[place] = Leaf.parse(canonical(members | {"seq": time.seq, "prev": time.prev}))
        relink(record, stream, min(at, other))
    else:
        record.leaves[at], record.leaves[other] = two, one
    return Forgery("swap two leaves", stream, tuple(sorted((middle(one), middle(two)))))


def swap_data(record: Record, stream: str, at: int, _chance: random.Random, rehash: bool) -> Forgery:
    segments = record.segments(stream)
    index = segments.index(at)
    other = segments[index + 1] if index + 1 < len(segments) else segments[index - 1]
    first, second = sorted((at, other))
    one, two = record.leaves[first], record.leaves[second]
    assert one is not None
    assert two is not None
    a, b = bytes_of(record, one), bytes_of(record, two)
    size = min(len(a), len(b))
    put(record, one, b[:size] + a[size:])
    put(record, two, a[:size] + b[size:])
    if rehash:
        for place in (first, second):
            leaf = record.leaves[place]
            assert leaf is not None
            record.leaves[place] = rewritten(leaf, sha256=hashlib.sha256(bytes_of(record, leaf)).hexdigest())
        relink(record, stream, first)
    return Forgery("swap the data of two seconds", stream, (middle(one), middle(two)))


def duplicate(record: Record, stream: str, at: int, chance: random.Random, rehash: bool) -> Forgery:
    leaf = record.leaves[at]
    assert leaf is not None
    place = chance.randrange(at + 1, min(at + 50, len(record.leaves)))
    record.leaves.insert(place, leaf)
    if rehash:
        relink(record, stream, at)
        there = next(x for x in record.leaves[place - 1 :: -1] if x is not None)
        return Forgery("repeat a leaf", stream, (there.end_ns,), wide=True)
    return Forgery("repeat a leaf", stream, (middle(leaf),))


def retime(record: Record, stream: str, at: int, chance: random.Random, rehash: bool) -> Forgery:
    leaf = record.leaves[at]
    assert leaf is not None
    step = chance.choice((-1, 1)) * chance.randrange(1, 3_600) * SECOND // chance.choice((1, 1_000))
    record.leaves[at] = rewritten(leaf, wall_ns=leaf.wall_ns + step)
    if rehash:
        relink(record, stream, at)
    return Forgery("retime a second", stream, (middle(leaf),))


def truncate(record: Record, _stream: str, at: int, _chance: random.Random, rehash: bool) -> Forgery:
    gone = record.leaves[at:]
    record.leaves = record.leaves[:at]
    if rehash:  # the heads too, so that the last one fits
        record.heads = [head for head in record.heads if head.size <= at]
    return Forgery("cut the log", None, tuple(middle(x) for x in gone if x is not None), wide=True)


def flip_leaf(record: Record, stream: str, at: int, chance: random.Random, _rehash: bool) -> Forgery:
    leaf = record.leaves[at]
    assert leaf is not None
    line = bytearray(leaf.line)
    line[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
    record.leaves[at], record.broken = parsed(bytes(line)), bytes(line)
    return Forgery("flip a bit of a leaf", stream, (middle(leaf),))


def parsed(line: bytes) -> Leaf | None:
    try:
        return Leaf.parse(line)
    except InvalidLeaf:
        return None


Act = Callable[[Record, str, int, random.Random, bool], Forgery]
ACTS: tuple[Act, ...] = (
    flip_data,
    flip_leaf,
    cut_data,
    drop,
    swap_leaves,
    swap_data,
    duplicate,
    retime,
    truncate,
)


def second_of(ns: int) -> float:
    """Seconds into the recording."""
    return (ns - T0) / SECOND


# --- what must be said of it ---


def covers(finding: Finding, stream: str | None, at: int) -> bool:
    return (
        (finding.stream is None or stream is None or finding.stream == stream)
        and (finding.from_ns is None or finding.from_ns <= at)
        and (finding.to_ns is None or finding.to_ns >= at)
    )


def width(finding: Finding) -> float:
    """Seconds."""
    if finding.from_ns is None or finding.to_ns is None:
        return float("inf")
    return (finding.to_ns - finding.from_ns) / SECOND


def assert_named(forgery: Forgery, findings: list[Finding], *, rehash: bool) -> None:
    wrong = [finding for finding in findings if not finding.sound]
    said = "\n".join(map(str, wrong))
    about = f"{forgery.what} of {forgery.stream} at {[*map(second_of, forgery.seconds)][:3]} rehash={rehash}\n{said}"
    assert wrong, about
    for at in forgery.seconds:
        assert any(covers(finding, forgery.stream, at) for finding in wrong), about
    naming = [f for f in wrong if f.verdict in NAMING and covers(f, forgery.stream, forgery.seconds[0])]
    assert naming, about
    if not forgery.wide:
        assert min(map(width, naming)) <= (2 if rehash else 1) + len(forgery.seconds), about
    for finding in wrong:
        if finding.verdict in (Verdict.ALTERED, Verdict.MISSING, Verdict.REORDERED) and not rehash:
            assert any(covers(finding, forgery.stream, at) for at in forgery.seconds), f"false: {finding}\n{about}"

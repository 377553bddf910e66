"""An outsider who changes a recorder's log and data, with all skill but without the key."""

import hashlib
import itertools
import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from store.evidence.checkpoint import SignedHead, notes
from store.evidence.errors import InvalidLeaf
from store.evidence.leaf import Leaf, SealBody, SegmentBody, canonical
from store.evidence.merkle import leaf_hash
from store.evidence.recovery import HEADS, LEAVES
from store.evidence.verification import read_leaves

SECOND = 1_000_000_000


@dataclass
class Record:
    """A recorder's folder and what is to become of it; `leaves` has None where a line is no leaf. Of the files in
    `folder` only those `changed` are held here."""

    leaves: list[Leaf | None]
    heads: list[SignedHead] = field(default_factory=list)
    folder: Path = Path()
    changed: dict[str, bytes] = field(default_factory=dict)
    broken: bytes = b""  # the line that is no leaf

    @classmethod
    def read(cls, folder: Path) -> "Record":
        """The folder as it is."""
        heads = [SignedHead.parse(note) for _, note in notes((folder / HEADS).read_text())]
        return cls(list(read_leaves(folder / LEAVES)), heads, folder)

    def copy(self) -> "Record":
        return Record(list(self.leaves), list(self.heads), self.folder, dict(self.changed))

    def lines(self) -> bytes:
        """As leaves.jsonl."""
        return b"".join((leaf.line if leaf else self.broken) + b"\n" for leaf in self.leaves)

    def segments(self, stream: str) -> list[int]:
        """The positions of the stream's segments."""
        return [p for p, x in enumerate(self.leaves) if x and x.stream == stream and isinstance(x.body, SegmentBody)]

    def data(self, file: str) -> bytes:
        """What stands in a file now."""
        return self.changed[file] if file in self.changed else (self.folder / file).read_bytes()

    def texts(self) -> dict[str, bytes]:
        """The files that may be others than were recorded."""
        heads = "".join(f"{signed.note()}\n" for signed in self.heads)
        return {LEAVES: self.lines(), HEADS: heads.encode()} | self.changed

    def write(self, to: Path) -> None:
        """Makes the folder `to`. What is as it was recorded is linked, so that a copy costs nothing; so `to` has to be
        on the same disk, and nothing may write into its files."""
        texts = self.texts()
        for path in self.folder.rglob("*"):
            name = str(path.relative_to(self.folder))
            if path.is_dir():
                continue
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            if name in texts:
                (to / name).write_bytes(texts[name])
            else:
                os.link(path, to / name)


@dataclass(frozen=True, slots=True)
class Second:
    """A leaf's time, as it was recorded."""

    stream: str
    begin_ns: int
    end_ns: int

    @property
    def middle_ns(self) -> int:
        return (self.begin_ns + self.end_ns) // 2


@dataclass(frozen=True, slots=True)
class Forgery:
    """What was done, and the seconds that are not what was recorded, the first in the log first."""

    what: str
    seconds: tuple[Second, ...]


def second(leaf: Leaf) -> Second:
    return Second(leaf.stream, leaf.begin_ns, leaf.end_ns)


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
                if isinstance(leaf.body, SealBody):
                    leaf = rewritten(leaf, final_seq=seq)
                record.leaves[position] = leaf
        before = leaf


def rewritten(leaf: Leaf, **members: object) -> Leaf:
    """The same leaf with other members."""
    return Leaf.parse(canonical(json.loads(leaf.line) | members))


def segment(record: Record, position: int) -> tuple[Leaf, SegmentBody]:
    """The segment at a position of the log."""
    leaf = record.leaves[position]
    assert leaf is not None
    assert isinstance(leaf.body, SegmentBody)
    return leaf, leaf.body


def bytes_of(record: Record, body: SegmentBody) -> bytes:
    return record.data(body.file)[body.offset : body.offset + body.bytes]


def put(record: Record, body: SegmentBody, data: bytes) -> None:
    whole = record.data(body.file)
    record.changed[body.file] = whole[: body.offset] + data + whole[body.offset + body.bytes :]


def rehashed(record: Record, position: int) -> None:
    """Have the leaf name the data that stand there now."""
    leaf, body = segment(record, position)
    record.leaves[position] = rewritten(leaf, sha256=hashlib.sha256(bytes_of(record, body)).hexdigest())


# --- what he does ---


def flip_data(record: Record, stream: str, at: int, chance: random.Random, rehash: bool) -> Forgery:
    leaf, body = segment(record, at)
    data = bytearray(bytes_of(record, body))
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    put(record, body, bytes(data))
    if rehash:
        rehashed(record, at)
        relink(record, stream, at)
    return Forgery("flip a bit of the data", (second(leaf),))


def flip_leaf(record: Record, _stream: str, at: int, chance: random.Random, _rehash: bool) -> Forgery:
    leaf, _ = segment(record, at)
    line = bytearray(leaf.line)
    line[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
    record.leaves[at], record.broken = parsed(bytes(line)), bytes(line)
    return Forgery("flip a bit of a leaf", (second(leaf),))


def cut_data(record: Record, stream: str, at: int, chance: random.Random, rehash: bool) -> Forgery:
    _, body = segment(record, at)
    record.changed[body.file] = record.data(body.file)[: body.offset + chance.randrange(body.bytes)]
    gone = [p for p in record.segments(stream) if p >= at and segment(record, p)[1].file == body.file]
    seconds = tuple(second(segment(record, p)[0]) for p in gone)
    if rehash:
        without = set(gone)
        record.leaves = [x for p, x in enumerate(record.leaves) if p not in without]
        relink(record, stream, at)
    return Forgery("cut a file", seconds)


def drop(record: Record, stream: str, at: int, _chance: random.Random, rehash: bool) -> Forgery:
    leaf, _ = segment(record, at)
    del record.leaves[at]
    if rehash:
        relink(record, stream, at)
    return Forgery("drop a leaf", (second(leaf),))


def swap_leaves(record: Record, stream: str, at: int, chance: random.Random, rehash: bool) -> Forgery:
    other = chance.choice([p for p in record.segments(stream) if p != at])
    first, last = sorted((at, other))
    (one, _), (two, _) = segment(record, first), segment(record, last)
    if rehash:  # the one's pictures are shown as the other's second
        for place, time, shown in ((first, one, two), (last, two, one)):
            members = json.loads(shown.line) | {"wall_ns": time.wall_ns, "mono_ns": time.mono_ns}
            record.leaves[place] = Leaf.parse(canonical(members | {"seq": time.seq, "prev": time.prev}))
        relink(record, stream, first)
    else:
        record.leaves[first], record.leaves[last] = two, one
        if two.seq == one.seq + 1:  # which is to move the one behind the other
            return Forgery("swap two leaves", (second(one),))
    return Forgery("swap two leaves", (second(one), second(two)))


def swap_data(record: Record, stream: str, at: int, _chance: random.Random, rehash: bool) -> Forgery:
    segments = record.segments(stream)
    index = segments.index(at)
    other = segments[index + 1] if index + 1 < len(segments) else segments[index - 1]
    first, last = sorted((at, other))
    (one, here), (two, there) = segment(record, first), segment(record, last)
    a, b = bytes_of(record, here), bytes_of(record, there)
    size = min(len(a), len(b))
    put(record, here, b[:size] + a[size:])
    put(record, there, a[:size] + b[size:])
    if rehash:
        for place in (first, last):
            rehashed(record, place)
        relink(record, stream, first)
    return Forgery("swap the data of two seconds", (second(one), second(two)))


def duplicate(record: Record, stream: str, at: int, chance: random.Random, rehash: bool) -> Forgery:
    leaf, _ = segment(record, at)
    place = chance.randrange(at + 1, min(at + 50, len(record.leaves)))
    record.leaves.insert(place, leaf)
    if not rehash:
        return Forgery("repeat a leaf", (second(leaf),))
    relink(record, stream, at)  # so that it stands in the place of the next
    then = (second(segment(record, p)[0]) for p in record.segments(stream) if p > place)
    return Forgery("repeat a leaf", (second(leaf), *itertools.islice(then, 1)))


def retime(record: Record, stream: str, at: int, chance: random.Random, rehash: bool) -> Forgery:
    leaf, _ = segment(record, at)
    step = chance.choice((-1, 1)) * chance.randrange(1, 3_600) * SECOND // chance.choice((1, 1_000))
    record.leaves[at] = rewritten(leaf, wall_ns=leaf.wall_ns + step)
    if rehash:
        relink(record, stream, at)
    return Forgery("retime a second", (second(leaf),))


def truncate(record: Record, _stream: str, at: int, _chance: random.Random, rehash: bool) -> Forgery:
    gone = record.leaves[at:]
    record.leaves = record.leaves[:at]
    if rehash:  # the heads too, so that the last one fits
        record.heads = [signed for signed in record.heads if signed.head.size <= at]
    known = {leaf.stream for leaf in record.leaves if leaf}  # of a stream that never began nobody could know
    return Forgery("cut the log", tuple(second(leaf) for leaf in gone if leaf and leaf.stream in known))


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

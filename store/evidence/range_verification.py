"""Verification of a few minutes of a recorder's folder: their leaves, their data, and the signed heads over them.

The log is read from its beginning, for a head vouches for all leaves before it, but only to the first head after the
range; only leaves of the range and their neighbours are judged. What happened to other times is not told here.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from store.evidence.anchoring import Anchoring, anchoring
from store.evidence.continuity import OF_THE_LOG, StreamWalk
from store.evidence.data import DataCheck, Fault, in_folder
from store.evidence.errors import InvalidKey, InvalidLeaf, TooLong, Unreadable
from store.evidence.leaf import MAX_LINE, Leaf, SegmentBody, TombstoneBody
from store.evidence.log import CERTIFICATE, RECORDER
from store.evidence.merkle import leaf_hash
from store.evidence.recovery import HEADS, LEAVES
from store.evidence.selection import touches
from store.evidence.signer import public_key_of
from store.evidence.verdict import Finding, Verdict, merged
from store.evidence.verification import Report, intact, judge_data, judge_key, piece_of, read_heads

MAX_LEAVES = 2_000_000  # read for one answer; some ten seconds
LEAD_NS = 300_000_000_000  # how long before the range its leaves may begin, and the leaf before it be


def verify_range(
    folder: Path,
    streams: Sequence[str],
    from_ns: int,
    to_ns: int,
    trusted: Sequence[bytes] = (),
    *,
    max_leaves: int = MAX_LEAVES,
) -> Report:
    """Verify what `folder` holds of `streams` in [from_ns, to_ns), Unix nanoseconds. `trusted` are public keys; with
    none, the folder's own key is used. A stream of which the range holds nothing gets no finding.

    Raises:
        Unreadable: it is no recorder's folder, or can't be read.
        TooLong: the log has more than `max_leaves` up to the range.
    """
    try:
        about = msgspec.json.decode((folder / RECORDER).read_bytes(), type=dict[str, object])
        own = public_key_of((folder / CERTIFICATE).read_bytes(), CERTIFICATE)
        text = (folder / HEADS).read_bytes().decode(errors="replace")  # before the leaves: they may grow meanwhile
        recorder = str(about.get("recorder"))
        heads, of_heads = read_heads(text, recorder, own)
        lines = _lines(folder / LEAVES, max_leaves)
        around = {stream: _Around(from_ns, to_ns) for stream in streams}
        log = _read(lines, around, sorted(head.size for head in heads))
        with DataCheck(in_folder(folder), threads=1) as check:
            spans = {s: span for s, near in around.items() if (span := _check(near, check)) is not None}
            problems = check.finish()
            hashed = check.bytes
        tombstones = _tombstones(lines, log.marks) if any(p.fault is Fault.MISSING for p in problems) else {}
    except (OSError, msgspec.MsgspecError, InvalidKey) as error:
        raise Unreadable(f"{folder}: expected a recorder's folder: {error}") from error
    key, findings = judge_key("the recorder", own, trusted)
    walks = {stream: _walk(stream, near, log) for stream, near in around.items() if near.leaves}
    for walk in walks.values():
        findings += [f for f in walk.findings if _concerns(f, from_ns, to_ns)]
    for position, known in log.attested.items():
        log.hashes[32 * position : 32 * position + 32] = bytes.fromhex(known)
    size = len(log.hashes) // 32
    known_heads = [head for head in heads if head.size <= size or log.ended]
    anchored = anchoring((bytes(log.hashes[at : at + 32]) for at in range(0, 32 * size, 32)), size, known_heads)
    findings += [f for stream, near in around.items() for f in _unanchored(stream, near, anchored, findings)]
    findings += judge_data(problems, tombstones)
    findings += intact(walks, spans, findings)
    findings += of_heads if not anchored.proven and size else []  # forged heads matter where no true one vouches
    return Report(recorder, [key], merged(findings), sum(len(near.leaves) for near in around.values()), hashed)


@dataclass(slots=True)
class _Around:
    """A stream's leaves in the range, and one on either side; each with its position in the log."""

    from_ns: int
    to_ns: int
    before: tuple[int, Leaf] | None = None
    leaves: list[tuple[int, Leaf]] = field(default_factory=list)
    after: tuple[int, Leaf] | None = None

    def take(self, position: int, leaf: Leaf) -> None:
        if touches(leaf, self.from_ns, self.to_ns):
            self.leaves.append((position, leaf))
        elif leaf.begin_ns < self.to_ns:
            self.before = (position, leaf) if not self.leaves else self.before
        elif self.after is None:
            self.after = (position, leaf)

    def walk(self) -> list[tuple[int, Leaf]]:
        """What is to be judged, in the order of the log."""
        beside = [found for found in (self.before, self.after) if found is not None]
        return sorted([*self.leaves, *beside], key=lambda found: found[0])


@dataclass(slots=True)
class _Log:
    """The log as far as it was read. `ended`: to its end."""

    marks: dict[bytes, str]
    hashes: bytearray = field(default_factory=bytearray)
    unread: dict[int, Verdict] = field(default_factory=dict)
    attested: dict[int, str] = field(default_factory=dict)
    ended: bool = True


def _read(lines: Iterator[bytes], around: dict[str, _Around], heads: Sequence[int]) -> _Log:
    """Reads on until every stream has a leaf after the range and a head covers them."""
    log = _Log({b'"stream":' + json.dumps(s, ensure_ascii=False).encode(): s for s in around})
    enough: int | None = None  # leaves
    since_ns = min(near.from_ns for near in around.values()) - LEAD_NS
    for position, line in enumerate(lines):
        log.hashes += leaf_hash(line)
        if any(mark in line for mark in log.marks) and not _is_long_before(line, since_ns):
            _take(position, line, around, log)
        if enough is None and all(near.after is not None for near in around.values()):
            enough = next((size for size in heads if size > position), None)
        if enough == position + 1:
            log.ended = False
            break
    return log


def _is_long_before(line: bytes, since_ns: int) -> bool:
    """Whether a leaf says that it is older. Reading it whole takes ten times as long; one that lies is missed in its
    place."""
    wall_ns = line.rpartition(b'"wall_ns":')[2].removesuffix(b"}")
    return wall_ns.isdigit() and int(wall_ns) < since_ns


def _take(position: int, line: bytes, around: dict[str, _Around], log: _Log) -> None:
    try:
        leaf = Leaf.parse(line)
    except InvalidLeaf:
        log.unread[position] = Verdict.ALTERED
        return
    if leaf.stream in around:
        around[leaf.stream].take(position, leaf)


def _check(near: _Around, check: DataCheck) -> tuple[int, int, int] | None:
    """Has the data of the range's segments hashed; their begin, end and number."""
    count, begin, end = 0, 0, 0
    for _, leaf in near.leaves:
        if isinstance(leaf.body, SegmentBody):
            check.add(leaf.body.file, piece_of(leaf, leaf.body))
            begin, end = (min(begin, leaf.begin_ns) if count else leaf.begin_ns), max(end, leaf.end_ns)
            count += 1
    return (begin, end, count) if count else None


def _walk(stream: str, near: _Around, log: _Log) -> StreamWalk:
    found = near.walk()
    walk = StreamWalk(stream, log.unread, log.attested, found[0][1].seq)
    for position, leaf in found:
        walk.push(position, leaf)
    walk.finish()
    return walk


def _unanchored(stream: str, near: _Around, found: Anchoring, known: Sequence[Finding]) -> Iterator[Finding]:
    """What of the range no signed head vouches for; where one speaks against it and nothing `known` explains that, the
    leaves are altered."""
    changed = any(finding.detail in OF_THE_LOG for finding in known)
    for position, leaf in near.leaves:
        if position < found.proven:
            continue
        span = (stream, leaf.begin_ns, leaf.end_ns)
        if found.refuted is not None and position < found.refuted and not changed:
            yield Finding(Verdict.ALTERED, "these are not the leaves that were signed", *span)
        elif found.refuted is not None:
            yield Finding(Verdict.UNANCHORED, "the log before is not as it was signed", *span)
        else:
            yield Finding(Verdict.UNANCHORED, "no signed head vouches for the leaves from here on", *span)
    if found.beyond is not None and near.after is None and near.leaves:
        end = near.leaves[-1][1].end_ns
        yield Finding(Verdict.TRUNCATED, "signed heads count more leaves than there are", stream, end, None)


def _tombstones(lines: Iterator[bytes], marks: dict[bytes, str]) -> dict[str, list[TombstoneBody]]:
    """What retention said later, of all that is left of the log."""
    found: dict[str, list[TombstoneBody]] = {}
    for line in lines:
        if b'"tombstone"' in line and any(mark in line for mark in marks):
            try:
                leaf = Leaf.parse(line)
            except InvalidLeaf:
                continue
            if isinstance(leaf.body, TombstoneBody):
                found.setdefault(leaf.stream, []).append(leaf.body)
    return found


def _concerns(finding: Finding, from_ns: int, to_ns: int) -> bool:
    begins_before = finding.from_ns is None or finding.from_ns < to_ns
    return begins_before and (finding.to_ns is None or finding.to_ns > from_ns)


def _lines(path: Path, limit: int) -> Iterator[bytes]:
    """The whole lines, without their ends."""
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE + 2), b"")):
            if number >= limit:
                raise TooLong(f"{path}: more than {limit:,} leaves; expected fewer, or `ducha evidence verify`")
            if line.endswith(b"\n"):
                yield line[:-1]

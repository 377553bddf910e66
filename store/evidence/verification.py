"""Verification of a recorder's folder, and the part of it that is the same for an export.

The leaves and heads are judged by :func:`store.evidence.examination.examine`; the data are hashed in threads meanwhile.
"""

import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import msgspec

from store.evidence.checkpoint import Head, SignedHead, notes
from store.evidence.data import DataCheck, Fault, Piece, Problem, in_folder
from store.evidence.deletions import Deletions
from store.evidence.errors import InvalidHead, InvalidKey, InvalidLeaf, Unreadable
from store.evidence.examination import examine
from store.evidence.leaf import MAX_LINE, Leaf, SegmentBody, TombstoneBody, UnacknowledgedBody
from store.evidence.log import CERTIFICATE, identity
from store.evidence.recovery import HEADS, LEAVES
from store.evidence.signer import fingerprint, public_key_of
from store.evidence.standalone import kind_of, opened, shown
from store.evidence.verdict import Finding, Verdict, merged
from store.evidence.witnesses import Contradicted, Known, contradiction, in_its_folder

_PACK = re.compile(r"[^/]+/[0-9]{8}/[0-9]{6}-[0-9]+\.(mp4|mov)")


@dataclass(frozen=True, slots=True)
class Key:
    """A key that something is signed with; `trusted` None: nobody said which keys to trust."""

    of: str
    fingerprint: str
    trusted: bool | None


@dataclass(frozen=True, slots=True)
class Report:
    """What verification found."""

    recorder: str
    keys: list[Key]
    findings: list[Finding]
    leaves: int
    bytes: int  # of footage hashed

    @property
    def sound(self) -> bool:
        """Whether nothing was found that speaks against the footage."""
        return all(finding.sound for finding in self.findings)


def judge_data(problems: Sequence[Problem], tombstones: dict[str, list[TombstoneBody]]) -> list[Finding]:
    """Findings for pieces that are not as they should be; what retention says it deleted is declared."""
    expected = {(p.piece.stream, p.piece.sha256) for p in problems if p.fault is Fault.DIFFERS}
    deletions = {stream: Deletions(stones) for stream, stones in tombstones.items()}
    nothing = Deletions(())
    return [_data_finding(problem, expected, deletions.get(problem.piece.stream, nothing)) for problem in problems]


def _data_finding(problem: Problem, expected: set[tuple[str, str]], deletions: Deletions) -> Finding:
    piece = problem.piece
    about = (piece.stream, piece.from_ns, piece.to_ns)
    if problem.fault is Fault.MISSING:
        if (stone := deletions.of(piece.seq)) is not None:
            return Finding(Verdict.DECLARED_GAP, f"deleted: {stone.reason}", *about)
        return Finding(Verdict.MISSING, problem.fault.value, *about)
    if problem.found is not None and (piece.stream, problem.found) in expected:
        return Finding(Verdict.REORDERED, "the data of another second stand here", *about)
    return Finding(Verdict.ALTERED, problem.fault.value, *about)


@dataclass(slots=True)
class Recorded:
    """What was recorded of a stream: from when to when (Unix nanoseconds), in how many segments; and how many of the
    camera's packets were lost on their way meanwhile."""

    begin_ns: int
    end_ns: int
    segments: int = 0
    lost_packets: int = 0

    @property
    def summary(self) -> str:
        lost = f"; {self.lost_packets} packets lost on their way from the camera" if self.lost_packets else ""
        return f"{self.segments} segments in all{lost}"


def count(recorded: dict[str, Recorded], stream: str, from_ns: int, to_ns: int, lost_packets: int | None) -> None:
    """One more segment of a stream."""
    known = recorded.setdefault(stream, Recorded(from_ns, to_ns))
    known.begin_ns, known.end_ns = min(known.begin_ns, from_ns), max(known.end_ns, to_ns)
    known.segments += 1
    known.lost_packets += lost_packets or 0


def intact(streams: Iterable[str], recorded: Mapping[str, Recorded], found: list[Finding]) -> list[Finding]:
    """For each stream with nothing against it, up to where that holds."""
    until: dict[str | None, int] = {}  # up to when nothing is found; None: in all streams
    spoiled: set[str | None] = set()
    for finding in found:
        if finding.verdict in (Verdict.UNANCHORED, Verdict.TRUNCATED) and finding.from_ns is not None:
            until[finding.stream] = min(finding.from_ns, until.get(finding.stream, finding.from_ns))
        elif not finding.sound:
            spoiled.add(finding.stream)
    sound: list[Finding] = []
    for stream in streams:
        if stream not in recorded or spoiled & {None, stream}:
            continue
        known = recorded[stream]
        end = min(known.end_ns, *(until.get(whose, known.end_ns) for whose in (None, stream)))
        if end > known.begin_ns:
            sound.append(Finding(Verdict.INTACT, known.summary, stream, known.begin_ns, end))
    return sound


def verify_folder(
    folder: Path, trusted: Sequence[bytes] = (), threads: int | None = None, *, known: Sequence[Known] = ()
) -> Report:
    """Verify all that a recorder's folder holds. `trusted` are public keys; with none, the folder's own key is used.
    `known` are heads that others have kept.

    Raises:
        Unreadable: it is no recorder's folder, or can't be read.
    """
    try:
        recorder, certificate = identity(folder)
        own = public_key_of(certificate, CERTIFICATE)
        there = recordings(folder)  # before the leaves: they may grow meanwhile, as may the heads
        told = [*known, *in_its_folder(folder, recorder, own)]
        with io.TextIOWrapper(opened(folder / HEADS), encoding="utf-8", errors="replace", newline="\n") as file:
            heads, findings = read_heads(file, recorder, own)
        with DataCheck(in_folder(folder), threads) as check:
            recorded: dict[str, Recorded] = {}
            examined = examine(_watched(read_leaves(folder / LEAVES), check, recorded, there), heads)
            problems = check.finish()
            hashed = check.bytes
    except (OSError, msgspec.MsgspecError, InvalidKey) as error:
        raise Unreadable(f"{folder}: expected a recorder's folder: {error}") from error
    key, unknown = judge_key("the recorder", own, trusted)
    tombstones = {stream: walk.tombstones for stream, walk in examined.streams.items()}
    against = contradiction(folder, max(heads, key=lambda head: head.size, default=None), told)
    ends = {stream: walk.last.end_ns for stream, walk in examined.streams.items() if walk.last is not None}
    findings += _contradicted(against, ends)
    findings += [*unknown, *examined.findings, *judge_data(problems, tombstones), *judge_strangers(there)]
    findings += intact(examined.streams, recorded, findings)
    return Report(recorder, [key], merged(findings), examined.size, hashed)


def _contradicted(against: Contradicted | None, ends: Mapping[str, int]) -> Iterator[Finding]:
    """That somebody knows more than there is; `ends`: up to when each stream goes."""
    if against is not None and against.is_shorter:
        yield Finding(Verdict.TRUNCATED, against.problem, None, max(ends.values(), default=None), None)
        yield from (Finding(Verdict.TRUNCATED, against.problem, stream, end, None) for stream, end in ends.items())
    elif against is not None:
        yield Finding(Verdict.ALTERED, against.problem)


def read_leaves(path: Path) -> Iterator[Leaf | None]:
    """The leaves in the file, None for a line that is none. A last line without its end counts as not written."""
    with opened(path) as file:
        while line := file.readline(MAX_LINE + 2):
            if not line.endswith(b"\n"):
                if not file.peek(1):
                    return
                while line and not line.endswith(b"\n"):  # far too long: one unreadable line
                    line = file.readline(1 << 20)
                yield None
                continue
            try:
                yield Leaf.parse(line[:-1])
            except InvalidLeaf:
                yield None


def read_heads(
    text: str | TextIO, recorder: str, key: bytes, *, name: str = HEADS, enough: int | None = None
) -> tuple[list[Head], list[Finding]]:
    """The heads that the key signed, and what is wrong with the others; up to the first that counts `enough` leaves.
    `name` says in findings what `text` is."""
    heads: list[Head] = []
    findings: list[Finding] = []
    for line, note in notes(text):
        where = f"{name}, line {line}"
        try:
            signed = SignedHead.parse(note)
        except InvalidHead as error:
            findings.append(Finding(Verdict.ALTERED, f"{where}: {error}"))
            continue
        if signed.head.origin != recorder:
            findings.append(Finding(Verdict.ALTERED, f"{where}: a head of another log, {signed.head.origin!r}"))
        elif not signed.knows(key):
            findings.append(Finding(Verdict.UNKNOWN_KEY, f"{where}: not signed by the key {fingerprint(key)}"))
        elif not signed.signed_by(key):
            findings.append(Finding(Verdict.ALTERED, f"{where}: the signature does not fit the head"))
        else:
            heads.append(signed.head)
            if enough is not None and signed.head.size >= enough:
                break
    return heads, findings


def judge_key(of: str, key: bytes, trusted: Sequence[bytes]) -> tuple[Key, list[Finding]]:
    """Whether a key is one of those trusted."""
    if not trusted:
        return Key(of, fingerprint(key), None), []
    if key in trusted:
        return Key(of, fingerprint(key), True), []
    detail = f"{of} signs with {fingerprint(key)}, trusted is {', '.join(map(fingerprint, trusted))}"
    return Key(of, fingerprint(key), False), [Finding(Verdict.UNKNOWN_KEY, detail)]


def _watched(
    leaves: Iterable[Leaf | None], check: DataCheck, recorded: dict[str, Recorded], there: dict[str, str]
) -> Iterator[Leaf | None]:
    """The same leaves; what they say of data is checked meanwhile, and taken out of what is `there`."""
    for leaf in leaves:
        if leaf is not None and isinstance(leaf.body, SegmentBody):
            there.pop(leaf.body.file, None)
            check.add(leaf.body.file, piece_of(leaf, leaf.body))
            count(recorded, leaf.stream, leaf.begin_ns, leaf.end_ns, leaf.body.lost_packets)
        elif leaf is not None and isinstance(leaf.body, UnacknowledgedBody):
            check.add(leaf.body.file, aside(leaf, leaf.body))
        yield leaf


def recordings(folder: Path) -> dict[str, str]:
    """What lies in the folders of a recorder's streams, and what it is. The newest of a stream is left out where it is
    a plain file: it may be written just now, and a crash leaves it without a leaf."""
    found: dict[str, str] = {}
    for stream in folder.iterdir():
        if stream.suffix not in (".video", ".audio") or stream.is_symlink() or not stream.is_dir():
            continue
        files: dict[str, str] = {}
        folders = [stream]
        while folders:
            for entry in os.scandir(folders.pop()):
                kind = kind_of(entry.stat(follow_symlinks=False).st_mode)
                if kind == "a folder":
                    folders.append(Path(entry.path))
                else:
                    files[Path(entry.path).relative_to(folder).as_posix()] = kind or "a file"
        packs = [name for name, kind in files.items() if kind == "a file" and _PACK.fullmatch(name)]
        files.pop(max(packs, default=""), None)
        found |= files
    return found


def judge_strangers(there: dict[str, str]) -> list[Finding]:
    """Findings for what lies among the recordings and no leaf speaks of."""
    return [
        Finding(Verdict.ALTERED, f"{kind} of which no leaf speaks: {shown(name)[1:-1]}", name.partition("/")[0])
        for name, kind in sorted(there.items())
    ]


def aside(leaf: Leaf, body: UnacknowledgedBody) -> Piece:
    """What was set aside, as a whole file."""
    empty = hashlib.sha256().hexdigest()
    return Piece(leaf.stream, leaf.seq, leaf.begin_ns, leaf.end_ns, 0, body.bytes, body.sha256, 0, empty)


def piece_of(leaf: Leaf, body: SegmentBody) -> Piece:
    """Where a segment's data should be, and what."""
    return Piece(
        leaf.stream,
        leaf.seq,
        leaf.begin_ns,
        leaf.end_ns,
        body.offset,
        body.bytes,
        body.sha256,
        body.init_bytes,
        body.init_sha256,
    )

"""Footage and log compared when the recorder starts: what no leaf acknowledges is set aside, what is missing is named.

A crash leaves at most one fragment of a stream that no leaf speaks of. It is moved to `unacknowledged/` as it is, and a
leaf says where from, how much and with which hash; nothing is cut off or deleted. More than that no crash leaves: then
leaves were taken away, and the log must not be written. A file that leaves speak of and that is missing or too short is
a finding, and stays one.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import structlog

from ingest.cameras.leaves import newest_first
from ingest.cameras.packs import ASIDE, PackFile, packs_of, streams_in
from store.evidence import files
from store.evidence.errors import LogUnavailable
from store.evidence.leaf import Leaf, Remark, SegmentBody, TombstoneBody, UnacknowledgedBody
from store.evidence.log import EvidenceLog
from store.evidence.recovery import LEAVES

NEWEST_PACKS = 2  # of a stream, at the end of which a crash can leave something
LOOKED_AT = 20_000  # leaves of which the files are looked for; all of them are what verification is for
WHY = "no leaf acknowledges it, as after a crash"
_OPENING = 4  # leaves that may come before a pack's first: a gap, a seal, a start, and what was set aside
_BLOCK = 1 << 20

log = structlog.get_logger("ingest.cameras")


@dataclass(frozen=True, slots=True)
class Leftover:
    """Bytes of a pack file that no leaf acknowledges: from `offset` of `file` (relative to the folder) to its end."""

    stream: str
    pack: PackFile
    file: str
    offset: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Absent:
    """A file that leaves speak of, which is not there or too short; since when it should hold something."""

    stream: str
    seq: int
    file: str
    expected: int
    found: int | None
    from_ns: int

    def __str__(self) -> str:
        has = "it is not there" if self.found is None else f"it has {self.found}"
        return f"leaf {self.seq} of {self.stream} needs {self.expected} bytes of {self.file}, {has}"


@dataclass(slots=True)
class Compared:
    """What the disk holds besides what the leaves say, and what it lacks. `declared` was set aside before."""

    leftovers: list[Leftover] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
    declared: dict[tuple[str, int, str], UnacknowledgedBody] = field(default_factory=dict)


def compare(folder: Path) -> Compared:
    """Compare the newest leaves with the files; nothing is changed."""
    compared = Compared()
    packs = {stream: packs_of(folder, stream) for stream in streams_in(folder)}
    newest = {_name(folder, pack): (stream, pack) for stream, all_ in packs.items() for pack in all_[-NEWEST_PACKS:]}
    told = _told(folder, set(newest), compared.declared)
    for stream, all_ in packs.items():
        last = told.ends.get(stream, -1)
        reached = [pack for pack in all_ if pack.seq <= last][-1:]  # in which the stream's last leaf may end
        beyond = [pack for pack in all_ if pack.seq > last]
        for pack in dict.fromkeys([*reached, *beyond, *all_[-NEWEST_PACKS:]]):
            name, size = _name(folder, pack), pack.path.stat().st_size
            if any(first <= pack.seq <= final for first, final in told.deleted.get(stream, ())):
                continue  # retention was stopped on its way and comes again
            leaf = told.files.get(name)
            acknowledged = 0 if leaf is None else _end(leaf)
            if size > acknowledged or leaf is None:
                compared.leftovers.append(Leftover(stream, pack, name, acknowledged, size - acknowledged))
    for name, leaf in told.files.items():
        path = folder / name
        found = path.stat().st_size if path.is_file() else None
        if found is None or found < _end(leaf):
            compared.absent.append(Absent(leaf.stream, leaf.seq, name, _end(leaf), found, leaf.begin_ns))
    return compared


def beyond_a_crash(folder: Path, leftovers: Sequence[Leftover]) -> str | None:
    """What there is that no leaf acknowledges and no crash leaves; None where there is nothing such."""
    ends: dict[str, int] = {}
    streams = {leftover.stream for leftover in leftovers if not leftover.offset}
    if streams:
        ends = _ends(folder, streams)
    for leftover in (one for one in leftovers if one.bytes):
        whole = not leftover.offset and leftover.pack.seq > ends.get(leftover.stream, -1) + _OPENING
        fragments = _fragments(folder / leftover.file, leftover.offset)
        if whole or fragments > 1:
            count = f"{fragments} fragments, {leftover.bytes} bytes"
            return f"{leftover.file} holds {count} that the log knows nothing of; a crash leaves one fragment at most"
    return None


def reconcile(folder: Path, compared: Compared, evidence: EvidenceLog, mono_ns: int) -> list[Absent]:
    """Set aside what no leaf acknowledges; returns what is missing. Where the disk refuses, what no leaf acknowledges
    stays where it is until the next start."""
    for absent in compared.absent:
        log.error("a recording is not as its leaves say", problem=str(absent))
    try:
        set_aside(folder, compared, evidence, mono_ns)
    except (OSError, LogUnavailable) as error:
        log.error("what no leaf acknowledges could not be set aside, trying at the next start", error=str(error))
    return compared.absent


def set_aside(folder: Path, compared: Compared, evidence: EvidenceLog, mono_ns: int) -> None:
    """Move what no leaf acknowledges to `unacknowledged/`, each with the leaf that says so. Killed at any moment, it is
    done again and said once.

    Raises:
        OSError: the files can't be moved.
        LogUnavailable: the disk refused.
    """
    for leftover in compared.leftovers:
        source = folder / leftover.file
        if not leftover.bytes:  # it was just begun
            source.unlink()
            continue
        digest = _digest(source, leftover.offset)
        body = compared.declared.get((leftover.file, leftover.offset, digest))
        if body is None:
            body = _declare(leftover, digest, evidence, mono_ns)
        _move(source, leftover.offset, folder / body.file)
        log.warning("set aside a recording that no leaf acknowledges", file=body.file, bytes=body.bytes)


def _declare(leftover: Leftover, digest: str, evidence: EvidenceLog, mono_ns: int) -> UnacknowledgedBody:
    """Says what will be set aside. Its time is that up to which the stream is accounted for: there its bytes belong."""
    last = evidence.last(leftover.stream)
    seq = 0 if last is None else last.seq + 1
    began_ns = round(leftover.pack.began_s * 1e9)
    day = leftover.pack.path.parent.name
    name = f"{leftover.pack.path.name.partition('-')[0]}-{seq}{leftover.pack.path.suffix}"
    body = UnacknowledgedBody(
        file=str(PurePosixPath(ASIDE, leftover.stream, day, name)),
        bytes=leftover.bytes,
        sha256=digest,
        source=leftover.file,
        offset=leftover.offset,
        reason=WHY,
    )
    session, wall_ns = (f"c-{day}", began_ns) if last is None else (last.session, last.end_ns)
    evidence.append(leftover.stream, session, wall_ns, mono_ns, body)
    return body


def _move(source: Path, offset: int, target: Path) -> None:
    """What stands in `source` from `offset` on is in `target` afterwards, on the disk, and no more in `source`."""
    for folder in (target.parent.parent.parent, target.parent.parent, target.parent):
        if not folder.exists():
            files.make_folder(folder)
            files.sync_folder(folder.parent)
    if not offset:
        source.rename(target)
        files.sync_folder(target.parent)
        files.sync_folder(source.parent)
        return
    draft = target.with_name(f".{target.name}")
    with os.fdopen(files.open_own(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
        for part in _parts(source, offset):
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
    files.sync_folder(target.parent)
    with source.open("r+b") as file:
        file.truncate(offset)
        os.fsync(file.fileno())


def _name(folder: Path, pack: PackFile) -> str:
    return pack.path.relative_to(folder).as_posix()


def _end(leaf: Leaf) -> int:
    assert isinstance(leaf.body, SegmentBody)
    return leaf.body.offset + leaf.body.bytes


@dataclass(slots=True)
class _Told:
    """What the newest leaves say: of each file the leaf that needs the most of it, of each stream the last number and
    which numbers are said to be deleted."""

    files: dict[str, Leaf] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


def _told(folder: Path, sought: set[str], declared: dict[tuple[str, int, str], UnacknowledgedBody]) -> _Told:
    """By the newest leaves, and by older ones as long as one of `sought` may be in them."""
    told = _Told()
    oldest = {file.partition("/")[0]: min(f for f in sought if f.startswith(file.partition("/")[0])) for file in sought}
    leaves = newest_first(folder) if (folder / LEAVES).exists() else iter(())
    for number, (_, leaf) in enumerate(leaves):
        body = leaf.body
        told.ends.setdefault(leaf.stream, leaf.seq)
        if isinstance(body, TombstoneBody):
            told.deleted.setdefault(leaf.stream, []).append((body.from_seq, body.to_seq))
        if isinstance(body, UnacknowledgedBody):
            declared.setdefault((body.source, body.offset, body.sha256), body)
        if not isinstance(body, SegmentBody):
            continue
        if body.file <= oldest.get(leaf.stream, ""):
            oldest.pop(leaf.stream, None)  # older leaves speak of older files
        if not oldest and number >= LOOKED_AT:
            break
        if not any(first <= leaf.seq <= final for first, final in told.deleted.get(leaf.stream, ())):
            known = told.files.get(body.file)
            if known is None or _end(known) < body.offset + body.bytes:
                told.files[body.file] = leaf
    return told


def _ends(folder: Path, streams: set[str]) -> dict[str, int]:
    """The number of the newest leaf of each of the streams that is about the recording itself."""
    ends: dict[str, int] = {}
    for _, leaf in newest_first(folder) if (folder / LEAVES).exists() else ():
        if leaf.stream in streams and not isinstance(leaf.body, Remark):
            ends.setdefault(leaf.stream, leaf.seq)
            if len(ends) == len(streams):
                break
    return ends


def _fragments(path: Path, offset: int) -> int:
    """How many fragments of an MP4 begin in the file from `offset` on; what is no MP4 counts as none."""
    count = 0
    with path.open("rb") as file:
        size, at = file.seek(0, 2), offset
        while at + 8 <= size:
            file.seek(at)
            header = file.read(8)
            length = int.from_bytes(header[:4], "big")
            if length < 8 or not header[4:].isalnum():
                break
            count += header[4:] == b"moof"
            at += length
    return count


def _parts(path: Path, offset: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        yield from iter(lambda: file.read(_BLOCK), b"")


def _digest(path: Path, offset: int) -> str:
    digest = hashlib.sha256()
    for part in _parts(path, offset):
        digest.update(part)
    return digest.hexdigest()

"""Exports: a range of some streams in a ZIP that proves itself, to whoever has nothing of ours.

The footage is copied as it lies there. The manifest is signed and names the SHA-256 of `SHA256SUMS`, which names that
of every other file; the leaves and their proof lead to a head that the recorder signed. What was wrong in the folder is
wrong in the export too: it is verification that says so, not this.
"""

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from store.evidence import files, standalone
from store.evidence.data import BUFFER
from store.evidence.deletions import Deletions
from store.evidence.errors import ExportError, InvalidKey
from store.evidence.explanation import EXPLANATION
from store.evidence.leaf import GapBody, Leaf, canonical
from store.evidence.log import CERTIFICATE, identity
from store.evidence.manifest import (
    CLIPS,
    DATA,
    EXPORT_CERTIFICATE,
    MANIFEST,
    PROOF,
    README,
    RECORDER_CERTIFICATE,
    SIGNATURE,
    SUMS,
    VERIFIER,
    ExportedFile,
    ExportedSegment,
    ExportedStream,
    Gap,
    Manifest,
    Request,
)
from store.evidence.recovery import HEADS, LEAVES
from store.evidence.selection import Selected, select
from store.evidence.signer import Signer, public_key_of
from store.evidence.standalone import is_plain, opened
from store.names import same_person

Derive: TypeAlias = Callable[[Sequence[Selected]], Mapping[str, Path]]


def export(
    folder: Path,
    out: Path,
    *,
    streams: Sequence[str],
    from_ns: int,
    to_ns: int,
    request: Request,
    signer: Signer,
    now_ns: int,
    custody: Sequence[Mapping[str, Any]] = (),
    clips: Derive = lambda _: {},
    written: Callable[[int], None] = lambda _: None,
) -> Manifest:
    """Writes to `out` what a recorder's folder holds of `streams` from `from_ns` to `to_ns` (Unix nanoseconds).

    `signer` is who exports, not necessarily the recorder. `custody` is the history as given (JSON without floats and
    nulls). `clips` makes derived files from what was selected, to go along under their names; they are covered by the
    signature, not by the leaves. `written` is told the bytes of footage, as they are written.

    Raises:
        ExportError: saying what was expected. Nothing is left at `out`.
    """
    _check(request, streams, from_ns, to_ns)
    try:
        recorder, certificate = identity(folder)
        key = public_key_of(certificate, CERTIFICATE)
        selected, proof, head = select(folder, recorder, key, sorted(set(streams)), from_ns, to_ns)
        derived = clips(selected)
        draft = draft_of(out)
        try:
            handle = files.open_own(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            with os.fdopen(handle, "w+b") as whole, zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
                writing = _Writing(archive, now_ns, written)
                exported = [_write_stream(writing, folder, stream) for stream in selected]
                writing.stream(LEAVES, (line + b"\n" for _, line in merge(*(stream.lines for stream in selected))))
                writing.add(HEADS, f"{head.note()}\n".encode())
                writing.add(PROOF, canonical(proof))
                writing.add(EXPORT_CERTIFICATE, signer.certificate)
                writing.add(RECORDER_CERTIFICATE, certificate)
                writing.add(README, EXPLANATION.encode())
                writing.add(VERIFIER, Path(standalone.__file__).read_bytes())
                for name, path in sorted(derived.items()):
                    writing.copy(CLIPS + name, path)
                sums = writing.sums()
                writing.add(SUMS, sums)
                manifest = Manifest(
                    v=1,
                    format="ducha-evidence-export",
                    recorder=recorder,
                    created_ns=now_ns,
                    request=request,
                    from_ns=from_ns,
                    to_ns=to_ns,
                    streams=exported,
                    custody=[dict(entry) for entry in custody],
                    leaves=sum(len(stream.lines) for stream in selected),
                    head_size=head.head.size,
                    recorder_key=hashlib.sha256(key).hexdigest(),
                    sha256sums=hashlib.sha256(sums).hexdigest(),
                )
                signed = canonical(manifest)
                writing.add(MANIFEST, signed)
                writing.add(SIGNATURE, signer.sign(signed))
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.replace(out)
            files.sync_folder(out.parent)
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()
    except (OSError, msgspec.MsgspecError, InvalidKey) as error:
        raise ExportError(f"{folder}: can't be exported to {out}: {error}") from error
    return manifest


def draft_of(out: Path) -> Path:
    """What is written before it is the export at `out`."""
    return out.with_name(f".{out.name}.draft")


def _check(request: Request, streams: Sequence[str], from_ns: int, to_ns: int) -> None:
    if same_person(request.asked_by, request.approved_by):
        raise ExportError(f"approved_by: expected another person than {request.asked_by}, who asked")
    if not request.reason.strip():
        raise ExportError("reason: expected why the footage is asked for")
    if not streams:
        raise ExportError("streams: expected at least one")
    if not 0 <= from_ns < to_ns:
        raise ExportError(f"range: expected its end after its beginning, got {from_ns} to {to_ns}")


class _Writing:
    """The files of the archive, and their hashes."""

    def __init__(self, archive: zipfile.ZipFile, now_ns: int, written: Callable[[int], None]) -> None:
        self._archive = archive
        self._written = written
        at = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC)
        self._time = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second)
        self._sums: dict[str, str] = {}

    def add(self, name: str, data: bytes) -> None:
        self.stream(name, iter((data,)))

    def copy(self, name: str, path: Path) -> None:
        if not is_plain(name):
            raise ExportError(f"clips: expected a relative file name, got {name!r}")
        with opened(path) as file:
            self.stream(name, iter(lambda: file.read(BUFFER), b""))

    def stream(self, name: str, parts: Iterator[bytes]) -> int:
        """Writes the parts as one file; returns its size."""
        if name in self._sums:
            raise ExportError(f"{name}: twice in one export")
        entry = zipfile.ZipInfo(name, self._time)
        entry.external_attr = 0o100644 << 16
        digest, size = hashlib.sha256(), 0
        with self._archive.open(entry, "w", force_zip64=True) as file:
            for part in parts:
                digest.update(part)
                file.write(part)
                size += len(part)
                if name.startswith(DATA):
                    self._written(len(part))
        self._sums[name] = digest.hexdigest()
        return size

    def sums(self) -> bytes:
        """As `sha256sum` writes and reads it."""
        return "".join(f"{digest}  {name}\n" for name, digest in sorted(self._sums.items())).encode()


def _write_stream(writing: _Writing, folder: Path, selected: Selected) -> ExportedStream:
    by_file: dict[str, list[Leaf]] = {}
    for leaf, body in selected.segments():
        by_file.setdefault(body.file, []).append(leaf)
    segments: list[ExportedSegment] = []
    exported: list[ExportedFile] = []
    deletions = Deletions(selected.tombstones)
    for source, leaves in by_file.items():
        file, told = _write_file(writing, folder, source, leaves, deletions)
        segments += told
        exported += [file] if file is not None else []
    gaps = [
        Gap(from_ns=leaf.body.from_ns, to_ns=leaf.body.to_ns, reason=leaf.body.reason)
        for leaf in selected.leaves
        if isinstance(leaf.body, GapBody)
    ]
    return ExportedStream(
        stream=selected.stream,
        first_seq=selected.first_seq,
        end_seq=selected.end_seq,
        segments=segments,
        gaps=gaps,
        files=exported,
    )


def _write_file(
    writing: _Writing, folder: Path, source: str, leaves: Sequence[Leaf], deletions: Deletions
) -> tuple[ExportedFile | None, list[ExportedSegment]]:
    """The segments of one file, after its initialisation segment; those whose data are not there only by name."""
    bodies: list[Any] = [leaf.body for leaf in leaves]
    path, name = folder / source, DATA + source
    usable = is_plain(source) and path.is_file() and path.resolve().is_relative_to(folder.resolve())
    size = path.stat().st_size if usable else -1
    init_bytes = bodies[0].init_bytes
    told: list[ExportedSegment] = []
    ranges, at = [(0, init_bytes)], init_bytes
    for leaf, body in zip(leaves, bodies, strict=True):
        there = body.offset + body.bytes <= size and deletions.of(leaf.seq) is None
        told.append(
            ExportedSegment(
                seq=leaf.seq,
                session=leaf.session,
                from_ns=leaf.begin_ns,
                to_ns=leaf.end_ns,
                bytes=body.bytes,
                sha256=body.sha256,
                leaf=leaf.hash,
                file=name if there else None,
                at=at if there else None,
            )
        )
        if there:
            ranges.append((body.offset, body.bytes))
            at += body.bytes
    if len(ranges) == 1:
        return None, told
    written = writing.stream(name, _ranges(path, ranges))
    init = (init_bytes, bodies[0].init_sha256)
    return ExportedFile(file=name, source=source, bytes=written, init_bytes=init[0], init_sha256=init[1]), told


def _ranges(path: Path, ranges: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    with opened(path) as file:
        for offset, length in ranges:
            file.seek(offset)
            while length:
                part = file.read(min(length, BUFFER))
                if not part:
                    raise ExportError(f"{path}: became shorter while it was exported")
                length -= len(part)
                yield part

"""Disk and log compared when the recorder starts: what the log does not acknowledge goes, what it misses is named.

A crash leaves at most the end of a pack file that no leaf speaks of, or a pack file without any leaf. Nobody was told
of those, so they are cut off. A file that leaves speak of and that is missing or too short is a finding, and stays one.
"""

import os
from pathlib import Path

import structlog

from ingest.cameras.leaves import newest_first
from ingest.cameras.packs import packs_of, streams_in
from store.evidence.leaf import SegmentBody, TombstoneBody
from store.evidence.recovery import LEAVES

NEWEST_PACKS = 2  # of a stream: only these can be what a crash left
LOOKED_AT = 20_000  # leaves of which the files are looked for; all of them are what verification is for

log = structlog.get_logger("ingest.cameras")


def reconcile(folder: Path) -> list[str]:
    """Cut off what no leaf acknowledges; returns the files (relative to `folder`) that are missing or short."""
    if not (folder / LEAVES).exists():
        return []
    newest = {path: size for stream in streams_in(folder) for path, size in _newest(folder, stream).items()}
    told = _told(folder, set(newest))
    for file, size in newest.items():
        _cut(folder / file, size, told.get(file, 0))
    problems = []
    for file, end in told.items():
        path = folder / file
        if not path.is_file() or path.stat().st_size < end:
            problems.append(file)
            what = "is too short" if path.is_file() else "is missing"
            log.error("a recording is not as its leaves say", file=file, problem=f"{what}, expected {end} bytes")
    return problems


def _newest(folder: Path, stream: str) -> dict[str, int]:
    packs = packs_of(folder, stream)[-NEWEST_PACKS:]
    return {pack.path.relative_to(folder).as_posix(): pack.path.stat().st_size for pack in packs}


def _told(folder: Path, sought: set[str]) -> dict[str, int]:
    """How long the files must be by the newest leaves, and by older ones as long as one of `sought` may be in them."""
    told: dict[str, int] = {}
    deleted: dict[str, list[TombstoneBody]] = {}
    oldest = {file.partition("/")[0]: min(f for f in sought if f.startswith(file.partition("/")[0])) for file in sought}
    for number, (_, leaf) in enumerate(newest_first(folder)):
        body = leaf.body
        if isinstance(body, TombstoneBody):
            deleted.setdefault(leaf.stream, []).append(body)
        if not isinstance(body, SegmentBody):
            continue
        if body.file <= oldest.get(leaf.stream, ""):
            oldest.pop(leaf.stream, None)  # older leaves speak of older files
        if not oldest and number >= LOOKED_AT:
            break
        if not any(d.from_seq <= leaf.seq <= d.to_seq for d in deleted.get(leaf.stream, ())):
            told[body.file] = max(told.get(body.file, 0), body.offset + body.bytes)
    return told


def _cut(path: Path, size: int, acknowledged: int) -> None:
    if not acknowledged:
        path.unlink()
        log.warning("removed a recording that no leaf speaks of", file=path.name, bytes=size)
    elif size > acknowledged:
        os.truncate(path, acknowledged)
        log.warning("cut off the end of a recording that no leaf speaks of", file=path.name, bytes=size - acknowledged)

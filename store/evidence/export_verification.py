"""Verification of an export, with nothing but the export.

Two signatures stand independently: the exporter's on the manifest, which names the hash of every file and segment, and
the recorder's on a head, to which the proof leads from the hash of every leaf. So each leaf has its known place and
hash, and whatever was changed is named to the second.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from store.evidence.continuity import CHANGED, NO_LINE, StreamWalk
from store.evidence.data import DataCheck, Piece
from store.evidence.deletions import Deletions
from store.evidence.errors import InvalidKey, Unreadable
from store.evidence.leaf import Leaf, SegmentBody, canonical, decoded, touches
from store.evidence.manifest import (
    DATA,
    EXPORT_CERTIFICATE,
    MANIFEST,
    PROOF,
    RECORDER_CERTIFICATE,
    SIGNATURE,
    SUMS,
    ExportedSegment,
    ExportedStream,
    Manifest,
    Proof,
)
from store.evidence.merkle import pruned_root
from store.evidence.package import Package
from store.evidence.placing import Placed, as_they_come, in_their_places
from store.evidence.recovery import HEADS, LEAVES
from store.evidence.signer import public_key_of, verifies
from store.evidence.standalone import opened
from store.evidence.verdict import Finding, Verdict, merged
from store.evidence.verification import (
    Recorded,
    Report,
    count,
    intact,
    judge_data,
    judge_key,
    piece_of,
    read_heads,
)

MAX_TEXT = 1 << 30  # bytes of the largest file beside the footage


def verify_export(path: Path, trusted: Sequence[bytes] = (), threads: int | None = None) -> Report:
    """Verify the export at `path`, a ZIP or the folder it was unpacked to. `trusted` are public keys; with none, the
    export's own are used.

    Raises:
        Unreadable: nothing can be said about it.
    """
    package = Package(path)
    try:
        key = public_key_of(package.read(EXPORT_CERTIFICATE, 1 << 16), EXPORT_CERTIFICATE)
        recorder_key = public_key_of(package.read(RECORDER_CERTIFICATE, 1 << 16), RECORDER_CERTIFICATE)
    except InvalidKey as error:
        raise Unreadable(f"{path}: {error}") from error
    keys, findings = [], list[Finding]()
    for of, public_key in (("the exporter", key), ("the recorder", recorder_key)):
        known, unknown = judge_key(of, public_key, trusted)
        keys.append(known)
        findings += unknown
    document = package.read(MANIFEST, MAX_TEXT)
    signed = verifies(key, package.read(SIGNATURE, 1 << 10), document)
    if not signed:
        findings.append(Finding(Verdict.ALTERED, f"{MANIFEST} is not as the exporter signed it"))
    manifest = _manifest(path, document, signed)
    if manifest is None:
        return Report("unknown", keys, merged(findings), 0, 0)
    if hashlib.sha256(recorder_key).hexdigest() != manifest.recorder_key:
        detail = f"{RECORDER_CERTIFICATE} is not of the recorder that the manifest names"
        findings.append(Finding(Verdict.UNKNOWN_KEY, detail))
    findings += _other_files(package, manifest)
    placed = _placed(package, manifest, recorder_key)
    findings += placed.findings
    walks = _walks(manifest, placed)
    for walk in walks.values():
        findings += walk.findings
    findings += [Finding(Verdict.ALTERED, NO_LINE) for _ in placed.unread]
    findings += _ends(manifest, walks, placed)
    hashed, recorded, told = _data(package, manifest, walks, placed, threads)
    findings += told
    findings += intact(walks, recorded, findings)
    return Report(manifest.recorder, keys, merged(findings), len(placed.leaves) + len(placed.tail), hashed)


def _manifest(path: Path, document: bytes, signed: bool) -> Manifest | None:
    try:
        manifest = decoded(document, Manifest)
    except msgspec.MsgspecError as error:
        if signed:
            raise Unreadable(f"{path}: {MANIFEST}: expected version 1: {error}") from error
        return None
    if signed and canonical(manifest) != document:
        raise Unreadable(f"{path}: {MANIFEST}: expected canonical JSON")
    return manifest


def _other_files(package: Package, manifest: Manifest) -> list[Finding]:
    """Every file but the footage against `SHA256SUMS`, and that against the manifest. (Footage is hashed by second.)"""
    sums = package.read(SUMS, MAX_TEXT)
    findings: list[Finding] = []
    if hashlib.sha256(sums).hexdigest() != manifest.sha256sums:
        findings.append(Finding(Verdict.ALTERED, f"{SUMS} is not the one that the manifest names"))
    listed = {
        name: digest for digest, _, name in (line.partition("  ") for line in sums.decode(errors="replace").split("\n"))
    }
    listed.pop("", None)
    footage = {file.file: file.bytes for stream in manifest.streams for file in stream.files}
    for name in sorted(package.names - {MANIFEST, SIGNATURE, SUMS}):
        if name not in listed or (name.startswith(DATA) and name not in footage):
            findings.append(Finding(Verdict.ALTERED, f"{name} does not belong to the export"))
        elif name not in footage and _digest(package, name) != listed[name]:
            findings.append(Finding(Verdict.ALTERED, f"{name} is not as it was exported"))
        elif name in footage and (place := package.place(name)) and place.size > footage[name]:
            findings.append(Finding(Verdict.ALTERED, f"{name} is longer than it was exported"))
    findings += [
        Finding(Verdict.MISSING, f"{n} is not there") for n in sorted(listed.keys() - package.names - footage.keys())
    ]
    return findings


def _digest(package: Package, name: str) -> str | None:
    place = package.place(name)
    if place is None:
        return None
    with opened(place.path) as file:
        file.seek(place.base)
        digest, left = hashlib.sha256(), place.size
        while part := file.read(min(left, 1 << 20)):
            digest.update(part)
            left -= len(part)
    return digest.hexdigest()


# --- leaves ---


def _placed(package: Package, manifest: Manifest, recorder_key: bytes) -> Placed:
    lines = package.read(LEAVES, MAX_TEXT).split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    heads, findings = read_heads(package.read(HEADS, 1 << 20).decode(errors="replace"), manifest.recorder, recorder_key)
    proof = _proof(package)
    root = None
    if proof is not None:
        kept = list(zip(proof.positions, map(bytes.fromhex, proof.hashes), strict=True))
        root = pruned_root(proof.size, kept, [bytes.fromhex(node) for node in proof.nodes])
    proved = proof is not None and any(h.size == proof.size and h.root == root for h in heads)
    if proof is not None and proved:
        placed = in_their_places(lines, proof, manifest.leaves)
    else:
        placed = as_they_come(lines)
        detail = f"{PROOF} does not lead from the leaves to a signed head"
        findings.append(Finding(Verdict.UNANCHORED, detail, None, manifest.from_ns, manifest.to_ns))
    placed.findings += findings
    return placed


def _proof(package: Package) -> Proof | None:
    try:
        proof = decoded(package.read(PROOF, MAX_TEXT), Proof)
        for digest in (*proof.hashes, *proof.nodes):
            bytes.fromhex(digest)
    except (msgspec.MsgspecError, ValueError):
        return None
    return proof if len(proof.positions) == len(proof.hashes) else None


def _walks(manifest: Manifest, placed: Placed) -> dict[str, StreamWalk]:
    after = len(placed.leaves) + len(placed.unread)
    leaves: dict[str, list[tuple[int, Leaf]]] = {}
    for position, leaf in (*placed.leaves, *enumerate(placed.tail, after)):
        leaves.setdefault(leaf.stream, []).append((position, leaf))
    walks: dict[str, StreamWalk] = {}
    for stream in manifest.streams:
        walk = walks[stream.stream] = StreamWalk(stream.stream, placed.unread, {}, first_seq=stream.first_seq)
        for position, leaf in leaves.get(stream.stream, ()):
            walk.push(position, leaf)
        walk.finish(stream.end_seq)
    return walks


def _ends(manifest: Manifest, walks: dict[str, StreamWalk], placed: Placed) -> list[Finding]:
    """Where in the range no leaf speaks yet or any more, and where no head vouches for them."""
    findings: list[Finding] = []
    for stream, walk in walks.items():
        if walk.first is not None and walk.first.seq > 0 and walk.first.end_ns > manifest.from_ns:
            detail = "what came before the first leaf is not shown"
            findings.append(Finding(Verdict.MISSING, detail, stream, manifest.from_ns, walk.first.begin_ns))
        if walk.last is not None and not walk.sealed and walk.last.end_ns < manifest.to_ns:
            detail = "no seal: whether the session went on cannot be told"
            findings.append(Finding(Verdict.TRUNCATED, detail, stream, walk.last.end_ns, manifest.to_ns))
        late = [
            leaf for leaf in placed.tail if leaf.stream == stream and touches(leaf, manifest.from_ns, manifest.to_ns)
        ]
        if late:
            detail = "no signed head vouches for the leaves from here on"
            findings.append(Finding(Verdict.UNANCHORED, detail, stream, late[0].begin_ns, late[-1].end_ns))
    return findings


# --- footage ---


def _data(
    package: Package, manifest: Manifest, walks: dict[str, StreamWalk], placed: Placed, threads: int | None
) -> tuple[int, dict[str, Recorded], list[Finding]]:
    """Bytes hashed, what was recorded of each stream, and what is wrong."""
    findings: list[Finding] = []
    recorded: dict[str, Recorded] = {}
    by_stream: dict[str, dict[int, Leaf]] = {stream: {} for stream in walks}
    for there in (*(leaf for _, leaf in placed.leaves), *placed.tail):
        by_stream.setdefault(there.stream, {})[there.seq] = there
    with DataCheck(package.place, threads) as check:
        for stream in manifest.streams:
            leaves = by_stream[stream.stream]
            findings += _not_exported(manifest, stream, walks[stream.stream], leaves)
            files = {file.file: file for file in stream.files}
            deletions = Deletions(walks[stream.stream].tombstones)
            for segment in stream.segments:
                leaf = leaves.get(segment.seq)
                lost = leaf.body.lost_packets if leaf is not None and isinstance(leaf.body, SegmentBody) else None
                count(recorded, stream.stream, segment.from_ns, segment.to_ns, lost)
                about = (stream.stream, segment.from_ns, segment.to_ns)
                if leaf is not None and not _same(segment, leaf):
                    findings.append(Finding(Verdict.ALTERED, CHANGED, *about))
                file = files.get(segment.file or "")
                if file is None or segment.at is None:
                    findings.append(_absent(segment, stream.stream, deletions))
                else:
                    init = (file.init_bytes, file.init_sha256)
                    if leaf is not None and isinstance(leaf.body, SegmentBody):
                        init = (leaf.body.init_bytes, leaf.body.init_sha256)
                    where = (segment.at, segment.bytes, segment.sha256)
                    check.add(
                        file.file, Piece(stream.stream, segment.seq, segment.from_ns, segment.to_ns, *where, *init)
                    )
        problems = check.finish()
        stones = {stream: walk.tombstones for stream, walk in walks.items()}
        return check.bytes, recorded, findings + judge_data(problems, stones)


def _same(segment: ExportedSegment, leaf: Leaf) -> bool:
    """Whether manifest and leaf say the same."""
    if not isinstance(leaf.body, SegmentBody):
        return False
    piece = piece_of(leaf, leaf.body)
    said = (segment.leaf, segment.bytes, segment.sha256, segment.from_ns, segment.to_ns)
    return said == (leaf.hash, piece.bytes, piece.sha256, piece.from_ns, piece.to_ns)


def _absent(segment: ExportedSegment, stream: str, deletions: Deletions) -> Finding:
    about = (stream, segment.from_ns, segment.to_ns)
    if (stone := deletions.of(segment.seq)) is not None:
        return Finding(Verdict.DECLARED_GAP, f"deleted: {stone.reason}", *about)
    return Finding(Verdict.MISSING, "the data were not there when it was exported", *about)


def _not_exported(
    manifest: Manifest, stream: ExportedStream, walk: StreamWalk, leaves: dict[int, Leaf]
) -> list[Finding]:
    """Segments of the range that the manifest keeps quiet about."""
    told = {segment.seq for segment in stream.segments}
    detail = "the manifest does not name this segment of its range"
    return [
        Finding(Verdict.MISSING, detail, walk.stream, leaf.begin_ns, leaf.end_ns)
        for seq, leaf in leaves.items()
        if isinstance(leaf.body, SegmentBody) and touches(leaf, manifest.from_ns, manifest.to_ns) and seq not in told
    ]

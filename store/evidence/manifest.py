"""What an export says about itself: `manifest.json`, and `proof.json`, which ties its leaves to a signed head."""

from typing import Any, Literal

from msgspec import Struct

from store.evidence.leaf import Count, Digest, Moment, Name, Text

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
EXPORT_CERTIFICATE = "certificate.pem"
RECORDER_CERTIFICATE = "recorder.pem"
PROOF = "proof.json"
SUMS = "SHA256SUMS"
README = "README.txt"
VERIFIER = "verify.py"
DATA = "data/"
CLIPS = "clips/"


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who asked for the footage, who approved it (never the same person), and why."""

    asked_by: Name
    approved_by: Name
    reason: Text
    case: Text | None = None


class ExportedSegment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A segment: its leaf's hash, and where in the export its data begin: `at` in `file`; without, there are none."""

    seq: Count
    session: Name
    from_ns: Moment
    to_ns: Moment
    bytes: Count
    sha256: Digest
    leaf: Digest
    file: Name | None = None
    at: Count | None = None


class ExportedFile(Struct, frozen=True, kw_only=True):
    """A file of footage: the initialisation segment of `source`, then the segments, nothing else."""

    file: Name
    source: Name
    bytes: Count
    init_bytes: Count
    init_sha256: Digest


class Gap(Struct, frozen=True, kw_only=True):
    """A gap that the recorder declared."""

    from_ns: Moment
    to_ns: Moment
    reason: Text


class ExportedStream(Struct, frozen=True, kw_only=True):
    """One stream: its leaves `first_seq` up to `end_seq`, not included, and what of them lies in the range."""

    stream: Name
    first_seq: Count
    end_seq: Count
    segments: list[ExportedSegment]
    gaps: list[Gap]
    files: list[ExportedFile]


class Manifest(Struct, frozen=True, kw_only=True):
    """The whole. `leaves` counts the lines of leaves.jsonl; `head_size` is the size of the signed head."""

    v: Literal[1]
    format: Literal["ducha-evidence-export"]
    recorder: Name
    created_ns: Moment
    request: Request
    from_ns: Moment
    to_ns: Moment
    streams: list[ExportedStream]
    custody: list[dict[str, Any]]
    leaves: Count
    head_size: Count
    recorder_key: Digest
    sha256sums: Digest


class Proof(Struct, frozen=True, kw_only=True):
    """The pruned tree (see merkle.py): the leaves' positions in the log and hashes, and the hashes of all between."""

    size: Count
    positions: list[Count]
    hashes: list[Digest]
    nodes: list[Digest]

"""Leaves: what the log of a recorder says, one statement each, in a form with exactly one spelling.

A leaf is a JSON object in canonical form (UTF-8, keys sorted, no spaces, integers only, no nulls), so its bytes, and
with them its hash, follow from its members: SHA-256(0x00 ‖ JSON), as in RFC 6962. Every leaf but a stream's first
names the hash of the stream's leaf before. The members are those of docs/video.md.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from store.evidence.errors import InvalidLeaf
from store.evidence.merkle import leaf_hash

VERSION = 1
MAX_LINE = 16_384  # bytes of a leaf; a longer line is no leaf of ours

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Text: TypeAlias = Annotated[str, Meta(max_length=500)]
Digest: TypeAlias = Annotated[str, Meta(min_length=64, max_length=64)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
Moment: TypeAlias = Annotated[int, Meta(ge=0, le=2**62)]  # Unix nanoseconds
Ticks: TypeAlias = Annotated[int, Meta(ge=-(2**62), le=2**62)]


class Reason(StrEnum):
    """Why nothing was recorded."""

    SOURCE_LOST = "source-lost"
    PROCESS_RESTART = "process-restart"
    DISK_FULL = "disk-full"
    DISK_SLOW = "disk-slow"
    CLOCK_STEP = "clock-step"
    CODEC_CHANGE = "codec-change"
    STOPPED = "stopped"


class _Body(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    pass


class SegmentBody(_Body, frozen=True, kw_only=True, tag="segment"):
    """About a second of a stream: `bytes` at `offset` of `file` (relative to the recorder's folder); the file begins
    with an initialisation segment of `init_bytes`. PTS count in `time_base` (numerator, denominator) seconds.
    `lost_packets` of the camera's RTP packets were found to be lost on their way meanwhile."""

    duration_ns: Count
    frames: Count
    first_pts: Ticks
    last_pts: Ticks
    time_base: tuple[int, int]
    file: Annotated[str, Meta(min_length=1, max_length=500)]
    offset: Count
    bytes: Count
    sha256: Digest
    init_bytes: Count
    init_sha256: Digest
    codec: Name
    camera_ns: Moment | None = None
    clock_source: Name | None = None
    lost_packets: Annotated[int, Meta(ge=1, le=2**53)] | None = None


class GapBody(_Body, frozen=True, kw_only=True, tag="gap"):
    """Nothing was recorded from `from_ns` to `to_ns` (Unix nanoseconds), and why."""

    from_ns: Moment
    to_ns: Moment
    reason: Reason


class HeartbeatBody(_Body, frozen=True, kw_only=True, tag="heartbeat"):
    """The stream is alive and silent."""


class StartBody(_Body, frozen=True, kw_only=True, tag="start"):
    """A session begins."""

    reason: Text
    case: Text | None = None
    operator: Text | None = None
    person: Text | None = None


class SealBody(_Body, frozen=True, kw_only=True, tag="seal"):
    """The session is whole and over; `final_seq` is this leaf's own number."""

    final_seq: Count
    case: Text | None = None
    operator: Text | None = None
    person: Text | None = None


class TombstoneBody(_Body, frozen=True, kw_only=True, tag="tombstone"):
    """The data of the stream's leaves `from_seq` to `to_seq`, both included, were deleted; the leaves stay."""

    from_seq: Count
    to_seq: Count
    reason: Text


class UnacknowledgedBody(_Body, frozen=True, kw_only=True, tag="unacknowledged"):
    """`bytes` that stood at `offset` of `source` without a leaf were set aside, as they were, in `file` (both relative
    to the recorder's folder), and why."""

    file: Annotated[str, Meta(min_length=1, max_length=500)]
    bytes: Count
    sha256: Digest
    source: Annotated[str, Meta(min_length=1, max_length=500)]
    offset: Count
    reason: Text


Body: TypeAlias = SegmentBody | GapBody | HeartbeatBody | StartBody | SealBody | TombstoneBody | UnacknowledgedBody
Remark: TypeAlias = TombstoneBody | UnacknowledgedBody
"""What is said at any time about a stream's bytes: it begins, continues and ends no session."""


class _Header(Struct, frozen=True, kw_only=True):
    v: Literal[1]
    recorder: Name
    stream: Name
    session: Name
    seq: Count
    wall_ns: Moment
    mono_ns: Moment
    prev: Digest | None = None


_encoder = msgspec.json.Encoder(order="sorted")
_header = msgspec.json.Decoder(_Header)
_body = msgspec.json.Decoder(Body)


T = TypeVar("T")


def decoded(data: bytes, form: type[T]) -> T:
    """The JSON in `data`, in the form of `form`.

    Raises:
        msgspec.DecodeError: it is none, is in no UTF-8, or goes too deep.
    """
    try:
        return msgspec.json.decode(data, type=form)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError("expected UTF-8") from error
    except RecursionError as error:
        raise msgspec.DecodeError("expected JSON that does not go so deep") from error


def canonical(document: object) -> bytes:
    """`document` (objects, arrays, strings, integers, booleans) as canonical JSON."""
    return _encoder.encode(document)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf; `line` is its canonical JSON, `hash` its hash in hex. `seq` counts a stream's leaves from 0. The leaf
    speaks of the time from `begin_ns` to `end_ns`: a segment's or gap's, else its own."""

    recorder: str
    stream: str
    session: str
    seq: int
    wall_ns: int
    mono_ns: int
    prev: str | None
    body: Body
    line: bytes
    hash: str
    begin_ns: int
    end_ns: int

    @classmethod
    def of(
        cls,
        *,
        recorder: str,
        stream: str,
        session: str,
        seq: int,
        wall_ns: int,
        mono_ns: int,
        prev: str | None,
        body: Body,
    ) -> Self:
        """The leaf with these members.

        Raises:
            InvalidLeaf: where a member is not as docs/video.md says.
        """
        members = msgspec.to_builtins(body) | {
            "v": VERSION,
            "recorder": recorder,
            "stream": stream,
            "session": session,
            "seq": seq,
            "wall_ns": wall_ns,
            "mono_ns": mono_ns,
        }
        if prev is not None:
            members["prev"] = prev
        return cls.parse(_encoder.encode(members))

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """The leaf whose canonical JSON is `line`, without the newline.

        Raises:
            InvalidLeaf: where it is no leaf, or not in canonical form.
        """
        if len(line) > MAX_LINE:
            raise InvalidLeaf(f"expected a leaf of at most {MAX_LINE} bytes, got {len(line)}")
        try:
            header, body = _header.decode(line), _body.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidLeaf(f"expected a leaf of version {VERSION}: {error}") from error
        if (header.prev is None) != (header.seq == 0):
            raise InvalidLeaf(f"expected `prev` in every leaf but a stream's first, got seq {header.seq}")
        if _spelled(header, body) != line:
            raise InvalidLeaf("expected canonical JSON with the members of a leaf and no others")
        return cls(
            header.recorder,
            header.stream,
            header.session,
            header.seq,
            header.wall_ns,
            header.mono_ns,
            header.prev,
            body,
            line,
            leaf_hash(line).hex(),
            *_span(header, body),
        )


def member_of(stream: str) -> bytes:
    """What stands in the line of each of the stream's leaves."""
    return b'"stream":' + canonical(stream)


def bears(line: bytes, members: tuple[bytes, ...]) -> bool:
    """Whether a line is of one of the streams, by :func:`member_of`. Nothing but numbers and the type comes behind."""
    return line.startswith(members, max(line.rfind(b'"stream":'), 0))


def touches(leaf: Leaf, from_ns: int, to_ns: int) -> bool:
    """Whether the leaf speaks of a time in the range."""
    return leaf.begin_ns < to_ns and leaf.end_ns > from_ns


def _span(header: _Header, body: Body) -> tuple[int, int]:
    """Unix nanoseconds from which and up to which a leaf speaks: a segment's or gap's time, else its own."""
    match body:
        case SegmentBody(duration_ns=duration_ns):
            return header.wall_ns, header.wall_ns + duration_ns
        case GapBody(from_ns=from_ns, to_ns=to_ns):
            return from_ns, to_ns
    return header.wall_ns, header.wall_ns


def _spelled(header: _Header, body: Body) -> bytes:
    members = msgspec.to_builtins(body) | msgspec.to_builtins(header)
    if header.prev is None:
        del members["prev"]
    return _encoder.encode(members)

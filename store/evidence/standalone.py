#!/usr/bin/env python3
# ruff: noqa: B905, UP017
"""Checks the evidence export it lies in. Python 3.8 or later, its standard library, nothing else.

    python3 verify.py [EXPORT.zip or its unpacked folder] --key TRUSTED.pem [--key ANOTHER.pem]
    python3 verify.py [EXPORT.zip or its unpacked folder] --untrusted-key

Exit status: 0 intact, and signed by the keys that you trust; 1 not so; 2 unreadable. With --untrusted-key the export is
checked against the keys that it carries itself: that shows that it agrees with itself, not who made it.

It is deliberately small, to be read before it is run. Nothing it reads is believed: each fault is one line.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
import struct
import sys
from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from io import BufferedReader
    from typing import BinaryIO

    Point = tuple[int, int, int, int]
    Say = Callable[[str], None]
    Leaves = dict[str, dict[int, dict[str, Any]]]  # by stream and number
    Places = dict[str, tuple[int, int]]  # of each file where it begins, and its size

MAX_FILES = 200_000
MAX_KEY = 1 << 16  # bytes
MAX_TEXT = 1 << 30  # bytes of a file that is read as a whole
MOST = 1 << 62  # of any number: nanoseconds up to the year 2116

# --- Ed25519, verification only (RFC 8032, 5.1.7) ---

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def add(a: Point, b: Point) -> Point:
    """The sum of two points in extended coordinates."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    """The point added to itself."""
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point = add(point, point)
        number >>= 1
    return total


def point_of(data: bytes) -> Point | None:
    """The point that 32 bytes spell, or None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def verifies(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is that of the key's holder on the message."""
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    left, right = times(s, BASE), add(r, times(h, a))
    return not (left[0] * right[2] - right[0] * left[2]) % P and not (left[1] * right[2] - right[1] * left[2]) % P


def key_of(pem: bytes) -> bytes:
    """The Ed25519 public key in a PEM certificate or public key."""
    body = re.search(rb"-----BEGIN (?:CERTIFICATE|PUBLIC KEY)-----([^-]+)-----END", pem)
    parts = base64.b64decode(body.group(1)).split(bytes.fromhex("302a300506032b6570032100")) if body else []
    if len(parts) != 2 or len(parts[1]) < 32:
        raise ValueError("expected a PEM with one Ed25519 public key")
    return parts[1][:32]


# --- the Merkle tree (RFC 6962), most of it pruned ---


def sha256(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def pruned_root(size: int, kept: dict[int, bytes], nodes: Sequence[bytes]) -> bytes | None:
    """The root of the tree whose leaves are known at the places of `kept`, and elsewhere only by the nodes above."""
    places, between = sorted(kept), iter(nodes)

    def root(low: int, high: int, first: int, last: int) -> bytes:
        if first == last:
            return next(between)
        if high - low == 1:
            return kept[places[first]]
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        cut = bisect_left(places, middle, first, last)
        left = root(low, middle, first, cut)
        return sha256(b"\x01" + left + root(middle, high, cut, last))

    if not places or places[0] < 0 or places[-1] >= size:
        return None
    try:
        found = root(0, size, 0, len(places))
    except StopIteration:
        return None
    return found if next(between, None) is None else None


# --- files that nobody vouches for ---


def opened(path: Path) -> BufferedReader:
    """A plain file, to be read; anything else (a FIFO would be waited for without end) is an OSError."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    kind = kind_of(os.fstat(handle).st_mode)
    if kind is not None:
        os.close(handle)
        raise OSError(None, f"expected a plain file, got {kind}", str(path))
    return os.fdopen(handle, "rb")


def kind_of(mode: int) -> str | None:
    """What it is instead of a plain file."""
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISLNK, "a link"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((kind for is_kind, kind in kinds if is_kind(mode)), None)


def whole(path: Path, limit: int) -> bytes:
    """A plain file of at most `limit` bytes."""
    with opened(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(None, f"expected at most {limit} bytes", str(path))
    return data


def is_plain(name: str) -> bool:
    """Whether a name is a relative path that stays below where it begins, in its only spelling."""
    parts = name.split("/")
    return name.isprintable() and "\\" not in name and ":" not in parts[0][1:2] and not {"", ".", ".."} & set(parts)


def shown(text: str) -> str:
    """As much of what somebody else wrote as goes into a line."""
    return ascii(text[:100])


def unpacked(folder: Path) -> dict[str, int]:
    """The files below a folder, by their names, with their sizes."""
    found: dict[str, int] = {}
    folders = [folder]
    while folders:
        for entry in os.scandir(folders.pop()):
            name = Path(entry.path).relative_to(folder).as_posix()
            status = entry.stat(follow_symlinks=False)
            kind = kind_of(status.st_mode)
            if not is_plain(name) or kind not in (None, "a folder"):
                raise ValueError(f"{shown(name)}: expected plain files with plain names, got {kind or 'another name'}")
            if kind is not None:
                folders.append(Path(entry.path))
                continue
            found[name] = status.st_size
            if len(found) > MAX_FILES:
                raise ValueError(f"expected at most {MAX_FILES} files")
    return found


# --- the ZIP (APPNOTE 6.3.10): files stored one after the other, their directory, its end, and nothing else ---

LOCAL = struct.Struct("<4s5HLLLHH")
CENTRAL = struct.Struct("<4s6HLLL5HLL")
END_64 = struct.Struct("<4sQHHLLQQQQ")
LOCATOR = struct.Struct("<4sLQL")
END = struct.Struct("<4s4HLLH")
FULL_16, FULL_32 = 0xFFFF, 0xFFFFFFFF  # the number stands in a wider place
ZIP64, HARMLESS = 0x0001, (0x5455, 0x7875)  # of extra fields; the others: times and owner
UTF_8 = 0x0800  # of the flags


def archived(file: BinaryIO) -> Places:
    """The files of a ZIP. Whatever two programs could read in two ways is a ValueError."""
    size = file.seek(0, 2)
    count, central_at, central_size = _directory(file, size)
    data = _bytes_at(file, central_at, central_size)
    found: Places = {}
    spans = []
    at = 0
    for _ in range(count):
        name, place, length, next_at = _entry(file, data, at, central_at)
        if name in found:
            raise ValueError(f"{shown(name)} is in the ZIP twice")
        found[name] = (place[1], length)
        spans.append((place[0], place[1] + length))
        at = next_at
    if at != len(data):
        raise ValueError("expected nothing in the ZIP's directory but its entries")
    end = 0
    for begin, stop in sorted(spans):
        if begin != end:
            raise ValueError("expected the ZIP's files one after the other, without gaps and overlaps")
        end = stop
    if end != central_at:
        raise ValueError("expected the ZIP's directory right after its files")
    return found


def _directory(file: BinaryIO, size: int) -> tuple[int, int, int]:
    """How many entries the directory has, where it begins, and its size."""
    if size < END.size:
        raise ValueError("expected a ZIP")
    end_at = size - END.size
    mark, disk, first, here, count, central_size, central_at, comment = END.unpack(_bytes_at(file, end_at, END.size))
    if mark != b"PK\5\6" or comment:
        raise ValueError("expected a ZIP without a comment, and nothing behind its end")
    narrow = (here, count, central_size, central_at)
    locator_at = end_at - LOCATOR.size
    if FULL_16 in narrow[:2] or FULL_32 in narrow[2:]:
        if locator_at < END_64.size:
            raise ValueError("expected the end of a ZIP64")
        mark, disk_64, wide_at, disks = LOCATOR.unpack(_bytes_at(file, locator_at, LOCATOR.size))
        end_at = locator_at - END_64.size
        if (mark, disk_64, wide_at, disks) != (b"PK\6\7", 0, end_at, 1):
            raise ValueError("expected the end of a ZIP64 right before the ZIP's end")
        mark, rest, _, _, disk, first, here, count, central_size, central_at = END_64.unpack(
            _bytes_at(file, end_at, END_64.size)
        )
        wide = (here, count, central_size, central_at)
        agree = all(a in (b, f) for a, b, f in zip(narrow, wide, (FULL_16, FULL_16, FULL_32, FULL_32)))
        if mark != b"PK\6\6" or rest != END_64.size - 12 or not agree:
            raise ValueError("the two ends of the ZIP contradict each other")
    if (disk, first) != (0, 0) or here != count or central_at + central_size != end_at:
        raise ValueError("expected the ZIP's directory right before its end, in one part")
    if count > MAX_FILES:
        raise ValueError(f"expected at most {MAX_FILES} files, got {count}")
    return count, central_at, central_size


def _entry(file: BinaryIO, data: bytes, at: int, central_at: int) -> tuple[str, tuple[int, int], int, int]:
    """An entry at `at` of the directory: its name, where its header and its data begin, its size; where the next is."""
    if at + CENTRAL.size > len(data):
        raise ValueError("the ZIP's directory ends before its end")
    fields = CENTRAL.unpack_from(data, at)
    mark, _, _, flags, method, time, date, crc, packed, size, named, more, comment, disk, _, _, local_at = fields
    at += CENTRAL.size
    raw, extra = data[at : at + named], data[at + named : at + named + more]
    if mark != b"PK\1\2" or len(extra) < more or comment or disk:
        raise ValueError("expected an entry of the ZIP's directory, without a comment")
    name = _name(raw, flags)
    if flags & ~UTF_8 or method or not is_plain(name):
        what = "a name that leads outside" if not is_plain(name) else "packed, encrypted or streamed"
        raise ValueError(f"{shown(name)}: expected files stored as they are, got {what}; unpack it and name the folder")
    size, packed, local_at = _widened(name, (size, packed, local_at), extra)
    if size != packed or local_at + LOCAL.size + named > central_at:
        raise ValueError(f"{shown(name)}: the ZIP contradicts itself about its size or place")
    local = LOCAL.unpack(_bytes_at(file, local_at, LOCAL.size))
    mark, _, *same, crc_there, packed_there, size_there, named_there, more_there = local
    rest = _bytes_at(file, local_at + LOCAL.size, named_there + more_there)
    if mark != b"PK\3\4" or rest[:named_there] != raw or same != [flags, method, time, date] or crc_there != crc:
        raise ValueError(f"{shown(name)}: the ZIP says one thing in its directory and another where the file is")
    if _widened(name, (size_there, packed_there), rest[named_there:]) != [size, size]:
        raise ValueError(f"{shown(name)}: the ZIP contradicts itself about its size")
    return name, (local_at, local_at + LOCAL.size + named_there + more_there), size, at + named + more


def _name(raw: bytes, flags: int) -> str:
    try:
        return raw.decode("utf-8" if flags & UTF_8 else "ascii")
    except UnicodeDecodeError:
        raise ValueError(f"{raw[:100]!a}: expected a name in UTF-8") from None


def _widened(name: str, numbers: Sequence[int], extra: bytes) -> list[int]:
    """The numbers, those that are full from the ZIP64 field."""
    at, wide = 0, None
    while at < len(extra):
        kind, length = struct.unpack("<HH", extra[at : at + 4].ljust(4, b"\xff"))
        at += 4 + length
        if at > len(extra) or kind not in (ZIP64, *HARMLESS) or (kind == ZIP64 and wide is not None):
            raise ValueError(f"{shown(name)}: expected no extra fields in the ZIP but sizes and times")
        if kind == ZIP64:
            wide = extra[at - length : at]
    full = sum(number == FULL_32 for number in numbers)
    if len(wide or b"") != 8 * full:
        raise ValueError(f"{shown(name)}: expected in the ZIP64 field just the numbers that have no place elsewhere")
    given = iter(struct.unpack(f"<{full}Q", wide or b""))
    return [next(given) if number == FULL_32 else number for number in numbers]


def _bytes_at(file: BinaryIO, at: int, length: int) -> bytes:
    if length > MAX_TEXT:
        raise ValueError("expected a ZIP with a smaller directory")
    file.seek(at)
    data = file.read(length)
    if len(data) < length:
        raise ValueError("the ZIP ends before its end")
    return data


# --- JSON, in the one form that we write ---

SEGMENT = {"seq": int, "from_ns": int, "to_ns": int, "bytes": int, "sha256": str, "leaf": str}
FILE = {"file": str, "bytes": int, "init_bytes": int, "init_sha256": str}
STREAM = {"stream": str, "first_seq": int, "end_seq": int, "segments": [SEGMENT], "files": [FILE]}
TOLD = {"recorder": str, "from_ns": int, "to_ns": int, "leaves": int, "recorder_key": str, "sha256sums": str}
MANIFEST = {**TOLD, "streams": [STREAM]}
PROOF = {"size": int, "positions": [int], "hashes": [str], "nodes": [str]}
LEAF = {"stream": str, "seq": int, "wall_ns": int, "type": str}
OF_TYPE: dict[str, dict[str, type]] = {
    "segment": {"duration_ns": int, "sha256": str},
    "gap": {"from_ns": int, "to_ns": int, "reason": str},
    "tombstone": {"from_seq": int, "to_seq": int},
}


def parsed(data: bytes, form: Any) -> Any:
    """The JSON, if it is canonical (keys sorted, each once; no spaces; whole numbers) and has the members of `form`."""
    try:
        document = json.loads(data, parse_int=number, parse_float=no_number, parse_constant=no_number)
        again = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        well = again.encode() == data and fits(document, form)
    except (ValueError, RecursionError):
        well = False
    if not well:
        raise ValueError("expected canonical JSON with its members")
    return document


def number(text: str) -> int:
    """A whole number, of no more digits than any of ours."""
    return int(text) if len(text) <= 20 else no_number(text)


def no_number(text: str) -> int:
    """What is none: a fraction, an infinity, or what would take for ever to read."""
    raise ValueError(f"expected a whole number, got {shown(text)}")


def fits(value: Any, form: Any) -> bool:
    """Whether a value has the members and types of `form`."""
    if isinstance(form, dict):
        return isinstance(value, dict) and all(key in value and fits(value[key], form[key]) for key in form)
    if isinstance(form, list):
        return isinstance(value, list) and all(fits(each, form[0]) for each in value)
    return type(value) is form and (form is not int or 0 <= value <= MOST)


# --- the export ---


class Export:
    """The files of a ZIP (read where they are; its own checksums are not asked) or of a folder, by name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._in_folder = path.is_dir()
        self._places: Places = {}
        if self._in_folder:
            self._places = {name: (0, size) for name, size in unpacked(path).items()}
        else:
            with opened(path) as file:
                self._places = archived(file)
        self.names = set(self._places)

    def _open(self, name: str) -> tuple[BinaryIO, int]:
        if name not in self._places:
            raise ValueError(f"expected {name} in it")
        base, size = self._places[name]
        file = opened(self._path / name if self._in_folder else self._path)
        file.seek(base)
        return file, size

    def read(self, name: str, limit: int = MAX_TEXT) -> bytes:
        """A whole file."""
        file, size = self._open(name)
        with file:
            if size > limit:
                raise ValueError(f"{name}: expected at most {limit} bytes, got {size}")
            return file.read(size)

    def digest(self, name: str) -> str:
        """The SHA-256 of a whole file."""
        return str(next(self.pieces(name, [self._places[name][1]])))

    def pieces(self, name: str, sizes: Sequence[int]) -> Iterator[str | None]:
        """The SHA-256 of pieces that follow one another, None where the file ends before; then what comes after."""
        file, left = self._open(name)
        with file:
            for size in sizes:
                digest, missing = hashlib.sha256(), size
                while missing:
                    part = file.read(min(missing, left, 1 << 20))
                    if not part:
                        break
                    digest.update(part)
                    missing, left = missing - len(part), left - len(part)
                yield None if missing else digest.hexdigest()
            yield "more" if left else "end"


def moment(ns: int) -> str:
    """Unix nanoseconds as a time."""
    at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=ns // 1000)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def check(export: Export, trusted: Sequence[bytes], say: Say) -> bool:
    """Says what is found, and returns whether all is well."""
    wrong = [0]

    def bad(text: str) -> None:
        wrong[0] += 1
        say(text)

    document = export.read("manifest.json")
    pems = {"the exporter": "certificate.pem", "the recorder": "recorder.pem"}
    keys = {who: key_of(export.read(pem, MAX_KEY)) for who, pem in pems.items()}
    for who, key in keys.items():
        digest = sha256(key)[:16].hex()
        say(f"key of {who}: {' '.join(digest[i : i + 4] for i in range(0, 32, 4))}")
        if trusted and key not in trusted:
            bad(f"UNKNOWN KEY of {who}: not one of those trusted")
    if not verifies(keys["the exporter"], export.read("manifest.sig", MAX_KEY), document):
        bad("ALTERED manifest.json: not as the exporter signed it")
    try:
        manifest = parsed(document, MANIFEST)
    except ValueError as error:
        raise ValueError(f"manifest.json: {error}") from None
    if hashlib.sha256(keys["the recorder"]).hexdigest() != manifest["recorder_key"]:
        bad("UNKNOWN KEY recorder.pem: not of the recorder that the manifest names")
    footage = [file["file"] for stream in manifest["streams"] for file in stream["files"]]
    if len(set(footage)) < len(footage):
        raise ValueError("manifest.json: expected each file of footage once")
    check_files(export, manifest, set(footage), bad)
    leaves = check_leaves(export, manifest, keys["the recorder"], bad)
    for stream in manifest["streams"]:
        of_stream = leaves.get(stream["stream"], {})
        check_stream(manifest, stream, of_stream, bad, say)
        check_footage(export, stream, of_stream, bad)
    return not wrong[0]


def check_files(export: Export, manifest: Any, footage: set[str], bad: Say) -> None:
    """Every file but the footage, by SHA256SUMS."""
    sums = export.read("SHA256SUMS")
    if hashlib.sha256(sums).hexdigest() != manifest["sha256sums"]:
        bad("ALTERED SHA256SUMS: not the one that the manifest names")
    listed = {line[66:]: line[:64] for line in sums.decode(errors="replace").split("\n") if line}
    for name in sorted(export.names - {"manifest.json", "manifest.sig", "SHA256SUMS"}):
        if name not in listed:
            bad(f"ALTERED {name}: does not belong to the export")
        elif name not in footage and export.digest(name) != listed[name]:
            bad(f"ALTERED {name}: not as it was exported")
    for name in sorted((set(listed) | footage) - export.names):
        bad(f"MISSING {shown(name)}")


def check_leaves(export: Export, manifest: Any, key: bytes, bad: Say) -> Leaves:
    """The leaves by stream and number, each with its hash, and whether the signed head vouches for it."""
    size, root = check_head(export.read("heads.txt", MAX_KEY), manifest, key, bad)
    proof = proof_of(export.read("proof.json"))
    kept = dict(zip(proof["positions"], map(bytes.fromhex, proof["hashes"])))
    found = pruned_root(proof["size"], kept, [bytes.fromhex(node) for node in proof["nodes"]])
    if root is None or proof["size"] != size or found != root:
        bad("UNANCHORED: proof.json does not lead to the signed head")
        kept = {}
    proved = {digest.hex() for digest in kept.values()}
    lines = export.read("leaves.jsonl").split(b"\n")
    if lines.pop():
        bad("ALTERED leaves.jsonl: its last line has no end")
    hashes = [hashlib.sha256(b"\x00" + line).hexdigest() for line in lines]
    if len(lines) != manifest["leaves"]:
        bad(f"MISSING: {len(lines)} leaves, the manifest counts {manifest['leaves']}")
    if [digest for digest in hashes if digest in proved] != [kept[place].hex() for place in sorted(kept)]:
        bad("REORDERED leaves.jsonl: not the leaves of the proof, in their order")
    leaves: Leaves = {}
    for number, (line, digest) in enumerate(zip(lines, hashes), 1):
        try:
            leaf = parsed(line, LEAF)
            if not fits(leaf, OF_TYPE.get(leaf["type"], {})):
                raise ValueError
            leaves.setdefault(leaf["stream"], {})[leaf["seq"]] = dict(leaf, hash=digest, anchored=digest in proved)
        except ValueError:
            bad(f"ALTERED leaves.jsonl, line {number}: no leaf")
    return leaves


def check_head(note: bytes, manifest: Any, key: bytes, bad: Say) -> tuple[int, bytes | None]:
    """The size and root of the signed head; None where there is none."""
    try:
        text, _, signatures = note.decode().strip().rpartition("\n\n")
        text += "\n"
        origin, size, root = text.split("\n")[:3]
        own = sha256(origin.encode() + b"\n\x01" + key)[:4]
        given = [base64.b64decode(line.split(" ")[2]) for line in signatures.split("\n")]
        found = int(size), base64.b64decode(root)
    except (ValueError, LookupError):
        bad("ALTERED heads.txt: no signed head")
        return 0, None
    if origin != manifest["recorder"] or not any(s[:4] == own and verifies(key, s[4:], text.encode()) for s in given):
        bad("UNKNOWN KEY heads.txt: not signed by the recorder's key")
        return 0, None
    return found


def proof_of(data: bytes) -> Any:
    """The proof; an empty one where it is none."""
    nothing = {"size": 0, "positions": [], "hashes": [], "nodes": []}
    try:
        proof = parsed(data, PROOF)
    except ValueError:
        return nothing
    hashes = proof["hashes"] + proof["nodes"]
    well = len(proof["positions"]) == len(proof["hashes"]) and all(re.fullmatch("[0-9a-f]{64}", h) for h in hashes)
    return proof if well else nothing


def touches(leaf: dict[str, Any], manifest: Any) -> bool:
    """Whether the leaf speaks of a time in the range."""
    begin = leaf.get("from_ns", leaf["wall_ns"])
    end = leaf.get("to_ns", leaf["wall_ns"] + leaf.get("duration_ns", 0))
    return bool(begin < manifest["to_ns"] and end > manifest["from_ns"])


def check_stream(manifest: Any, stream: Any, leaves: dict[int, dict[str, Any]], bad: Say, say: Say) -> None:
    """The stream's leaves, one after the other."""
    name, unanchored, expected = shown(stream["stream"])[1:-1], 0, stream["first_seq"]
    before: dict[str, Any] | None = None
    last: dict[str, Any] | None = None
    for seq in sorted(seq for seq in leaves if stream["first_seq"] <= seq < stream["end_seq"]):
        leaf = leaves[seq]
        if seq > expected:
            bad(f"MISSING {name}: leaf {expected}" + (f" to {seq - 1}" if seq - 1 > expected else ""))
        elif before is not None and leaf.get("prev") != before["hash"]:
            bad(f"ALTERED {name} {moment(leaf['wall_ns'])}: leaf {seq} or the one before")
        late = not leaf["anchored"] and touches(leaf, manifest)
        unanchored += late
        if late and unanchored == 1:
            bad(f"UNANCHORED {name} from {moment(leaf['wall_ns'])}: no signed head vouches for it")
        if leaf["type"] == "gap":
            reason = shown(leaf["reason"])[1:-1]
            say(f"DECLARED GAP {name} {moment(leaf['from_ns'])} to {moment(leaf['to_ns'])}: {reason}")
        before = last = leaf
        expected = seq + 1
    if expected < stream["end_seq"]:
        bad(f"MISSING {name}: leaf {expected} to {stream['end_seq'] - 1}")
    first = leaves.get(stream["first_seq"])
    if first and first["seq"] and first["wall_ns"] + first.get("duration_ns", 0) > manifest["from_ns"]:
        bad(f"MISSING {name} before {moment(first['wall_ns'])}: what came before the first leaf is not shown")
    end = last["wall_ns"] + last.get("duration_ns", 0) if last else 0
    if last and last["type"] not in ("seal", "tombstone", "unacknowledged") and end < manifest["to_ns"]:
        bad(f"TRUNCATED {name} after {moment(end)}: no seal")
    told = {segment["seq"] for segment in stream["segments"]}
    for seq, leaf in leaves.items():
        if leaf["type"] == "segment" and seq not in told and touches(leaf, manifest):
            bad(f"MISSING {name} {moment(leaf['wall_ns'])}: the manifest does not name this segment")


def check_footage(export: Export, stream: Any, leaves: dict[int, dict[str, Any]], bad: Say) -> None:
    """The data of the stream's segments, second by second."""
    name = shown(stream["stream"])[1:-1]
    files = {file["file"]: file for file in stream["files"]}
    by_file: dict[str, list[Any]] = {file: [] for file in files}
    absent: list[Any] = []
    for segment in stream["segments"]:
        is_there = segment.get("file") in files and fits(segment, {"file": str, "at": int})
        (by_file[segment["file"]] if is_there else absent).append(segment)
    for file, segments in by_file.items():
        if file not in export.names:
            continue  # said already
        segments.sort(key=lambda segment: segment["at"])
        sizes = [files[file]["init_bytes"], *(segment["bytes"] for segment in segments)]
        found = list(export.pieces(file, sizes))
        if found[0] != files[file]["init_sha256"] or found[-1] != "end":
            bad(f"ALTERED {name}: {file} is not as it was exported")
        for segment, digest in zip(segments, found[1:]):
            leaf = leaves.get(segment["seq"], {})
            span = f"{name} {moment(segment['from_ns'])} to {moment(segment['to_ns'])}"
            if leaf.get("hash") != segment["leaf"] or leaf.get("sha256") != segment["sha256"]:
                bad(f"ALTERED {span}: the leaf is not as it was written")
            if digest != segment["sha256"]:
                bad(f"{'MISSING' if digest is None else 'ALTERED'} {span}")
    deleted = spans_of(leaf for leaf in leaves.values() if leaf["type"] == "tombstone")
    for segment in absent:
        before = bisect_right(deleted, (segment["seq"], MOST + 1)) - 1
        if before < 0 or deleted[before][1] < segment["seq"]:
            bad(f"MISSING {name} {moment(segment['from_ns'])}: no data")


def spans_of(stones: Iterator[dict[str, Any]]) -> list[tuple[int, int]]:
    """The numbers under tombstones, first to last, in spans that don't touch."""
    spans: list[tuple[int, int]] = []
    for first, last in sorted((stone["from_seq"], stone["to_seq"]) for stone in stones):
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(spans[-1][1], last))
        else:
            spans.append((first, last))
    return spans


def say(text: str) -> None:
    """A line for the reader."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def main(arguments: Sequence[str]) -> int:
    """The command."""
    trusted: list[bytes] = []
    paths: list[Path] = []
    untrusted = False
    rest = iter(arguments)
    try:
        for argument in rest:
            if argument == "--key":
                trusted.append(key_of(whole(Path(next(rest, "")), MAX_KEY)))
            elif argument == "--untrusted-key":
                untrusted = True
            elif argument.startswith("-") or paths:
                raise ValueError("usage: verify.py [EXPORT] --key TRUSTED.pem | --untrusted-key")
            else:
                paths.append(Path(argument))
        if trusted and untrusted:
            raise ValueError("expected --key or --untrusted-key, not both")
        well = check(Export(paths[0] if paths else Path(__file__).resolve().parent), trusted, say)
    except OSError as error:
        say(f"unreadable: {shown(str(error.filename))[1:-1]}: {error.strerror}")
        return 2
    except (ValueError, MemoryError) as error:
        say(f"unreadable: {error or 'more than the memory holds'}")
        return 2
    if not well:
        say("NOT INTACT" + ("" if trusted else "; and the keys are the export's own, which nobody said to trust"))
    elif trusted:
        say("INTACT as exported")
    elif untrusted:
        say("INTACT as exported, by the export's own keys: THE KEY IS NOT TRUSTED, compare it with one that you trust")
    else:
        say(
            "NOT PROVED: it fits its own keys, which prove nothing; expected --key TRUSTED.pem, or else --untrusted-key"
        )
    return 0 if well and (trusted or untrusted) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

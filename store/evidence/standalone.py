#!/usr/bin/env python3
# ruff: noqa: B905
"""Checks the evidence export it lies in. Python 3.8 or later, its standard library, nothing else.

    python3 verify.py [EXPORT.zip or its unpacked folder] [--key TRUSTED.pem ...]

Exit status: 0 intact, 1 not intact, 2 unreadable. It is deliberately small, to be read before it is run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import zipfile
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

Point = tuple[int, int, int, int]
Say = Callable[[str], None]
Leaves = dict[tuple[str, int], dict[str, Any]]

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


# --- the export ---


class Export:
    """The files of a ZIP (read where they lie; its own checksums are not asked) or of a folder, by name."""

    def __init__(self, path: Path) -> None:
        self.names: set[str] = set()
        self._places: dict[str, tuple[Path, int, int]] = {}
        if path.is_dir():
            for file in path.rglob("*"):
                if file.is_file():
                    self._add(file.relative_to(path).as_posix(), file, 0, file.stat().st_size)
            return
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            for entry in archive.infolist():
                if entry.compress_type != zipfile.ZIP_STORED:
                    raise ValueError("it was packed anew: unpack it and name the folder")
                raw.seek(entry.header_offset + 26)
                lengths = raw.read(4)
                skip = int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
                self._add(entry.filename, path, entry.header_offset + 30 + skip, entry.file_size)

    def _add(self, name: str, path: Path, base: int, size: int) -> None:
        if name in self.names or name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise ValueError(f"a name that is there twice, or leads outside: {name!r}")
        self.names.add(name)
        self._places[name] = (path, base, size)

    def _open(self, name: str) -> tuple[BinaryIO, int]:
        path, base, size = self._places[name]
        file = path.open("rb")
        file.seek(base)
        return file, size

    def read(self, name: str) -> bytes:
        """A whole file."""
        file, size = self._open(name)
        with file:
            return file.read(size)

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
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def check(export: Export, trusted: Sequence[bytes], say: Say) -> bool:
    """Says what is found, and returns whether all is well."""
    wrong: list[str] = []

    def bad(text: str) -> None:
        wrong.append(text)
        say(text)

    document = export.read("manifest.json")
    keys = {"the exporter": key_of(export.read("certificate.pem")), "the recorder": key_of(export.read("recorder.pem"))}
    for who, key in keys.items():
        digest = sha256(key)[:16].hex()
        say(f"key of {who}: {' '.join(digest[i : i + 4] for i in range(0, 32, 4))}")
        if trusted and key not in trusted:
            bad(f"UNKNOWN KEY of {who}: not one of those trusted")
    if not verifies(keys["the exporter"], export.read("manifest.sig"), document):
        bad("ALTERED manifest.json: not as the exporter signed it")
    manifest = json.loads(document)
    if hashlib.sha256(keys["the recorder"]).hexdigest() != manifest["recorder_key"]:
        bad("UNKNOWN KEY recorder.pem: not of the recorder that the manifest names")
    footage = {file["file"] for stream in manifest["streams"] for file in stream["files"]}
    check_files(export, manifest, footage, bad)
    leaves = check_leaves(export, manifest, keys["the recorder"], bad)
    for stream in manifest["streams"]:
        check_stream(manifest, stream, leaves, bad, say)
        check_footage(export, stream, leaves, bad)
    return not wrong


def check_files(export: Export, manifest: Any, footage: set[str], bad: Say) -> None:
    """Every file but the footage, by SHA256SUMS."""
    sums = export.read("SHA256SUMS")
    if hashlib.sha256(sums).hexdigest() != manifest["sha256sums"]:
        bad("ALTERED SHA256SUMS: not the one that the manifest names")
    listed = {line[66:]: line[:64] for line in sums.decode(errors="replace").split("\n") if line}
    for name in sorted(export.names - {"manifest.json", "manifest.sig", "SHA256SUMS"}):
        if name not in listed:
            bad(f"ALTERED {name}: does not belong to the export")
        elif name not in footage and hashlib.sha256(export.read(name)).hexdigest() != listed[name]:
            bad(f"ALTERED {name}: not as it was exported")
    for name in sorted(set(listed) - export.names):
        bad(f"MISSING {name}")


def check_leaves(export: Export, manifest: Any, key: bytes, bad: Say) -> Leaves:
    """The leaves by stream and number, each with its hash, and whether the signed head vouches for it."""
    text, _, signatures = export.read("heads.txt").decode().strip().rpartition("\n\n")
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    own = sha256(origin.encode() + b"\n\x01" + key)[:4]
    given = [base64.b64decode(line.split(" ")[2]) for line in signatures.split("\n")]
    if origin != manifest["recorder"] or not any(s[:4] == own and verifies(key, s[4:], text.encode()) for s in given):
        bad("UNKNOWN KEY heads.txt: not signed by the recorder's key")
    proof = json.loads(export.read("proof.json"))
    kept = {place: bytes.fromhex(digest) for place, digest in zip(proof["positions"], proof["hashes"])}
    found = pruned_root(proof["size"], kept, [bytes.fromhex(node) for node in proof["nodes"]])
    if proof["size"] != int(size) or found != base64.b64decode(root):
        bad("UNANCHORED: proof.json does not lead to the signed head")
    proved = {digest.hex() for digest in kept.values()}
    lines = export.read("leaves.jsonl").split(b"\n")[:-1]
    hashes = [hashlib.sha256(b"\x00" + line).hexdigest() for line in lines]
    if len(lines) != manifest["leaves"]:
        bad(f"MISSING: {len(lines)} leaves, the manifest counts {manifest['leaves']}")
    if [digest for digest in hashes if digest in proved] != [kept[place].hex() for place in sorted(kept)]:
        bad("REORDERED leaves.jsonl: not the leaves of the proof, in their order")
    leaves: Leaves = {}
    for number, (line, digest) in enumerate(zip(lines, hashes), 1):
        try:
            leaf = json.loads(line)
            leaves[leaf["stream"], leaf["seq"]] = dict(leaf, hash=digest, anchored=digest in proved)
        except (ValueError, KeyError, TypeError):
            bad(f"ALTERED leaves.jsonl, line {number}: no leaf")
    return leaves


def touches(leaf: dict[str, Any], manifest: Any) -> bool:
    """Whether the leaf speaks of a time in the range."""
    begin = leaf.get("from_ns", leaf["wall_ns"])
    end = leaf.get("to_ns", leaf["wall_ns"] + leaf.get("duration_ns", 0))
    return bool(begin < manifest["to_ns"] and end > manifest["from_ns"])


def check_stream(manifest: Any, stream: Any, leaves: Leaves, bad: Say, say: Say) -> None:
    """The stream's leaves, one after the other."""
    name, unanchored = stream["stream"], 0
    before: dict[str, Any] | None = None
    last: dict[str, Any] | None = None
    for seq in range(stream["first_seq"], stream["end_seq"]):
        leaf = leaves.get((name, seq))
        if leaf is None:
            bad(f"MISSING {name}: leaf {seq}")
        else:
            if before is not None and leaf.get("prev") != before["hash"]:
                bad(f"ALTERED {name} {moment(leaf['wall_ns'])}: leaf {seq} or the one before")
            late = not leaf["anchored"] and touches(leaf, manifest)
            unanchored += late
            if late and unanchored == 1:
                bad(f"UNANCHORED {name} from {moment(leaf['wall_ns'])}: no signed head vouches for it")
            if leaf["type"] == "gap":
                say(f"DECLARED GAP {name} {moment(leaf['from_ns'])} to {moment(leaf['to_ns'])}: {leaf['reason']}")
            last = leaf
        before = leaf
    first = leaves.get((name, stream["first_seq"]))
    if first and first["seq"] and first["wall_ns"] + first.get("duration_ns", 0) > manifest["from_ns"]:
        bad(f"MISSING {name} before {moment(first['wall_ns'])}: what came before the first leaf is not shown")
    end = last["wall_ns"] + last.get("duration_ns", 0) if last else 0
    if last and last["type"] not in ("seal", "tombstone") and end < manifest["to_ns"]:
        bad(f"TRUNCATED {name} after {moment(end)}: no seal")
    told = {segment["seq"] for segment in stream["segments"]}
    for (of, seq), leaf in leaves.items():
        if of == name and leaf["type"] == "segment" and seq not in told and touches(leaf, manifest):
            bad(f"MISSING {name} {moment(leaf['wall_ns'])}: the manifest does not name this segment")


def check_footage(export: Export, stream: Any, leaves: Leaves, bad: Say) -> None:
    """The data of the stream's segments, second by second."""
    name = stream["stream"]
    for file in stream["files"]:
        if file["file"] not in export.names:
            continue  # said already
        segments = sorted((s for s in stream["segments"] if s.get("file") == file["file"]), key=lambda s: s["at"])
        sizes = [file["init_bytes"], *(segment["bytes"] for segment in segments)]
        found = list(export.pieces(file["file"], sizes))
        if found[0] != file["init_sha256"] or found[-1] != "end":
            bad(f"ALTERED {name}: {file['file']} is not as it was exported")
        for segment, digest in zip(segments, found[1:]):
            leaf = leaves.get((name, segment["seq"]), {})
            span = f"{name} {moment(segment['from_ns'])} to {moment(segment['to_ns'])}"
            if leaf.get("hash") != segment["leaf"] or leaf.get("sha256") != segment["sha256"]:
                bad(f"ALTERED {span}: the leaf is not as it was written")
            if digest != segment["sha256"]:
                bad(f"{'MISSING' if digest is None else 'ALTERED'} {span}")
    stones = [leaf for (of, _), leaf in leaves.items() if of == name and leaf["type"] == "tombstone"]
    for segment in stream["segments"]:
        if "file" not in segment and not any(s["from_seq"] <= segment["seq"] <= s["to_seq"] for s in stones):
            bad(f"MISSING {name} {moment(segment['from_ns'])}: no data")


def say(text: str) -> None:
    """A line for the reader."""
    sys.stdout.write(text + "\n")


def main(arguments: Sequence[str]) -> int:
    """The command."""
    trusted: list[bytes] = []
    paths: list[Path] = []
    rest = iter(arguments)
    try:
        for argument in rest:
            if argument == "--key":
                trusted.append(key_of(Path(next(rest)).read_bytes()))
            else:
                paths.append(Path(argument))
        well = check(Export(paths[0] if paths else Path(__file__).resolve().parent), trusted, say)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, StopIteration) as error:
        say(f"unreadable: {error!r}")
        return 2
    except (zipfile.BadZipFile, RecursionError) as error:
        say(f"unreadable: {error!r}")
        return 2
    if not trusted:
        say("The keys are the export's own: compare them with keys that you trust, or name those with --key.")
    say("INTACT as exported" if well else "NOT INTACT")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Signed heads: the size and root of a log, as text that any C2SP witness reads.

The text is a tlog-checkpoint (origin, size, root), the whole a signed note: the text, a blank line, and a line for each
signature. The log's own is Ed25519, type 1; those of others (witnesses) are kept and ignored here. In `heads.txt` each
note is followed by a blank line.
"""

import base64
import binascii
import hashlib
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, TextIO

from store.evidence.errors import InvalidHead
from store.evidence.signer import Signer, verifies

MAX_SIGNATURES = 16
MAX_NOTE = 65_536  # bytes
_ED25519 = b"\x01"
_DASH = "— "
_NOTE = re.compile(rb"((?:[^\n]+\n)+\n(?:\xe2\x80\x94 [^\n]+\n)+)\n")


@dataclass(frozen=True, slots=True)
class Head:
    """The log `origin` held `size` leaves with this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head and who vouches for it: (key name, four bytes of key id and the signature). `text` is as it was signed,
    with extension lines, if any."""

    head: Head
    text: str
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def sign(cls, head: Head, signer: Signer) -> Self:
        """The head with the log's own signature.

        Raises:
            InvalidHead: where the origin can't name a key.
        """
        check_origin(head.origin)
        text = head.text()
        signature = key_id(head.origin, signer.public_key) + signer.sign(text.encode())
        return cls(head, text, ((head.origin, signature),))

    def note(self) -> str:
        """The whole as a signed note."""
        lines = (f"{_DASH}{name} {base64.b64encode(signature).decode()}\n" for name, signature in self.signatures)
        return f"{self.text}\n{''.join(lines)}"

    @classmethod
    def parse(cls, note: str) -> Self:
        """The head in a signed note; signatures are not verified yet.

        Raises:
            InvalidHead: saying what was expected.
        """
        text, blank, rest = note.rpartition("\n\n")
        text += "\n"
        if not blank or not rest.endswith("\n") or len(note) > MAX_NOTE:
            raise InvalidHead("expected a signed note: text, a blank line, signatures")
        if not note.replace("\n", "").isprintable() and any(c < " " and c != "\n" for c in note):
            raise InvalidHead("expected a signed note without control characters")
        signatures = tuple(_signature(line) for line in rest[:-1].split("\n"))
        if len(signatures) > MAX_SIGNATURES:
            raise InvalidHead(f"expected at most {MAX_SIGNATURES} signatures, got {len(signatures)}")
        return cls(_head(text), text, signatures)

    def knows(self, public_key: bytes) -> bool:
        """Whether a signature says that it is this key's, under the name of the log."""
        own = key_id(self.head.origin, public_key)
        return any(name == self.head.origin and data[:4] == own for name, data in self.signatures)

    def signed_by(self, public_key: bytes) -> bool:
        """Whether the key signed this head under the name of the log."""
        own = key_id(self.head.origin, public_key)
        ours = [data[4:] for name, data in self.signatures if name == self.head.origin and data[:4] == own]
        message = self.text.encode()
        return bool(ours) and all(verifies(public_key, signature, message) for signature in ours)


def key_id(name: str, public_key: bytes) -> bytes:
    """The four bytes by which a note names an Ed25519 key."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def check_origin(name: str) -> None:
    """Raises InvalidHead unless `name` can name a log and its key."""
    if not name or len(name) > 200 or "+" in name or any(c.isspace() or c < " " for c in name):
        raise InvalidHead(f"recorder {name!r}: expected 1 to 200 characters without spaces and plus signs")


def notes(text: str | TextIO) -> Iterator[tuple[int, str]]:
    """The notes in the text of a `heads.txt`, or in the file (opened with "\\n" as the only end of a line), each with
    the number of its first line; what is no note comes as it is, and what is longer than any in pieces."""
    first, lines, signed, length = 1, list[str](), False, 0
    file = io.StringIO(text, newline="\n") if isinstance(text, str) else text
    number = 0
    while line := file.readline(MAX_NOTE):
        number += line.endswith("\n")
        if (line == "\n" and signed) or length > MAX_NOTE:
            yield first, "".join(lines)
            first, lines, signed, length = number + 1, [], False, 0
            continue
        lines.append(line)
        length += len(line)
        signed = line.startswith(_DASH) and line.endswith("\n")
    if lines:
        yield first, "".join(lines)


def each_note(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The whole notes at the beginning of a `heads.txt`, each with where it and its blank line end."""
    end = 0
    while found := _NOTE.match(data, end):
        end = found.end()
        yield end, found[1]


def first_note(data: bytes) -> int | None:
    """Where in a part of a `heads.txt` the first note begins that it shows from its beginning; None where none does.
    (Behind the blank line within a note come signatures.)"""
    end = data.find(b"\n\n")
    while end >= 0 and data.startswith(_DASH.encode(), end + 2):
        end = data.find(b"\n\n", end + 2)
    return end + 2 if end >= 0 else None


def whole_notes(data: bytes) -> tuple[int, bytes | None]:
    """Where the last whole note of a `heads.txt` ends, its blank line included, and that note."""
    last = deque(each_note(data), maxlen=1)
    return last[0] if last else (0, None)


def _head(text: str) -> Head:
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]):
        raise InvalidHead("expected a checkpoint: origin, size and root, each a line")
    origin, size, root = lines[:3]
    if not (size.isascii() and size.isdigit()) or (size[0] == "0" and size != "0") or len(size) > 19:
        raise InvalidHead(f"expected the log's size as a decimal number, got {size[:40]!r}")
    digest = _base64(root)
    if len(digest) != 32:
        raise InvalidHead("expected a root of 32 bytes in base64")
    return Head(origin, int(size), digest)


def _signature(line: str) -> tuple[str, bytes]:
    name, space, data = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not name:
        raise InvalidHead("expected a signature line: a dash, a key's name, the signature in base64")
    decoded = _base64(data)
    if len(decoded) <= 4:
        raise InvalidHead("expected a signature of more than its key id")
    return name, decoded


def _base64(text: str) -> bytes:
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidHead("expected base64") from error
    if base64.b64encode(decoded).decode() != text:  # one spelling only: no spare bits in the last character
        raise InvalidHead("expected base64 in its only spelling")
    return decoded

"""What the readers of recorded traces share: the rows of a file as columns, and those that were left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

REQUIRED = ("device", "time", "lon", "lat")
OPTIONAL = ("speed", "heading", "accuracy", "mock", "created_at")
# Everything that shows nothing: Unicode's white space, and the joiners and byte order marks that copying leaves behind.
BLANKS = (
    "\t\n\v\f\r \x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u200b\u200c\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
_NAMED = 20
_LONGEST_VALUE = 40

Lines = NDArray[np.int64]


class TraceError(ValueError):
    """A file that can't be read as traces: the message names the file, and the line or column."""


@dataclass(slots=True)
class Rejects:
    """Malformed rows of one file: how many, and the first of them by line; and what else is to be said of the file."""

    file: Path
    count: int = 0
    remarks: list[str] = field(default_factory=list)
    _named: list[tuple[int, str]] = field(default_factory=list)

    def add(self, lines: Sequence[int], values: Sequence[object], what: str, expected: str) -> None:
        """Rows at `lines` are malformed, as `what` is `values`; of both only the first few are looked at."""
        self.count += len(lines)
        for line, value in zip(lines[:_NAMED], values[:_NAMED], strict=False):
            self._named.append((line, f"{self.file.name}:{line}: {what} is {shortened(value)}; expected {expected}"))

    def remark(self, text: str) -> None:
        self.remarks.append(f"{self.file.name}: {text}")

    @property
    def named(self) -> list[str]:
        """The first malformed rows in the order of the file."""
        return [text for _, text in sorted(self._named)[:_NAMED]]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file before their values are looked at.

    `columns` holds those of REQUIRED and OPTIONAL that there are, `lines` the place of each row in the file; `total`
    is the number of places that could have held a row, of which `blank` are empty.
    """

    columns: dict[str, pa.ChunkedArray]
    lines: Lines
    total: int
    blank: int = 0


def shortened(value: object) -> str:
    """A value of a file as it may be shown: one line, at most some forty characters."""
    text = "empty" if value is None else str(value)
    if value is None or text == "":
        return "empty"
    return repr(text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…")


def known_columns(file: Path, header: Sequence[str]) -> dict[str, int]:
    """Where each of the columns that we know stands in `header`, whatever its case and the white space around it.

    Raises:
        TraceError: where a column stands twice or is missing.
    """
    names = [column_name(h) for h in header]
    for name in names:
        if name and names.count(name) > 1:
            raise TraceError(f"{file}:1: the column {shortened(name)} stands twice; expected each column once")
    missing = [c for c in REQUIRED if c not in names]
    if missing:
        raise TraceError(f"{file}:1: no column {', '.join(missing)}; expected the header {','.join(REQUIRED)}[,…]")
    return {name: names.index(name) for name in (*REQUIRED, *OPTIONAL) if name in names}


def column_name(header: str) -> str:
    return header.strip(BLANKS).casefold()

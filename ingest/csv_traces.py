"""Rows of a CSV file. A line is a row: a field is closed on its line, so that one stray quote costs one row.

The separator is a comma, or a semicolon or tab where the header has it.
"""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from ingest.trace_rows import BLANKS, REQUIRED, Lines, Rejects, Rows, TraceError, column_name, known_columns
from ingest.trace_text import utf8_lines

_SEPARATORS = (",", ";", "\t")
_LONGEST_LINE = 1 << 20
_BLOCK = 1 << 24


def read_csv_rows(file: Path, data: bytes, rejects: Rejects) -> Rows:
    """The rows of `data`; those with an open quote or of another length than the header are told to `rejects`.

    Raises:
        TraceError: where there is no header, or it lacks a column or has one twice.
        pyarrow.ArrowInvalid, UnicodeDecodeError: where it is not CSV.
    """
    text, no_text = utf8_lines(data)
    start, header_line = _header(file, text)
    end = text.find(b"\n", start)
    header = text[start:] if end < 0 else text[start:end]
    separator, names = _names(header.decode())
    known = known_columns(file, names)
    body = b"" if end < 0 else text[end + 1 :]
    total = body.count(b"\n") + (not body.endswith(b"\n")) if body else 0
    before = header_line - 1
    if not total:
        return Rows({n: pa.chunked_array([], pa.string()) for n in known}, np.empty(0, np.int64), before, before)
    opened = _lines_with_an_open_quote(body, separator)
    no_text = [n - header_line for n in no_text if n > header_line]
    body, broken = _without(body, no_text, opened, header_line, rejects)
    table, lengths = _parse(body, separator, len(names), known)
    lines, wrong = np.arange(1, total + 1, dtype=np.int64), np.array([n for n, _, _ in lengths], np.int64)
    lines = lines[~np.isin(lines, wrong)]
    if len(lines) != table.num_rows:
        raise TraceError(f"{file}: can't be read ({table.num_rows} rows found in {len(lines)} lines)")
    short = [(n, got, line) for n, got, line in lengths if line.strip(BLANKS)]
    rejects.add(
        [n + header_line for n, _, _ in short],
        [line for _, _, line in short],
        "the row",
        f"{len(names)} columns, as many as the header",
    )
    empty = _empty(table, lines, body, separator) & ~np.isin(lines, broken)
    keep = ~empty & ~np.isin(lines, broken)
    table = table.filter(pa.array(keep))
    blank = before + len(lengths) - len(short) + int(empty.sum())
    return Rows({n: table[n] for n in known}, lines[keep] + header_line, before + total, blank)


def _header(file: Path, text: bytes) -> tuple[int, int]:
    """Where the header starts, and its line: the first that is not blank."""
    start, line = 0, 1
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        if text[start:end].decode(errors="replace").strip(BLANKS):
            return start, line
        start, line = end + 1, line + 1
    raise TraceError(f"{file}: can't be read (it is empty); expected the header {','.join(REQUIRED)}[,…]")


def _names(header: str) -> tuple[str, list[str]]:
    """The separator that makes most sense of the header, and the columns that it names."""
    read = [(s, next(csv.reader([header[:_LONGEST_LINE]], delimiter=s), [])) for s in _SEPARATORS]
    return max(read, key=lambda r: len({column_name(n) for n in r[1]} & set(REQUIRED)))


def _lines_with_an_open_quote(body: bytes, separator: str) -> list[int]:
    """The lines (from 1) with a field that begins with a quote and is not closed before the next separator or end."""
    if b'"' not in body:
        return []
    mark = re.escape(separator.encode())
    # A well-closed field is consumed whole, so that quotes and separators in it are not taken for beginnings.
    fields = re.compile(
        rb'(?:^|' + mark + rb')"(?:[^"\n]*+(?:""[^"\n]*+)*+"(?=' + mark + rb'|$)|([^\n]*+))', re.MULTILINE
    )  # fmt: skip
    at = [m.start(1) for m in fields.finditer(body) if m.start(1) >= 0]
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n"))
    return (np.searchsorted(ends, np.array(at, np.int64)) + 1).tolist() if at else []


def _without(
    body: bytes, no_text: list[int], opened: list[int], header_line: int, rejects: Rejects
) -> tuple[bytes, list[int]]:
    """`body` with the lines emptied that can't be parsed, which are told to `rejects`; and these lines."""
    ends = np.append(np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n")), len(body))
    long = (np.flatnonzero(np.diff(ends, prepend=-1) > _LONGEST_LINE) + 1).tolist()
    if not (no_text or opened or long):
        return body, []
    lines = body.split(b"\n")
    told: set[int] = set()
    for numbers, expected in (
        (no_text, "text in UTF-8, UTF-16 or GB 18030"),
        (long, f"at most {_LONGEST_LINE} bytes a line"),
        (opened, "each quote that opens a field closed on its line"),
    ):
        fresh = [n for n in numbers if n not in told]
        values = [lines[n - 1][:200].decode(errors="replace") for n in fresh[:100]]
        rejects.add([n + header_line for n in fresh], values, "the row", expected)
        told.update(fresh)
    for n in told:
        lines[n - 1] = b""
    # An empty last line without an end of its own would be none.
    return b"\n".join(lines) + (b"\n" if not body.endswith(b"\n") else b""), sorted(told)


def _parse(
    body: bytes, separator: str, width: int, known: dict[str, int]
) -> tuple[pa.Table, list[tuple[int, int, str]]]:
    """The known columns as text, and the rows of another width: their line (from 1), columns and text."""
    odd: list[tuple[int, int, str]] = []

    def skip(row: Any) -> str:
        odd.append((row.number, row.actual_columns, row.text[:200]))
        return "skip"

    place = {at: name for name, at in known.items()}
    table = pa_csv.read_csv(
        pa.BufferReader(body),
        # One thread, so that a row that is left out has a number.
        read_options=pa_csv.ReadOptions(
            block_size=_BLOCK, use_threads=False, column_names=[place.get(i, f"#{i}") for i in range(width)]
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=separator, invalid_row_handler=skip, ignore_empty_lines=False, newlines_in_values=False
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(known, pa.string()), include_columns=list(known), strings_can_be_null=False
        ),
    )
    return table, odd


def _empty(table: pa.Table, lines: Lines, body: bytes, separator: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which rows hold nothing at all, separators and quotes aside."""

    empty = np.ones(table.num_rows, bool)
    for name in REQUIRED:
        empty &= pc.equal(pc.binary_length(table[name]), 0).to_numpy(zero_copy_only=False).astype(bool)
    suspects = np.flatnonzero(empty)
    if len(suspects):
        ends = np.append(np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n")), len(body))
        for row in suspects.tolist():
            line = int(lines[row])
            start = int(ends[line - 2]) + 1 if line > 1 else 0
            empty[row] = not body[start : int(ends[line - 1])].decode().strip(BLANKS + separator + '"')
    return empty

"""The signed heads that exports carry: whoever cuts a log back has to find all of them."""

from contextlib import suppress
from pathlib import Path

from store.evidence.checkpoint import MAX_NOTE
from store.evidence.errors import Unreadable
from store.evidence.package import Package
from store.evidence.recovery import HEADS

NEWEST = 500  # exports that are looked into


def heads_in(folder: Path) -> tuple[tuple[str, str], ...]:
    """Of the newest exports in a folder: which it is, and the head that it carries, not verified yet."""
    if not folder.is_dir():
        return ()
    dated: list[tuple[float, Path]] = []
    for path in folder.glob("*.zip"):
        with suppress(OSError):
            if path.is_file():  # and no pipe, which would be waited for
                dated.append((path.stat().st_mtime, path))
    found = ((str(path), head_of(path)) for _, path in sorted(dated, reverse=True)[:NEWEST])
    return tuple((source, note) for source, note in found if note is not None)


def head_of(path: Path) -> str | None:
    """The head in an export; None where it is no export that can be read."""
    try:
        return Package(path).read(HEADS, MAX_NOTE).decode().removesuffix("\n")
    except (Unreadable, UnicodeDecodeError):
        return None

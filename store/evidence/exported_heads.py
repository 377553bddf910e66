"""The signed heads that exports carry: whoever cuts a log back has to find all of them."""

import zipfile
from contextlib import suppress
from pathlib import Path

from store.evidence.checkpoint import MAX_NOTE
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
        with zipfile.ZipFile(path) as archive, archive.open(HEADS) as file:
            note = file.read(MAX_NOTE + 1)
        return note.decode().removesuffix("\n") if len(note) <= MAX_NOTE else None
    except (OSError, KeyError, RuntimeError, NotImplementedError, UnicodeDecodeError, zipfile.BadZipFile):
        return None

"""Pack files: a few minutes of one stream each, written so that what is acknowledged outlives a loss of power.

`STREAM/YYYYMMDD/HHMMSS-SEQ.mp4` (`.mov` for G.711): the time is when it begins, in UTC, SEQ the number of the leaf of
its first segment. It begins with its initialisation segment.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingest.cameras import fmp4
from ingest.cameras.packets import Media
from store.evidence.files import make_folder, open_own, sync_folder

ASIDE = "unacknowledged"  # the folder of what was set aside, laid out as the recorder's own
_DAY = re.compile(r"\d{8}")
_FILE = re.compile(r"(\d{6})-(\d{1,18})\.(mp4|mov)")
_STREAM = re.compile(rf"[^/]+\.({'|'.join(Media)})")

Sync = Callable[[int], None]


@dataclass(frozen=True, slots=True, order=True)
class PackFile:
    """A pack file as its name tells it: when it begins (Unix seconds), and its first leaf's number."""

    seq: int
    began_s: float
    path: Path


class Pack:
    """A pack file that is being written. What :meth:`append` has returned from, the disk has."""

    def __init__(self, path: Path, init: bytes, sync: Sync = os.fsync) -> None:
        self.path = path
        self.init = init
        self._sync = sync
        self._size = len(init)
        self._sure = 0  # bytes that the disk has
        self._handle: int | None = None
        self._create()

    def append(self, fragment: bytes) -> int:
        """Add `fragment`; returns its offset.

        Raises:
            OSError: the disk refused, or failed; :meth:`undo` brings the file back to what it was.
        """
        assert self._handle is not None
        offset = self._size
        data = fragment if self._sure else self.init + fragment
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._handle, rest) :]
        self._sync(self._handle)
        self._size = self._sure = offset + len(fragment)
        return offset

    def undo(self, size: int) -> None:
        """Cut the file to its first `size` bytes and close it; without any it is removed."""
        try:
            if size > len(self.init):
                assert self._handle is not None
                os.ftruncate(self._handle, size)
            else:
                self.path.unlink(missing_ok=True)
        finally:
            self.close()

    @property
    def size(self) -> int:
        """How long the file is, once its beginning is written."""
        return self._size

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _create(self) -> None:
        for folder in (self.path.parent.parent, self.path.parent):
            if not folder.exists():
                make_folder(folder)
                sync_folder(folder.parent)
        self._handle = open_own(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL)
        sync_folder(self.path.parent)


def pack_path(folder: Path, stream: str, began_s: float, seq: int, codec: str) -> Path:
    """Where the pack of `stream` that begins at `began_s` with leaf `seq` lies."""
    began = datetime.fromtimestamp(began_s, UTC)
    return folder / stream / f"{began:%Y%m%d}" / f"{began:%H%M%S}-{seq}{fmp4.suffix(codec)}"


def streams_in(folder: Path) -> list[str]:
    """The streams of which a recorder's folder has a folder; what else lies there, like the pictures of alerts, is no
    stream."""
    return sorted(path.name for path in folder.iterdir() if _STREAM.fullmatch(path.name) and path.is_dir())


def packs_of(folder: Path, stream: str) -> list[PackFile]:
    """The pack files of a stream, in the order of their leaves. Files that are none are left alone."""
    return sorted(_found(folder / stream))


def _found(folder: Path) -> Iterator[PackFile]:
    for day in folder.iterdir() if folder.is_dir() else ():
        if not _DAY.fullmatch(day.name) or not day.is_dir():
            continue
        for path in day.iterdir():
            named = _FILE.fullmatch(path.name)
            try:
                began = datetime.strptime(f"{day.name}{named[1]}", "%Y%m%d%H%M%S") if named else None
            except ValueError:
                continue
            if named and began:
                yield PackFile(int(named[2]), began.replace(tzinfo=UTC).timestamp(), path)

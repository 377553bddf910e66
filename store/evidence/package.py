"""Reading an export that nobody vouches for: a ZIP that stores without compressing, or the folder it was unpacked to.

Every name is checked before anything is read; every read is bounded. The ZIP's own checksums are not asked: hashes are.
"""

import os
import struct
import zipfile
from itertools import pairwise
from pathlib import Path

from store.evidence.data import Place, in_folder, is_plain
from store.evidence.errors import Unreadable

MAX_ENTRIES = 200_000
_LOCAL = struct.Struct("<4s5H3L2H")  # a local file header


class Package:
    """The files of an export, by name.

    Raises:
        Unreadable: it can't be an export of ours, or one of its names could do harm.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._places = _unpacked(path) if path.is_dir() else _archived(path)
        except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise Unreadable(f"{path}: expected an export: {error}") from error

    @property
    def names(self) -> frozenset[str]:
        """Of all files."""
        return frozenset(self._places)

    def place(self, name: str) -> Place | None:
        """Where a file's bytes lie."""
        return self._places.get(name)

    def read(self, name: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes.

        Raises:
            Unreadable: it is not there, or larger.
        """
        place = self._places.get(name)
        if place is None:
            raise Unreadable(f"{self.path}: expected {name} in it")
        if place.size > limit:
            raise Unreadable(f"{self.path}: {name} has {place.size} bytes; expected at most {limit}")
        try:
            with place.path.open("rb") as file:
                file.seek(place.base)
                data = file.read(place.size)
        except OSError as error:
            raise Unreadable(f"{self.path}: {name}: {error.strerror}") from error
        if len(data) != place.size:
            raise Unreadable(f"{self.path}: {name} ends before its end")
        return data


def _unpacked(folder: Path) -> dict[str, Place]:
    place = in_folder(folder)
    found: dict[str, Place] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        there = place(name)
        if there is None or path.is_symlink():
            raise Unreadable(f"{folder}: {name!r}: expected plain files with plain names")
        found[name] = there
        if len(found) > MAX_ENTRIES:
            raise Unreadable(f"{folder}: expected at most {MAX_ENTRIES} files")
    return found


def _archived(path: Path) -> dict[str, Place]:
    found: dict[str, Place] = {}
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        size = os.fstat(file.fileno()).st_size
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise Unreadable(f"{path}: expected at most {MAX_ENTRIES} files, got {len(entries)}")
        for entry in entries:
            name = entry.filename
            if not is_plain(name) or name != entry.orig_filename:
                raise Unreadable(f"{path}: {name!r}: expected a relative name that stays inside")
            if name in found:
                raise Unreadable(f"{path}: {name!r} is in it twice")
            if (
                entry.compress_type != zipfile.ZIP_STORED
                or entry.flag_bits & 1
                or entry.compress_size != entry.file_size
            ):
                raise Unreadable(f"{path}: {name!r}: expected files stored as they are; unpack it and name the folder")
            file.seek(entry.header_offset)
            header = _LOCAL.unpack(file.read(_LOCAL.size).ljust(_LOCAL.size, b"\0"))
            base = entry.header_offset + _LOCAL.size + header[9] + header[10]
            if header[0] != b"PK\3\4" or file.read(header[9]) != name.encode() or base + entry.file_size > size:
                raise Unreadable(f"{path}: {name!r}: the archive contradicts itself")
            found[name] = Place(path, base, entry.file_size)
    ordered = sorted(found.values(), key=lambda place: place.base)
    if any(a.base + a.size > b.base for a, b in pairwise(ordered)):
        raise Unreadable(f"{path}: files of the archive overlap")
    return found

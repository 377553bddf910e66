"""Reading an export that nobody vouches for: a ZIP that stores without compressing, or the folder it was unpacked to.

How a ZIP and a folder are read is said once, in the verifier that goes into every export. Every name is checked before
anything is read; every read is bounded. The ZIP's own checksums are not asked: hashes are.
"""

from pathlib import Path

from store.evidence.data import Place
from store.evidence.errors import Unreadable
from store.evidence.standalone import archived, opened, unpacked


class Package:
    """The files of an export, by name.

    Raises:
        Unreadable: it can't be an export of ours, or one of its names could do harm.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._places = _unpacked(path) if path.is_dir() else _archived(path)
        except OSError as error:
            raise Unreadable(f"{path}: expected an export: {error.strerror}") from error
        except ValueError as error:
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
            with opened(place.path) as file:
                file.seek(place.base)
                data = file.read(place.size)
        except OSError as error:
            raise Unreadable(f"{self.path}: {name}: {error.strerror}") from error
        if len(data) != place.size:
            raise Unreadable(f"{self.path}: {name} ends before its end")
        return data


def _unpacked(folder: Path) -> dict[str, Place]:
    return {name: Place(folder / name, 0, size) for name, size in unpacked(folder).items()}


def _archived(path: Path) -> dict[str, Place]:
    with opened(path) as file:
        return {name: Place(path, base, size) for name, (base, size) in archived(file).items()}

"""Are the bytes on disk those that the leaves name? As fast as SHA-256, in threads: hashlib lets go of the interpreter.

The pieces of a file are hashed where they lie, in a folder or in a ZIP that stores without compressing.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from threading import BoundedSemaphore, local
from types import TracebackType
from typing import Self

from store.evidence.standalone import is_plain, opened

BUFFER = 1 << 18
PIECES = 512  # to a thread at once


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment's bytes: what they should be, and which time of which stream they are."""

    stream: str
    seq: int
    from_ns: int
    to_ns: int
    offset: int
    bytes: int
    sha256: str
    init_bytes: int
    init_sha256: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file's bytes lie: `size` bytes from `base` on of the file `path`."""

    path: Path
    base: int
    size: int


class Fault(Enum):
    """What can be wrong with a piece."""

    MISSING = "the data are not there"
    DIFFERS = "the data are not those that were recorded"
    HEAD = "the file's initialisation segment is not the one recorded"


@dataclass(frozen=True, slots=True)
class Problem:
    """A piece that is not as it should be; `found` is the SHA-256 of what is in its place."""

    piece: Piece
    fault: Fault
    found: str | None = None


class DataCheck:
    """Give it pieces with :meth:`add`, a file's one after the other; :meth:`finish` waits and tells the problems."""

    def __init__(self, place: Callable[[str], Place | None], threads: int | None = None) -> None:
        self._place = place
        threads = threads or min(os.cpu_count() or 1, 16)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hash")
        self._room = BoundedSemaphore(4 * threads)
        self._buffers = local()
        self._open: dict[str, tuple[str, list[Piece]]] = {}  # of each stream its file, and what of it waits
        self._running: list[Future[tuple[int, list[Problem]]]] = []
        self._problems: list[Problem] = []
        self.bytes = 0  # hashed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def add(self, file: str, piece: Piece) -> None:
        """Check `piece` of `file`."""
        open_file, pieces = self._open.get(piece.stream, (file, []))
        if open_file != file or len(pieces) >= PIECES:
            self._submit(open_file, pieces)
            pieces = []
        pieces.append(piece)
        self._open[piece.stream] = (file, pieces)

    def finish(self) -> list[Problem]:
        """All problems, when everything is hashed."""
        for file, pieces in self._open.values():
            self._submit(file, pieces)
        self._open.clear()
        self._collect(self._running)
        self._running.clear()
        return self._problems

    def _submit(self, file: str, pieces: list[Piece]) -> None:
        self._room.acquire()
        task = self._pool.submit(self._check, file, pieces)
        task.add_done_callback(lambda _: self._room.release())
        self._running.append(task)
        if len(self._running) > 256:
            self._collect([done for done in self._running if done.done()])
            self._running = [going for going in self._running if not going.done()]

    def _collect(self, tasks: Sequence[Future[tuple[int, list[Problem]]]]) -> None:
        for task in tasks:
            count, problems = task.result()
            self.bytes += count
            self._problems += problems

    def _check(self, file: str, pieces: list[Piece]) -> tuple[int, list[Problem]]:
        place = self._place(file)
        if place is None:
            return 0, [Problem(piece, Fault.MISSING) for piece in pieces]
        try:
            there = opened(place.path)
        except OSError:
            return 0, [Problem(piece, Fault.MISSING) for piece in pieces]
        with there:
            return self._check_open(there.fileno(), place, pieces)

    def _check_open(self, handle: int, place: Place, pieces: list[Piece]) -> tuple[int, list[Problem]]:
        count, problems = 0, list[Problem]()
        heads: dict[int, str | None] = {}
        for piece in pieces:
            if piece.init_bytes not in heads:
                heads[piece.init_bytes] = self._digest(handle, place, 0, piece.init_bytes)
            found = self._digest(handle, place, piece.offset, piece.bytes)
            count += piece.bytes
            if found is None:
                problems.append(Problem(piece, Fault.MISSING))
            elif found != piece.sha256:
                problems.append(Problem(piece, Fault.DIFFERS, found))
            elif heads[piece.init_bytes] != piece.init_sha256:
                problems.append(Problem(piece, Fault.HEAD))
        return count, problems

    def _digest(self, handle: int, place: Place, offset: int, length: int) -> str | None:
        if offset + length > place.size:
            return None
        buffer = getattr(self._buffers, "view", None)
        if buffer is None:
            buffer = self._buffers.view = memoryview(bytearray(BUFFER))
        digest, at = hashlib.sha256(), place.base + offset
        while length:
            try:
                count = os.preadv(handle, [buffer[: min(length, BUFFER)]], at)
            except OSError:
                return None
            if count == 0:
                return None
            digest.update(buffer[:count])
            at, length = at + count, length - count
        return digest.hexdigest()


def in_folder(folder: Path) -> Callable[[str], Place | None]:
    """Where the files of a recorder's folder lie."""

    def place(name: str) -> Place | None:
        if not is_plain(name):
            return None
        path = folder / name
        try:
            if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
                return None
            return Place(path, 0, path.stat().st_size)
        except OSError:
            return None

    return place

"""The marks of a log: places from which it can be read on, and which times the leaves between two of them speak of.

`marks.jsonl` has one mark a line, made at signed heads some ten thousand leaves apart (:mod:`store.evidence.marking`).
With it a few minutes of a log of months are found and proven without reading the rest. It saves time and decides
nothing. That a range lies between two marks is the recorder's word, so a mark is signed; each names the one before by
its hash, so none can be left out or come from another log. That the leaves are those signed is never its word: nodes
must give the root of a signed head, and leaves lead on from there to the next. Marks that are lost, torn or false are
as good as none from there on, and what they would have told is read.
"""

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from store.evidence.leaf import canonical, decoded
from store.evidence.place import BEGINNING, Place, is_signed, leads_on, lines_from
from store.evidence.signer import Signer, verifies
from store.evidence.standalone import opened

MARKS = "marks.jsonl"
_MAX_LINE = 1 << 20  # bytes; what is longer is no mark of ours


class Mark(Struct, frozen=True, kw_only=True):
    """A signed head's place (see :class:`Place`), and of the leaves since the mark before: the earliest and the latest
    time that one speaks of (Unix nanoseconds), the streams of which a session begins, and which leaves of a stream are
    said to be deleted, from the first to the last of them. `prev` is the SHA-256 of the mark before."""

    recorder: str
    size: int
    leaves_at: int
    heads_at: int
    nodes: list[str]
    from_ns: int
    to_ns: int
    starts: list[str]
    deleted: dict[str, tuple[int, int]]
    prev: str | None = None

    def signed(self, signer: Signer) -> tuple[bytes, str]:
        """Its line, with the end, and what the next mark names it by."""
        document = canonical(self)
        signature = base64.b64encode(signer.sign(document)).decode()
        line = canonical(_Signed(mark=msgspec.Raw(document), signature=signature)) + b"\n"
        return line, hashlib.sha256(document).hexdigest()

    @property
    def place(self) -> Place:
        """Where it is.

        Raises:
            ValueError: it is none.
        """
        place = Place(self.size, self.leaves_at, self.heads_at, tuple(map(bytes.fromhex, self.nodes)))
        place.tree()
        return place


class _Signed(Struct, frozen=True, kw_only=True):
    mark: msgspec.Raw
    signature: str


class Stretch(NamedTuple):
    """The leaves from one mark up to the next. `size`: the leaves of the log up to its end. Else as :class:`Mark`."""

    size: int
    from_ns: int
    to_ns: int
    starts: frozenset[str]
    deleted: dict[str, tuple[int, int]]
    at: int  # where in the file the mark at its end lies
    end: int  # and ends
    digest: str  # of that mark


class Marks:
    """The log in `folder` as its marks divide it: `stretches` from its beginning on, and a rest of which nothing is
    known. `key` is the recorder's."""

    def __init__(self, folder: Path, recorder: str, key: bytes) -> None:
        self._folder = folder
        self._recorder = recorder
        self._key = key
        self.stretches = list(_chain(folder / MARKS, recorder))
        while self.stretches and not self._is_ours(self.stretches[-1]):  # the last one vouches for all before
            self.stretches.pop()

    @property
    def rest(self) -> int:
        """The number of what comes after the last mark, as if it were a stretch."""
        return len(self.stretches)

    def touched(self, from_ns: int, to_ns: int) -> list[int]:
        """The numbers of the stretches with leaves that may speak of a time in [from_ns, to_ns)."""
        return [n for n, stretch in enumerate(self.stretches) if stretch.from_ns < to_ns and stretch.to_ns >= from_ns]

    def number_of(self, position: int) -> int:
        """The number of the stretch with this leaf."""
        return bisect_right(self.stretches, position, key=lambda stretch: stretch.size)

    def telling_of(self, deleted: Mapping[str, tuple[int, int]]) -> list[int]:
        """The numbers of the stretches that may tell that leaves of a stream are deleted, of which the first and last
        number are given; the rest too."""
        found = [
            number
            for number, stretch in enumerate(self.stretches)
            if any(
                stream in deleted and first <= deleted[stream][1] and last >= deleted[stream][0]
                for stream, (first, last) in stretch.deleted.items()
            )
        ]
        return [*found, self.rest]

    def lines(self, run: range) -> Iterator[tuple[int, bytes]]:
        """The lines of these stretches, each with its position, and those before where it can't be begun with them."""
        _, place = self.before(run.start)
        end = self.stretches[run.stop - 1].size if run.stop <= self.rest else None
        for position, line in enumerate(lines_from(self._folder, place), place.size):
            if position == end:
                break
            yield position, line

    def before(self, number: int) -> tuple[int, Place]:
        """Where to begin in order to read a stretch, and the number of what begins there: this stretch, or an earlier
        one where the leaves do not lead on from the mark before it."""
        while number:
            place = self._place(self.stretches[number - 1])
            if leads_on(self._folder, place, self._recorder, self._key):
                return number, place
            number -= 1
        return 0, BEGINNING

    def _is_ours(self, stretch: Stretch) -> bool:
        signed = decoded(self._line(stretch), _Signed)
        try:
            signature, place = base64.b64decode(signed.signature), self._place(stretch)
        except ValueError:
            return False
        is_signed_too = verifies(self._key, signature, bytes(signed.mark))
        return is_signed_too and is_signed(self._folder, place, self._recorder, self._key)

    def _place(self, stretch: Stretch) -> Place:
        signed = decoded(self._line(stretch), _Signed)
        return decoded(bytes(signed.mark), Mark).place

    def _line(self, stretch: Stretch) -> bytes:
        with opened(self._folder / MARKS) as file:
            file.seek(stretch.at)
            return file.read(stretch.end - stretch.at)


def newest_mark(folder: Path, recorder: str, key: bytes) -> Place | None:
    """Where the newest mark is that is signed with the recorder's key, whatever the log holds now; only the end of the
    file is looked at."""
    path = folder / MARKS
    if not path.exists():
        return None
    with opened(path) as file:
        file.seek(max(0, file.seek(0, 2) - _MAX_LINE))
        lines = file.read().split(b"\n")
    for line in reversed(lines):
        with suppress(ValueError):
            signed = decoded(line, _Signed)
            mark = decoded(bytes(signed.mark), Mark)
            if mark.recorder == recorder and verifies(key, base64.b64decode(signed.signature), bytes(signed.mark)):
                return mark.place
    return None


def _chain(path: Path, recorder: str) -> Iterator[Stretch]:
    """The stretches, as long as each mark follows the one before."""
    if not path.exists():
        return
    end, size, prev = 0, 0, None
    with opened(path) as file:
        while line := file.readline(_MAX_LINE):
            try:
                signed = decoded(line, _Signed)
                mark = decoded(bytes(signed.mark), Mark)
            except msgspec.MsgspecError:
                return
            is_next = (mark.recorder, mark.prev) == (recorder, prev) and mark.size > size
            if not is_next or not line.endswith(b"\n"):
                return
            at, end, size, prev = end, end + len(line), mark.size, hashlib.sha256(signed.mark).hexdigest()
            yield Stretch(size, mark.from_ns, mark.to_ns, frozenset(mark.starts), mark.deleted, at, end, prev)


def runs(numbers: Sequence[int]) -> Iterator[range]:
    """Stretches that follow one another, as one."""
    first = 0
    for index, (one, other) in enumerate(pairwise([*numbers, -1])):
        if other != one + 1:
            yield range(numbers[first], one + 1)
            first = index + 1

"""A part of a log: the leaves from a mark up to a signed head, and what the heads say of just these."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

from store.evidence.anchoring import Anchoring, anchoring
from store.evidence.checkpoint import Head, SignedHead, notes
from store.evidence.errors import InvalidHead, TooLong
from store.evidence.marks import Marks
from store.evidence.merkle import leaf_hash
from store.evidence.place import Place, lines_from
from store.evidence.recovery import HEADS, LEAVES
from store.evidence.standalone import opened
from store.evidence.verdict import Finding
from store.evidence.verification import read_heads


@dataclass(slots=True)
class Part:
    """The leaves that follow on `place` by their hashes, and the heads that count them. `ended`: no more come."""

    place: Place
    heads: "Heads"
    hashes: bytearray = field(default_factory=bytearray)
    ended: bool = False

    @property
    def size(self) -> int:
        """The leaves of the log up to the end of the part."""
        return self.place.size + len(self.hashes) // 32

    def anchored(self) -> Anchoring:
        """What the heads vouch for."""
        hashes = (bytes(self.hashes[at : at + 32]) for at in range(0, len(self.hashes), 32))
        heads = [head for head in self.heads.all if head.size <= self.size or self.ended]
        return anchoring(hashes, self.size, heads, self.place.tree(), self.heads.hold)

    def attest(self, position: int, known: str) -> None:
        """Leaf number `position` of the log had the hash `known`."""
        at = 32 * (position - self.place.size)
        self.hashes[at : at + 32] = bytes.fromhex(known)


class Heads:
    """Heads that name the recorder and its key. Whether the key signed one is found out when it matters: it takes
    longer than all that is done for a leaf."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._signed: dict[Head, list[SignedHead]] = {}
        self._known: dict[Head, bool] = {}

    @property
    def all(self) -> Iterable[Head]:
        """In the order in which they come."""
        return self._signed

    def add(self, signed: SignedHead) -> None:
        """One more."""
        self._signed.setdefault(signed.head, []).append(signed)
        self._known.pop(signed.head, None)

    def hold(self, head: Head) -> bool:
        """Whether the head is signed."""
        if head not in self._known:
            self._known[head] = any(signed.signed_by(self._key) for signed in self._signed[head])
        return self._known[head]

    def first(self, size: int) -> int | None:
        """The size of the smallest signed head over at least `size` leaves."""
        after = sorted((head for head in self._signed if head.size >= size), key=lambda head: head.size)
        return next((head.size for head in after if self.hold(head)), None)


class PartReader:
    """Reads parts of the log in `folder`, in all no more than `max_leaves`."""

    def __init__(self, folder: Path, recorder: str, key: bytes, max_leaves: int) -> None:
        self.marks = Marks(folder, recorder, key)
        self._folder = folder
        self._recorder = recorder
        self._key = key
        self._most = max_leaves
        self._left = max_leaves

    def read(
        self, run: range, take: Callable[[int, bytes], None], is_enough: Callable[[], bool] = lambda: False
    ) -> Part:
        """Reads the stretches `run`, from the nearest mark before on, up to the first head that counts all of them; of
        the rest, whose end nobody told, to the first that comes when it `is_enough`. `take` is given each line and its
        position in the log.

        Raises:
            TooLong: these are more leaves than may be read.
        """
        place = self.marks.before(run.start)[1]
        until = self.marks.stretches[run.stop - 1].size if run.stop <= self.marks.rest else None
        part = Part(place, self._heads(place, until or place.size + self._left))  # before the leaves, which may grow
        end = None if until is None else part.heads.first(until)
        is_open = until is None
        for position, line in enumerate(lines_from(self._folder, place), place.size):
            self._count()
            part.hashes += leaf_hash(line)
            take(position, line)
            if is_open and is_enough():
                is_open = False
                end = part.heads.first(position + 1)
            if end == position + 1:
                return part
        part.ended = True
        return part

    def lines(self, part: Part, first: int, beyond: int) -> Iterator[bytes]:
        """The part's lines once more, from leaf number `first` of the log on, and so many `beyond` its end."""
        begin, end = first - part.place.size, part.size - part.place.size + beyond
        return islice(lines_from(self._folder, part.place), begin, end)

    def faults_of_heads(self, part: Part) -> list[Finding]:
        """What is wrong with the heads that count the part."""
        place = part.place
        with self._open(place) as text:
            name = f"{HEADS} from byte {place.heads_at}" if place.heads_at else HEADS
            return read_heads(text, self._recorder, self._key, name=name, enough=part.size)[1]

    def _heads(self, place: Place, enough: int) -> Heads:
        """Up to the first signed one that counts `enough` leaves."""
        heads = Heads(self._key)
        with self._open(place) as text:
            for _, note in notes(text):
                try:
                    signed = SignedHead.parse(note)
                except InvalidHead:
                    continue
                if signed.head.origin == self._recorder and signed.knows(self._key):
                    heads.add(signed)
                    if signed.head.size >= enough and heads.hold(signed.head):
                        break
        return heads

    def _open(self, place: Place) -> TextIOWrapper:
        file = opened(self._folder / HEADS)
        file.seek(place.heads_at)
        return TextIOWrapper(file, errors="replace", encoding="utf-8", newline="\n")

    def _count(self) -> None:
        if not self._left:
            path = self._folder / LEAVES
            raise TooLong(f"{path}: more than {self._most:,} leaves; expected fewer, or `ducha evidence verify`")
        self._left -= 1

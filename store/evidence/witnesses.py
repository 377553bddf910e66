"""What else knows how long a log was: signed heads that its own folder, the database or an export have kept.

The newest head of `heads.txt` is on the disk before anything else speaks of it: the resume point tells of an earlier
head, a mark is written after the heads are synced, the database is told what a head counts, an export carries a head.
So no crash and no loss of power leaves a log behind one of them. Where it is, leaves and heads were taken away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from store.evidence.checkpoint import Head, SignedHead, each_note, first_note, whole_notes
from store.evidence.errors import InvalidHead, LogCorrupt, LogRolledBack
from store.evidence.marks import newest_mark
from store.evidence.recovery import HEADS, LogState, last_head, newest_resume_point, recover

_WINDOW = 8_192  # bytes of heads in which one is looked for; ours have some 250 each
_HEADS_WITHOUT = 2  # may be there before the first resume point is
_LARGEST = 131_072  # a note and its neighbour at their largest


@dataclass(frozen=True, slots=True)
class Known:
    """`source` knows a head of the log: it counted `size` leaves with this root. With `outdated` a later one was signed
    before this one was told of."""

    source: str
    size: int
    root: bytes
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class Remembered:
    """What others remember of a log: heads, and of its streams the number of the newest leaf that `source` knows."""

    heads: tuple[Known, ...] = ()
    newest: dict[str, int] = field(default_factory=dict)
    source: str = "the database"

    def shorter_than(self, ends: Mapping[str, int]) -> str | None:
        """Which stream of a log ends before what is remembered of it, that of which the most is missing; `ends` gives
        the number of each stream's last leaf."""
        behind = {stream: seq - ends.get(stream, -1) for stream, seq in self.newest.items()}
        stream = max(behind, key=lambda name: behind[name], default=None)
        if stream is None or behind[stream] <= 0:
            return None
        last = f"ends with leaf {ends[stream]}" if stream in ends else "has none of it"
        return f"{self.source} knows leaf {self.newest[stream]} of {stream}, the log {last}: {behind[stream]} fewer"


NOTHING = Remembered()


def opened(folder: Path, recorder: str, key: bytes, remembered: Remembered) -> tuple[LogState, Head | None, int, int]:
    """The log in `folder` as :func:`store.evidence.recovery.recover` gives it, and the bytes of the leaves that its
    newest head counts.

    Raises:
        LogCorrupt: it is not as it was written.
        LogRolledBack: somebody knows more.
    """
    check(folder, recorder, key, remembered)  # before all is read
    state, head, heads_end, signed_end = recover(folder, recorder, key)
    if (problem := remembered.shorter_than({stream: leaf.seq for stream, leaf in state.last.items()})) is not None:
        raise LogRolledBack(f"{folder}: {problem}")
    return state, head, heads_end, signed_end


def check(folder: Path, recorder: str, key: bytes, remembered: Remembered) -> None:
    """Raises LogRolledBack where a head that is known speaks against the log, LogCorrupt where its newest is none."""
    known = (*in_its_folder(folder, recorder, key), *remembered.heads)  # before the heads, which may grow
    newest, _ = last_head(folder / HEADS, recorder, key)
    if (against := contradiction(folder, newest, known)) is not None:
        raise LogRolledBack(f"{folder}: {against.problem}")
    for one in known if newest is not None else ():
        head_of_size(folder / HEADS, one.size, recorder)  # raises where it can't be read


def in_its_folder(folder: Path, recorder: str, key: bytes) -> list[Known]:
    """What the folder itself tells besides leaves and heads, signed with the recorder's key."""
    found: list[Known] = []
    if (point := newest_resume_point(folder, recorder, key)) is not None:
        found.append(Known("the resume point", point.size, point.tree().root(), outdated=True))
        if point.newest_size:
            found.append(Known("the resume point", point.newest_size, bytes.fromhex(point.newest_root)))
    if (place := newest_mark(folder, recorder, key)) is not None:
        found.append(Known("the newest mark", place.size, place.tree().root()))
    return found


def lacks_resume_point(folder: Path, recorder: str, key: bytes) -> bool:
    """Whether a log has no resume point, though the second head left one: somebody took it away."""
    path = folder / HEADS
    if not path.exists() or newest_resume_point(folder, recorder, key) is not None:
        return False
    with path.open("rb") as file:
        return len(list(each_note(file.read(_WINDOW)))) > _HEADS_WITHOUT


def of_note(note: str, source: str, recorder: str, key: bytes) -> Known | None:
    """What a signed head tells of the log, unless it is another's or not signed with the key."""
    try:
        signed = SignedHead.parse(note)
    except InvalidHead:
        return None
    if signed.head.origin != recorder or not signed.signed_by(key):
        return None
    return Known(source, signed.head.size, signed.head.root)


class Contradicted(NamedTuple):
    """Who knows more, and by how much; `is_shorter`: what is there is what was signed, but not all of it."""

    problem: str
    is_shorter: bool


def contradiction(folder: Path, newest: Head | None, known: Iterable[Known]) -> Contradicted | None:
    """Who knows more than the log in `folder`, of which `newest` is the last signed head; None where nobody does."""
    told = sorted((one for one in known if one.size), key=lambda one: one.size, reverse=True)
    size = newest.size if newest is not None else 0
    for one in told:
        if one.size > size:
            fewer = f"{one.source} counts {one.size} signed leaves, the log {size}: {one.size - size} fewer"
            return Contradicted(fewer, is_shorter=True)
        if one.size == size and one.outdated:
            more = f"{one.source} knows that more than {size} leaves were signed, where the log ends: at least 1 fewer"
            return Contradicted(more, is_shorter=True)
    if newest is None:
        return None
    for one in told:
        try:
            head = head_of_size(folder / HEADS, one.size, newest.origin)
        except LogCorrupt:
            continue  # damaged there: what was signed can't be told, and is judged where it is read
        if head is None or head.root != one.root:
            other = f"{one.source} knows other first {one.size} leaves than those that are signed here"
            return Contradicted(other, is_shorter=False)
    return None


def head_of_size(path: Path, size: int, origin: str) -> Head | None:
    """The head of `origin` in a `heads.txt` that counts just so many leaves, None where there is none; its signature is
    not looked at. Heads stand in the order of their sizes, so few are read.

    Raises:
        LogCorrupt: the file is damaged where it would be.
    """
    with path.open("rb") as file:
        end = file.seek(0, 2)
        low, high = 0, end  # a note that begins in [low, high) may be it

        def note_from(at: int) -> tuple[int, int, Head] | None:
            """The first readable head that begins at `at` or behind: where it begins and ends."""
            for length in (_WINDOW, _LARGEST):
                file.seek(max(at - 2, 0))
                data = file.read(length)
                begin = 0 if at == 0 else first_note(data)
                if begin is None:
                    continue
                end, note = _first_whole(data[begin:])
                if note is not None:
                    where = max(at - 2, 0) + begin
                    try:
                        head = SignedHead.parse(note.decode()).head
                    except (InvalidHead, UnicodeDecodeError):
                        return None
                    return (where, where + end, head) if head.origin == origin else None
            return None

        while low < high:
            middle = (low + high) // 2
            found = note_from(middle)
            if found is None or found[0] >= high:
                high = middle
            elif found[2].size == size:
                return found[2]
            elif found[2].size < size:
                low = found[1]
            else:
                high = middle
        if low < end and ((next_one := note_from(low)) is None or next_one[0] != low):
            raise LogCorrupt(f"{path}: can't be read at byte {low}, where a head of {size} leaves would be")
    return None


def _first_whole(data: bytes) -> tuple[int, bytes | None]:
    """The first whole note, and where it ends."""
    first = data.find(b"\n\n")
    second = data.find(b"\n\n", first + 2)
    return whole_notes(data[: second + 2]) if first >= 0 and second >= 0 else (0, None)

"""Which log a recorder writes: the one in its folder, or, where somebody knows more of that than lies there, a new one
beside it.

A log that is shorter than its resume point, its marks, the database or an export know, that is another's, or that is
not as it was written is not opened: it stays as it is, for a person to look at, and the cameras are recorded at once
in a folder of their own (`recordings-2` beside `recordings`, or in it, where it is a disk of its own). The first leaf
there says why.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import structlog

from analytics.video.rules.recording_contradicted import GONE, Contradiction
from ingest.cameras.leaves import first_leaf, newest_first
from ingest.cameras.reconcile import Compared, beyond_a_crash, compare
from store.errors import StoreError
from store.evidence.checkpoint import Head
from store.evidence.errors import InvalidKey, LogCorrupt, LogRolledBack
from store.evidence.files import make_folder
from store.evidence.identity import Identity, identity_of, new_origin
from store.evidence.leaf import Leaf, SealBody, StartBody
from store.evidence.log import CERTIFICATE, EvidenceLog, check_key, is_empty, locked
from store.evidence.recovery import HEADS, last_head
from store.evidence.signer import Signer
from store.evidence.witnesses import Known, Remembered, check, contradiction, lacks_resume_point, of_note
from store.recordings import KnownLog, LogIdentity, RecorderMemory

DECLARATION = "recorder"  # the stream in which a log says why it was begun
_MOST_LOGS = 1_000
_LOOKED_AT = 100_000  # leaves, for the ends of streams
_REASON_CHARACTERS = 500

log = structlog.get_logger("ingest.cameras")


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of a recorder's logs outside of its folder: by the database, None while it is away, and by heads in
    exports, each with where it stands."""

    database: RecorderMemory | None = None
    heads: tuple[tuple[str, str], ...] = ()

    def notes(self) -> Iterator[tuple[str, str]]:
        """Heads, each with who knows it."""
        yield from self.heads
        if self.database is not None:
            yield from ((f"export {export}", head) for export, head in self.database.exported)

    def of(self, origin: str, key: bytes, first: str | None, *, named: bool) -> Remembered:
        """Of the log with this origin and key, and this first leaf."""
        known = [one for source, note in self.notes() if (one := of_note(note, source, origin, key)) is not None]
        newest: dict[str, int] = {}
        if self.database is not None:
            ours = [one for one in self.database.logs if (one.identity.origin, one.identity.key) == (origin, key.hex())]
            known += [Known("the database", one.size, one.root) for one in ours if one.size]
            numbers = {one.rows_as for one in ours if first in (None, one.identity.first_leaf)}
            if not named and all(one.rows_as for one in self.database.logs):
                numbers.add(0)  # rows from before logs were told apart
            for number in numbers:
                for stream, seq in self.database.newest.get(number, {}).items():
                    newest[stream] = max(seq, newest.get(stream, seq))
        return Remembered(tuple(known), newest)


@dataclass(slots=True)
class Opened:
    """The log that is written, and what contradicts what. `at_opening` is its head then, `ends` of each stream the last
    number, `compared` what its files were found to be."""

    evidence: EvidenceLog
    folder: Path
    at_opening: Head | None
    ends: dict[str, int]
    compared: Compared = field(default_factory=Compared)
    contradictions: list[Contradiction] = field(default_factory=list)


def open_log(base: Path, name: str, bureau: str, signer: Signer, memory: Memory) -> Opened:
    """The log of the recorder `name`, whose folder is `base`.

    Raises:
        LogLocked: another process has it open.
        OSError: a folder can't be made or read.
    """
    chain = list(existing(base, name)) or [base]
    found = [told for folder, after in pairwise(chain) if (told := _told_before(folder, after))]
    is_unsaid = len(chain) > 1 and first_leaf(chain[-1]) is None
    begun = chain.pop() if is_unsaid else None  # and stopped before it could say why
    folder = chain[-1]
    try:
        taken = _resume_taken(folder, signer)
        evidence, compared = _open(folder, name, bureau, signer, memory)
        found += taken
    except (LogCorrupt, InvalidKey) as error:
        reason = "rolled-back" if isinstance(error, LogRolledBack) else "not-as-written"
        folder, problem = begun or beside(base), str(error)
        log.error("a log must not be written: recording goes on in a new one", problem=problem, folder=str(folder))
        found.append(Contradiction(reason, str(chain[-1]), _since_s(chain[-1]), problem, str(folder)))
        evidence, compared = _begin(folder, name, bureau, signer, problem), Compared()
    head, _ = last_head(folder / HEADS, evidence.origin, signer.public_key)
    opened = Opened(evidence, folder, head, evidence.ends(), compared, found)
    opened.contradictions += gone(opened, memory)
    return opened


def existing(base: Path, name: str) -> Iterator[Path]:
    """The folders in which the recorder `name`, whose folder is `base`, has recorded, the first first."""
    if base.exists():
        yield base
    for number in range(2, _MOST_LOGS):
        places = [place for place in _places(base, number) if place.is_dir()]
        if not places:
            return
        yield from (place for place in places if _is_begun_beside(place, name))


def newest_folder(base: Path, name: str) -> Path:
    """Where the recorder `name`, whose folder is `base`, records now."""
    return (list(existing(base, name)) or [base])[-1]


def beside(base: Path) -> Path:
    """Where its next log is to lie."""
    is_apart = base.is_mount() or not os.access(base.parent, os.W_OK)
    for number in range(2, _MOST_LOGS):
        places = _places(base, number)
        if not any(place.exists() for place in places):
            return places[1 if is_apart else 0]
    raise LogCorrupt(f"{base}: {_MOST_LOGS} logs were begun beside it; expected somebody to look at them")


def _is_begun_beside(folder: Path, name: str) -> bool:
    """Whether the folder is one that this recorder began beside its own, and no other recorder's."""
    try:
        about, first = identity_of(folder), first_leaf(folder)
    except (OSError, LogCorrupt):
        return False
    if about is None:
        return not any(folder.iterdir())  # it was stopped as it began
    return about.called == name and (first is None or first.stream == DECLARATION)


def late(opened: Opened, memory: Memory, signer: Signer) -> list[Contradiction]:
    """What the database, which was away then, knows against the log that was opened meanwhile."""
    about = identity_of(opened.folder)
    remembered = _remembered(opened.folder, about, opened.evidence.origin, signer.public_key, memory)
    against = contradiction(opened.folder, opened.at_opening, remembered.heads)
    problem = against.problem if against is not None else remembered.shorter_than(opened.ends)
    if problem is None:
        return gone(opened, memory)
    return [Contradiction("rolled-back", str(opened.folder), _since_s(opened.folder), f"{opened.folder}: {problem}")]


def gone(opened: Opened, memory: Memory) -> list[Contradiction]:
    """The recorder's other logs that the database knows and their folders don't hold, or hold less of."""
    said = {told.folder for told in opened.contradictions} | {told.instead for told in opened.contradictions}
    database = memory.database or RecorderMemory()
    found: list[Contradiction] = []
    for known in database.logs:
        if known.identity.origin == opened.evidence.origin or known.folder in said:
            continue
        size = held(known)
        if size < known.size or size == 0:
            has = f"it has {size}" if size else "it is not there"
            problem = f"{known.folder}: the database counts {known.size} leaves of {known.identity.origin} there, {has}"
            found.append(Contradiction(GONE, known.folder, known.began_s, problem))
            log.error("a log is not where it was", problem=problem)
            said.add(known.folder)
    if not database.logs and database.newest.get(0):
        found += _gone_before(opened, database)
    return found


def held(known: KnownLog) -> int:
    """How many signed leaves of a log lie where it lay last."""
    folder = Path(known.folder)
    with suppress(OSError, StoreError):
        about, first = identity_of(folder), first_leaf(folder)
        is_it = about is not None and first is not None and first.hash == known.identity.first_leaf
        if is_it:
            head, _ = last_head(folder / HEADS, known.identity.origin, bytes.fromhex(known.identity.key))
            return head.size if head is not None else 0
    return 0


def identity_in_database(opened: Opened, signer: Signer) -> LogIdentity | None:
    """What tells the log from all others; None before its first leaf."""
    first = first_leaf(opened.folder)
    if first is None:
        return None
    return LogIdentity(origin=opened.evidence.origin, key=signer.public_key.hex(), first_leaf=first.hash)


def _open(folder: Path, name: str, bureau: str, signer: Signer, memory: Memory) -> tuple[EvidenceLog, Compared]:
    about = identity_of(folder)
    if about is not None and about.called != name:
        raise LogCorrupt(f"{folder}: expected the log of the recorder {name}, got that of {about.called}")
    origin = about.recorder if about is not None else new_origin(bureau, name)
    _expect_in_place(folder, origin, memory)
    remembered = _remembered(folder, about, origin, signer.public_key, memory)
    with locked(folder):
        if about is not None and not (is_empty(folder) and not (folder / CERTIFICATE).exists()):
            check_key(folder, signer)
            _check(folder, origin, signer.public_key, remembered)
        compared = compare(folder) if folder.exists() else Compared()
        if (problem := beyond_a_crash(folder, compared.leftovers)) is not None:
            raise LogRolledBack(f"{folder}: {problem}")
    named = name if about is None or about.name is not None else None
    return EvidenceLog(folder, origin, signer, name=named, remembered=remembered), compared


def _check(folder: Path, origin: str, key: bytes, remembered: Remembered) -> None:
    """Raises LogRolledBack where a head that is known speaks against the log; where rows do too, which stream ends."""
    try:
        check(folder, origin, key, remembered)
    except LogRolledBack as error:
        ends: dict[str, int] = {}
        for number, (_, leaf) in enumerate(newest_first(folder)):
            ends.setdefault(leaf.stream, leaf.seq)
            if number >= _LOOKED_AT or remembered.newest.keys() <= ends.keys():
                break
        also = remembered.shorter_than(ends)
        raise LogRolledBack(f"{error}; {also}" if also is not None else str(error)) from error


def _expect_in_place(folder: Path, origin: str, memory: Memory) -> None:
    """That the log lies where it lay, or where none lay: folders that were exchanged are not written."""
    logs = memory.database.logs if memory.database is not None else ()
    here = [one for one in logs if one.folder == str(folder) and one.identity.origin != origin]
    elsewhere = [one for one in logs if one.folder != str(folder) and one.identity.origin == origin]
    if here and elsewhere:
        raise LogRolledBack(
            f"{folder}: the database knows {here[-1].identity.origin} here, and what lies here, {origin}, in "
            f"{elsewhere[-1].folder}"
        )


def _remembered(folder: Path, about: Identity | None, origin: str, key: bytes, memory: Memory) -> Remembered:
    first = first_leaf(folder)
    named = about is None or about.name is not None
    return memory.of(origin, key, first.hash if first is not None else None, named=named)


def _begin(folder: Path, name: str, bureau: str, signer: Signer, problem: str) -> EvidenceLog:
    """A new log, which says itself why it was begun."""
    make_folder(folder)
    about = identity_of(folder)
    evidence = EvidenceLog(folder, about.recorder if about else new_origin(bureau, name), signer, name=name)
    wall_ns, mono_ns = time.time_ns(), time.monotonic_ns()
    bodies = StartBody(reason=problem[-_REASON_CHARACTERS:]), SealBody(final_seq=1)
    evidence.append_many([(DECLARATION, "begun", wall_ns, mono_ns, body) for body in bodies])
    evidence.sign_head()
    return evidence


def _resume_taken(folder: Path, signer: Signer) -> list[Contradiction]:
    about = identity_of(folder)
    if about is None or about.name is None or not lacks_resume_point(folder, about.recorder, signer.public_key):
        return []
    problem = f"{folder}: the resume point is not there, which is never deleted: more may be missing"
    return [Contradiction("resume-taken", str(folder), _since_s(folder), problem)]


def _told_before(folder: Path, after: Path) -> Contradiction | None:
    """Why the log in `folder` was left for that in `after`, as that says."""
    leaf = first_leaf(after)
    if leaf is None or leaf.stream != DECLARATION or not isinstance(leaf.body, StartBody):
        return None
    return Contradiction("rolled-back", str(folder), _since_s(folder, leaf), leaf.body.reason, str(after))


def _since_s(folder: Path, otherwise: Leaf | None = None) -> float:
    """Up to when the log in `folder` goes."""
    with suppress(OSError):
        for _, leaf in newest_first(folder):
            return leaf.end_ns / 1e9
    with suppress(OSError, StoreError):
        if (about := identity_of(folder)) is not None:
            return about.created_ns / 1e9
    return time.time() if otherwise is None else otherwise.wall_ns / 1e9


def _gone_before(opened: Opened, database: RecorderMemory) -> Iterable[Contradiction]:
    """Rows from before logs were told apart, of which the log that is opened is not: it began later."""
    about = identity_of(opened.folder)
    if about is None or about.name is None:
        return
    for folder in database.folders:
        with suppress(OSError, StoreError):
            before = identity_of(Path(folder))
            if before is not None and before.name is None:
                continue  # it lies there yet
        count = sum(seq + 1 for seq in database.newest[0].values())
        problem = f"{folder}: the database counts {count} leaves of its streams there, the log they are of is not there"
        yield Contradiction(GONE, folder, about.created_ns / 1e9, problem)


def _places(base: Path, number: int) -> tuple[Path, Path]:
    return base.with_name(f"{base.name}-{number}"), base / f"log-{number}"

"""A thousand random changes to what the recorder wrote: is each detected, and the second that was changed named?

Recorded is what `DUCHA_RECORDED` names, the folder of a recorder that has stopped, or else two virtual cameras with
sound, here, in real time: an hour, with `--quick` a minute. Every change is made without the key, on a copy beside that
folder, and the copy verified by what `ducha evidence verify` runs, and a minute around the change by what the evidence
screen runs. Half of them go on to number, link and hash all that
follows anew, as if it had always been so; then only the signed heads, one a second, tell. A second is a segment: it
begins with a keyframe, and lasts up to the next.
"""

import os
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from benchmarks.cameras import Mosaic, serving
from benchmarks.figures import Figure, at_most
from benchmarks.forger import ACTS, SECOND, Forgery, Record, Second, flip_leaf, second
from benchmarks.naming import Naming, called_intact, naming
from benchmarks.recording import recording
from benchmarks.rig import let_run, within
from hardware.cameras import CameraSpec
from store.evidence.leaf import SegmentBody
from store.evidence.range_verification import verify_range
from store.evidence.verdict import Verdict
from store.evidence.verification import verify_folder

RECORDED = os.environ.get("DUCHA_RECORDED")
CAMERAS = 2
BITRATE_BPS = 500_000
CHANGES = 1_000
KINDS = [(act, rehash) for act in ACTS for rehash in (False, True) if act is not flip_leaf or not rehash]


def measure(*, quick: bool = False) -> list[Figure]:
    with _recorded(60.0 if quick else 3_600.0) as folder:
        streams = _intact(folder)
        recorded = _Recorded.read(folder, streams).seconds
        found, around = defaultdict[str, list[Naming]](list), list[Around]()
        with ProcessPoolExecutor(
            mp_context=get_context("spawn"), initializer=_begin, initargs=(folder, streams)
        ) as pool:
            for number, (what, named, minute) in enumerate(pool.map(_change, range(CHANGES), chunksize=5)):
                if number % 100 == 0:
                    print(f"{number} of {CHANGES:,} changes", file=sys.stderr)
                found[what].append(named)
                around.append(minute)
    minutes = (max(s.end_ns for s in recorded) - min(s.begin_ns for s in recorded)) / 60 / SECOND
    about = f"{minutes:.0f} recorded minutes, {len(streams)} streams, {len(recorded):,} seconds"
    every = [named for several in found.values() for named in several]
    return [
        Figure(f"{about}: findings against them as they are", "0", "0", True),
        *(_figure(what, several) for what, several in found.items()),
        at_most(f"{len(every):,} random changes to them: undetected", sum(not n.against for n in every), 0, "", 0),
        at_most("… detected, but the second not named", sum(not n.exact for n in every if n.against), 0, "", 0),
        at_most("… of the minute around it alone: undetected", sum(not a.naming.against for a in around), 0, "", 0),
        at_most("… … detected, but the second not named", sum(not a.naming.exact for a in around), 0, "", 0),
        at_most("… … a changed second called intact", sum(a.is_called_intact for a in around), 0, "", 0),
    ]


class Around(NamedTuple):
    """What verification says of a minute around the first changed second."""

    naming: Naming
    is_called_intact: bool  # a second that was changed


def _figure(what: str, several: list[Naming]) -> Figure:
    """Of one kind of change."""
    told = []
    for rehash, how in ((False, ""), (True, "hashed anew ")):
        if found := [named for named in several if named.rehash is rehash]:
            widest_s = max((n.width_s for n in found if rehash and n.width_s < float("inf")), default=0.0)
            width = f", in {widest_s:.2f} s at most" if widest_s else ""
            told.append(f"{how}{sum(n.exact for n in found)} of {len(found)}{width}")
    return Figure(f"{what}: named to the second", "; ".join(told), "all", all(n.exact for n in several))


def _intact(folder: Path) -> list[str]:
    """The recording's streams, all of which are to be intact."""
    report = verify_folder(folder)
    if against := [finding for finding in report.findings if not finding.sound]:
        raise RuntimeError(f"what was recorded is not intact: {against[0]}")
    return sorted(f.stream for f in report.findings if f.verdict is Verdict.INTACT and f.stream is not None)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What is changed: the record, its streams, and the seconds that there are."""

    record: Record
    streams: list[str]
    seconds: list[Second]

    @classmethod
    def read(cls, folder: Path, streams: list[str]) -> "_Recorded":
        record = Record.read(folder)
        segments = (leaf for leaf in record.leaves if leaf and isinstance(leaf.body, SegmentBody))
        return cls(record, streams, [second(leaf) for leaf in segments])


_original: _Recorded  # of this process


def _begin(folder: Path, streams: list[str]) -> None:
    global _original
    _original = _Recorded.read(folder, streams)


def _change(number: int) -> tuple[str, Naming, Around]:
    """Makes change `number` and has it verified."""
    original, streams, recorded = _original.record, _original.streams, _original.seconds
    chance = random.Random(number)
    act, rehash = KINDS[number % len(KINDS)]
    stream, record = chance.choice(streams), original.copy()
    forgery = act(record, stream, chance.choice(record.segments(stream)), chance, rehash)
    with tempfile.TemporaryDirectory(prefix="ducha-forged-", dir=original.folder.parent) as made:
        record.write(Path(made))
        named = naming(forgery, verify_folder(Path(made)).findings, recorded, rehash=rehash)
        minute = _around(Path(made), streams, forgery, recorded, rehash)
    for way, judged in (("", named), (" in its minute", minute.naming)):
        if not judged.exact:
            said = "\n  ".join(map(str, judged.against))
            print(f"change {number}, {forgery.what} of {stream}, {rehash=}: not named{way}\n  {said}", file=sys.stderr)
    return forgery.what, named, minute


def _around(folder: Path, streams: list[str], forgery: Forgery, recorded: list[Second], rehash: bool) -> Around:
    """Has a minute around the first changed second verified; what was changed at other times is not asked."""
    middle_ns = forgery.seconds[0].middle_ns
    begin_ns, end_ns = middle_ns - 30 * SECOND, middle_ns + 30 * SECOND
    findings = verify_range(folder, streams, begin_ns, end_ns).findings
    there = [s for s in recorded if begin_ns <= s.middle_ns < end_ns]
    of_them = replace(forgery, seconds=tuple(s for s in forgery.seconds if s in there))
    return Around(naming(of_them, findings, there, rehash=rehash), bool(called_intact(of_them, findings)))


@contextmanager
def _recorded(seconds: float) -> Iterator[Path]:
    """The folder to change copies of."""
    if RECORDED is not None:
        yield Path(RECORDED)
        return
    view = Mosaic()
    specs = [CameraSpec(name=f"c-{n}", view=view, bitrate_bps=BITRATE_BPS, noise=0.0) for n in range(CAMERAS)]
    with tempfile.TemporaryDirectory(prefix="ducha-forgery-") as made, serving(specs) as urls:
        with recording(urls, Path(made)):
            within(120, lambda: len(list(Path(made).glob("recordings/*.video/*/*"))) == CAMERAS)
            let_run(seconds)
        yield Path(made) / "recordings"

"""Did verification name what a forger changed? Each second is to be spoken against, narrowly, and no other accused."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.forger import SECOND, Forgery, Second
from store.evidence.verdict import Finding, Verdict

TELLING = (Verdict.ALTERED, Verdict.MISSING, Verdict.REORDERED)  # what happened to which second
NAMING = (*TELLING, Verdict.TRUNCATED)  # that the log is too short is true of all streams, whichever leaf is gone


@dataclass(frozen=True, slots=True)
class Naming:
    """What verification says of a forgery. `against`: the findings that are not sound; `missed`: the changed seconds
    that none of them covers; `false`: those that accuse only what was not changed. Of those that accuse a changed
    second the narrowest names it: `beside` is how many of its stream's other seconds are in there, too, and `width_s`
    how wide it is, of the second where that is most; infinite where one is not named."""

    rehash: bool
    against: tuple[Finding, ...]
    missed: tuple[Second, ...]
    false: tuple[Finding, ...]
    beside: float
    width_s: float

    @property
    def exact(self) -> bool:
        """Whether every changed second is named, and no other."""
        return not self.beside and not self.missed and not self.false


def naming(forgery: Forgery, findings: Sequence[Finding], recorded: Iterable[Second], *, rehash: bool) -> Naming:
    """Judge what was found; `recorded` are all seconds that there were. Where leaves were hashed anew, no later head
    fits: then only the first changed second can be named, and all after it is unproven, which accuses nobody."""
    against = tuple(f for f in findings if not f.sound)
    accusing = [f for f in against if f.verdict in NAMING]
    missed = tuple(s for s in forgery.seconds if not any(_covers(f, s) for f in against))
    telling = () if rehash else (f for f in accusing if f.verdict in TELLING)
    false = tuple(f for f in telling if not any(_covers(f, s) for s in forgery.seconds))
    others = set(recorded) - set(forgery.seconds)
    beside = {
        f: Counter(s.stream for s in others if _covers(f, s))
        for f in accusing
        if any(_covers(f, s) for s in forgery.seconds)
    }
    names = [
        min(((_width_s(f), count[s.stream]) for f, count in beside.items() if _covers(f, s)), default=_NOT)
        for s in (forgery.seconds[:1] if rehash else forgery.seconds)
    ]
    width_s, most = max(width for width, _ in names), max(count for _, count in names)
    return Naming(rehash, against, missed, false, most, width_s)


def called_intact(forgery: Forgery, findings: Iterable[Finding]) -> list[Finding]:
    """What is said to be intact although one of its seconds was changed."""
    return [
        finding
        for finding in findings
        if finding.verdict is Verdict.INTACT and any(_covers(finding, second) for second in forgery.seconds)
    ]


_NOT = (float("inf"), float("inf"))


def _covers(finding: Finding, second: Second) -> bool:
    return (
        finding.stream in (None, second.stream)
        and (finding.from_ns is None or finding.from_ns <= second.middle_ns)
        and (finding.to_ns is None or finding.to_ns >= second.middle_ns)
    )


def _width_s(finding: Finding) -> float:
    if finding.from_ns is None or finding.to_ns is None:
        return float("inf")
    return (finding.to_ns - finding.from_ns) / SECOND

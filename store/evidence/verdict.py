"""What verification may say: never a bare "authentic", always which stream, which seconds, and how."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

TOUCHING_NS = 100_000_000  # findings of one kind closer than this are one finding


class Verdict(StrEnum):
    """The kinds of finding."""

    INTACT = "INTACT"
    ALTERED = "ALTERED"
    MISSING = "MISSING"
    REORDERED = "REORDERED"
    DECLARED_GAP = "DECLARED GAP"
    TRUNCATED = "TRUNCATED"
    UNANCHORED = "UNANCHORED"
    UNKNOWN_KEY = "UNKNOWN KEY"


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement. `stream` None: about the whole log or export. Times are Unix nanoseconds; None: not bounded."""

    verdict: Verdict
    detail: str
    stream: str | None = None
    from_ns: int | None = None
    to_ns: int | None = None

    @property
    def sound(self) -> bool:
        """Whether the footage is as it was recorded and proved so, as far as this finding goes."""
        return self.verdict in (Verdict.INTACT, Verdict.DECLARED_GAP)

    def __str__(self) -> str:
        where = self.stream or "all streams"
        if self.from_ns is None and self.to_ns is None:
            return f"{self.verdict} {where}: {self.detail}"
        begin = "the beginning" if self.from_ns is None else moment(self.from_ns)
        end = "the end" if self.to_ns is None else moment(self.to_ns)
        return f"{self.verdict} {where} {begin} to {end}: {self.detail}"


def moment(ns: int) -> str:
    """Unix nanoseconds as RFC 3339 with milliseconds; times that no calendar holds as a number."""
    seconds, rest = divmod(ns, 1_000_000_000)
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{ns} ns"
    return f"{at:%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """The findings by stream and time, those that say the same of touching seconds as one."""
    order = sorted(findings, key=lambda f: (f.stream or "", f.verdict, f.detail, f.from_ns or 0, f.to_ns or 0))
    whole: list[Finding] = []
    for finding in order:
        last = whole[-1] if whole else None
        if last is not None and _touch(last, finding):
            ends = (last.to_ns, finding.to_ns)
            whole[-1] = replace(last, to_ns=None if None in ends else max(e for e in ends if e is not None))
        else:
            whole.append(finding)
    return sorted(whole, key=lambda f: (f.stream or "", f.from_ns or 0))


def _touch(a: Finding, b: Finding) -> bool:
    if (a.verdict, a.stream, a.detail) != (b.verdict, b.stream, b.detail) or b.from_ns is None:
        return a == b
    return a.to_ns is None or b.from_ns <= a.to_ns + TOUCHING_NS

"""Is somebody in a region: hysteresis over a detector's scores, and unknown where nothing could be seen.

A sample votes for present from a score of .40 where nobody is taken to be there, and from .25 where somebody is; two of
the last three votes decide, so that one false or missed detection changes nothing. The clock of absence starts at the
last present sample, but never before the end of a time in which nothing was seen.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

ENTER, STAY = 0.40, 0.25
_VOTES = 3
_FORGET_AFTER = 3  # unknown samples in a row
_SILENCE_S = 30.0  # without any sample: as if nothing had been seen


class Seen(StrEnum):
    """What is known of a region."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Presence:
    """What is known of a region since `since_s`, as of the sample at `at_s`; the sample at `shown_s` was the first that
    showed it so. Times in seconds."""

    seen: Seen = Seen.UNKNOWN
    since_s: float | None = None
    shown_s: float | None = None
    at_s: float | None = None
    score: float | None = None
    settled: Seen | None = None
    votes: tuple[tuple[float, bool], ...] = ()
    present_s: float | None = None
    absent_s: float | None = None
    blind: int = 0
    before: "Presence | None" = None


def presence_after(presence: Presence, score: float | None, t_s: float) -> Presence:
    """After a sample in which the region's surest person had `score` (0 for nobody), or None where nothing was seen.

    Of samples of the same time the highest score counts, whatever their order; one that comes late changes nothing.
    """
    if presence.at_s is not None and t_s <= presence.at_s:
        if t_s < presence.at_s or presence.before is None or score is None:
            return presence
        score = score if presence.score is None else max(score, presence.score)
        presence = presence.before
    if presence.at_s is not None and t_s - presence.at_s > _SILENCE_S:
        presence = Presence(at_s=presence.at_s)
    before = replace(presence, before=None)
    after = _unseen(before, t_s) if score is None else _counted(before, score, t_s)
    return replace(after, at_s=t_s, score=score, before=before)


def _unseen(presence: Presence, t_s: float) -> Presence:
    since_s = presence.since_s if presence.seen is Seen.UNKNOWN and presence.since_s is not None else t_s
    presence = replace(
        presence,
        seen=Seen.UNKNOWN,
        since_s=since_s,
        shown_s=since_s,
        present_s=None,
        absent_s=None,
        blind=presence.blind + 1,
    )
    return replace(presence, settled=None, votes=()) if presence.blind >= _FORGET_AFTER else presence


def _counted(presence: Presence, score: float, t_s: float) -> Presence:
    vote = score >= (STAY if presence.settled is Seen.PRESENT else ENTER)
    votes = (*presence.votes, (t_s, vote))[-_VOTES:]
    seen = _decided(presence.settled, [v for _, v in votes])
    present_s = t_s if vote else presence.present_s
    absent_s = None if vote else (t_s if presence.absent_s is None else presence.absent_s)
    if seen is presence.seen:
        since_s, shown_s = presence.since_s, presence.shown_s
    elif seen is Seen.PRESENT:
        since_s = shown_s = min((t for t, v in votes if v), default=t_s)
    else:
        since_s, shown_s = (present_s if present_s is not None else absent_s), absent_s
    if presence.seen is Seen.UNKNOWN and since_s is not None and presence.at_s is not None:
        since_s = shown_s = t_s  # what it was while nothing was seen, nobody knows
    return replace(
        presence,
        seen=seen,
        since_s=since_s,
        shown_s=shown_s,
        settled=seen,
        votes=votes,
        present_s=present_s,
        absent_s=absent_s,
        blind=0,
    )


def _decided(settled: Seen | None, votes: list[bool]) -> Seen:
    present = sum(votes)
    if 2 * present > len(votes) and (present >= 2 or settled is None):
        return Seen.PRESENT
    absent = len(votes) - present
    if 2 * absent > len(votes) and (absent >= 2 or settled is None):
        return Seen.ABSENT
    return settled if settled is not None else Seen.UNKNOWN

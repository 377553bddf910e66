"""A state must be seen to last before it counts, and be seen to be over before it ends: one subject, sample by sample.

Each sample has a verdict: BREACH, FINE or UNKNOWN. Only time between two breaches in a row counts as seen, so that what
nobody could see is never held against anyone; UNKNOWN neither feeds nor ends anything, and where it lasts longer than
`gap_s` the waiting starts anew. Samples come in order of time; one that doesn't changes nothing.
"""

from dataclasses import dataclass, replace
from enum import Enum

_MOST_FRAMES = 16
_ROUNDING_S = 1e-6


class Verdict(Enum):
    """What one sample says."""

    BREACH = "breach"
    FINE = "fine"
    UNKNOWN = "unknown"


class Turn(Enum):
    """What a sample brought about."""

    BEGAN = "began"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a breach must be seen (`need_s`), how long its end (`clear_s`), what silence starts the waiting anew
    (`gap_s`), and how many fine samples in a row are taken for noise while it is waited for (`flaps`)."""

    need_s: float
    clear_s: float = 0.0
    gap_s: float = 30.0
    flaps: int = 0


@dataclass(frozen=True, slots=True)
class Lasting:
    """How far a state has come. Times in seconds; `frames` are those of at most 16 samples that showed the breach."""

    at_s: float | None = None
    verdict: Verdict = Verdict.UNKNOWN
    start_s: float | None = None
    seen_s: float = 0.0
    breach_s: float = 0.0
    fine_since_s: float | None = None
    fine_n: int = 0
    on: bool = False
    frames: tuple[float, ...] = ()


def follow(
    state: Lasting, verdict: Verdict, t_s: float, patience: Patience, since_s: float | None = None
) -> tuple[Lasting, Turn | None]:
    """The state after a sample; `since_s` is since when it is known to be as the sample says, where that is earlier."""
    if state.at_s is not None and t_s <= state.at_s:
        return state, None
    since_s = t_s if since_s is None else min(since_s, t_s)
    if verdict is Verdict.BREACH:
        after, turn = _breach(state, t_s, since_s, patience)
    elif verdict is Verdict.FINE:
        after, turn = _fine(state, t_s, since_s, patience)
    else:
        after, turn = replace(state, fine_since_s=None, fine_n=0), None
    return replace(after, at_s=t_s, verdict=verdict), turn


def _breach(state: Lasting, t_s: float, since_s: float, patience: Patience) -> tuple[Lasting, Turn | None]:
    stale = not state.on and t_s - state.breach_s > patience.gap_s
    if state.start_s is None or stale:
        state = Lasting(start_s=since_s, seen_s=t_s - since_s)
    elif state.verdict is Verdict.BREACH:
        state = replace(state, seen_s=state.seen_s + t_s - state.breach_s)
    state = replace(state, breach_s=t_s, fine_since_s=None, fine_n=0)
    if state.on:
        return state, None
    state = replace(state, frames=_thinned((*state.frames, t_s)))
    if state.seen_s + _ROUNDING_S < patience.need_s:
        return state, None
    return replace(state, on=True), Turn.BEGAN


def _fine(state: Lasting, t_s: float, since_s: float, patience: Patience) -> tuple[Lasting, Turn | None]:
    if state.start_s is None:
        return state, None
    fine_since_s = since_s if state.fine_since_s is None else state.fine_since_s
    if state.on and t_s - fine_since_s + _ROUNDING_S >= patience.clear_s:
        return Lasting(), Turn.ENDED
    if not state.on and state.fine_n >= patience.flaps:
        return Lasting(), None
    return replace(state, fine_since_s=fine_since_s, fine_n=state.fine_n + 1), None


def _thinned(frames: tuple[float, ...]) -> tuple[float, ...]:
    """Every second of them where there are too many; the first and the last stay."""
    return frames if len(frames) <= _MOST_FRAMES else (*frames[:-1:2], frames[-1])

"""The evaluator behind most rules: a condition must be seen to last before it counts, and to be over before it ends.

Each step has a verdict: BREACH, FINE or UNKNOWN. A state begins when at least three breaches have been seen over
`need_s`, with some credit for the time between the last fine fix and the first breach, and reaches back to where the
subject was last fine. Fine fixes among breaches are noise until they last; an open state ends when fine
fixes have been seen for `clear_s`. UNKNOWN neither feeds nor ends anything, and a silence longer than `gap_s` starts
the waiting anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.state import blank
from analytics.steps import Bools, Floats, Steps

BREACH, UNKNOWN, FINE = 1, 0, -1

Verdicts = NDArray[np.int8]

SUSTAINED = np.dtype(
    [
        ("since_s", "f8"),  # first breach seen of the state that is waited for, or open
        ("start_s", "f8"),  # where it is taken to have begun
        ("fine_s", "f8"),  # the last fine fix
        ("fine_since_s", "f8"),  # first of the fine fixes that may end it
        ("fine_n", "i4"),
        ("breach_n", "i4"),
        ("on", "?"),
        ("peak", "f8"),
    ]
)
NO_STATE = blank(SUSTAINED)
_REACH_BACK_S = 60.0
_FINE_AGAIN_S = 15.0  # reflections come in twos and threes
_LEAST_BREACHES = 3  # a wild fix gives two false speeds: there and back


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a breach must be seen (`need_s`), how long its end (`clear_s`), what silence breaks it (`gap_s`), and
    how much of the time between the last fine fix and the first breach counts for it at most (`credit_s`)."""

    need_s: float
    clear_s: float = 20.0
    gap_s: float = 180.0
    credit_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Began:
    """A state began for `subject` at `start_s`, noticed with step `step`; `peak` is the greatest measure so far."""

    subject: int
    step: int
    start_s: float
    peak: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The state of `subject` ended at `end_s`, noticed with step `step`; `peak` is the greatest measure it had."""

    subject: int
    step: int
    end_s: float
    peak: float


def verdicts(breach: Bools, fine: Bools) -> Verdicts:
    """BREACH where `breach`, FINE where `fine`, else UNKNOWN."""
    found: Verdicts = breach.view(np.int8) - (fine & ~breach).view(np.int8)
    return found


def follow(
    steps: Steps, verdict: Verdicts, measure: Floats, state: NDArray[np.void], patience: Patience
) -> Iterator[Began | Ended]:
    """Advance the states of all subjects over `steps`; `measure` is the figure whose peak is kept."""
    if not len(steps):
        return
    breach, fine = verdict == BREACH, verdict == FINE
    busy = ~np.isnan(state["since_s"][steps.subjects])
    if fine.all() and not busy.any():
        state["fine_s"][steps.subjects] = steps.t_s[steps.ends - 1]
        return
    if breach.any():
        busy |= np.logical_or.reduceat(breach, steps.starts)
    quiet_fine = np.maximum.reduceat(np.where(fine, steps.t_s, -np.inf), steps.starts)
    quiet = ~busy & np.isfinite(quiet_fine)
    state["fine_s"][steps.subjects[quiet]] = quiet_fine[quiet]
    for g in np.flatnonzero(busy).tolist():
        yield from _follow_one(steps, int(steps.starts[g]), int(steps.ends[g]), verdict, measure, state, patience)


def _follow_one(
    steps: Steps,
    start: int,
    end: int,
    verdict: Verdicts,
    measure: Floats,
    state: NDArray[np.void],
    patience: Patience,
) -> Iterator[Began | Ended]:
    subject = int(steps.subject[start])
    since, began, fine, fine_since, fine_n, breach_n, on, peak = state[subject].item()
    rows = zip(
        range(start, end),
        steps.t_s[start:end].tolist(),
        steps.prev_t_s[start:end].tolist(),
        verdict[start:end].tolist(),
        measure[start:end].tolist(),
        strict=True,
    )
    nan = float("nan")
    for step, t, prev_t, seen, figure in rows:
        if not on and t - prev_t > patience.gap_s:
            since, fine = nan, nan
        if seen == BREACH:
            if since != since:
                since, peak, breach_n = t, figure, 0
                began = fine if t - fine <= _REACH_BACK_S else t
            fine_since, fine_n = nan, 0
            peak = max(peak, figure)
            breach_n += 1
            credit = min((since - began) / 2, patience.credit_s)
            if not on and breach_n >= _LEAST_BREACHES and t - since + credit >= patience.need_s:
                on = True
                yield Began(subject, step, began, peak)
        elif seen == FINE:
            fine = t
            if since != since:
                continue
            fine_n += 1
            if fine_n == 1:
                fine_since = t
            if on and fine_n >= 2 and t - fine_since >= patience.clear_s:
                yield Ended(subject, step, fine_since, peak)
                on, since = False, nan
            elif not on and fine_n >= 2 and t - fine_since >= _FINE_AGAIN_S:
                since = nan
    state[subject] = (since, began, fine, fine_since, fine_n, breach_n, on, peak)

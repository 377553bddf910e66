"""How many people are in a room, from counts that now and then miss somebody and seldom see one too many.

The second highest of the last five counts is believed: one count too many changes nothing, and a low count is believed
only when it lasts.
"""

from dataclasses import dataclass

COUNTED = 0.30  # the score from which a person counts: with tiles right for every labelled picture, by both detectors
_WINDOW = 5
_FORGET_AFTER = 3  # unknown samples in a row


@dataclass(frozen=True, slots=True)
class Headcount:
    """The last counts, oldest first; `people` is None where the last sample told nothing."""

    people: int | None = None
    counts: tuple[int, ...] = ()
    blind: int = 0


def headcount_after(state: Headcount, people: int | None) -> Headcount:
    """After a sample in which `people` were counted, or None where nothing could be seen."""
    if people is None:
        blind = state.blind + 1
        return Headcount(None, () if blind >= _FORGET_AFTER else state.counts, blind)
    counts = (*state.counts, people)[-_WINDOW:]
    ranked = sorted(counts, reverse=True)
    return Headcount(ranked[0] if len(counts) < 3 else ranked[1], counts)

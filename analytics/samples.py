"""The last quarter of an hour of each patrol, sampled: what the rules about standing still look back on.

One fix is kept of every `SAMPLE_S` of event time (the first that falls into it), so that the look back costs the
same for a terminal that reports each second as for one that reports each minute, and does not depend on the order of
arrival.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.situation import Situation
from analytics.state import blank
from analytics.steps import Bools, Floats, Ints
from geofence.projection import distance_m

SAMPLE_S = 20.0
LOOK_BACK = 50  # samples: 16 min 40 s at the densest
GAP_S = 150.0  # a silence longer than this leaves unknown what happened in it

SAMPLES = blank(
    np.dtype(
        [
            ("t_s", "f8", (LOOK_BACK,)),
            ("lon", "f8", (LOOK_BACK,)),
            ("lat", "f8", (LOOK_BACK,)),
            ("on_site", "?", (LOOK_BACK,)),
            ("excused", "?", (LOOK_BACK,)),
            ("precise", "?", (LOOK_BACK,)),
        ]
    )
)


@dataclass(frozen=True, slots=True)
class Samples:
    """M new samples of G duties, and the samples before them.

    The first six hold, for each duty in turn, LOOK_BACK earlier samples (time NaN where there are none) followed by its
    new ones; what is not `precise` says no more than that it is off site. New sample m stands at `at[m]`, is step
    `step[m]`, and belongs to `duty[m]`; duty g's new samples are `starts[g]:ends[g]` of the M.
    """

    t_s: Floats
    lon: Floats
    lat: Floats
    on_site: Bools
    excused: Bools
    precise: Bools
    at: Ints
    step: Ints
    duty: Ints
    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.at)

    @property
    def row(self) -> Ints:
        """For each flat sample its place among those of its duty, from 0."""
        lengths = self.ends - self.starts + LOOK_BACK
        firsts = np.cumsum(lengths) - lengths
        row: Ints = np.arange(len(self.t_s)) - np.repeat(firsts, lengths)
        return row

    def between_m(self, a: Ints, b: Ints) -> Floats:
        """Metres between the flat samples at `a` and at `b`; NaN where there is none."""
        return distance_m(self.lon[a], self.lat[a], self.lon[b], self.lat[b])

    def moved_m(self, back: int) -> Floats:
        """For each new sample, metres from the sample `back` places before it; NaN where there is none."""
        return self.between_m(self.at - back, self.at)

    def window(self, of: Ints, seconds: float) -> tuple[Ints, Bools]:
        """For the new samples `of`: the places of their LOOK_BACK latest samples, themselves last, shape (len(of),
        LOOK_BACK), and which of these are no older than `seconds`."""
        places = self.at[of][:, None] + np.arange(1 - LOOK_BACK, 1)
        age_s = self.t_s[self.at[of]][:, None] - self.t_s[places]
        return places, age_s <= seconds

    def longest_gap_s(self, places: Ints, valid: Bools) -> Floats:
        """The longest silence between neighbouring valid samples of each window."""
        t_s = self.t_s[places]
        before_s = np.maximum.accumulate(np.where(valid, t_s, -np.inf), axis=1)[:, :-1]
        gaps = np.where(valid[:, 1:] & np.isfinite(before_s), t_s[:, 1:] - before_s, 0.0)
        longest: Floats = gaps.max(axis=1, initial=0.0)
        return longest


def sample(situation: Situation, state: NDArray[np.void]) -> Samples:
    """The new samples among the steps of patrol duties; `state` (dtype SAMPLES, by duty) is read and updated."""
    steps, ground = situation.steps, situation.ground
    with np.errstate(invalid="ignore"):
        fresh = ~(np.floor(steps.t_s / SAMPLE_S) == np.floor(steps.prev_t_s / SAMPLE_S))
    told = situation.usable | situation.wholly_off
    step = np.flatnonzero(fresh & ground.patrol[steps.subject] & told)
    duty = steps.subject[step]
    first = np.ones(len(step), bool)
    first[1:] = duty[1:] != duty[:-1]
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(step)).astype(np.int64)[: len(starts)]
    group = np.cumsum(first) - 1
    subjects = duty[starts]
    at = np.arange(len(step)) + (group + 1) * LOOK_BACK
    is_old = np.ones(len(step) + len(starts) * LOOK_BACK, bool)
    is_old[at] = False
    before = state[subjects]
    flat = {
        "t_s": _flat(before["t_s"], steps.t_s[step], is_old),
        "lon": _flat(before["lon"], steps.lon[step], is_old),
        "lat": _flat(before["lat"], steps.lat[step], is_old),
        "on_site": _flat(before["on_site"], situation.on_site[step], is_old),
        "excused": _flat(before["excused"], situation.excused[step], is_old),
        "precise": _flat(before["precise"], situation.usable[step], is_old),
    }
    if len(step):
        latest = at[ends - 1][:, None] + np.arange(1 - LOOK_BACK, 1)
        for name, values in flat.items():
            state[name][subjects] = values[latest]
    return Samples(**flat, at=at, step=step, duty=duty, starts=starts, ends=ends)


def _flat(before: NDArray[Any], new: NDArray[Any], is_old: Bools) -> NDArray[Any]:
    flat = np.empty(len(is_old), new.dtype)
    flat[is_old] = before.ravel()
    flat[~is_old] = new
    return flat

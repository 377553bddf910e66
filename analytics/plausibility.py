"""Where a device can have got in the time: which fixes the rules may hold against anybody.

A device's *way* is the fixes it can have come along: each reachable, at the greatest speed there is, from the one
before. A fix beyond reach is left aside, and so are those after it until time enough has passed for the leap, or the
device is back. So single wild fixes cost themselves, a terminal that was switched on elsewhere is believed when it can
have got there, and a receiver without a position (0, 0), which nobody has ever been at, never. A way counts once it has
lasted: until then (a cold start, one wild fix after a silence) a rival way wins with more fixes than it has.

Simulated positions, and those that stand still to the millimetre at speed, are no fixes of a way either.
"""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from analytics.fixes import FixFlag
from analytics.state import blank
from analytics.steps import Bools, Floats, Ints, Steps

_CHAIN = [("t_s", "f8"), ("lon", "f8"), ("lat", "f8"), ("accuracy_m", "f8"), ("since_s", "f8"), ("n", "i8")]
WAY = blank(
    np.dtype(
        [
            ("way", _CHAIN),  # its latest fix, when it began, how many fixes it has
            ("rival", _CHAIN),  # the fixes beyond its reach, as far as they are a way of their own
            ("clean", "?"),  # the device's latest fix is of its way
        ]
    )
)

_SLACK_M = 300.0  # and three times the accuracy: noise is no leap
_LASTING_S, _LASTING_N = 120.0, 3  # a way that is this long can't be outvoted
_BREAK_S, _BREAK_M = 300.0, 1000.0  # a fix this long and far after the one before begins a way anew
_NOWHERE_DEG = 1e-3
_FROZEN_MPS = 2.0
_EARTH_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Plausibility:
    """Of N steps of devices: `plausible`, of the device's way; `beyond`, out of its reach; `mock` and `frozen`, no
    positions of anybody. Shapes (N,).

    `way_lon`, `way_lat` are where the way was last seen, the step itself where that is plausible; NaN where never.
    `leap_m`, `need_mps` are how far from there a step beyond reach is, and the speed that this asks for; 0 elsewhere.
    """

    plausible: Bools
    beyond: Bools
    mock: Bools
    frozen: Bools
    way_lon: Floats
    way_lat: Floats
    leap_m: Floats
    need_mps: Floats

    def __len__(self) -> int:
        return len(self.plausible)


def believe(steps: Steps) -> Plausibility:
    """Every step taken for what it says."""
    no, nothing = np.zeros(len(steps), bool), np.zeros(len(steps))
    return Plausibility(~no, no, no, no, steps.lon, steps.lat, nothing, nothing)


def weigh(steps: Steps, state: NDArray[np.void], limit_mps: float) -> Plausibility:
    """What to believe of `steps` of devices; `state` (dtype WAY, by device) is read and updated."""
    mock = (steps.flags & FixFlag.MOCK) != 0
    with np.errstate(invalid="ignore"):
        frozen = (steps.moved_m == 0) & (steps.speed_mps > _FROZEN_MPS)
    nowhere = np.abs(steps.lon) < _NOWHERE_DEG
    if nowhere.any():
        nowhere &= np.abs(steps.lat) < _NOWHERE_DEG
    refused = mock | frozen | nowhere
    devices = steps.subjects
    fresh = state["way"]["n"][devices] == 0
    usual = _onward(steps, limit_mps)
    usual[steps.starts] |= fresh
    usual &= ~refused
    known = state["clean"][devices] | fresh
    if usual.all() and known.all():
        _advance(steps, np.arange(len(devices)), state)
        return believe(steps)
    clean = np.logical_and.reduceat(usual, steps.starts) & known
    _advance(steps, np.flatnonzero(clean), state)
    n = len(steps)
    result = Plausibility(
        np.ones(n, bool), np.zeros(n, bool), mock, frozen, steps.lon.copy(), steps.lat.copy(), np.zeros(n), np.zeros(n)
    )
    for g in np.flatnonzero(~clean).tolist():
        _follow(steps, range(int(steps.starts[g]), int(steps.ends[g])), refused, nowhere, state, limit_mps, result)
    return result


def _onward(steps: Steps, limit_mps: float) -> Bools:
    """Which steps are within reach of the one before, and no new beginning."""
    with np.errstate(invalid="ignore"):
        onward: Bools = steps.moved_m <= _SLACK_M
        far = np.flatnonzero(~onward)
        moved_m, elapsed_s = steps.moved_m[far], steps.t_s[far] - steps.prev_t_s[far]
        near = moved_m <= limit_mps * elapsed_s + _SLACK_M + 3 * steps.accuracy_m[far]
        onward[far] = near & ((elapsed_s <= _BREAK_S) | (moved_m <= _BREAK_M))
    return onward


def _advance(steps: Steps, groups: Ints, state: NDArray[np.void]) -> None:
    """Go on along the ways of devices of which nothing is odd."""
    devices, last = steps.subjects[groups], steps.ends[groups] - 1
    way = state["way"]
    begins = way["n"][devices] == 0
    if begins.any():
        way["since_s"][devices[begins]] = steps.t_s[steps.starts[groups[begins]]]
    for name, values in (("t_s", steps.t_s), ("lon", steps.lon), ("lat", steps.lat), ("accuracy_m", steps.accuracy_m)):
        way[name][devices] = values[last]
    way["n"][devices] += steps.ends[groups] - steps.starts[groups]
    state["clean"][devices] = True


@dataclass(slots=True)
class _Chain:
    """Fixes that can follow one another."""

    t_s: float
    lon: float
    lat: float
    accuracy_m: float
    since_s: float
    n: int

    def lasting(self) -> bool:
        return self.n >= _LASTING_N and self.t_s - self.since_s >= _LASTING_S

    def to(self, t_s: float, lon: float, lat: float) -> tuple[float, float]:
        """Metres and seconds from its latest fix."""
        # The haversine: leaps go round half the world.
        north, east = radians(lat - self.lat) / 2, radians(lon - self.lon) / 2
        chord = sin(north) ** 2 + cos(radians(lat)) * cos(radians(self.lat)) * sin(east) ** 2
        return 2 * _EARTH_M * asin(min(1.0, sqrt(chord))), t_s - self.t_s

    def add(self, t_s: float, lon: float, lat: float, accuracy_m: float) -> None:
        metres, seconds = self.to(t_s, lon, lat)
        if seconds > _BREAK_S and metres > _BREAK_M:
            self.since_s, self.n = t_s, 0
        self.t_s, self.lon, self.lat, self.accuracy_m, self.n = t_s, lon, lat, accuracy_m, self.n + 1


def _follow(
    steps: Steps,
    members: range,
    refused: Bools,
    nowhere: Bools,
    state: NDArray[np.void],
    limit_mps: float,
    result: Plausibility,
) -> None:
    """Follow one device fix by fix."""
    device = int(steps.subject[members.start])
    way, rival = (_chain(state[name][device]) for name in ("way", "rival"))
    for i in members:
        t_s, lon, lat, accuracy_m = (
            float(v[i]) for v in (steps.t_s, steps.lon, steps.lat, steps.accuracy_m)
        )  # fmt: skip
        accepted = beyond = False
        if not refused[i]:
            if way is None:
                way, accepted = _Chain(t_s, lon, lat, accuracy_m, t_s, 1), True
            elif _reaches(way, t_s, lon, lat, accuracy_m, limit_mps):
                if rival is not None and _reaches(rival, t_s, lon, lat, accuracy_m, limit_mps) and way.t_s < rival.t_s:
                    # The time that has passed allows the leap: the fixes since it are the way.
                    rival.add(t_s, lon, lat, accuracy_m)
                    way, rival = rival, None
                else:
                    way.add(t_s, lon, lat, accuracy_m)
                accepted, rival = True, None
            else:
                if rival is not None and _reaches(rival, t_s, lon, lat, accuracy_m, limit_mps):
                    rival.add(t_s, lon, lat, accuracy_m)
                else:
                    rival = _Chain(t_s, lon, lat, accuracy_m, t_s, 1)
                if not way.lasting() and rival.n > way.n:
                    way, rival, accepted = rival, None, True
                beyond = not accepted
        elif nowhere[i] or not result.mock[i]:
            beyond = bool(nowhere[i]) or (way is not None and not _reaches(way, t_s, lon, lat, accuracy_m, limit_mps))
        result.plausible[i], result.beyond[i] = accepted, beyond
        if not accepted:
            result.way_lon[i], result.way_lat[i] = (way.lon, way.lat) if way is not None else (np.nan, np.nan)
        if beyond and way is not None:
            metres, seconds = way.to(t_s, lon, lat)
            result.leap_m[i], result.need_mps[i] = metres, metres / seconds
        state["clean"][device] = accepted
    for name, chain in (("way", way), ("rival", rival)):
        state[name][device] = _record(chain)


def _reaches(chain: _Chain, t_s: float, lon: float, lat: float, accuracy_m: float, limit_mps: float) -> bool:
    metres, seconds = chain.to(t_s, lon, lat)
    return metres <= limit_mps * seconds + _SLACK_M + 3 * (accuracy_m + chain.accuracy_m)


def _chain(record: np.void) -> _Chain | None:
    values = record.item()
    return _Chain(*values) if values[-1] else None


def _record(chain: _Chain | None) -> tuple[float, float, float, float, float, int]:
    if chain is None:
        return (np.nan,) * 5 + (0,)
    return (chain.t_s, chain.lon, chain.lat, chain.accuracy_m, chain.since_s, chain.n)

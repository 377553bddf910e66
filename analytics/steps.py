"""Fixes in order, subject by subject: what every rule walks over.

A subject is a duty (for the rules about duties) or a device (for the rules about its position). A step is one fix seen
for one subject, together with the subject's fix before it, be that in the same batch or an earlier one.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.fixes import FixBatch, FixFlag
from geofence.projection import distance_m

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LAST = np.dtype([("t_s", "f8"), ("lon", "f8"), ("lat", "f8")])
HEARD = np.dtype([*LAST.descr, ("placed_s", "f8")])  # a sign of life at `t_s`, the place as of `placed_s`

UNKNOWN_ACCURACY_M = 10.0  # what a terminal that says nothing is taken to be worth under open sky


@dataclass(frozen=True, slots=True)
class Steps:
    """N steps, ordered by subject, then time; `prev_*` are NaN for a subject's very first fix, and so is
    `moved_m`, the metres from the fix before. Shapes (N,).

    Group g is the run of steps of one subject: it starts at `starts[g]`, ends before `ends[g]` and belongs to
    `subjects[g]`; `group[i]` is the group of step i.
    """

    subject: Ints
    device: Ints
    t_s: Floats
    lon: Floats
    lat: Floats
    speed_mps: Floats
    accuracy_m: Floats
    flags: NDArray[np.int16]
    prev_t_s: Floats
    prev_lon: Floats
    prev_lat: Floats
    moved_m: Floats
    starts: Ints
    ends: Ints
    subjects: Ints
    group: Ints

    def __len__(self) -> int:
        return len(self.t_s)

    @property
    def elapsed_s(self) -> Floats:
        """Seconds since the subject's fix before; NaN for its first."""
        return self.t_s - self.prev_t_s


def walk(batch: FixBatch, fix: Ints, subject: Ints, last: NDArray[np.void]) -> Steps:
    """The steps for pairs (position in `batch`, subject), with `last` (dtype LAST, by subject) read and updated.

    The pairs of one subject must come in order of time, and be later than its `last`.
    """
    order = np.argsort(subject, kind="stable")
    fix, subject = fix[order], subject[order]
    t_s, lon, lat = batch.t_s[fix], batch.lon[fix], batch.lat[fix]
    first = np.ones(len(fix), bool)
    first[1:] = subject[1:] != subject[:-1]
    starts = np.flatnonzero(first)
    subjects = subject[starts]
    ends = np.append(starts[1:], len(fix)).astype(np.int64)[: len(starts)]
    before = last[subjects]
    prev_t_s, prev_lon, prev_lat = (
        _shifted(v, starts, before[n]) for v, n in ((t_s, "t_s"), (lon, "lon"), (lat, "lat"))
    )
    for values, name in ((t_s, "t_s"), (lon, "lon"), (lat, "lat")):
        last[name][subjects] = values[ends - 1]
    accuracy_m = batch.accuracy_m[fix].astype(np.float64)
    return Steps(
        subject=subject,
        device=batch.device[fix].astype(np.int64),
        t_s=t_s,
        lon=lon,
        lat=lat,
        speed_mps=batch.speed_mps[fix].astype(np.float64),
        accuracy_m=np.where(np.isnan(accuracy_m), UNKNOWN_ACCURACY_M, accuracy_m),
        flags=batch.flags[fix],
        prev_t_s=prev_t_s,
        prev_lon=prev_lon,
        prev_lat=prev_lat,
        moved_m=distance_m(prev_lon, prev_lat, lon, lat),
        starts=starts,
        ends=ends,
        subjects=subjects,
        group=np.cumsum(first) - 1,
    )


@dataclass(frozen=True, slots=True)
class Heard:
    """All that was heard of subjects: fixes, believed or not, and pings, which stand where the subject was before.

    `ping` and `placed_s`, the time of the last fix before each step (NaN where there is none), have shape (N,).
    """

    steps: Steps
    ping: Bools
    placed_s: Floats


def hear(steps: Steps, heard: NDArray[np.void]) -> Heard:
    """`steps`, all of fixes, each after what was last heard of its subject; `heard` (dtype HEARD, by subject) is read
    and updated. What they moved is not told anew."""
    before = heard[steps.subjects]
    shifted = {}
    for name in ("t_s", "lon", "lat"):
        values = getattr(steps, f"prev_{name}").copy()
        values[steps.starts] = before[name]
        shifted[f"prev_{name}"] = values
        heard[name][steps.subjects] = getattr(steps, name)[steps.ends - 1]
    placed_s = shifted["prev_t_s"].copy()
    placed_s[steps.starts] = before["placed_s"]
    heard["placed_s"][steps.subjects] = steps.t_s[steps.ends - 1]
    return Heard(replace(steps, **shifted), np.zeros(len(steps), bool), placed_s)


def hear_all(batch: FixBatch, fix: Ints, subject: Ints, heard: NDArray[np.void]) -> Heard:
    """The same of pairs as :func:`walk` takes them, where some rows of `batch` may be pings."""
    before = heard[np.unique(subject)]  # as the groups stand
    steps = walk(batch, fix, subject, heard)
    ping = (steps.flags & FixFlag.PING) != 0
    placed = np.maximum.accumulate(np.where(ping, -1, np.arange(len(steps))))
    inside = placed >= steps.starts[steps.group]
    now, earlier = {}, {}
    for name, of in (("lon", steps.lon), ("lat", steps.lat), ("placed_s", steps.t_s)):
        now[name] = np.where(inside, of[placed], before[name][steps.group])
        earlier[name] = _shifted(now[name], steps.starts, before[name])
        heard[name][steps.subjects] = now[name][steps.ends - 1]
    places = {"lon": now["lon"], "lat": now["lat"], "prev_lon": earlier["lon"], "prev_lat": earlier["lat"]}
    return Heard(replace(steps, **places), ping, earlier["placed_s"])


def _shifted(values: Floats, starts: Ints, before: Floats) -> Floats:
    shifted = np.empty_like(values)
    shifted[1:] = values[:-1]
    shifted[starts] = before
    return shifted

"""`overtime-stop` 超时停靠: a patrol stays within a radius for too long, not at a place where it may stand.

The look back of samples decides: at least four fifths of those of the last `minutes` lie within `radius_m` of their
median, from the first to the last, with no silence in between that would leave unknown where it was. So drift, and
jumps of single fixes, do not hide a stop, and traffic that crawls is none.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Grade
from analytics.report import Report
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.samples import GAP_S, SAMPLE_S, Samples
from analytics.state import blank
from analytics.steps import Bools, Floats, Ints
from analytics.view import View
from geofence.projection import distance_m

RULE = define(
    "overtime-stop",
    Grade.B,
    Text("超时停靠", "Overtime stop"),
    Text("巡逻中在非指定地点停留过久", "A patrol stays in one place, not an allowed one, for too long"),
    Text("电台询问停靠原因；查看周边视频", "Ask by radio why; look at the cameras around"),
    Text("本局勤务巡逻规定", "The bureau's patrol regulations"),
    {
        "minutes": Parameter(10, 2, 15, Text("允许停靠时长（分钟）", "Minutes in one place that are let pass")),
        "radius_m": Parameter(50, 10, 500, Text("停靠半径（米）", "Metres within which a stay is one place")),
    },
    joins=("signal-lost", "signal-lost/imprecise", "implausible-position"),
)
STATE = blank(
    np.dtype([("on", "?"), ("lon", "f8"), ("lat", "f8"), ("last_in_s", "f8"), ("out_n", "i4"), ("over_s", "f8")])
)

_SHARE = 0.8
_NEAR_BACK = 10  # samples: whoever moved far in these does not stand still


@dataclass(frozen=True, slots=True)
class _Stay:
    """A look back that is a stay: where, since when, and by how many samples."""

    lon: float
    lat: float
    since_s: float
    samples: int


def step(rule: Rule, view: View, state: NDArray[np.void], report: Report) -> None:
    samples = view.samples
    if not len(samples):
        return
    stays = _stays(rule, view, samples)
    fresh = np.zeros(len(samples), bool)
    fresh[list(stays)] = True
    busy = np.logical_or.reduceat(fresh, samples.starts) | state["on"][samples.duty[samples.starts]]
    for g in np.flatnonzero(busy).tolist():
        _follow(rule, samples, range(int(samples.starts[g]), int(samples.ends[g])), stays, state, report)


def _stays(rule: Rule, view: View, samples: Samples) -> dict[int, _Stay]:
    """The new samples whose look back is a stay at a place that is not allowed."""
    limit_s, radius_m = rule["minutes"] * 60, rule["radius_m"]
    candidates = np.flatnonzero(_slow(samples, 3 * radius_m))
    places, valid = samples.window(candidates, limit_s + 3 * SAMPLE_S)
    valid &= samples.precise[places] & ~samples.excused[places]
    lon, lat = _median(samples.lon[places], valid), _median(samples.lat[places], valid)
    near = valid & (distance_m(samples.lon[places], samples.lat[places], lon[:, None], lat[:, None]) <= radius_m)
    near &= _since_it_came_back(valid & ~near)
    t_s = samples.t_s[places]
    since_s = np.where(near, t_s, np.inf).min(axis=1, initial=np.inf)
    stays = (
        (near.sum(axis=1) >= _SHARE * valid.sum(axis=1))
        & near[:, -1]
        & (t_s[:, -1] - since_s >= limit_s)
        & (samples.longest_gap_s(places, valid) <= GAP_S)
    )
    stays[stays] = ~view.ground.may_stand(samples.duty[candidates[stays]], lon[stays], lat[stays])
    return {
        int(candidates[c]): _Stay(float(lon[c]), float(lat[c]), float(since_s[c]), int(near[c].sum()))
        for c in np.flatnonzero(stays).tolist()
    }


def _slow(samples: Samples, within_m: float) -> Bools:
    """The new samples that lie near where the device was minutes ago: only these are worth a look back."""
    with np.errstate(invalid="ignore"):
        sparse = samples.t_s[samples.at] - samples.t_s[samples.at - _NEAR_BACK] > 2 * _NEAR_BACK * SAMPLE_S
        near = samples.moved_m(_NEAR_BACK) <= within_m
        return near | (sparse & (samples.moved_m(_NEAR_BACK // 3) <= within_m))


def _since_it_came_back(far: Bools) -> Bools:
    """Which samples of each look back come after the last three in a row that were far: a reflection lasts half a
    minute, so two are noise; three have left."""
    left = far[:, 2:] & far[:, 1:-1] & far[:, :-2]
    last = np.where(left.any(axis=1), far.shape[1] - 1 - np.argmax(left[:, ::-1], axis=1), -1)
    after: Bools = np.arange(far.shape[1]) > last[:, None]
    return after


def _follow(
    rule: Rule, samples: Samples, members: range, stays: dict[int, _Stay], state: NDArray[np.void], report: Report
) -> None:
    duty = int(samples.duty[members.start])
    on, lon, lat, last_in_s, out_n, over_s = state[duty].item()
    limit_s, radius_m = rule["minutes"] * 60, rule["radius_m"]
    for m in members:
        t_s = float(samples.t_s[samples.at[m]])
        if on:
            if not samples.precise[samples.at[m]]:
                continue
            here = np.array([samples.lon[samples.at[m]]]), np.array([samples.lat[samples.at[m]]])
            away_m = float(distance_m(*here, np.array([lon]), np.array([lat]))[0])
            if away_m <= 1.5 * radius_m and not samples.excused[samples.at[m]]:
                last_in_s, out_n = t_s, 0
                continue
            out_n += 1
            if out_n >= 2 and t_s - last_in_s >= 2 * SAMPLE_S:
                report.end(rule, duty, end_s=last_in_s, noticed_s=t_s)
                on, over_s = False, last_in_s
            continue
        stay = stays.get(m)
        if stay is not None and not stay.since_s < over_s:
            on, lon, lat, last_in_s, out_n = True, stay.lon, stay.lat, t_s, 0
            report.begin(
                rule,
                duty,
                start_s=stay.since_s,
                noticed_s=t_s,
                lon=stay.lon,
                lat=stay.lat,
                duration_s=t_s - stay.since_s,
                limit_s=limit_s,
                radius_m=radius_m,
                fixes=stay.samples,
            )
    state[duty] = (on, lon, lat, last_in_s, out_n, over_s)


def _median(values: Floats, valid: Bools) -> Floats:
    """The median of the valid values of each row (the lower of two middles); NaN where none is valid."""
    ordered = np.sort(np.where(valid, values, np.inf), axis=1)
    middle: Ints = np.maximum(valid.sum(axis=1) - 1, 0) // 2
    median: Floats = np.take_along_axis(ordered, middle[:, None], axis=1)[:, 0]
    return np.where(valid.any(axis=1), median, np.nan)

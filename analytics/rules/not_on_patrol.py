"""`not-on-patrol` 未在巡: on duty and reporting, but not moving on its route or in its area, or never there.

A sample is on patrol when it is on site and the device has moved since the samples a minute before. What another alert
already tells (it stands too long, it is off its route or out of its area) is a line of that alert.
"""

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Grade
from analytics.report import Report
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.samples import GAP_S, SAMPLE_S, Samples
from analytics.state import blank
from analytics.steps import Bools
from analytics.view import View

RULE = define(
    "not-on-patrol",
    Grade.B,
    Text("未在巡", "Not on patrol"),
    Text("勤务时段内未在路线或责任区内巡逻", "Inside the duty's window, no motion on its route or area"),
    Text("电台询问位置与任务", "Ask by radio where and why"),
    Text("本局勤务巡逻规定", "The bureau's patrol regulations"),
    {
        "minutes": Parameter(15, 3, 15, Text("允许未巡时长（分钟）", "Minutes without patrol that are let pass")),
        "motion_m": Parameter(40, 10, 500, Text("位移下限（米）", "Metres in a minute that are motion")),
    },
    joins=("overtime-stop", "off-route", "out-of-area", "signal-lost", "signal-lost/imprecise", "implausible-position"),
)
STATE = blank(np.dtype([("on", "?"), ("active_n", "i4"), ("active_s", "f8"), ("over_s", "f8")]))

_SHARE = 0.15  # of the look back that may look active: jumps of single fixes do
_MINUTE_BACK = 3  # samples


def step(rule: Rule, view: View, state: NDArray[np.void], report: Report) -> None:
    samples, ground = view.samples, view.ground
    if not len(samples):
        return
    prescribed = (ground.route_of[samples.duty] >= 0) | (ground.area_of[samples.duty] >= 0)
    active = _active(samples, rule["motion_m"])
    now_active = active[samples.at]
    arrived = view.duties.arrived[samples.step]
    candidates = np.flatnonzero(prescribed & ~now_active)
    places, valid = samples.window(candidates, rule["minutes"] * 60 + 1.5 * SAMPLE_S)
    t_s = samples.t_s[places]
    oldest_s = np.where(valid, t_s, np.inf).min(axis=1, initial=np.inf)
    watched_s = t_s[:, -1] - oldest_s
    seen = (watched_s >= rule["minutes"] * 60) & (samples.longest_gap_s(places, valid) <= GAP_S)
    idle = seen & ((active[places] & valid).sum(axis=1) <= _SHARE * valid.sum(axis=1))
    idle_since = dict(zip(candidates[idle].tolist(), oldest_s[idle].tolist(), strict=True))
    fresh = np.zeros(len(samples), bool)
    fresh[candidates[idle]] = True
    duties = samples.duty[samples.starts]
    busy = np.logical_or.reduceat(fresh, samples.starts) | state["on"][duties]
    for g in np.flatnonzero(busy).tolist():
        members = range(int(samples.starts[g]), int(samples.ends[g]))
        _follow(rule, view, members, idle_since, now_active, arrived, state, report)


def _active(samples: Samples, motion_m: float) -> Bools:
    """Whether each of the flat samples is on patrol, or its duty rests."""
    flat = np.arange(len(samples.t_s))
    row = samples.row
    before = np.maximum(flat - _MINUTE_BACK, 0)
    with np.errstate(invalid="ignore"):
        moved = samples.between_m(before, flat) >= motion_m
    # A duty's first samples have nothing before them to have moved from: they are not held against anybody.
    moved |= (row < _MINUTE_BACK) | np.isnan(samples.t_s[before])
    return (samples.on_site & moved) | samples.excused


def _follow(
    rule: Rule,
    view: View,
    members: range,
    idle_since: dict[int, float],
    now_active: Bools,
    arrived: Bools,
    state: NDArray[np.void],
    report: Report,
) -> None:
    samples, ground = view.samples, view.ground
    duty = int(samples.duty[members.start])
    on, active_n, active_s, over_s = state[duty].item()
    for m in members:
        t_s = float(samples.t_s[samples.at[m]])
        if on:
            active_n = active_n + 1 if now_active[m] else 0
            if active_n == 1:
                active_s = t_s
            if active_n >= 2:
                report.end(rule, duty, end_s=active_s, noticed_s=t_s)
                on, active_n, over_s = False, 0, active_s
            continue
        if m not in idle_since or idle_since[m] < over_s:
            continue
        on, active_n = True, 0
        report.begin(
            rule,
            duty,
            start_s=idle_since[m] if arrived[m] else float(ground.duties.from_s[duty]),
            noticed_s=t_s,
            lon=float(samples.lon[samples.at[m]]),
            lat=float(samples.lat[samples.at[m]]),
            reason="idle" if arrived[m] else "never-appeared",
            duration_s=t_s - idle_since[m],
            limit_s=rule["minutes"] * 60,
        )
    state[duty] = (on, active_n, active_s, over_s)

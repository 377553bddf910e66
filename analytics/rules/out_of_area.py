"""`out-of-area` 越界: on patrol in an area, outside it by more than a margin and the fix's own accuracy.

A path that leaves the area between two fixes inside it is a crossing: recorded, not raised.
"""

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Grade
from analytics.report import Report
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.state import blank
from analytics.sustained import SUSTAINED, Began, Patience, follow, verdicts
from analytics.view import View

RULE = define(
    "out-of-area",
    Grade.B,
    Text("越界", "Out of area"),
    Text("在责任区或辖区之外", "Outside the area of the duty"),
    Text("电台询问原因；属指派任务的登记出警", "Ask by radio why; where it was an assignment, record the dispatch"),
    Text("本局勤务巡逻规定", "The bureau's patrol regulations"),
    {
        "seconds": Parameter(60, 5, 3600, Text("允许越界时长（秒）", "Seconds outside that are let pass")),
        "buffer_m": Parameter(15, 0, 1000, Text("边界余量（米）", "Metres beyond the border that are let pass")),
        "confirm_s": Parameter(0, 0, 600, Text("确认时长（秒）", "Seconds more until it counts as seen")),
    },
    joins=("signal-lost", "signal-lost/imprecise", "implausible-position"),
)
STATE = blank(np.dtype([("outside", SUSTAINED), ("inside", "?")]))  # inside: at the last step, and nothing excused

_CROSSING_GAP_S = 60.0  # between fixes farther apart in time a straight path says nothing
_CROSSING_LEAST_M = 50.0


def step(rule: Rule, view: View, state: NDArray[np.void], report: Report) -> None:
    here = view.duties
    steps, ground = here.steps, view.ground
    concerned = ~np.isnan(here.outside_m) & here.arrived & ground.patrol[steps.subject]
    breach = concerned & ~here.excused & (here.outside_m > steps.accuracy_m + rule["buffer_m"])
    fine = concerned & (here.settled(here.outside_m) | here.excused)
    patience = Patience(rule["seconds"] + rule["confirm_s"], credit_s=30.0)
    for event in follow(steps, verdicts(breach, fine), here.outside_m, state["outside"], patience):
        t_s = float(steps.t_s[event.step])
        if isinstance(event, Began):
            report.begin(
                rule,
                event.subject,
                start_s=event.start_s,
                noticed_s=t_s,
                lon=float(steps.lon[event.step]),
                lat=float(steps.lat[event.step]),
                area=ground.areas.ids[int(ground.area_of[event.subject])],
                outside_m=event.peak,
                buffer_m=rule["buffer_m"],
                accuracy_m=float(steps.accuracy_m[event.step]),
                duration_s=t_s - event.start_s,
                limit_s=rule["seconds"],
            )
        else:
            report.end(rule, event.subject, end_s=event.end_s, noticed_s=t_s, outside_m=event.peak)
    _record_crossings(view, concerned, state, report)


def _record_crossings(view: View, concerned: NDArray[np.bool_], state: NDArray[np.void], report: Report) -> None:
    here = view.duties
    steps, ground = here.steps, view.ground
    inside = concerned & (here.outside_m <= 0) & here.usable & ~here.excused
    was_inside = np.zeros(len(steps), bool)
    was_inside[1:] = inside[:-1]
    was_inside[steps.starts] = state["inside"][steps.subjects]
    state["inside"][steps.subjects] = inside[steps.ends - 1]
    with np.errstate(invalid="ignore"):
        near = (steps.elapsed_s <= _CROSSING_GAP_S) & (steps.moved_m >= _CROSSING_LEAST_M)
    at = np.flatnonzero(inside & was_inside & near)
    left = ground.areas.leaves(
        ground.area_of[steps.subject[at]], steps.prev_lon[at], steps.prev_lat[at], steps.lon[at], steps.lat[at]
    )
    for i in at[left].tolist():
        report.crossing(
            int(steps.device[i]),
            int(steps.subject[i]),
            float(steps.prev_t_s[i]),
            float(steps.t_s[i]),
            float((steps.prev_lon[i] + steps.lon[i]) / 2),
            float((steps.prev_lat[i] + steps.lat[i]) / 2),
        )

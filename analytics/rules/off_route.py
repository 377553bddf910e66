"""`off-route` 偏离路线: on a route duty, farther from the prescribed road than its corridor and the fix's own accuracy.

The measure is metres outside the corridor. What counts is a lasting departure after the device has been on its route:
the drive to the route, and never reaching it, are another rule's (`not-on-patrol`).
"""

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Grade
from analytics.report import Report
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.sustained import NO_STATE, Began, Patience, follow, verdicts
from analytics.view import View

RULE = define(
    "off-route",
    Grade.B,
    Text("偏离路线", "Off route"),
    Text("车辆或民警离开规定巡逻路线的走廊", "Outside the corridor of the prescribed patrol route"),
    Text("电台询问原因；属指派任务的登记出警", "Ask by radio why; where it was an assignment, record the dispatch"),
    Text("本局勤务巡逻规定", "The bureau's patrol regulations"),
    {
        "seconds": Parameter(60, 5, 3600, Text("允许偏离时长（秒）", "Seconds outside the corridor that are let pass")),
        "confirm_s": Parameter(17, 0, 600, Text("确认时长（秒）", "Seconds more until it counts as seen")),
    },
    joins=("signal-lost", "signal-lost/imprecise", "implausible-position"),
)
STATE = NO_STATE


def step(rule: Rule, view: View, state: NDArray[np.void], report: Report) -> None:
    here = view.duties
    steps, ground = here.steps, view.ground
    concerned = ~np.isnan(here.beyond_m) & here.arrived & ground.patrol[steps.subject]
    breach = concerned & ~here.excused & (here.beyond_m > steps.accuracy_m)
    fine = concerned & (here.settled(here.beyond_m) | here.excused)
    patience = Patience(rule["seconds"] + rule["confirm_s"])
    for event in follow(steps, verdicts(breach, fine), here.beyond_m, state, patience):
        route = int(ground.route_of[event.subject])
        corridor_m = float(ground.routes.corridor_m[route])
        t_s = float(steps.t_s[event.step])
        if isinstance(event, Began):
            report.begin(
                rule,
                event.subject,
                start_s=event.start_s,
                noticed_s=t_s,
                lon=float(steps.lon[event.step]),
                lat=float(steps.lat[event.step]),
                route=ground.routes.ids[route],
                distance_m=event.peak + corridor_m,
                corridor_m=corridor_m,
                accuracy_m=float(steps.accuracy_m[event.step]),
                duration_s=t_s - event.start_s,
                limit_s=rule["seconds"],
            )
        else:
            report.end(rule, event.subject, end_s=event.end_s, noticed_s=t_s, distance_m=event.peak + corridor_m)

"""`off-standby` 备勤离位: a standby car is outside its station's area or circle with no open incident."""

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Grade
from analytics.report import Report
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.rules.away import report_away
from analytics.sustained import NO_STATE
from analytics.view import View

RULE = define(
    "off-standby",
    Grade.C,
    Text("备勤离位", "Off standby"),
    Text("备勤车辆无警情离开备勤区域", "A standby car left its station's area with no open incident"),
    Text("核对警情；无任务的通知返回", "Check for an incident; without one, call the car back"),
    Text("本局备勤规定", "The bureau's standby regulations"),
    {
        "seconds": Parameter(60, 5, 3600, Text("允许离位时长（秒）", "Seconds away that are let pass")),
        "buffer_m": Parameter(15, 0, 1000, Text("范围余量（米）", "Metres beyond the border that are let pass")),
        "confirm_s": Parameter(20, 0, 600, Text("确认时长（秒）", "Seconds more until it counts as seen")),
    },
    joins=("signal-lost", "signal-lost/imprecise", "implausible-position"),
)
STATE = NO_STATE


def step(rule: Rule, view: View, state: NDArray[np.void], report: Report) -> None:
    on_standby = view.ground.standby[view.duties.steps.subject]
    report_away(rule, view, on_standby, rule["seconds"], state, report)

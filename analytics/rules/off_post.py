"""`off-post` 离岗: an officer on post duty is outside the post's circle by more than margin and accuracy."""

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Grade
from analytics.report import Report
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.rules.away import report_away
from analytics.sustained import NO_STATE
from analytics.view import View

RULE = define(
    "off-post",
    Grade.B,
    Text("离岗", "Off post"),
    Text("执勤民警离开岗位范围", "An officer on post duty is outside the post's circle"),
    Text("点名核实；需要时派人补岗", "Call the officer; send a replacement where needed"),
    Text("本局岗位勤务规定", "The bureau's post regulations"),
    {
        "minutes": Parameter(5, 0.1, 240, Text("允许离岗时长（分钟）", "Minutes away that are let pass")),
        "buffer_m": Parameter(15, 0, 1000, Text("范围余量（米）", "Metres beyond the circle that are let pass")),
        "confirm_s": Parameter(0, 0, 600, Text("确认时长（秒）", "Seconds more until it counts as seen")),
    },
    joins=("signal-lost", "signal-lost/imprecise", "implausible-position"),
)
STATE = NO_STATE


def step(rule: Rule, view: View, state: NDArray[np.void], report: Report) -> None:
    on_post = view.ground.post[view.duties.steps.subject]
    report_away(rule, view, on_post, rule["minutes"] * 60, state, report)

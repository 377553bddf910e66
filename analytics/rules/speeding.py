"""`speeding` 超速: faster than the limit for a while, with no open incident.

The speed is the terminal's own where it reports one that its positions bear out, else the one between two fixes. A
speed that no vehicle has is no speeding but an implausible position.
"""

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Grade
from analytics.report import Report
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.sustained import NO_STATE, Began, Patience, follow, verdicts
from analytics.view import View

RULE = define(
    "speeding",
    Grade.C,
    Text("超速", "Speeding"),
    Text("无警情时超过车辆限速", "Above the limit for the vehicle with no open incident"),
    Text("电台提醒；记录备查", "Remind by radio; keep for review"),
    Text("道路交通安全法 第四十二条、第五十三条", "Road Traffic Safety Law, articles 42 and 53"),
    {
        "seconds": Parameter(30, 5, 3600, Text("允许超速时长（秒）", "Seconds above the limit that are let pass")),
        "confirm_s": Parameter(10, 0, 600, Text("确认时长（秒）", "Seconds more until it counts as seen")),
        "limit_kmh": Parameter(120, 5, 300, Text("限速（公里/小时）", "Kilometres per hour that are let pass")),
    },
)
STATE = NO_STATE

_MARGIN = 1.05  # of the limit: what a speedometer may be wrong
_MOST_MPS = 70.0
_GAP_S = 60.0


def step(rule: Rule, view: View, state: NDArray[np.void], report: Report) -> None:
    steps, ground = view.devices, view.ground
    limit_mps = rule["limit_kmh"] / 3.6
    with np.errstate(invalid="ignore", divide="ignore"):
        between_mps = steps.moved_m / steps.elapsed_s
        known = (steps.elapsed_s >= 1) & (steps.elapsed_s <= _GAP_S) & (between_mps <= _MOST_MPS)
        reported = ~np.isnan(steps.speed_mps)
        speed_mps = np.where(reported, steps.speed_mps, between_mps)
        borne_out = between_mps >= 0.7 * speed_mps
        fast = known & borne_out & (speed_mps > limit_mps * _MARGIN) & (speed_mps <= _MOST_MPS)
        fast &= view.trust.plausible
        slow = known & (speed_mps <= limit_mps * _MARGIN)
    chosen = np.flatnonzero(fast)
    fast[chosen] = ~ground.dispatches.hold(steps.device[chosen], steps.t_s[chosen])
    patience = Patience(rule["seconds"] + rule["confirm_s"], gap_s=2 * _GAP_S)
    for event in follow(steps, verdicts(fast, slow), np.nan_to_num(speed_mps), state, patience):
        t_s, device = float(steps.t_s[event.step]), event.subject
        if isinstance(event, Began):
            report.begin_device(
                rule,
                device,
                start_s=event.start_s,
                noticed_s=t_s,
                lon=float(steps.lon[event.step]),
                lat=float(steps.lat[event.step]),
                speed_mps=event.peak,
                limit_mps=limit_mps,
                duration_s=t_s - event.start_s,
                limit_s=rule["seconds"],
            )
        else:
            report.end_device(rule, device, end_s=event.end_s, noticed_s=t_s, speed_mps=event.peak)

"""Away from a place one is to stay at: what `off-post` and `off-standby` share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.report import Report
from analytics.rulebook import Rule
from analytics.situation import Ground
from analytics.sustained import Began, Patience, follow, verdicts
from analytics.view import View


def report_away(
    rule: Rule, view: View, concerned: NDArray[np.bool_], limit_s: float, state: NDArray[np.void], report: Report
) -> None:
    """Report the `concerned` steps' duties that stay outside their post's circle, or their area where they have no
    post, for longer than `limit_s`."""
    here = view.duties
    steps, ground = here.steps, view.ground
    away_m = np.where(np.isnan(here.off_m), here.outside_m, here.off_m)
    breach = concerned & ~here.excused & (away_m > steps.accuracy_m + rule["buffer_m"])
    fine = concerned & (here.settled(away_m) | here.excused)
    patience = Patience(limit_s + rule["confirm_s"], credit_s=30.0)
    for event in follow(steps, verdicts(breach, fine), away_m, state, patience):
        t_s = float(steps.t_s[event.step])
        place, radius_m = _place(ground, event.subject)
        if isinstance(event, Began):
            report.begin(
                rule,
                event.subject,
                start_s=event.start_s,
                noticed_s=t_s,
                lon=float(steps.lon[event.step]),
                lat=float(steps.lat[event.step]),
                **place,
                distance_m=event.peak + radius_m,
                accuracy_m=float(steps.accuracy_m[event.step]),
                duration_s=t_s - event.start_s,
                limit_s=limit_s,
            )
        else:
            report.end(rule, event.subject, end_s=event.end_s, noticed_s=t_s, distance_m=event.peak + radius_m)


def _place(ground: Ground, duty: int) -> tuple[dict[str, Any], float]:
    post = int(ground.post_of[duty])
    if post >= 0:
        radius_m = float(ground.posts.radius_m[post])
        return {"post": ground.posts.ids[post], "radius_m": radius_m}, radius_m
    return {"area": ground.areas.ids[int(ground.area_of[duty])]}, 0.0

"""`signal-lost` 失联: where an on-duty device is, is not known for longer than the limit.

Three reasons. *silent*: nothing is heard. Noticed by the clock, not by the next message: :func:`tick` looks at all
duties that are on. A silence that turns out to be shorter when late fixes arrive is withdrawn by the engine's revision.
*imprecise*: its positions are too coarse to judge, as neither their centre nor their whole circle decides whether it is
on its site. *no-position*: it is heard, but by pings alone, which repeat an old place. While either of these lasts, a
silence is a line of that alert.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Grade
from analytics.report import Report
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.situation import Ground
from analytics.state import blank
from analytics.steps import Floats, Heard, Ints
from analytics.sustained import SUSTAINED, Began, Patience, follow, verdicts
from analytics.view import View

RULE = define(
    "signal-lost",
    Grade.C,
    Text("失联", "Signal lost"),
    Text("在勤设备无信号，或定位过粗无法判断", "An on-duty device is silent, or its positions too coarse to judge"),
    Text("电台呼叫；检查终端", "Call by radio; check the terminal"),
    Text("本局终端使用规定", "The bureau's terminal regulations"),
    {
        "minutes": Parameter(3, 0.5, 240, Text("允许静默时长（分钟）", "Minutes of silence that are let pass")),
        "imprecise_minutes": Parameter(
            3, 0.5, 240, Text("允许定位过粗时长（分钟）", "Minutes of positions too coarse to judge that are let pass")
        ),
        "coarse_m": Parameter(
            100,
            20,
            10_000,
            Text("过粗精度（米）", "Metres of accuracy beyond which a position that decides nothing is coarse"),
        ),
        "place_minutes": Parameter(
            15,
            0.5,
            1440,
            Text("有信号而无新定位的允许时长（分钟）", "Minutes heard without a new position that are let pass"),
        ),
    },
    joins=("signal-lost/imprecise", "signal-lost/no-position"),
)
STATE = blank(np.dtype([("lost", "?"), ("unplaced", "?"), ("coarse", SUSTAINED)]))

IMPRECISE, NO_POSITION = "imprecise", "no-position"
_LONG_S = 3600.0  # a device that is heard rarely is coarse for as long as all that is heard of it is


def step(rule: Rule, view: View, state: NDArray[np.void], report: Report) -> None:
    """Report positions too coarse, then places too old, then the silences that a fix or ping ended: those the clock has
    raised, and those it had no occasion to."""
    _report_imprecise(rule, view, state["coarse"], report)
    steps, ground = view.heard.steps, view.ground
    limit_s = rule["minutes"] * 60
    duty_from_s = np.maximum(ground.duties.from_s[steps.subject], ground.began_s)
    _report_no_position(rule, ground, view.heard, duty_from_s, state["unplaced"], report)
    since_s = np.where(np.isnan(steps.prev_t_s), duty_from_s, steps.prev_t_s)
    for i in np.flatnonzero(steps.t_s - since_s > limit_s).tolist():
        duty = int(steps.subject[i])
        if not state["lost"][duty]:
            last = (float(steps.prev_lon[i]), float(steps.prev_lat[i]))
            _begin(rule, ground, duty, float(since_s[i]), last, float(view.heard.placed_s[i]), report)
        end_s = float(steps.t_s[i])
        report.end(rule, duty, end_s=end_s, noticed_s=end_s, silent_s=end_s - float(since_s[i]))
        state["lost"][duty] = False
    state["lost"][steps.subjects] = False


def _report_no_position(
    rule: Rule, ground: Ground, heard: Heard, duty_from_s: Floats, state: NDArray[np.bool_], report: Report
) -> None:
    steps, limit_s = heard.steps, rule["place_minutes"] * 60
    since_s = np.where(np.isnan(heard.placed_s), duty_from_s, heard.placed_s)
    aged = heard.ping & (steps.t_s - since_s > limit_s)
    concerned = aged | (~heard.ping & state[steps.subject])
    if aged.any():
        unplaced = np.zeros(len(state), bool)
        unplaced[steps.subject[aged]] = True
        concerned |= ~heard.ping & unplaced[steps.subject]
        aged[aged] = ~ground.excused(steps.subject[aged], steps.t_s[aged])
    for i in np.flatnonzero(concerned).tolist():
        duty, t_s = int(steps.subject[i]), float(steps.t_s[i])
        if aged[i] and not state[duty]:
            state[duty] = True
            place = float(steps.lon[i]), float(steps.lat[i])
            seen = place[0] == place[0]
            lon, lat = place if seen else ground.place(duty) or (None, None)
            report.begin(
                rule,
                duty,
                kind=NO_POSITION,
                start_s=float(since_s[i]),
                noticed_s=t_s,
                lon=lon,
                lat=lat,
                reason="no-position",
                last_fix=_known(float(heard.placed_s[i])),
                last_ping=t_s,
                duration_s=t_s - float(since_s[i]),
                limit_s=limit_s,
            )
        elif not heard.ping[i] and state[duty]:
            state[duty] = False
            report.end(rule, duty, kind=NO_POSITION, end_s=t_s, noticed_s=t_s)


def _report_imprecise(rule: Rule, view: View, state: NDArray[np.void], report: Report) -> None:
    here = view.duties
    steps, limit_s = here.steps, rule["imprecise_minutes"] * 60
    # Without a site there is nothing that a circle could decide.
    decided = np.where(np.isnan(here.far_m), here.usable, here.inside | here.wholly_off)
    coarse = ~decided & ~here.excused & (steps.accuracy_m > rule["coarse_m"])
    patience = Patience(limit_s, gap_s=_LONG_S)
    for event in follow(steps, verdicts(coarse, ~coarse), steps.accuracy_m, state, patience):
        t_s = float(steps.t_s[event.step])
        if isinstance(event, Began):
            report.begin(
                rule,
                event.subject,
                kind=IMPRECISE,
                start_s=event.start_s,
                noticed_s=t_s,
                lon=float(steps.lon[event.step]),
                lat=float(steps.lat[event.step]),
                reason="imprecise",
                accuracy_m=event.peak,
                coarse_m=rule["coarse_m"],
                duration_s=t_s - event.start_s,
                limit_s=limit_s,
            )
        else:
            report.end(rule, event.subject, kind=IMPRECISE, end_s=event.end_s, noticed_s=t_s, accuracy_m=event.peak)


def tick(
    rule: Rule, ground: Ground, on: Ints, now_s: float, last: NDArray[np.void], state: NDArray[np.void], report: Report
) -> Ints:
    """Report the duties among `on` that are silent at `now_s`; returns them. `last` has dtype HEARD, by duty."""
    last_s: Floats = last["t_s"][on]
    since_s = np.where(np.isnan(last_s), np.maximum(ground.duties.from_s[on], ground.began_s), last_s)
    until_s = np.minimum(now_s, ground.duties.to_s[on])
    silent = (until_s - since_s > rule["minutes"] * 60) & ~state["lost"][on]
    for duty, since in zip(on[silent].tolist(), since_s[silent].tolist(), strict=True):
        _, lon, lat, placed_s = last[duty].item()
        _begin(rule, ground, duty, since, (lon, lat), placed_s, report)
    state["lost"][on[silent]] = True
    lost: Ints = on[silent]
    return lost


def _begin(
    rule: Rule, ground: Ground, duty: int, since_s: float, last: tuple[float, float], placed_s: float, report: Report
) -> None:
    limit_s = rule["minutes"] * 60
    if ground.excused(np.array([duty]), np.array([since_s + limit_s]))[0]:
        return
    seen = last[0] == last[0]
    lon, lat = last if seen else ground.place(duty) or (None, None)
    pinged: dict[str, Any] = {"last_ping": since_s} if seen and since_s != placed_s else {}
    report.begin(
        rule,
        duty,
        start_s=since_s,
        noticed_s=since_s + limit_s,
        lon=lon,
        lat=lat,
        reason="silent",
        silent_s=limit_s,
        limit_s=limit_s,
        last_fix=_known(placed_s),
        **pinged,
    )


def _known(t_s: float) -> float | None:
    return None if t_s != t_s else t_s

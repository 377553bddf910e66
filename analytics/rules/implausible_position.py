"""`implausible-position` 定位异常: what the terminal says about its position can't be so.

Three reasons: *jump*, the position leaps to where the device can't have got, and stays there, or leaps to and fro again
and again (a single leap, a wild fix or a cold start, is noise); *mock*, the terminal marks the position as simulated;
*frozen*, the position does not change by a millimetre while the terminal reports speed. Meanwhile nobody is charged for
where such positions lie (`analytics.plausibility`).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Grade
from analytics.report import Report
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.state import blank
from analytics.steps import Bools, Floats, Steps
from analytics.sustained import SUSTAINED, Began, Ended, Patience, follow, verdicts
from analytics.view import View

RULE = define(
    "implausible-position",
    Grade.B,
    Text("定位异常", "Implausible position"),
    Text("定位跳变、模拟定位或位置冻结", "The position jumps, is simulated, or is frozen"),
    Text("核实终端；人工点名", "Check the terminal; call the officer"),
    Text("本局终端使用规定", "The bureau's terminal regulations"),
    {
        "limit_mps": Parameter(70, 10, 400, Text("速度上限（米/秒）", "Metres per second between fixes that can be")),
        "jumps": Parameter(5, 2, 5, Text("跳变次数", "Jumps within five minutes that are not noise")),
        "seconds": Parameter(60, 5, 3600, Text("确认时长（秒）", "Seconds of simulated or frozen position")),
    },
)
_REMEMBERED = 5
_LEAP, _JUMPS, _FALSE = 0, 1, 2  # what can be found of a device, in the order in which it is told
STATE = blank(
    np.dtype(
        [
            ("leap", SUSTAINED),
            ("false", SUSTAINED),
            ("jumped_s", "f8", (_REMEMBERED,)),
            ("on", "?"),
            ("since_s", "f8", (3,)),  # of each kind, since when it holds; NaN where it doesn't
            ("mock", "?"),  # of what is false: simulated, not frozen
            ("told", "i1"),  # which of them is told, counted from 1
        ]
    ),
)

_JUMP_WINDOW_S = 300.0
_JUMP_OVER_S = 120.0
_JUMP_LEAST_M = 300.0


def step(rule: Rule, view: View, state: NDArray[np.void], report: Report) -> None:
    steps, trust = view.devices, view.trust
    if not len(steps):
        return
    false = trust.mock | trust.frozen
    fine = trust.plausible & ~false
    leap = follow(steps, verdicts(trust.beyond, fine), trust.need_mps, state["leap"], Patience(rule["seconds"]))
    # Where the position is beyond reach its standing still says nothing more.
    held = verdicts(trust.mock | (trust.frozen & ~trust.beyond), ~false & ~trust.beyond)
    speed_mps = np.nan_to_num(steps.speed_mps) if false.any() else steps.speed_mps  # looked at where it is false
    still = follow(steps, held, speed_mps, state["false"], Patience(rule["seconds"]))
    events = [(e.step, _LEAP, e) for e in leap]
    events += [(e.step, _JUMPS, e) for e in _jumps(rule, steps, state)]
    events += [(e.step, _FALSE, e) for e in still]
    # One alert per rule and device: while one kind is told, the others wait. In order of time, whatever the batch.
    for _, kind, event in sorted(events, key=lambda e: e[:2]):
        device = event.subject
        state["since_s"][device, kind] = event.start_s if isinstance(event, Began) else np.nan
        if kind == _FALSE and isinstance(event, Began):
            state["mock"][device] = trust.mock[event.step]
        told = int(state["told"][device]) - 1
        if isinstance(event, Ended):
            if told != kind:
                continue
            t_s = float(steps.t_s[event.step])
            report.end_device(rule, device, end_s=event.end_s, noticed_s=t_s)
            told = -1
            # What lasts is told now. Leaps to and fro are not: that they are over is only seen long after.
            waiting = [k for k in (_LEAP, _FALSE) if not np.isnan(state["since_s"][device, k])]
            if waiting:
                told = waiting[0]
                since_s = max(event.end_s, float(state["since_s"][device, told]))
                _begin(rule, view, told, Began(device, event.step, since_s, 0.0), state, report)
        elif told < 0:
            told = kind
            _begin(rule, view, kind, event, state, report)
        state["told"][device] = told + 1


def _begin(rule: Rule, view: View, kind: int, event: Began, state: NDArray[np.void], report: Report) -> None:
    steps, trust, at = view.devices, view.trust, event.step
    t_s, lon, lat = (float(values[at]) for values in (steps.t_s, steps.lon, steps.lat))
    mock = bool(state["mock"][event.subject])
    figures: dict[str, Any] = {"reason": "mock" if mock else "frozen", "speed_mps": event.peak}
    if kind != _FALSE:
        figures = {"reason": "jump", "speed_mps": event.peak or None, "limit_mps": rule["limit_mps"]}
    if kind == _JUMPS:
        figures["jumps"] = round(rule["jumps"])
    else:
        figures |= {"duration_s": t_s - event.start_s, "limit_s": rule["seconds"]}
    if kind == _LEAP and not np.isnan(trust.way_lon[at]):
        # On the map it stands where the device was last seen; how far from there it says that it is, is a figure.
        figures["distance_m"] = float(trust.leap_m[at])
        lon, lat = float(trust.way_lon[at]), float(trust.way_lat[at])
    report.begin_device(rule, event.subject, start_s=event.start_s, noticed_s=t_s, lon=lon, lat=lat, **figures)


def _jumps(rule: Rule, steps: Steps, state: NDArray[np.void]) -> Iterator[Began | Ended]:
    with np.errstate(invalid="ignore", divide="ignore"):
        speed_mps = steps.moved_m / steps.elapsed_s
        jump = (
            (speed_mps > rule["limit_mps"])
            & (steps.moved_m > _JUMP_LEAST_M + 3 * steps.accuracy_m)
            & (steps.elapsed_s <= _JUMP_WINDOW_S)
        )
    busy = np.logical_or.reduceat(jump, steps.starts) | state["on"][steps.subjects]
    for g in np.flatnonzero(busy).tolist():
        yield from _follow(rule, steps, range(int(steps.starts[g]), int(steps.ends[g])), jump, speed_mps, state)


def _follow(
    rule: Rule, steps: Steps, members: range, jump: Bools, speed_mps: Floats, state: NDArray[np.void]
) -> Iterator[Began | Ended]:
    device = int(steps.subject[members.start])
    jumped: list[float] = state["jumped_s"][device].tolist()
    on, need = bool(state["on"][device]), round(rule["jumps"])
    for i in members:
        t_s = float(steps.t_s[i])
        if jump[i]:
            jumped = [*jumped[1:], t_s]
            if not on and t_s - jumped[-need] <= _JUMP_WINDOW_S:
                on = True
                yield Began(device, i, jumped[-need], float(speed_mps[i]))
        elif on and t_s - jumped[-1] >= _JUMP_OVER_S:
            on = False
            yield Ended(device, i, jumped[-1], float(speed_mps[i]))
    state["jumped_s"][device], state["on"][device] = jumped, on

"""`implausible-position` 定位异常: what the terminal says about its position can't be so.

Three reasons: *jump*, the position leaps to and fro faster than any vehicle, again and again (a single leap, a wild fix
or a cold start, is noise); *mock*, the terminal marks the position as simulated; *frozen*, the position does not change
by a millimetre while the terminal reports speed.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Grade
from analytics.fixes import FixFlag
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
STATE = blank(
    np.dtype([("steady", SUSTAINED), ("jumped_s", "f8", (_REMEMBERED,)), ("on", "?"), ("told", "u1")]),
)

_NOTHING, _JUMP, _FALSE = 0, 1, 2  # what is told of a device
_JUMP_WINDOW_S = 300.0
_JUMP_OVER_S = 120.0
_JUMP_LEAST_M = 300.0
_FROZEN_SPEED_MPS = 2.0


def step(rule: Rule, view: View, state: NDArray[np.void], report: Report) -> None:
    steps = view.devices
    if not len(steps):
        return
    mock = (steps.flags & FixFlag.MOCK) != 0
    events = [(e.step, _JUMP, e) for e in _jumps(rule, steps, state)]
    events += [(e.step, _FALSE, e) for e in _false(rule, steps, mock, state)]
    # One alert per rule and device: while one reason is told, the other is not. In order of time, whatever the batch.
    for _, kind, event in sorted(events, key=lambda e: e[:2]):
        told = int(state["told"][event.subject])
        if isinstance(event, Began) and told == _NOTHING:
            state["told"][event.subject] = kind
            _begin(rule, steps, event, kind, "mock" if mock[event.step] else "frozen", report)
        elif not isinstance(event, Began) and told == kind:
            state["told"][event.subject] = _NOTHING
            report.end_device(rule, event.subject, end_s=event.end_s, noticed_s=float(steps.t_s[event.step]))


def _begin(rule: Rule, steps: Steps, event: Began, kind: int, false: str, report: Report) -> None:
    t_s = float(steps.t_s[event.step])
    figures: dict[str, Any] = (
        {"reason": "jump", "jumps": round(rule["jumps"]), "speed_mps": event.peak, "limit_mps": rule["limit_mps"]}
        if kind == _JUMP
        else {
            "reason": false,
            "speed_mps": event.peak,
            "duration_s": t_s - event.start_s,
            "limit_s": rule["seconds"],
        }
    )
    report.begin_device(
        rule,
        event.subject,
        start_s=event.start_s,
        noticed_s=t_s,
        lon=float(steps.lon[event.step]),
        lat=float(steps.lat[event.step]),
        **figures,
    )


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


def _false(rule: Rule, steps: Steps, mock: Bools, state: NDArray[np.void]) -> Iterator[Began | Ended]:
    with np.errstate(invalid="ignore"):
        frozen = (steps.moved_m == 0) & (steps.speed_mps > _FROZEN_SPEED_MPS)
    verdict = verdicts(mock | frozen, ~(mock | frozen))
    return follow(steps, verdict, np.nan_to_num(steps.speed_mps), state["steady"], Patience(rule["seconds"]))

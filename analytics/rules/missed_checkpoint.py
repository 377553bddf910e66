"""`missed-checkpoint` 漏巡: a patrol is over, and a checkpoint unvisited or too little of the route covered.

What was seen decides. A checkpoint is *visited* when the path between two neighbouring fixes passes within its radius;
it is *unknown* when between two fixes, or in a silence, there was time to pass it unseen; else it is missed. Of the
route, each of `CELLS` equal pieces is covered when the device was seen to pass it, and unknown when it may have passed
it unseen or another alert (off its route) tells why not. Unknown is never held against anybody.
"""

import numpy as np
from numpy.typing import NDArray

from analytics.alerts import Grade
from analytics.report import Report
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.situation import Ground
from analytics.state import blank
from analytics.steps import Bools, Floats, Ints
from analytics.view import View
from geofence.cells import CELLS, Paths

RULE = define(
    "missed-checkpoint",
    Grade.C,
    Text("漏巡", "Missed checkpoint"),
    Text(
        "勤务结束时有巡逻点未到，或路线覆盖不足", "At the end of duty a checkpoint unvisited or the route not covered"
    ),
    Text("核对原因；安排补巡", "Ask why; arrange for the missed part to be patrolled"),
    Text("本局勤务巡逻规定", "The bureau's patrol regulations"),
    {"coverage": Parameter(0.8, 0, 1, Text("路线覆盖下限（比例）", "Share of the route that must be covered"))},
    joins=("signal-lost", "signal-lost/imprecise", "signal-lost/no-position"),
)

MOST_CHECKPOINTS = 64
UNSEEN, UNKNOWN, VISITED = 0, 1, 2
STATE = blank(
    np.dtype(
        [
            ("seen", "u1", (MOST_CHECKPOINTS,)),
            ("covered", "?", (CELLS,)),
            ("maybe", "?", (CELLS,)),
            ("on_site_s", "f8"),  # the last sample on the route, and where
            ("on_site_x_m", "f8"),
            ("on_site_y_m", "f8"),
            ("watched_s", "f8"),  # seconds of the duty in which it was seen
            ("top_mps", "f8"),  # the greatest speed seen between two fixes
        ]
    ),
    watched_s=0.0,
    top_mps=0.0,
)

_USUAL_GAP_S = 75.0  # between fixes no farther apart than this a device took about the straight way
_WINDING, _SLACK_M = 1.15, 60.0
_TOP_FACTOR = 1.3
_PLAUSIBLE_MPS = 60.0


def step(_rule: Rule, view: View, state: NDArray[np.void], _report: Report) -> None:
    top_mps = _watch_checkpoints(view, state)
    _watch_route(view, top_mps, state)


def _watch_checkpoints(view: View, state: NDArray[np.void]) -> Floats:
    """Mark what was seen of the checkpoints; returns for each step the greatest speed of its duty so far."""
    here, ground = view.duties, view.ground
    steps = here.steps
    patrol = np.flatnonzero(ground.patrol[steps.subject] & here.usable & (steps.elapsed_s > 0))
    elapsed_s, moved_m = steps.elapsed_s[patrol], steps.moved_m[patrol]
    np.add.at(state["watched_s"], steps.subject[patrol], np.where(elapsed_s <= 2 * _USUAL_GAP_S, elapsed_s, 0.0))
    speed_mps = moved_m / elapsed_s
    paced = (elapsed_s >= 5) & (elapsed_s <= _USUAL_GAP_S) & (speed_mps <= _PLAUSIBLE_MPS)
    top_mps = _running_top(steps.subject[patrol], np.where(paced, speed_mps, 0.0), state)
    top_of_step: Floats = np.zeros(len(steps))
    top_of_step[patrol] = top_mps
    count = ground.checkpoint_count[steps.subject[patrol]]
    at = np.repeat(patrol, count)
    rank = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    if not len(at):
        return top_of_step
    duty = steps.subject[at]
    checkpoint = ground.checkpoint_list[ground.checkpoint_first[duty] + rank]
    least_m, over_m = ground.checkpoints.path_distance_m(
        checkpoint, steps.prev_lon[at], steps.prev_lat[at], steps.lon[at], steps.lat[at]
    )
    radius_m = ground.checkpoints.radius_m[checkpoint]
    usual = np.repeat(elapsed_s <= _USUAL_GAP_S, count)
    straight_m = np.repeat(_WINDING * moved_m + _SLACK_M, count)
    reach_m = np.where(
        usual, straight_m, np.maximum(straight_m, np.repeat(_TOP_FACTOR * top_mps * elapsed_s + _SLACK_M, count))
    )
    seen = np.where((least_m <= radius_m) & usual, VISITED, np.where(over_m - 2 * radius_m <= reach_m, UNKNOWN, UNSEEN))
    near = np.flatnonzero(seen > UNSEEN)
    np.maximum.at(state["seen"], (duty[near], rank[near]), seen[near].astype(np.uint8))
    return top_of_step


def _running_top(duty: Ints, speed_mps: Floats, state: NDArray[np.void]) -> Floats:
    """The greatest speed of each duty up to each of its steps."""
    if not len(duty):
        return speed_mps
    first = np.ones(len(duty), bool)
    first[1:] = duty[1:] != duty[:-1]
    starts = np.flatnonzero(first)
    before = state["top_mps"][duty[starts]]
    # A running maximum within groups: lift each group above all values of the one before, then take the lift away.
    lift = (np.cumsum(first) - 1) * 1e6
    lifted = speed_mps + lift
    lifted[starts] = np.maximum(speed_mps[starts], before) + lift[starts]
    top: Floats = np.maximum.accumulate(lifted) - lift
    ends = np.append(starts[1:], len(duty)) - 1
    state["top_mps"][duty[starts]] = top[ends]
    return top


def _watch_route(view: View, top_of_step: Floats, state: NDArray[np.void]) -> None:
    """Mark the pieces of the route between each sample on it and the one before."""
    samples, ground = view.samples, view.ground
    on_route = np.flatnonzero((ground.route_of[samples.duty] >= 0) & samples.on_site[samples.at])
    if not len(on_route):
        return
    duty, at = samples.duty[on_route], samples.at[on_route]
    route = ground.route_of[duty]
    x_m, y_m = ground.routes.xy_m(route, samples.lon[at], samples.lat[at])
    t_s = samples.t_s[at]
    before_s, before_x_m, before_y_m = _before(duty, t_s, x_m, y_m, state)
    elapsed_s = t_s - before_s
    usual = elapsed_s <= _USUAL_GAP_S
    cells, near_m = ground.routes.cells, ground.routes.corridor_m[route] + ground.routes.cells.half_m[route]
    paths = Paths(route, before_x_m, before_y_m, x_m, y_m)
    _mark(state["covered"], duty[usual], cells.passed(paths.take(usual), near_m[usual]))
    rest = np.flatnonzero(~usual)
    top_mps = np.maximum(top_of_step[samples.step[on_route[rest]]], 1.0)
    reach_m = np.maximum(_WINDING * paths.take(rest).length_m, _TOP_FACTOR * top_mps * elapsed_s[rest]) + _SLACK_M
    _mark(state["maybe"], duty[rest], cells.within_reach(paths.take(rest), reach_m + 2 * near_m[rest]))


def _mark(table: Bools, duty: Ints, cells: Bools) -> None:
    """Add `cells` (N, CELLS) to those of each duty; `duty` is in order."""
    if len(duty):
        starts = np.flatnonzero(np.append(True, duty[1:] != duty[:-1]))
        table[duty[starts]] |= np.logical_or.reduceat(cells, starts, axis=0)


def _before(
    duty: Ints, t_s: Floats, x_m: Floats, y_m: Floats, state: NDArray[np.void]
) -> tuple[Floats, Floats, Floats]:
    """Time and place of each duty's sample on the route before each of these, which are remembered in turn."""
    first = np.ones(len(duty), bool)
    first[1:] = duty[1:] != duty[:-1]
    starts, ends = np.flatnonzero(first), np.flatnonzero(np.append(first[1:], True))
    shifted = []
    for name, values in (("on_site_s", t_s), ("on_site_x_m", x_m), ("on_site_y_m", y_m)):
        earlier = np.roll(values, 1)
        earlier[starts] = state[name][duty[starts]]
        state[name][duty[ends]] = values[ends]
        shifted.append(earlier)
    return shifted[0], shifted[1], shifted[2]


def judge(
    rule: Rule, ground: Ground, duty: int, arrived: bool, last: np.void, state: NDArray[np.void], report: Report
) -> None:
    """Report what `duty`, now over, has missed; `last` (dtype LAST) is where it was last seen.

    What may have been passed in a silence up to the end is unknown. Where nothing else is missing it is a line of the
    alert that tells the silence, and of no other.
    """
    row, table = state[duty], ground.duties
    checkpoints = ground.checkpoints_of[duty][:MOST_CHECKPOINTS]
    if not ground.patrol[duty] or not arrived:
        return
    length_s, to_s = float(table.to_s[duty] - table.from_s[duty]), float(table.to_s[duty])
    seen = row["seen"][: len(checkpoints)].copy()
    seen[(seen == UNSEEN) & _within_reach(ground, checkpoints, last, to_s, float(row["top_mps"]))] = UNKNOWN
    watched = float(row["watched_s"]) >= 0.8 * length_s
    # A duty that was mostly not seen says nothing about what was missed.
    missed = np.flatnonzero(seen == UNSEEN) if float(row["watched_s"]) >= 0.5 * length_s else np.empty(0, np.int64)
    unknown = np.flatnonzero(seen == UNKNOWN)
    coverage = float((row["covered"] | row["maybe"]).mean()) if ground.route_of[duty] >= 0 and watched else None
    short = coverage is not None and coverage < rule["coverage"]
    lost = report.holds(rule.joins, duty, to_s)
    if not len(missed) and not short and not (lost and len(unknown)):
        return
    ids = [ground.checkpoints.ids[c] for c in checkpoints]
    where = int(checkpoints[missed[0]]) if len(missed) else -1
    lon, lat = ground.place(duty) or (None, None)
    if where >= 0:
        lon, lat = float(ground.checkpoints.lon[where]), float(ground.checkpoints.lat[where])
    report.begin(
        rule,
        duty,
        start_s=to_s,
        noticed_s=to_s,
        lon=lon,
        lat=lat,
        # What was missed before the silence is no matter of the silence.
        joins=() if len(missed) else None,
        missed=[ids[i] for i in missed.tolist()],
        unknown=[ids[i] for i in unknown.tolist()],
        visited=[ids[i] for i in np.flatnonzero(seen == VISITED).tolist()],
        coverage=None if coverage is None else coverage,
        coverage_limit=rule["coverage"],
    )
    report.end(rule, duty, end_s=to_s, noticed_s=to_s)


def _within_reach(ground: Ground, checkpoints: Ints, last: np.void, to_s: float, top_mps: float) -> Bools:
    """Which checkpoints the device could have come to between its last fix and `to_s`, if that is a silence."""
    silent_s = to_s - float(last["t_s"])
    if not silent_s > _USUAL_GAP_S:
        return np.zeros(len(checkpoints), bool)
    lon, lat = (np.full(len(checkpoints), last[name]) for name in ("lon", "lat"))
    away_m = ground.checkpoints.outside_m(checkpoints, lon, lat)
    return away_m <= _TOP_FACTOR * top_mps * silent_s + _SLACK_M

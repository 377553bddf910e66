"""Where each step is relative to the shapes of its duty: the geometry that the rules share, computed once a batch."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.duties import Absences, DutyKind, DutyTable
from analytics.fixes import DeviceTable
from analytics.planning import Plan
from analytics.state import blank
from analytics.steps import Bools, Floats, Ints, Steps
from geofence.fences import Areas, Circles, Places, Routes

ARRIVED = blank(np.dtype([("arrived", "?")]))

COARSE_M = 200.0  # where a fix is worth less than this, its whole circle decides and not its centre
_PLACE_MARGIN_M = 10.0  # a vehicle that stops at a place stands beside it


class Ground:
    """The plan as arrays: the number of the shape of each duty (-1: none), and the shapes ready for questions.

    `began_s` is when the watching began: what was before is unknown.
    """

    def __init__(self, plan: Plan, duties: DutyTable, devices: DeviceTable, began_s: float) -> None:
        shapes = plan.shapes
        self.began_s = began_s
        self.duties = duties
        self.routes = Routes(list(shapes.routes.values()))
        self.areas = Areas(list(shapes.areas.values()))
        self.posts = Circles(list(shapes.posts.values()))
        self.checkpoints = Circles(list(shapes.checkpoints.values()))
        self._allowed = Places(list(shapes.allowed_stops.values()), margin_m=_PLACE_MARGIN_M)
        self.route_of = _numbers([d.route for d in duties.duties], self.routes.ids)
        self.area_of = _numbers([d.area for d in duties.duties], self.areas.ids)
        self.post_of = _numbers([d.post for d in duties.duties], self.posts.ids)
        number = {c: i for i, c in enumerate(self.checkpoints.ids)}
        self.checkpoints_of = [np.array([number[c] for c in d.checkpoints], np.int64) for d in duties.duties]
        # The same as one array, for all duties at once: those of duty d are `count` many from `first` on.
        self.checkpoint_count: Ints = np.array([len(c) for c in self.checkpoints_of], np.int64)
        self.checkpoint_first: Ints = np.cumsum(self.checkpoint_count) - self.checkpoint_count
        self.checkpoint_list: Ints = np.concatenate([*self.checkpoints_of, np.empty(0, np.int64)])
        self.patrol, self.post, self.standby = (
            np.array([d.kind == kind for d in duties.duties], bool)
            for kind in (DutyKind.PATROL, DutyKind.POST, DutyKind.STANDBY)
        )
        breaks = [(i, b) for i, d in enumerate(duties.duties) for b in d.breaks]
        self.breaks = Absences([i for i, _ in breaks], [b for _, b in breaks])
        self.dispatches = Absences(
            [devices.index(d.device) for d in plan.dispatches], [d.span for d in plan.dispatches]
        )

    def excused(self, duty: Ints, t_s: Floats) -> Bools:
        """Whether each duty rests at its time: a planned break, or its device is dispatched to an open incident."""
        return self.breaks.hold(duty, t_s) | self.dispatches.hold(self.duties.device[duty], t_s)

    def may_stand(self, duty: Ints, lon: Floats, lat: Floats) -> Bools:
        """Whether each duty may stand still at its point: an allowed stop, or a checkpoint of its own."""
        allowed = self._allowed.contain(lon, lat)
        for i, number in enumerate(duty.tolist()):
            own = self.checkpoints_of[number]
            at = np.full(len(own), lon[i]), np.full(len(own), lat[i])
            allowed[i] |= bool((self.checkpoints.outside_m(own, *at) <= 0).any())
        return allowed

    def place(self, duty: int) -> tuple[float, float] | None:
        """A point (lon, lat) that stands for the duty on a map when its device has never been seen; None where the duty
        names no place."""
        if self.post_of[duty] >= 0:
            return float(self.posts.lon[self.post_of[duty]]), float(self.posts.lat[self.post_of[duty]])
        if self.route_of[duty] >= 0:
            return self.routes.start(int(self.route_of[duty]))
        if self.area_of[duty] >= 0:
            return self.areas.centre(int(self.area_of[duty]))
        return None


@dataclass(frozen=True, slots=True)
class Situation:
    """Figures of N steps of duties, each of shape (N,); NaN where the duty has no such shape.

    `beyond_m`: outside the route's corridor; `outside_m`: outside the area; `off_m`: outside the post's circle.
    `far_m`: outside the first of these that the duty has. `on_site`: in the corridor of its route, else in its area,
    else in its circle. `arrived`: has been on site since the duty began. `excused`: the duty rests. `usable`: the fix
    is accurate enough to say where it is. `inside`: it is on site, by its centre or else by its whole circle.
    """

    steps: Steps
    ground: Ground
    beyond_m: Floats
    outside_m: Floats
    off_m: Floats
    far_m: Floats
    on_site: Bools
    arrived: Bools
    excused: Bools
    usable: Bools
    inside: Bools

    def settled(self, outside_m: Floats) -> Bools:
        """Where a step is inside the shape that it is `outside_m` out of, by centre or by its whole circle."""
        return (outside_m <= 0) & (self.usable | self.inside)

    @property
    def wholly_off(self) -> Bools:
        """Where the whole circle of a step lies off the site of its duty."""
        return self.far_m > self.steps.accuracy_m


def situate(steps: Steps, ground: Ground, arrived: NDArray[np.void]) -> Situation:
    """The situation of `steps` of duties; `arrived` (dtype ARRIVED, by duty) is read and updated."""
    duty = steps.subject
    beyond_m = _asked(ground.route_of[duty], steps, ground.routes.beyond_m)
    outside_m = _asked(ground.area_of[duty], steps, ground.areas.outside_m)
    off_m = _asked(ground.post_of[duty], steps, ground.posts.outside_m)
    far_m = np.where(np.isnan(beyond_m), np.where(np.isnan(outside_m), off_m, outside_m), beyond_m)
    on_site = far_m <= 0
    usable = steps.accuracy_m <= COARSE_M
    inside, rough = on_site & usable, on_site & ~usable
    if rough.any():
        inside |= _wholly_inside(steps, ground, rough)
    return Situation(
        steps,
        ground,
        beyond_m,
        outside_m,
        off_m,
        far_m,
        on_site,
        _arrivals(steps, on_site, arrived),
        ground.excused(duty, steps.t_s),
        usable,
        inside,
    )


def _wholly_inside(steps: Steps, ground: Ground, coarse: Bools) -> Bools:
    """Which of the `coarse` steps on site have their whole circle there. An area alone is wide enough for that, or a
    post; no corridor is."""
    out = np.zeros(len(steps), bool)
    at = np.flatnonzero(coarse & (ground.route_of[steps.subject] < 0))
    for shape_of, shapes in ((ground.area_of, ground.areas), (ground.post_of, ground.posts)):
        shape = shape_of[steps.subject[at]]
        mine, shape = at[shape >= 0], shape[shape >= 0]
        if len(mine):
            out[mine] = shapes.depth_m(shape, steps.lon[mine], steps.lat[mine]) >= steps.accuracy_m[mine]
    return out


def _arrivals(steps: Steps, on_site: Bools, arrived: NDArray[np.void]) -> Bools:
    """From the first step on site on, in each group; at once where the subject had arrived before."""
    if not len(steps):
        return np.empty(0, bool)
    position = np.arange(len(steps))
    first = np.minimum.reduceat(np.where(on_site, position, len(steps)), steps.starts)
    first[arrived["arrived"][steps.subjects]] = -1
    out: Bools = position >= first[steps.group]
    arrived["arrived"][steps.subjects] = out[steps.ends - 1]
    return out


def _asked(shape: Ints, steps: Steps, question: Callable[[Ints, Floats, Floats], Floats]) -> Floats:
    answer: Floats = np.full(len(steps), np.nan)
    has = np.flatnonzero(shape >= 0)
    if len(has):
        answer[has] = question(shape[has], steps.lon[has], steps.lat[has])
    return answer


def _numbers(names: list[str | None], known: list[str]) -> Ints:
    number = {name: i for i, name in enumerate(known)}
    return np.array([-1 if n is None else number[n] for n in names], np.int64)

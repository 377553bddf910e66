"""A scenario: a county with its devices on duty, all that they do, and the truth about it.

Movement and script are settled when the scenario is made; what receivers see of it is drawn when it is asked for, duty
by duty, so that a live run can begin at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from hardware import roster
from hardware.acts import Act, Cue, Deed, Duty, Record, rfc3339
from hardware.area_patrol import AreaPatrol
from hardware.auditing import Auditor
from hardware.beats import AreaBeat, PostBeat, RouteBeat, StandbyBeat
from hardware.county import County
from hardware.day import Day
from hardware.faults import place_faults
from hardware.keeping import PostKeeper, StandbyKeeper
from hardware.patrolling import Ground
from hardware.plane import Floats
from hardware.receiver import Bools, observe, spoil
from hardware.roster import Device
from hardware.route_patrol import RoutePatrol, top_speed_run_m
from hardware.uplink import Trace, send

HISTORY_S = 900.0
_ACTS_PER_HOUR = {Day.NORMAL: 0.6, Day.INCIDENTS: 26.0}  # of all devices together
_NOTICED_AFTER_S = {"overtime-stop": 690.0, "not-on-patrol": 1020.0, "off-post": 420.0, "signal-lost": 250.0}


@dataclass(frozen=True, slots=True)
class Story:
    """What one device truly does: its duties, its way through time and space, and what is recorded of it."""

    device: Device
    duties: list[Duty]
    path: tuple[Floats, Floats]
    record: Record


class Scenario:
    """Devices, duties, traces and truth. `start_s` is when duties begin, `live_s` when the first message is sent."""

    def __init__(self, county: County, stories: list[Story], start_s: float, live_s: float, end_s: float) -> None:
        self.county, self.stories = county, stories
        self.start_s, self.live_s, self.end_s = start_s, live_s, end_s
        built = shapely.unary_union([t.built for t in county.towns])
        shapely.prepare(built)
        self._built = built
        tunnels = [shapely.LineString(e.line) for e in county.network.edges if e.tunnel]
        self._tunnel = shapely.unary_union([t.buffer(12, cap_style="flat") for t in tunnels])
        shapely.prepare(self._tunnel)

    @property
    def plan(self) -> dict[str, Any]:
        """The supervision plan as GeoJSON with `devices`, `duties`, `dispatches` and `rules`."""
        return {
            "type": "FeatureCollection",
            "features": self.county.beats.features(),
            "devices": [
                {"id": d.id, "kind": d.kind, "unit": d.unit, "name": d.name} for d in (s.device for s in self.stories)
            ],
            "duties": [d.document() for s in self.stories for d in s.duties],
            "dispatches": [
                {"device": s.device.id, "from": rfc3339(a), "to": rfc3339(b)}
                for s in self.stories
                for a, b in s.record.dispatches
            ],
            "rules": {},
        }

    @property
    def truth(self) -> list[Deed]:
        """What an alert must tell of, by time; of side effects, and of what the end cuts short, one may."""
        deeds = [self._cut_short(d) for s in self.stories for d in s.record.deeds if d.from_s < self.end_s]
        return sorted(deeds, key=lambda d: (d.from_s, d.device))

    @property
    def near_misses(self) -> list[Deed]:
        """What looks like a breach and is none, by time."""
        deeds = [d for s in self.stories for d in s.record.near_misses if d.from_s < self.end_s]
        return sorted(deeds, key=lambda d: (d.from_s, d.device))

    def _cut_short(self, deed: Deed) -> Deed:
        """An act begun so late that its rule can't have noticed it before the end is not one that must be told of."""
        missed = deed.rule == Act.MISSED_CHECKPOINT
        known_s = deed.to_s if missed else deed.from_s + _NOTICED_AFTER_S.get(deed.rule, 180.0)
        return replace(deed, side_effect=True) if known_s > self.end_s else deed

    def traces(self, story: Story) -> Iterator[Trace]:
        """The fixes of one device as they arrive, one piece a duty."""
        number = self.stories.index(story)
        every = story.device.interval_s
        phase = (number * 7) % every
        until_s = -np.inf
        for n, duty in enumerate(story.duties):
            if duty.from_s >= self.end_s:
                return
            rng = np.random.default_rng([self.county.seed, 5, number, n])
            lead_s = float(rng.uniform(60, 150)) if duty.from_s > self.start_s else 0.0
            from_s, to_s = max(until_s, duty.from_s - lead_s), min(duty.to_s, self.end_s)
            until_s = to_s
            first = float(np.ceil((from_s - phase) / every) * every + phase)
            t = first + every * np.arange(max(0, int(np.ceil((to_s - first) / every))), dtype=np.float64)
            if not len(t):
                continue
            seen = observe(t, story.path, story.record.indoors, self._in_town, rng)
            seen = seen.take(~self._in_tunnel(story.path, t))
            seen = spoil(seen, story.record.faults, rng)
            yield send(seen, story.record.faults, self.live_s, rng)

    def _in_tunnel(self, path: tuple[Floats, Floats], t: Floats) -> Bools:
        x, y = (np.interp(t, path[0], path[1][:, i]) for i in (0, 1))
        inside: Bools = shapely.contains_xy(self._tunnel, x, y)
        return inside

    def _in_town(self, xy: Floats) -> Bools:
        inside: Bools = shapely.contains_xy(self._built, xy[:, 0], xy[:, 1])
        return inside


def shift(county: County, start_s: float, hours: float, cars: int, officers: int) -> Scenario:
    """See `County.shift`."""
    end_s = start_s + hours * 3600
    return _played(county, (cars, officers), start_s, start_s, end_s, 0.042, 0.09)


def demo(county: County, start_s: float, minutes: float, cars: int, officers: int, day: Day) -> Scenario:
    """See `County.demo`."""
    end_s = start_s + minutes * 60
    acts_per_hour = min(0.7, _ACTS_PER_HOUR[day] / max(1, cars + officers))
    opening = _Opening(start_s, day)
    return _played(county, (cars, officers), start_s - HISTORY_S, start_s, end_s, acts_per_hour, 0.3, opening)


def _played(
    county: County,
    counts: tuple[int, int],
    start_s: float,
    live_s: float,
    end_s: float,
    acts_per_hour: float,
    near_per_hour: float,
    opening: "_Opening | None" = None,
) -> Scenario:
    rng = np.random.default_rng([county.seed, 2, *counts])
    ground = Ground(county.network, county.beats)
    auditor = Auditor()
    stories, opened = [], opening is not None
    for number, device in enumerate(roster.devices(county.beats, *counts, rng)):
        own = np.random.default_rng([county.seed, 3, number])
        spans = roster.blocks if opened else roster.shifts
        duties = spans(device, start_s, end_s, own)
        choice = roster.repertoire(device, ground)
        mover = _mover(ground, device, duties[0].from_s if duties else start_s, opened, own)
        for n, duty in enumerate(duties):
            cues = roster.cues(duty, choice, acts_per_hour, near_per_hour, own)
            if opening is not None and n == 0:
                cues = opening.cues(device) or cues
            mover.serve(duty, cues)
            place_faults(duty, cues, mover.record, *mover.itinerary.arrays(), own)
        path = mover.itinerary.arrays()
        if isinstance(device.beat, RouteBeat):
            auditor.audit(device.beat, duties, path, mover.record)
        stories.append(Story(device, duties, path, mover.record))
    return Scenario(county, stories, start_s, live_s, end_s)


def _mover(
    ground: Ground, device: Device, start_s: float, opened: bool, rng: np.random.Generator
) -> RoutePatrol | AreaPatrol | PostKeeper | StandbyKeeper:
    """The device at its place at `start_s`: at its station, or `opened` anywhere on its beat."""
    beat = device.beat
    if isinstance(beat, RouteBeat):
        vertex = int(rng.integers(len(beat.track) // 2)) if opened or beat.foot else 0
        return RoutePatrol(ground, device.id, beat, start_s, vertex, rng)
    if isinstance(beat, AreaBeat):
        node = int(rng.choice(beat.nodes)) if opened or beat.foot else beat.home
        return AreaPatrol(ground, device.id, beat, start_s, node, rng)
    if isinstance(beat, PostBeat):
        return PostKeeper(ground, device.id, beat, start_s, rng)
    return StandbyKeeper(ground, device.id, beat, start_s, rng)


class _Opening:
    """The acts under way when a demo opens, so that its first minute has something to show."""

    def __init__(self, live_s: float, day: Day) -> None:
        self._fast: list[Cue] = []
        self._left: dict[type, list[Cue]] = {RouteBeat: [Cue(Act.OVERTIME_STOP, live_s - 608, 1140)]}
        if day is Day.INCIDENTS:
            self._open_with_incidents(live_s)

    def _open_with_incidents(self, live_s: float) -> None:
        self._fast = [Cue(Act.SPEEDING, live_s + 20)]
        self._left = {
            RouteBeat: [
                *self._left[RouteBeat],
                Cue(Act.OVERTIME_STOP, live_s - 590, 1260),
                Cue(Act.OFF_ROUTE, live_s - 100),
                Cue(Act.OVERTIME_STOP, live_s - 420, 960),
                Cue(Act.OFF_ROUTE, live_s + 60),
                Cue(Act.SIGNAL_LOST, live_s + 40, 420),
                Cue(Act.OFF_ROUTE, live_s + 240),
                Cue(Act.FROZEN, live_s + 150, 200),
            ],
            AreaBeat: [Cue(Act.OUT_OF_AREA, live_s - 60), Cue(Act.OUT_OF_AREA, live_s + 120)],
            PostBeat: [
                Cue(Act.OFF_POST, live_s - 415, 900),
                Cue(Act.OFF_POST, live_s - 340, 700),
                Cue(Act.OFF_POST, live_s - 120, 720),
                Cue(Act.SHORT_ABSENCE, live_s - 60),
                Cue(Act.MOCK, live_s + 90, 300),
            ],
            StandbyBeat: [Cue(Act.OFF_STANDBY, live_s - 45), Cue(Act.DISPATCHED, live_s + 30)],
        }

    def cues(self, device: Device) -> list[Cue]:
        """The opening act of this device, if there is one left for its kind of beat."""
        beat = device.beat
        if self._fast and isinstance(beat, RouteBeat) and top_speed_run_m(beat) >= roster.MOTORWAY_RUN_M:
            return [self._fast.pop()]
        left = self._left.get(type(beat))
        return [left.pop(0)] if left else []

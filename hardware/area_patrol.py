"""Patrol of an area: from place to place over its roads, in no order."""

from collections.abc import Sequence

import numpy as np
import shapely

from hardware.acts import Act, Cue, Duty
from hardware.beats import AreaBeat
from hardware.itinerary import Itinerary
from hardware.patrolling import Ground, Patrol
from hardware.plane import Floats
from hardware.track import track_of


def idle_nodes(beat: AreaBeat, ground: Ground) -> list[int]:
    """The junctions of an area at which one may stand as long as one likes."""
    return [n for n in beat.nodes if n in ground.stops]


class AreaPatrol(Patrol):
    """A car or officer in one area; `node` is the junction reached."""

    def __init__(
        self, ground: Ground, device: str, beat: AreaBeat, start_s: float, node: int, rng: np.random.Generator
    ) -> None:
        x, y = ground.network.xy[node]
        super().__init__(ground, device, beat.foot, Itinerary(start_s, float(x), float(y)), rng)
        self.beat, self.node = beat, node
        shapely.prepare(beat.polygon)
        nodes = ground.network.xy
        self.out_m: Floats = shapely.distance(beat.polygon, shapely.points(nodes[:, 0], nodes[:, 1]))
        self.idle_at = idle_nodes(beat, ground)

    def serve(self, duty: Duty, acts: Sequence[Cue]) -> None:
        """Patrol until the duty ends, performing `acts` as their time comes."""
        self.cues = sorted(acts, key=lambda c: c.at_s)
        start = next((c for c in self.cues if c.act == Act.NOT_ON_PATROL and c.at_s <= duty.from_s), None)
        self.itinerary.wait_until(duty.from_s)
        if start is not None and self.node in self.idle_at:
            self.cues.remove(start)
            self.idle(duty, start)
        else:
            self.itinerary.wait(self.uniform(5, 60))
        while self.now_s < duty.to_s:
            if not self._perform(duty):
                self._tour(duty)

    def _tour(self, duty: Duty) -> None:
        """On to another place, and a short pause there."""
        network = self.ground.network
        if not self.foot and self.idle_at and self.rng.random() < 0.06:
            goal = int(self.rng.choice(self.idle_at))
            self._ride(duty, goal)
            self.pause(60, 240)
            return
        best = network.reach(self.node, network.metres, within=self.beat.edges)
        least = min(200.0 if self.foot else 700.0, 0.5 * max(d for d, _, _ in best.values()))
        goals = sorted(n for n, (d, _, _) in best.items() if d >= least)
        self._ride(duty, int(self.rng.choice(goals)))
        if self.rng.random() < 0.4:
            self.pause(*((20, 110) if self.foot else (5, 50)))

    def _ride(self, duty: Duty, goal: int) -> None:
        if goal == self.node:
            return
        network = self.ground.network
        path = network.path(self.node, goal, network.metres, self.beat.edges) or []
        self.go(duty, track_of(network, self.node, path))
        self.node = goal

    def _measure(self, xy: Floats) -> Floats:
        outside: Floats = shapely.distance(self.beat.polygon, shapely.points(xy[:, 0], xy[:, 1]))
        return outside

    def _perform(self, duty: Duty) -> bool:
        cue = self.due()
        if cue is None or cue.act in (Act.OVERTIME_STOP, Act.SHORT_STOP):
            return False
        if cue.act == Act.OUT_OF_AREA:
            one_way = (60.0, 900.0) if self.foot else (30.0, 330.0)
            linger = (5.0, 60.0) if self.foot else (60.0, 240.0)
            spell = self.errand(self.node, self.out_m, 300.0, one_way, linger, self._measure, 0.0, (250, 780))
            if spell is None:
                return False
            self.note(duty, cue.act, *spell, f"{spell[1] - spell[0]:.0f} s outside the area")
            self.away_long(duty, cue.act, *spell)
        elif cue.act == Act.NOT_ON_PATROL and self.idle_at and duty.to_s - self.now_s > 2400:
            self._ride(duty, int(self.rng.choice(self.idle_at)))
            self.idle(duty, cue)
        self.cues.remove(cue)
        return True

"""What every patrol shares: trips over the network, stops on the way, errands off the beat."""

from collections.abc import Callable

import numpy as np
import shapely

from hardware.acts import Act, Cue, Deed, Duty, Record
from hardware.beats import CHECKPOINT_RADIUS_M, Beats, Stop
from hardware.gaits import CAR, FOOT, travel
from hardware.itinerary import Itinerary
from hardware.plane import Floats
from hardware.roads import HIGHWAY, RoadNetwork
from hardware.track import Track, track_of

_CLEAR_M = 90.0  # from any place where one may stand, beyond its own border
OVERDUE_S = 3600.0
_STAY_M = 50.0
_LONG_AWAY_S = 500.0
_RESTED_S = 300.0


class Ground:
    """The network and the beats, with what patrols ask of them prepared."""

    def __init__(self, network: RoadNetwork, beats: Beats) -> None:
        self.network, self.beats = network, beats
        places = [s.polygon.buffer(_CLEAR_M) for s in beats.stops]
        places += [
            shapely.Point(r.track.xy[c.vertex]).buffer(CHECKPOINT_RADIUS_M + _CLEAR_M)
            for r in (*beats.car_routes, *beats.foot_routes)
            for c in r.checkpoints
        ]
        self._allowed = shapely.unary_union(places)
        shapely.prepare(self._allowed)
        self.ordinary = frozenset(
            e for e, edge in enumerate(network.edges) if edge.klass != HIGHWAY and not edge.tunnel
        )
        self.stops: dict[int, Stop] = {s.node: s for s in beats.stops}

    def clear_of_stops(self, x: float, y: float) -> bool:
        """Whether standing here is nowhere near an allowed place."""
        return not bool(shapely.contains_xy(self._allowed, x, y))


class Patrol:
    """A device on patrol; subclasses know their beat."""

    def __init__(self, ground: Ground, device: str, foot: bool, itinerary: Itinerary, rng: np.random.Generator) -> None:
        self.ground, self.device, self.foot, self.rng = ground, device, foot, rng
        self.itinerary, self.record = itinerary, Record()
        self.gait = FOOT if foot else CAR
        self.cues: list[Cue] = []
        self.rested_s = -np.inf

    @property
    def now_s(self) -> float:
        return self.itinerary.now_s

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def due(self) -> Cue | None:
        """The act whose time has come; those that found no occasion for too long are dropped."""
        while self.cues and self.now_s > self.cues[0].at_s + OVERDUE_S:
            self.cues.pop(0)
        return self.cues[0] if self.cues and self.cues[0].at_s <= self.now_s else None

    def note(self, duty: Duty, act: Act, from_s: float, to_s: float, note: str, rule: str | None = None) -> None:
        """Record a deed; with `rule` it is a side effect of the act on another rule."""
        deed = Deed(
            act.value,
            rule or act.rule,
            self.device,
            duty.id,
            from_s,
            to_s,
            note,
            side_effect=rule is not None,
        )
        self.record.deeds.append(deed)

    def away_long(self, duty: Duty, act: Act, from_s: float, to_s: float) -> None:
        """Long off the beat is, with what is stood before and after, also long not on patrol."""
        if to_s - from_s > _LONG_AWAY_S:
            self.note(duty, act, from_s - 240, to_s + 60, "not on the beat for as long", "not-on-patrol")

    def near_miss(self, duty: Duty, act: Act, from_s: float, to_s: float, note: str) -> None:
        self.record.near_misses.append(Deed(act.value, act.rule, self.device, duty.id, from_s, to_s, note))

    def go(self, duty: Duty, track: Track) -> None:
        """Travel along `track`, standing still on the way where a stop is due."""
        if len(track) < 2:
            return
        self.itinerary.add(*travel(track, self.gait, self.rng))
        if self.cues and self.cues[0].act in (Act.OVERTIME_STOP, Act.SHORT_STOP):
            self._stop(duty, self.cues[0])

    def _stop(self, duty: Duty, cue: Cue) -> None:
        at_s = max(cue.at_s, self.itinerary.leg_start_s() + 1.0)
        if at_s >= self.now_s - 1.0 or not self.ground.clear_of_stops(*self.itinerary.last_at(at_s)):
            return
        self.cues.pop(0)
        # The stay begins, by the rule's own measure, where its circle was entered: a pause before counts.
        from_s = self.itinerary.near_since(at_s, self.itinerary.last_at(at_s), _STAY_M)
        if cue.act == Act.SHORT_STOP:
            seconds = max(60.0, (cue.seconds or self.uniform(370, 440)) - (at_s - from_s))
        else:
            seconds = cue.seconds or (self.uniform(750, 850) if self.rng.random() < 0.6 else self.uniform(900, 1500))
        self.itinerary.pause_at(at_s, seconds)
        self.rested_s = to_s = at_s + seconds
        words = f"stands {seconds / 60:.1f} min, not at an allowed place"
        if cue.act == Act.SHORT_STOP:
            self.near_miss(duty, cue.act, from_s, to_s, words)
            return
        self.note(duty, cue.act, from_s, to_s, words)
        self.note(duty, cue.act, from_s - 240, to_s + 60, "hardly moves for as long", "not-on-patrol")

    def pause(self, low_s: float, high_s: float) -> None:
        """Stand for a moment, unless a long stop was not long ago or is to come soon: the two might count as one."""
        still = (Act.OVERTIME_STOP, Act.SHORT_STOP, Act.NOT_ON_PATROL)
        soon = any(c.act in still and c.at_s - self.now_s < _RESTED_S for c in self.cues[:1])
        if not soon and self.now_s - self.rested_s > _RESTED_S:
            self.itinerary.wait(self.uniform(low_s, high_s))

    def errand(
        self,
        from_node: int,
        off_m: Floats,
        least_m: float,
        one_way_s: tuple[float, float],
        linger_s: tuple[float, float],
        measure: Callable[[Floats], Floats],
        limit_m: float,
        lasting_s: tuple[float, float],
    ) -> tuple[float, float] | None:
        """Off to a junction at least `least_m` (by `off_m`, per junction) off the beat, linger, and back the same way.

        Returns the one span in which `measure` exceeded `limit_m`, if it lasted as long as asked; else nothing is done.
        """
        network = self.ground.network
        walk = self.gait.mps[-1] if self.foot else None
        cost = (lambda e: network.metres(e) / walk) if walk else network.seconds
        best = network.reach(from_node, cost, one_way_s[1], within=self.ground.ordinary)
        goals = sorted(n for n, (s, _, _) in best.items() if off_m[n] >= least_m and s >= one_way_s[0])
        mark = self.itinerary.mark()
        for goal in self.rng.permutation(goals).tolist()[:4]:
            out = track_of(network, from_node, network.walk_back(best, goal))
            self.itinerary.add(*travel(out, self.gait, self.rng))
            self.itinerary.wait(self.uniform(*linger_s))
            self.itinerary.add(*travel(out.piece(len(out) - 1, 0), self.gait, self.rng))
            spells = self.itinerary.spells(mark, measure, limit_m)
            if len(spells) == 1 and lasting_s[0] <= spells[0][1] - spells[0][0] <= lasting_s[1]:
                return spells[0]
            self.itinerary.rewind(mark)
        return None

    def idle(self, duty: Duty, cue: Cue) -> None:
        """Do nothing for long at a place where standing is allowed."""
        since_s = self.itinerary.near_since(self.now_s, self.itinerary.here, _STAY_M)
        at_start = self.now_s - duty.from_s < 120
        seconds = cue.seconds or self.uniform(1260, 2400)
        self.itinerary.wait(min(seconds, max(1200.0, duty.to_s - 300 - self.now_s)))
        words = "never left the station" if at_start else "idle at an allowed place"
        self.note(duty, cue.act, duty.from_s if at_start else since_s, self.now_s, words)

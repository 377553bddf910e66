"""Patrol to and fro on a route: checkpoints, errands off it, speeding on its motorway."""

from collections.abc import Sequence

import numpy as np
import shapely

from hardware.acts import Act, Cue, Duty
from hardware.beats import CORRIDOR_M, RouteBeat
from hardware.gaits import CAR, FOOT, travel, usual_s
from hardware.itinerary import Itinerary
from hardware.patrolling import Ground, Patrol
from hardware.plane import Floats
from hardware.track import KLASSES, track_of

_FAST = KLASSES.index("highway")
_TURN_BACK_M = {False: 450.0, True: 260.0}
_CLEAR_OF_CHECKPOINT_M = {False: 260.0, True: 205.0}  # reflections throw a fix 150 m
_DASH_MPS = (39.5, 43.0)


def top_speed_run_m(beat: RouteBeat) -> float:
    """The longest stretch of motorway on a route."""
    runs, run = [0.0], 0.0
    for gap, klass in zip(np.diff(beat.track.at_m).tolist(), beat.track.klass.tolist(), strict=True):
        run = run + gap if klass == _FAST else 0.0
        runs.append(run)
    return max(runs)


def turning_vertex(beat: RouteBeat) -> int | None:
    """Where one turns back so as never to come near the last checkpoint; None where the route does not allow it."""
    if not beat.checkpoints or beat.track.tunnel.any():
        return None
    last = beat.checkpoints[-1]
    track = beat.track
    vertex = track.vertex_at(float(track.at_m[last.vertex]) - _TURN_BACK_M[beat.foot])
    if vertex < 0.4 * len(track) or vertex >= last.vertex:
        return None
    used = shapely.LineString(track.xy[: vertex + 1])
    clear = used.distance(shapely.Point(track.xy[last.vertex])) >= _CLEAR_OF_CHECKPOINT_M[beat.foot]
    return vertex if clear else None


def idle_vertices(beat: RouteBeat, ground: Ground) -> list[int]:
    """The vertices at which one may stand as long as one likes."""
    return [v for v, n in enumerate(beat.track.node.tolist()) if n in ground.stops]


class RoutePatrol(Patrol):
    """A car or officer on one route; `i` is the vertex reached, `ahead` +1 or -1."""

    def __init__(
        self,
        ground: Ground,
        device: str,
        beat: RouteBeat,
        start_s: float,
        vertex: int,
        rng: np.random.Generator,
    ) -> None:
        x, y = beat.track.xy[vertex]
        super().__init__(ground, device, beat.foot, Itinerary(start_s, float(x), float(y)), rng)
        self.beat, self.i, self.ahead = beat, vertex, 1 if rng.random() < 0.5 else -1
        self.end = len(beat.track) - 1
        self.homeward_s = usual_s(beat.track, FOOT if beat.foot else CAR)
        nodes = ground.network.xy
        self.off_m: Floats = shapely.distance(beat.line, shapely.points(nodes[:, 0], nodes[:, 1]))
        self.idle_at = set(idle_vertices(beat, ground))
        self.visited: set[int] = set()

    def serve(self, duty: Duty, acts: Sequence[Cue]) -> None:
        """Patrol until the duty ends, performing `acts` as their time comes and the place allows."""
        self.cues = sorted(acts, key=lambda c: c.at_s)
        self.visited, self.end = set(), len(self.beat.track) - 1
        skipped = next((c for c in acts if c.act == Act.MISSED_CHECKPOINT), None)
        if skipped is not None:
            self.cues.remove(skipped)
            vertex = turning_vertex(self.beat)
            if vertex is not None and self.i <= vertex:
                self.end = vertex
                name = self.beat.checkpoints[-1].name
                self.note(duty, Act.MISSED_CHECKPOINT, duty.from_s, duty.to_s, f"turns back before {name}")
        if not self._starts_idle(duty):
            self.itinerary.wait(max(0.0, duty.from_s - self.now_s) + self.uniform(5, 60))
        while self.now_s < duty.to_s:
            if self._perform(duty):
                continue
            if self._time_to_go_home(duty):
                self._go_home(duty)
                break
            self._advance(duty)

    def _starts_idle(self, duty: Duty) -> bool:
        cue = next((c for c in self.cues if c.act == Act.NOT_ON_PATROL and c.at_s <= duty.from_s), None)
        if cue is None or self.i not in self.idle_at:
            return False
        self.cues.remove(cue)
        self.itinerary.wait_until(duty.from_s)
        self.idle(duty, cue)
        return True

    def _time_to_go_home(self, duty: Duty) -> bool:
        return not self.foot and duty.to_s - self.now_s <= self.homeward_s[self.i] * 1.06 + 60

    def _go_home(self, duty: Duty) -> None:
        """Back to the station at the end of the duty; early, one waits there, but not for long."""
        while self.i > 0:
            self.ahead = -1
            self._hop(duty, max(0, self._bound()))
        self.itinerary.wait_until(min(duty.to_s, self.now_s + 420))
        self.ahead = 1

    def _advance(self, duty: Duty) -> None:
        if not 0 <= self.i + self.ahead <= self.end:
            self.ahead = -1 if self.i >= self.end else 1
            self.pause(5, 30)
        self._hop(duty, self._bound())
        for n, checkpoint in enumerate(self.beat.checkpoints):
            if checkpoint.vertex == self.i and (n not in self.visited or self.rng.random() < 0.3):
                self.visited.add(n)
                self.pause(*((40, 130) if self.foot else (60, 230)))
        if self.foot and self.rng.random() < 0.25:
            self.pause(20, 120)

    def _bound(self) -> int:
        """Where the next hop ends: at a checkpoint, an end, a junction when something is due, or some way on."""
        track, hop_m = self.beat.track, 150.0 if self.foot else 700.0
        marks = {c.vertex for c in self.beat.checkpoints}
        due = self.due() is not None
        i = self.i + self.ahead
        while 0 < i < self.end:
            if i in marks or abs(track.at_m[i] - track.at_m[self.i]) >= hop_m:
                break
            if due and (track.node[i] >= 0 or i in self.idle_at):
                break
            i += self.ahead
        return max(0, i)

    def _hop(self, duty: Duty, to: int) -> None:
        self.go(duty, self.beat.track.piece(self.i, to))
        self.i = to

    def _perform(self, duty: Duty) -> bool:
        """Perform the act that is due, if this is the place for it."""
        cue = self.due()
        if cue is None:
            return False
        done = False
        if cue.act in (Act.OFF_ROUTE, Act.SWING):
            done = self._leave(duty, cue)
        elif cue.act == Act.NOT_ON_PATROL and self.i in self.idle_at and duty.to_s - self.now_s > 1800:
            self.idle(duty, cue)
            done = True
        elif cue.act in (Act.SPEEDING, Act.DISPATCHED_FAST):
            done = self._dash(duty, cue)
        elif cue.act not in (Act.OFF_ROUTE, Act.NOT_ON_PATROL, Act.OVERTIME_STOP, Act.SHORT_STOP):
            done = True
        if done:
            self.cues.remove(cue)
        return done

    def _measure(self, xy: Floats) -> Floats:
        distance: Floats = shapely.distance(self.beat.line, shapely.points(xy[:, 0], xy[:, 1]))
        return distance

    def _leave(self, duty: Duty, cue: Cue) -> bool:
        node = int(self.beat.track.node[self.i])
        if node < 0:
            return False
        if cue.act == Act.SWING:
            return self._swing(duty, node)
        one_way = (150.0, 300.0) if self.foot else (40.0, 200.0)
        linger = (20.0, 120.0) if self.foot else (60.0, 260.0)
        spell = self.errand(node, self.off_m, 215.0, one_way, linger, self._measure, CORRIDOR_M, (250, 600))
        if spell is not None:
            self.note(duty, cue.act, *spell, f"{spell[1] - spell[0]:.0f} s off the route")
            self.away_long(duty, cue.act, *spell)
        return spell is not None

    def _swing(self, duty: Duty, node: int) -> bool:
        """Into a side road, and back at once."""
        network, on_route = self.ground.network, set(self.beat.track.node.tolist())
        for other, edge in network.links[node]:
            if other in on_route or edge not in self.ground.ordinary:
                continue
            track = track_of(network, node, [(other, edge)], 15.0)
            off_m = self._measure(track.xy)
            far = np.flatnonzero(off_m >= (78.0 if self.foot else self.rng.uniform(100, 150)))
            if not len(far):
                continue
            out = track.piece(0, int(far[0]))
            mark = self.itinerary.mark()
            self.itinerary.add(*travel(out, self.gait, self.rng))
            self.itinerary.wait(3.0 if self.foot else self.uniform(6, 14))
            self.itinerary.add(*travel(out.piece(len(out) - 1, 0), self.gait, self.rng))
            spells = self.itinerary.spells(mark, self._measure, CORRIDOR_M)
            if len(spells) == 1 and 8 <= spells[0][1] - spells[0][0] <= 45:
                self.near_miss(duty, Act.SWING, *spells[0], f"{spells[0][1] - spells[0][0]:.0f} s off the route")
                return True
            self.itinerary.rewind(mark)
        return False

    def _dash(self, duty: Duty, cue: Cue) -> bool:
        """Far too fast over the motorway ahead."""
        track, speed = self.beat.track, self.uniform(*_DASH_MPS)
        need_m = speed * self.uniform(100, 135)
        i = self.i
        while 0 <= i + self.ahead <= self.end and track.klass[min(i, i + self.ahead)] == _FAST:
            if abs(track.at_m[i] - track.at_m[self.i]) >= need_m:
                break
            i += self.ahead
        if abs(track.at_m[i] - track.at_m[self.i]) < need_m:
            return False
        from_s = self.now_s
        self.itinerary.add(*travel(track.piece(self.i, i), self.gait, self.rng, fixed_mps=speed))
        self.i = i
        words = f"{speed * 3.6:.0f} km/h for {self.now_s - from_s:.0f} s"
        if cue.act == Act.SPEEDING:
            self.note(duty, cue.act, from_s, self.now_s, words)
        else:
            self.record.dispatches.append((from_s - 90, self.now_s + 180))
            self.near_miss(duty, cue.act, from_s, self.now_s, words + ", dispatched")
        return True

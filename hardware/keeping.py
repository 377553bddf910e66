"""Keeping to a place: an officer at a post, a car on standby."""

from collections.abc import Sequence

import numpy as np
import shapely

from hardware.acts import Act, Cue, Duty
from hardware.beats import POST_RADIUS_M, PostBeat, StandbyBeat
from hardware.itinerary import Itinerary
from hardware.patrolling import Ground, Patrol
from hardware.plane import Floats

_WALK_MPS, _STRIDE_MPS = 1.25, 1.6


class PostKeeper(Patrol):
    """An officer at a post: about in the circle, indoors at times, away for a toilet's length now and then."""

    def __init__(self, ground: Ground, device: str, beat: PostBeat, start_s: float, rng: np.random.Generator) -> None:
        super().__init__(ground, device, True, Itinerary(start_s, beat.x, beat.y), rng)
        self.beat = beat
        self.centre = np.array([beat.x, beat.y])

    def serve(self, duty: Duty, acts: Sequence[Cue]) -> None:
        """Keep the post until the duty ends, leaving it as `acts` say."""
        self.cues = sorted(acts, key=lambda c: c.at_s)
        self.itinerary.wait_until(duty.from_s)
        toilet_s = duty.from_s + self.uniform(1500, 6000)
        while self.now_s < duty.to_s:
            cue = self.due()
            if cue is not None:
                self.cues.remove(cue)
                if cue.act == Act.OFF_POST:
                    self._leave(duty, cue, self.uniform(160, 400), cue.seconds or self.uniform(500, 1150))
                elif cue.act == Act.SHORT_ABSENCE:
                    self._leave(duty, cue, self.uniform(115, 150), self.uniform(140, 180))
                continue
            if self.now_s > toilet_s:
                toilet_s = self.now_s + self.uniform(4500, 9000)
                self._leave(duty, None, self.uniform(95, 120), self.uniform(80, 150))
                continue
            self._stroll(duty)

    def _stroll(self, duty: Duty) -> None:
        """To another spot in the circle, and stay there a while."""
        until_s = self.cues[0].at_s if self.cues else duty.to_s
        r, angle = 38 * np.sqrt(self.rng.random()), self.uniform(0, 6.283)
        self._walk(self.centre + r * np.array([np.cos(angle), np.sin(angle)]))
        from_s = self.now_s
        stay_s = self.uniform(90, 700)
        if until_s > from_s:
            stay_s = min(stay_s, until_s - from_s + 1)
        self.itinerary.wait(stay_s)
        if self.rng.random() < 0.35 and stay_s > 120:
            self.record.indoors.append((from_s + 10, self.now_s - 10))

    def _leave(self, duty: Duty, cue: Cue | None, away_m: float, outside_s: float) -> None:
        angle = self.uniform(0, 6.283)
        mark = self.itinerary.mark()
        out = self.centre + away_m * np.array([np.cos(angle), np.sin(angle)])
        self._walk(self.centre)
        self._walk(out, _STRIDE_MPS)
        self.itinerary.wait(max(5.0, outside_s - 2 * (away_m - POST_RADIUS_M) / _STRIDE_MPS))
        self._walk(self.centre, _STRIDE_MPS)
        spell = self.itinerary.spells(mark, self._measure, POST_RADIUS_M)[0]
        words = f"{away_m:.0f} m off the post, {spell[1] - spell[0]:.0f} s outside"
        if cue is not None and cue.act == Act.OFF_POST:
            self.note(duty, cue.act, *spell, words)
        else:
            self.near_miss(duty, Act.SHORT_ABSENCE, *spell, words)

    def _walk(self, goal: Floats, mps: float = _WALK_MPS) -> None:
        length = float(np.hypot(*(goal - np.array(self.itinerary.here))))
        self.itinerary.add(np.array([max(1.0, length / mps)]), goal[None, :])

    def _measure(self, xy: Floats) -> Floats:
        distance: Floats = np.hypot(*(xy - self.centre).T)
        return distance


class StandbyKeeper(Patrol):
    """A car in its station's yard, until it is sent, or goes."""

    def __init__(
        self, ground: Ground, device: str, beat: StandbyBeat, start_s: float, rng: np.random.Generator
    ) -> None:
        x, y = ground.network.xy[beat.node] + rng.uniform(-22, 22, 2)
        super().__init__(ground, device, False, Itinerary(start_s, float(x), float(y)), rng)
        self.beat = beat
        self.far_m: Floats = np.hypot(*(ground.network.xy - ground.network.xy[beat.node]).T)

    def serve(self, duty: Duty, acts: Sequence[Cue]) -> None:
        """Stand by until the duty ends, leaving as `acts` say."""
        self.cues = sorted(acts, key=lambda c: c.at_s)
        self.itinerary.wait_until(duty.from_s)
        for cue in self.cues:
            if cue.act not in (Act.OFF_STANDBY, Act.DISPATCHED):
                continue
            self.itinerary.wait_until(cue.at_s)
            self._leave(duty, cue)
        self.itinerary.wait_until(duty.to_s)

    def _leave(self, duty: Duty, cue: Cue) -> None:
        yard, from_s, mark = np.array(self.itinerary.here), self.now_s, self.itinerary.mark()
        self.itinerary.add(np.array([8.0]), self.ground.network.xy[self.beat.node][None, :])
        away = (500.0, 1300.0) if cue.act == Act.DISPATCHED else (120.0, 420.0)
        spell = self.errand(self.beat.node, self.far_m, 700.0, (60.0, 300.0), away, self._measure, 0.0, (300, 2400))
        if spell is None:
            self.itinerary.rewind(mark)
            return
        self.itinerary.add(np.array([8.0]), yard[None, :])
        words = f"{spell[1] - spell[0]:.0f} s away from the station"
        if cue.act == Act.DISPATCHED:
            self.record.dispatches.append((from_s - 60, self.now_s + 120))
            self.near_miss(duty, cue.act, *spell, words + ", dispatched")
        else:
            self.note(duty, cue.act, *spell, words + ", no incident open")

    def _measure(self, xy: Floats) -> Floats:
        outside: Floats = shapely.distance(self.beat.polygon, shapely.points(xy[:, 0], xy[:, 1]))
        return outside

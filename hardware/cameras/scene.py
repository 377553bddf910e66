"""A scene: a place and the people in it, who come, sit, stir and go by a script. A function of time alone."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2

from hardware.cameras.drawing import CANVAS
from hardware.cameras.figures import Pose
from hardware.cameras.picture import Picture, Size, as_picture
from hardware.cameras.places import Place, Spot
from hardware.cameras.sprite import Sprite

_PACE = 0.75  # statures a second
_STIRS_EVERY_S = 2.6
_STEPS_PER_S = 2.2
_VARIANTS = 4


class Figure(Protocol):
    """Somebody who can be pictured."""

    def sprite(self, pose: Pose, variant: int) -> Sprite: ...


@dataclass(frozen=True, slots=True)
class Move:
    """At `at_s` seconds of the script `who` sets out for the spot named `to`."""

    at_s: float
    who: str
    to: str


@dataclass(frozen=True, slots=True)
class _Leg:
    """From one spot to the next, begun and ended."""

    start_s: float
    end_s: float
    origin: Spot
    goal: Spot

    def at(self, t_s: float) -> Spot:
        if t_s >= self.end_s:
            return self.goal
        share = max(0.0, (t_s - self.start_s) / (self.end_s - self.start_s))
        x, y, stature = (
            a + (b - a) * share
            for a, b in (
                (self.origin.x, self.goal.x),
                (self.origin.y, self.goal.y),
                (self.origin.stature, self.goal.stature),
            )
        )
        pose = Pose.BACK if Pose.BACK in (self.origin.pose, self.goal.pose) else Pose.WALKING
        return Spot(x, y, stature, pose, self.origin.before and self.goal.before)


class Scene:
    """People of `cast` in `place`: each begins at the spot that `start` names and moves by `script`, which begins anew
    every `repeat_s`."""

    def __init__(
        self,
        place: Place,
        cast: Mapping[str, Figure],
        start: Mapping[str, str],
        script: Sequence[Move] = (),
        repeat_s: float = math.inf,
    ) -> None:
        """Raises `KeyError` where the script names nobody of the cast, or no spot of the place."""
        self._place, self._cast, self._repeat_s = place, dict(cast), repeat_s
        self._legs = {who: self._way(place.spots[start[who]], script, who) for who in cast}
        if strangers := {move.who for move in script} - set(cast):
            raise KeyError(f"script moves {sorted(strangers)}, expected some of {sorted(cast)}")
        self._sprites: dict[tuple[str, Pose, int], Sprite] = {}
        self._fitted: dict[Size, tuple[Picture, Picture]] = {}

    def _way(self, start: Spot, script: Sequence[Move], who: str) -> list[_Leg]:
        legs = [_Leg(-math.inf, -math.inf, start, start)]
        for move in sorted((m for m in script if m.who == who), key=lambda m: m.at_s):
            origin, goal = legs[-1].at(move.at_s), self._place.spots[move.to]
            pace = _PACE * (origin.stature + goal.stature) / 2
            took_s = math.hypot(goal.x - origin.x, goal.y - origin.y) / pace
            legs.append(_Leg(move.at_s, move.at_s + took_s, origin, goal))
        return legs

    def where(self, who: str, t_s: float) -> Spot:
        """Where somebody is."""
        legs, t_s = self._legs[who], t_s % self._repeat_s
        return legs[bisect_right(legs, t_s, key=lambda leg: leg.start_s) - 1].at(t_s)

    def visible(self, t_s: float) -> list[str]:
        """Who is in the picture."""
        return [who for who in self._cast if 0 < self.where(who, t_s).x < CANVAS[0]]

    def picture(self, t_s: float, size: Size) -> Picture:
        """The scene at `t_s` seconds of its script."""
        if size not in self._fitted:
            front = cv2.resize(self._place.front, size, interpolation=cv2.INTER_NEAREST)
            colours = cv2.resize(self._place.colours, size, interpolation=cv2.INTER_AREA)
            self._fitted[size] = as_picture(colours), as_picture(front)
        colours, front = self._fitted[size]
        seen = colours.copy()
        there = sorted(((self.where(who, t_s), who) for who in self._cast), key=lambda each: each[0].y)
        self._paste(seen, [each for each in there if not each[0].before], t_s)
        if front.any():
            cv2.copyTo(colours, front, seen)
        self._paste(seen, [each for each in there if each[0].before], t_s)
        return seen

    def _paste(self, seen: Picture, people: Sequence[tuple[Spot, str]], t_s: float) -> None:
        scale = seen.shape[1] / CANVAS[0]
        for spot, who in people:
            phase = 0.7 * sum(who.encode())
            sway = 0.006 * spot.stature * math.sin(0.8 * t_s + phase)
            if spot.pose == Pose.WALKING:
                variant = int(t_s * _STEPS_PER_S) % 2
            else:
                variant = int((t_s + phase) / _STIRS_EVERY_S) * 7 % _VARIANTS
            sprite = self._sprite(who, spot.pose, variant)
            sprite.paste(seen, (spot.x + sway) * scale, spot.y * scale, spot.stature * scale)

    def _sprite(self, who: str, pose: Pose, variant: int) -> Sprite:
        key = who, pose, variant
        if key not in self._sprites:
            self._sprites[key] = self._cast[who].sprite(pose, variant)
        return self._sprites[key]

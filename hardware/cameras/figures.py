"""Human figures, drawn: head, hair, face, torso, arms and legs, in clothes, lit from above as if they had volume."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.cameras.sprite import Sprite

Colour = tuple[int, int, int]  # blue, green, red
Point = tuple[float, float]
_Floats = NDArray[np.float32]
_STATURE = 460.0  # pixels on the drawing board
_BOARD = (520, 340)  # its height and width
_FLOOR = 505.0
_LIGHT = np.array([-0.35, -0.62, 0.70])


class Pose(StrEnum):
    """How a figure holds itself."""

    STANDING = "standing"
    WALKING = "walking"
    SITTING = "sitting"
    BACK = "back"  # standing, seen from behind


@dataclass(frozen=True, slots=True)
class Look:
    """How a person looks."""

    skin: Colour
    hair: Colour
    top: Colour
    trousers: Colour
    shoes: Colour = (30, 30, 34)
    long_hair: bool = False
    uniform: bool = False
    cap: bool = False
    broad: float = 1.0

    @classmethod
    def officer(cls, rng: np.random.Generator) -> Self:
        """Somebody in uniform."""
        woman = bool(rng.random() < 0.4)
        skin = _SKINS[int(rng.integers(len(_SKINS)))]
        return cls(skin, _HAIR, _UNIFORM, _UNIFORM_TROUSERS, long_hair=woman, uniform=True, broad=_breadth(woman, rng))

    @classmethod
    def citizen(cls, rng: np.random.Generator) -> Self:
        """Somebody in everyday clothes."""
        woman = bool(rng.random() < 0.5)
        skin, top = _SKINS[int(rng.integers(len(_SKINS)))], _TOPS[int(rng.integers(len(_TOPS)))]
        trousers = _TROUSERS[int(rng.integers(len(_TROUSERS)))]
        return cls(skin, _HAIR, top, trousers, long_hair=woman, broad=_breadth(woman, rng))


_HAIR: Colour = (26, 24, 28)
_UNIFORM: Colour = (96, 58, 30)
_UNIFORM_TROUSERS: Colour = (70, 44, 26)
_SKINS: tuple[Colour, ...] = ((138, 170, 214), (120, 154, 200), (150, 184, 226), (108, 140, 186))
_TOPS: tuple[Colour, ...] = (
    (60, 60, 170),
    (90, 120, 90),
    (205, 204, 200),
    (60, 140, 190),
    (140, 90, 120),
    (70, 70, 74),
    (150, 120, 70),
)
_TROUSERS: tuple[Colour, ...] = ((45, 42, 40), (110, 78, 52), (60, 70, 84), (96, 104, 110))


def _breadth(woman: bool, rng: np.random.Generator) -> float:
    return float((0.90 if woman else 1.02) + rng.uniform(-0.04, 0.08))


class DrawnFigure:
    """A person drawn from a look. `variant` moves head and arms a little."""

    def __init__(self, look: Look, seed: int) -> None:
        self._look = look
        self._seed = seed

    def sprite(self, pose: Pose, variant: int) -> Sprite:
        """The person, cut out."""
        rng = np.random.default_rng([self._seed, list(Pose).index(pose), variant])
        board = _Board(rng)
        _Body(board, self._look, pose, variant, rng).draw()
        return board.sprite()


class _Board:
    """Where parts are painted one over another. Lengths are in statures, x from the middle, y from the floor up."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._colour = np.zeros((*_BOARD, 3), np.float32)
        self._alpha = np.zeros(_BOARD, np.float32)
        coarse = rng.normal(0, 1, (_BOARD[0] // 14, _BOARD[1] // 14)).astype(np.float32)
        self._folds = cv2.resize(coarse, _BOARD[::-1], interpolation=cv2.INTER_CUBIC)

    def part(self, outline: Sequence[Point], colour: Colour, bulge: float = 1.0, folds: float = 0.0) -> None:
        """Paint a closed outline."""
        points = np.array([(_BOARD[1] / 2 + x * _STATURE, _FLOOR - y * _STATURE) for x, y in outline])
        left, top = np.maximum(points.min(axis=0).astype(int) - 6, 0)
        right, bottom = np.minimum(points.max(axis=0).astype(int) + 7, _BOARD[::-1])
        if right <= left or bottom <= top:
            return
        sharp = np.zeros((bottom - top, right - left), np.uint8)
        cv2.fillPoly(sharp, [np.round((points - (left, top)) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        mask = (cv2.GaussianBlur(sharp, (0, 0), 0.8).astype(np.float32) / 255)[..., None]
        shade = _shade(sharp, bulge) + folds * self._folds[top:bottom, left:right]
        here = np.s_[top:bottom, left:right]
        painted = np.array(colour, np.float32) * shade[..., None]
        self._colour[here] = self._colour[here] * (1 - mask) + painted * mask
        self._alpha[here] = np.maximum(self._alpha[here], mask[..., 0])

    def limb(self, joints: Sequence[tuple[float, float, float]], colour: Colour, folds: float = 0.0) -> None:
        """Paint a limb through joints (x, y, radius)."""
        circle = np.linspace(0, 2 * np.pi, 20)
        rim = np.column_stack([np.cos(circle), np.sin(circle)])
        for a, b in pairwise(joints):
            cloud = np.concatenate([np.array(j[:2]) + rim * j[2] for j in (a, b)]).astype(np.float32)
            hull = cv2.convexHull(cloud)[:, 0]
            self.part([(float(x), float(y)) for x, y in hull], colour, folds=folds)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour, bulge: float = 1.0) -> None:
        t = np.linspace(0, 2 * np.pi, 40)
        self.part(list(zip((x + rx * np.cos(t)).tolist(), (y + ry * np.sin(t)).tolist(), strict=True)), colour, bulge)

    def sprite(self) -> Sprite:
        """What is painted, without the empty margins."""
        rows, columns = (np.flatnonzero(self._alpha.any(axis=axis)) for axis in (1, 0))
        half, top = int(np.abs(columns - _BOARD[1] // 2).max()) + 1, int(rows[0])
        cut = np.s_[top : rows[-1] + 1, max(0, _BOARD[1] // 2 - half) : _BOARD[1] // 2 + half]
        colour = np.clip(self._colour[cut], 0, 255).astype(np.uint8)
        return Sprite(colour, self._alpha[cut].copy(), _STATURE, _FLOOR - top)


def _shade(sharp: NDArray[np.uint8], bulge: float) -> _Floats:
    """Lambert's light on a part that bulges towards the eye."""
    deep = cv2.distanceTransform(cv2.copyMakeBorder(sharp, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)[1:-1, 1:-1]
    most = max(float(deep.max()), 1.0)
    rise = np.sqrt(np.clip(1 - (1 - np.clip(deep / most, 0, 1)) ** 2, 0, 1)).astype(np.float32) * most * 0.55 * bulge
    rise = cv2.GaussianBlur(rise, (0, 0), max(1.0, most / 5))
    slope_x, slope_y = cv2.Sobel(rise, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(rise, cv2.CV_32F, 0, 1, scale=1 / 8)
    lit = (-slope_x * _LIGHT[0] - slope_y * _LIGHT[1] + _LIGHT[2]) / np.sqrt(1 + slope_x**2 + slope_y**2)
    shade: _Floats = (0.42 + 0.78 * np.clip(lit, 0, 1)).astype(np.float32)
    return shade


class _Body:
    """The parts of one person in one pose."""

    def __init__(self, board: _Board, look: Look, pose: Pose, variant: int, rng: np.random.Generator) -> None:
        self._board, self._look, self._pose, self._variant = board, look, pose, variant
        self._sitting = pose == Pose.SITTING
        self._lower = 0.30 if self._sitting else 0.0  # a seated trunk is that much lower
        self._head = (float(rng.normal(0, 0.008)), float(rng.normal(0, 0.003)))
        self._lift = rng.uniform(0, 1, 2)
        self._broad = look.broad

    def draw(self) -> None:
        (self._seated_legs if self._sitting else self._legs)()
        if self._look.long_hair:
            self._at(0, 0.845, 0.066, 0.085, self._look.hair)
        self._trunk()
        self._arm(-1)
        self._arm(+1)
        self._neck_and_head()

    def _y(self, y: float) -> float:
        return y - self._lower

    def _at(self, x: float, y: float, rx: float, ry: float, colour: Colour, bulge: float = 1.0) -> None:
        self._board.ellipse(x + self._head[0], self._y(y) + self._head[1], rx, ry, colour, bulge)

    def _legs(self) -> None:
        stride = (0.055 if self._variant % 2 else -0.03) if self._pose == Pose.WALKING else 0.0
        for side in (-1, 1):
            x, step = 0.052 * side, stride * side
            knee, ankle = (x + step * 0.5, 0.27, 0.047), (x * 1.05 + step, 0.055, 0.034)
            self._board.ellipse(ankle[0] + 0.012 * side, 0.022, 0.044, 0.024, self._look.shoes)
            self._board.limb([(x * 0.9, 0.50, 0.062), knee, ankle], self._look.trousers, folds=0.05)

    def _seated_legs(self) -> None:
        for side in (-1, 1):
            x = 0.062 * side
            self._board.ellipse(x * 1.25, 0.022, 0.042, 0.024, self._look.shoes)
            shin = [(x * 1.35, 0.235, 0.055), (x * 1.25, 0.055, 0.034)]
            self._board.limb(shin, self._look.trousers, folds=0.05)
            self._board.limb([(x * 0.9, 0.245, 0.068), (x * 1.35, 0.225, 0.060)], self._look.trousers, folds=0.05)

    def _trunk(self) -> None:
        b = self._broad
        half = [
            (0.0, 0.842),
            (0.045, 0.836),
            (0.100, 0.815),
            (0.128, 0.785),
            (0.122, 0.72),
            (0.105, 0.64),
            (0.094, 0.57),
        ]
        half += [(0.106, 0.50), (0.110, 0.455)]
        right = [(x * b, self._y(y)) for x, y in half]
        outline = right + [(-x, y) for x, y in reversed(right)]
        self._board.part(outline, self._look.top, bulge=0.8, folds=0.06)
        if self._pose == Pose.BACK:
            return
        if self._look.uniform:
            shirt: Colour = (225, 200, 170)
            self._board.part([(-0.03, self._y(0.845)), (0.03, self._y(0.845)), (0.0, self._y(0.74))], shirt, 0.2)
            self._board.part(
                [(-0.009, self._y(0.835)), (0.009, self._y(0.835)), (0.012, self._y(0.70)), (-0.012, self._y(0.70))],
                (40, 25, 20),
                0.3,
            )
            for side in (-1, 1):
                self._board.part(
                    [
                        (0.062 * side * b, self._y(0.822)),
                        (0.118 * side * b, self._y(0.80)),
                        (0.112 * side * b, self._y(0.788)),
                        (0.058 * side * b, self._y(0.808)),
                    ],
                    (40, 32, 30),
                    0.3,
                )
            self._board.ellipse(0.055, self._y(0.735), 0.014, 0.016, (70, 190, 225))
        else:
            darker = tuple(int(c * 0.6) for c in self._look.top)
            line = (darker[0], darker[1], darker[2])
            self._board.part(
                [(-0.003, self._y(0.83)), (0.003, self._y(0.83)), (0.003, self._y(0.47)), (-0.003, self._y(0.47))],
                line,
                0.1,
            )
            self._board.part([(-0.04, self._y(0.85)), (0.04, self._y(0.85)), (0.0, self._y(0.79))], line, 0.4)

    def _arm(self, side: int) -> None:
        b, lift = self._broad, float(self._lift[(side + 1) // 2])
        shoulder = (0.106 * side * b, self._y(0.782), 0.037)
        if self._sitting:
            elbow = (0.142 * side * b, self._y(0.625), 0.032)
            wrist = ((0.055 + 0.05 * lift) * side, self._y(0.555 + 0.05 * lift), 0.026)
        else:
            swing = 0.0 if self._pose != Pose.WALKING else (0.03 if self._variant % 2 else -0.03) * side
            elbow = ((0.142 + 0.01 * lift) * side * b, 0.625, 0.031)
            wrist = ((0.138 + 0.02 * lift) * side * b + swing, 0.485 + 0.02 * lift, 0.025)
        self._board.limb([shoulder, elbow, wrist], self._look.top, folds=0.06)
        self._board.ellipse(
            wrist[0] + (-0.012 * side if self._sitting else 0), wrist[1] - 0.025, 0.022, 0.030, self._look.skin
        )

    def _neck_and_head(self) -> None:
        look, back = self._look, self._pose == Pose.BACK
        neck = [(0.0, self._y(0.87), 0.030), (0.0, self._y(0.835), 0.033)]
        dim = tuple(int(c * 0.82) for c in look.skin)
        self._board.limb(neck, (dim[0], dim[1], dim[2]))
        self._at(0, 0.932, 0.052, 0.068, look.hair if back else look.skin)
        if back:
            return
        for side in (-1, 1):
            self._at(0.052 * side, 0.925, 0.008, 0.016, look.skin)
        self._hair()
        self._face()
        if look.cap:
            self._at(0, 0.985, 0.066, 0.024, look.top)
            self._at(0, 0.968, 0.052, 0.010, (25, 22, 22))

    def _hair(self) -> None:
        t = np.linspace(-0.05 * np.pi, 1.05 * np.pi, 28)
        rim = [(0.059 * np.cos(a), 0.932 + 0.078 * np.sin(a)) for a in t]
        fringe = [(-0.046, 0.955), (-0.030, 0.970), (0.005, 0.966), (0.034, 0.972), (0.048, 0.952)]
        dx, dy = self._head
        self._board.part([(x + dx, self._y(y) + dy) for x, y in rim + fringe], self._look.hair, 0.8, 0.15)

    def _face(self) -> None:
        dark: Colour = (40, 40, 46)
        lip = tuple(int(a * k) for a, k in zip(self._look.skin, (0.72, 0.62, 0.80), strict=True))
        shadow = tuple(int(c * 0.78) for c in self._look.skin)
        for side in (-1, 1):
            self._at(0.020 * side, 0.934, 0.0085, 0.0042, (200, 205, 208), 0.1)
            self._at(0.020 * side, 0.934, 0.0045, 0.0045, dark, 0.1)
            self._at(0.021 * side, 0.9455, 0.0125, 0.0030, self._look.hair, 0.1)
        self._at(0.003, 0.916, 0.0075, 0.012, (shadow[0], shadow[1], shadow[2]), 0.5)
        self._at(0, 0.912, 0.009, 0.0035, (shadow[0], shadow[1], shadow[2]), 0.2)
        self._at(0, 0.893, 0.018, 0.0048, (lip[0], lip[1], lip[2]), 0.3)

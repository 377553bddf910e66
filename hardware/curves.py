"""Lines as a surveyor draws them: smooth through given points, gently winding between two, bent by the land."""

from collections.abc import Sequence

import numpy as np

from hardware.plane import Floats

Point = tuple[float, float]


def smooth(points: Sequence[Point], step_m: float = 150.0) -> Floats:
    """A Catmull-Rom curve through `points`, a vertex about every `step_m`."""
    p = np.array(points, np.float64)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    pieces = []
    for i in range(1, len(p) - 2):
        n = max(2, int(np.hypot(*(p[i + 1] - p[i])) / step_m))
        t = np.linspace(0.0, 1.0, n, endpoint=False)[:, None]
        a, b, c, d = p[i - 1], p[i], p[i + 1], p[i + 2]
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*pieces, p[-2:-1]])


def winding(a: Point, b: Point, rng: np.random.Generator, bend: float = 0.05) -> Floats:
    """A road from `a` to `b` that swings to the sides by about `bend` of its length."""
    start, end = np.array(a, np.float64), np.array(b, np.float64)
    length = float(np.hypot(*(end - start)))
    n = max(3, int(length / 140))
    t = np.linspace(0.0, 1.0, n)
    side = np.zeros(n)
    for k in (1, 2, 3):
        side += np.sin(np.pi * k * t) * rng.normal(0.0, bend * length / k**1.4)
    normal = np.array([start[1] - end[1], end[0] - start[0]]) / max(length, 1.0)
    return start + (end - start) * t[:, None] + normal * side[:, None]


def blob(centre: Point, radius_m: float, rng: np.random.Generator, roughness: float = 0.18) -> Floats:
    """A closed, rounded outline."""
    t = np.linspace(0.0, 2 * np.pi, 61)
    r = np.ones(61)
    for k in (2, 3, 4, 5):
        r += roughness / k**0.7 * rng.normal() * np.cos(k * t + rng.uniform(0, 2 * np.pi))
    r = np.maximum(r, 0.5) * radius_m
    return np.column_stack([centre[0] + r * np.cos(t), centre[1] + r * np.sin(t)])


class Warp:
    """A gentle bending of the plane, so that no street grid is a chessboard."""

    def __init__(self, rng: np.random.Generator, amplitude_m: float, wave_m: float) -> None:
        self._waves = [
            (
                rng.normal(0, 1 / wave_m, 2) * 2 * np.pi,
                rng.uniform(0, 2 * np.pi),
                rng.normal(0, amplitude_m, 2),
            )
            for _ in range(4)
        ]

    def __call__(self, xy: Floats) -> Floats:
        out = xy.copy()
        for wave, phase, push in self._waves:
            out += np.sin(xy @ wave + phase)[:, None] * push / 2
        return out

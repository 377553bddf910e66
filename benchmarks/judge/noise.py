"""Receiver errors for the parts of a scene that no receiver recorded."""

from collections.abc import Sequence

import numpy as np

from benchmarks.judge.frame import Floats
from benchmarks.judge.scene import Scene
from benchmarks.judge.sources import Stretch

_DRIFT_M, _DRIFT_TAU_S = 6.0, 60.0
_JUMP_EVERY_S = 90.0
_SEAM_TAU_S = 60.0


def times(length_s: int, cadence_s: float) -> Floats:
    """Fix times of a receiver with this cadence, from one cadence after 0 up to `length_s`."""
    return np.arange(cadence_s, length_s + 0.5, max(cadence_s, 1.0))


def drift(t: Floats, rng: np.random.Generator) -> Floats:
    """AR(1): correlated error of 6 m that forgets itself in a minute."""
    error = np.zeros((len(t), 2))
    now = rng.normal(0.0, _DRIFT_M, 2)
    last = 0.0
    for i, at in enumerate(t.tolist()):
        kept = np.exp(-(at - last) / _DRIFT_TAU_S)
        now = kept * now + rng.normal(0.0, _DRIFT_M * np.sqrt(1.0 - kept**2), 2)
        error[i] = now
        last = at
    return error


def with_multipath(t: Floats, error: Floats, rng: np.random.Generator) -> Floats:
    """`error` with jumps of 25 to 70 m that hold for a few seconds, one in a minute and a half on average."""
    jumped = error.copy()
    at = rng.exponential(_JUMP_EVERY_S)
    while len(t) and at < t[-1]:
        held = rng.uniform(1.0, 12.0)
        angle, reach = rng.uniform(0.0, 2 * np.pi), rng.uniform(25.0, 70.0)
        jumped[(t >= at) & (t < at + held)] += reach * np.array([np.cos(angle), np.sin(angle)])
        at += held + rng.exponential(_JUMP_EVERY_S)
    return jumped


def standing(stays: Sequence[Stretch], length_s: int, rng: np.random.Generator) -> Scene:
    """A device that never moves, with the errors of real receivers that didn't, joined end to end."""
    t_parts: list[Floats] = []
    e_parts: list[Floats] = []
    now, last = 0.0, np.zeros(2)
    while now < length_s:
        stay = stays[int(rng.integers(len(stays)))].scene
        angle = rng.uniform(0.0, 2 * np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        error = stay.error @ turn.T
        local = stay.t - stay.t[0]
        if t_parts:  # the seam is drawn out: an error doesn't jump because the recording changed
            error = error + np.outer(np.exp(-local / _SEAM_TAU_S), last - error[0])
        t_parts.append(now + local)
        e_parts.append(error)
        now += float(local[-1]) + stay.cadence_s
        last = error[-1]
    t, error = np.concatenate(t_parts), np.concatenate(e_parts)
    keep = t <= length_s
    return Scene(np.zeros((length_s + 1, 2)), t[keep], error[keep])

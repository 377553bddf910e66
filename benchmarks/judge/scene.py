"""One device moving: where it truly was each second, what its receiver said, and how a story is spliced in."""

from dataclasses import dataclass

import numpy as np

from benchmarks.judge.frame import Floats

_SMOOTH_S = 8.0  # a Gaussian this wide parts the movement from the jitter of a receiver


@dataclass(frozen=True, slots=True)
class Scene:
    """`truth[k]` is the place at second k; a fix at `t[i]` says truth(t[i]) + `error[i]`. Metres, seconds."""

    truth: Floats
    t: Floats
    error: Floats

    @property
    def length_s(self) -> int:
        return len(self.truth) - 1

    @property
    def cadence_s(self) -> float:
        return float(np.median(np.diff(self.t)))

    def seen(self) -> Floats:
        """What the receiver said, (N, 2)."""
        return self.at(self.t) + self.error

    def at(self, t: Floats) -> Floats:
        """The true place at the times `t`."""
        grid = np.arange(len(self.truth), dtype=np.float64)
        return np.column_stack([np.interp(t, grid, self.truth[:, k]) for k in (0, 1)])

    def cut(self, start_s: int, end_s: int) -> "Scene":
        """The part from second `start_s` to second `end_s`, its clock set to 0 at the start."""
        keep = (self.t >= start_s) & (self.t <= end_s)
        return Scene(self.truth[start_s : end_s + 1], self.t[keep] - start_s, self.error[keep])

    def moved(self, offset: Floats) -> "Scene":
        """The truth displaced by `offset`, one row a second; the receiver's error stays."""
        return Scene(self.truth + offset, self.t, self.error)

    def inserted(self, at_s: int, path: Floats, t: Floats, error: Floats) -> "Scene":
        """`path` (one row a second) lived through after second `at_s`; everything later happens later.

        `t` counts from the start of the path.
        """
        before = self.t <= at_s
        n = len(path)
        return Scene(
            np.concatenate((self.truth[: at_s + 1], path, self.truth[at_s + 1 :])),
            np.concatenate((self.t[before], at_s + t, self.t[~before] + n)),
            np.concatenate((self.error[before], error, self.error[~before])),
        )

    def silenced(self, from_s: float, to_s: float) -> "Scene":
        """No fix strictly between the two times."""
        keep = (self.t <= from_s) | (self.t >= to_s)
        return Scene(self.truth, self.t[keep], self.error[keep])

    def thinned(self, interval_s: float, loss: float, rng: np.random.Generator) -> "Scene":
        """At most one fix per `interval_s`, a share `loss` of what remains lost."""
        kept: list[int] = []
        last = -np.inf
        for i, t in enumerate(self.t.tolist()):
            if t - last >= interval_s - 0.5:
                kept.append(i)
                last = t
        index = np.array(kept)
        index = index[rng.random(len(index)) >= loss]
        return Scene(self.truth, self.t[index], self.error[index])


def from_fixes(t: Floats, xy: Floats) -> Scene:
    """A scene from recorded fixes: the truth is their course smoothed over some seconds, the rest is error."""
    t = t - t[0]
    grid = np.arange(int(t[-1]) + 1, dtype=np.float64)
    reach = int(4 * _SMOOTH_S)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SMOOTH_S) ** 2)
    kernel /= kernel.sum()
    columns = []
    for k in (0, 1):
        course = np.pad(np.interp(grid, t, xy[:, k]), reach, mode="edge")
        columns.append(np.convolve(course, kernel, mode="valid"))
    keep = t <= grid[-1]
    scene = Scene(np.column_stack(columns), t[keep], np.zeros((int(keep.sum()), 2)))
    return Scene(scene.truth, scene.t, xy[keep] - scene.at(scene.t))

"""Where something truly is over time: a polyline in time and space that grows leg by leg."""

from collections.abc import Callable

import numpy as np

from hardware.plane import Floats


class Itinerary:
    """Legs of (time, place) corners in metres; between corners the movement is even."""

    def __init__(self, start_s: float, x: float, y: float) -> None:
        self._t: list[Floats] = [np.array([start_s])]
        self._xy: list[Floats] = [np.array([[x, y]])]

    @property
    def now_s(self) -> float:
        return float(self._t[-1][-1])

    @property
    def here(self) -> tuple[float, float]:
        return float(self._xy[-1][-1, 0]), float(self._xy[-1][-1, 1])

    def add(self, after_s: Floats, xy: Floats) -> None:
        """A leg whose corners are reached `after_s` seconds from now."""
        self._t.append(self.now_s + after_s)
        self._xy.append(xy)

    def wait(self, seconds: float) -> None:
        """Stand still."""
        if seconds > 0:
            self.add(np.array([seconds]), np.array([self.here]))

    def wait_until(self, t_s: float) -> None:
        self.wait(t_s - self.now_s)

    def mark(self) -> int:
        """A place to return to with :meth:`rewind`."""
        return len(self._t)

    def rewind(self, mark: int) -> None:
        """Forget all legs since `mark`."""
        del self._t[mark:], self._xy[mark:]

    def leg_start_s(self) -> float:
        """When the last leg began."""
        return float(self._t[-2][-1])

    def last_at(self, t_s: float) -> tuple[float, float]:
        """The place at a time within the last leg."""
        t = np.concatenate([self._t[-2][-1:], self._t[-1]])
        xy = np.vstack([self._xy[-2][-1:], self._xy[-1]])
        return float(np.interp(t_s, t, xy[:, 0])), float(np.interp(t_s, t, xy[:, 1]))

    def pause_at(self, t_s: float, seconds: float) -> None:
        """Stand still for a while at a time within the last leg; what follows in it comes later."""
        place = np.array([self.last_at(t_s)])
        t, xy = self._t[-1], self._xy[-1]
        before = t <= t_s
        self._t[-1] = np.concatenate([t[before], [t_s, t_s + seconds], t[~before] + seconds])
        self._xy[-1] = np.vstack([xy[before], place, place, xy[~before]])

    def since(self, mark: int) -> tuple[Floats, Floats]:
        """Corners of all legs since `mark`, the place before them included: times and places."""
        t = np.concatenate([self._t[mark - 1][-1:], *self._t[mark:]])
        xy = np.vstack([self._xy[mark - 1][-1:], *self._xy[mark:]])
        return t, xy

    def spells(self, mark: int, beyond_m: Callable[[Floats], Floats], limit_m: float) -> list[tuple[float, float]]:
        """The spans of time since `mark` in which a measure of the place exceeds a limit."""
        t, xy = self.since(mark)
        if t[-1] - t[0] < 2:
            return []
        at = np.arange(t[0], t[-1] + 1.0, 1.0)
        place = np.column_stack([np.interp(at, t, xy[:, 0]), np.interp(at, t, xy[:, 1])])
        beyond = np.concatenate([[False], beyond_m(place) > limit_m, [False]])
        edges = np.flatnonzero(np.diff(beyond.astype(np.int8)))
        last = len(at) - 1
        return [(float(at[a]), float(at[min(b, last)])) for a, b in edges.reshape(-1, 2).tolist()]

    def near_since(self, t_s: float, place: tuple[float, float], radius_m: float) -> float:
        """Since when, up to `t_s`, it has been within `radius_m` of `place`; looks back half an hour."""
        mark = len(self._t)
        while mark > 1 and self._t[mark - 1][-1] > t_s - 1800:
            mark -= 1
        t, xy = self.since(mark)
        at = np.arange(max(t[0], t_s - 1800), t_s, 1.0)
        away = np.hypot(np.interp(at, t, xy[:, 0]) - place[0], np.interp(at, t, xy[:, 1]) - place[1]) > radius_m
        last = np.flatnonzero(away)
        return float(at[last[-1]]) if len(last) else float(at[0]) if len(at) else t_s

    def arrays(self) -> tuple[Floats, Floats]:
        """All corners: times, never falling, and places."""
        return np.concatenate(self._t), np.vstack(self._xy)

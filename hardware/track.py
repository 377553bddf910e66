"""A line to be travelled over the network: its vertices, what road each piece is, and where the junctions are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.plane import Floats
from hardware.roads import HIGHWAY, PRIMARY, SECONDARY, STREET, RoadNetwork

KLASSES = (HIGHWAY, PRIMARY, SECONDARY, STREET)


@dataclass(frozen=True, slots=True)
class Track:
    """V vertices (metres) and the V-1 pieces between them; `node` is the junction at a vertex, or -1."""

    xy: Floats
    klass: NDArray[np.int8]
    tunnel: NDArray[np.bool_]
    node: NDArray[np.int64]
    at_m: Floats

    def __len__(self) -> int:
        return len(self.at_m)

    @property
    def length_m(self) -> float:
        return float(self.at_m[-1])

    def piece(self, start: int, end: int) -> "Track":
        """The track from vertex `start` to vertex `end`, backwards where `end` comes first."""
        if end >= start:
            v, p = slice(start, end + 1), slice(start, end)
            return Track(self.xy[v], self.klass[p], self.tunnel[p], self.node[v], self.at_m[v] - self.at_m[start])
        back = self.piece(end, start)
        return Track(
            back.xy[::-1],
            back.klass[::-1],
            back.tunnel[::-1],
            back.node[::-1],
            back.at_m[-1] - back.at_m[::-1],
        )

    def vertex_at(self, along_m: float) -> int:
        """The vertex nearest to a place along the track."""
        return int(np.argmin(np.abs(self.at_m - along_m)))


def track_of(network: RoadNetwork, start: int, path: Sequence[tuple[int, int]], step_m: float = 60.0) -> Track:
    """The track over the edges of `path` from junction `start`, a vertex at least every `step_m`."""
    xy = [network.xy[start][None, :]]
    klass: list[int] = []
    tunnel: list[bool] = []
    node = [start]
    here = start
    for there, e in path:
        edge = network.edges[e]
        line = edge.line if edge.a == here and edge.b == there else edge.line[::-1]
        dense = _dense(line, step_m)
        xy.append(dense[1:])
        klass += [KLASSES.index(edge.klass)] * (len(dense) - 1)
        tunnel += [edge.tunnel] * (len(dense) - 1)
        node += [-1] * (len(dense) - 2) + [there]
        here = there
    points = np.vstack(xy)
    at_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    return Track(points, np.array(klass, np.int8), np.array(tunnel, bool), np.array(node, np.int64), at_m)


def _dense(line: Floats, step_m: float) -> Floats:
    gaps = np.hypot(*np.diff(line, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(gaps)])
    extra = np.linspace(0.0, at[-1], max(2, int(np.ceil(at[-1] / step_m)) + 1))
    places = np.unique(np.concatenate([at, extra[1:-1]]))
    keep = np.concatenate([[True], np.diff(places) > 1.0])
    places = places[keep]
    places[-1] = at[-1]
    return np.column_stack([np.interp(places, at, line[:, 0]), np.interp(places, at, line[:, 1])])

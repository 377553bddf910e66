"""The road network: named ways cut into edges where they meet, and shortest paths over them."""

import heapq
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from shapely.ops import substring

from hardware.plane import Floats

HIGHWAY, PRIMARY, SECONDARY, STREET = "highway", "primary", "secondary", "street"
USUAL_MPS = {HIGHWAY: 26.0, PRIMARY: 15.5, SECONDARY: 12.5, STREET: 8.5}
_JOIN_M = 9.0
_STUB_M = 90.0


@dataclass(frozen=True, slots=True)
class Way:
    """A road as it is drawn and named. A highway meets only ways that have an interchange with it."""

    name: str
    klass: str
    line: Floats
    interchange: bool = False
    tunnel: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """A piece of a way between two junctions."""

    a: int
    b: int
    klass: str
    name: str
    line: Floats
    length_m: float
    tunnel: bool


@dataclass(slots=True)
class RoadNetwork:
    """Junctions (metres) and the edges between them; `links[n]` are (neighbour, edge) pairs."""

    xy: Floats
    edges: list[Edge]
    links: list[list[tuple[int, int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.links = [[] for _ in range(len(self.xy))]
        for e, edge in enumerate(self.edges):
            self.links[edge.a].append((edge.b, e))
            self.links[edge.b].append((edge.a, e))

    def seconds(self, edge: int) -> float:
        """The usual driving time over an edge."""
        return self.edges[edge].length_m / USUAL_MPS[self.edges[edge].klass]

    def metres(self, edge: int) -> float:
        return self.edges[edge].length_m

    def reach(
        self,
        start: int,
        cost: Callable[[int], float],
        limit: float = float("inf"),
        within: Container[int] | None = None,
        goal: int | None = None,
    ) -> dict[int, tuple[float, int, int]]:
        """Dijkstra: node → (cost, node before, edge from there), up to `limit`, over edges in `within`."""
        best: dict[int, tuple[float, int, int]] = {start: (0.0, -1, -1)}
        done: set[int] = set()
        queue = [(0.0, start)]
        while queue:
            spent, node = heapq.heappop(queue)
            if node in done:
                continue
            if node == goal:
                break
            done.add(node)
            for other, edge in self.links[node]:
                if within is not None and edge not in within:
                    continue
                total = spent + cost(edge)
                if total <= limit and (other not in best or total < best[other][0]):
                    best[other] = (total, node, edge)
                    heapq.heappush(queue, (total, other))
        return best

    @staticmethod
    def walk_back(best: dict[int, tuple[float, int, int]], goal: int) -> list[tuple[int, int]]:
        """The (node, edge that leads to it) pairs from the start, exclusive, to `goal`."""
        steps = []
        node = goal
        while best[node][1] >= 0:
            _, before, edge = best[node]
            steps.append((node, edge))
            node = before
        return steps[::-1]

    def path(
        self,
        start: int,
        goal: int,
        cost: Callable[[int], float] | None = None,
        within: Container[int] | None = None,
    ) -> list[tuple[int, int]] | None:
        """The cheapest way from `start` to `goal` as (node, edge that leads to it) pairs; None without one."""
        best = self.reach(start, cost or self.seconds, within=within, goal=goal)
        return self.walk_back(best, goal) if goal in best else None

    def nearest(self, x: float, y: float, nodes: Sequence[int] | None = None) -> int:
        """The junction (of `nodes`) nearest to a point."""
        if nodes is None:
            return int(np.argmin(np.hypot(self.xy[:, 0] - x, self.xy[:, 1] - y)))
        chosen = self.xy[list(nodes)]
        return int(list(nodes)[int(np.argmin(np.hypot(chosen[:, 0] - x, chosen[:, 1] - y)))])


def cut(ways: Sequence[Way]) -> RoadNetwork:
    """The network of `ways`: cut where they meet, stubs pruned, only what hangs together kept."""
    lines = [shapely.LineString(w.line) for w in ways]
    places: list[list[float]] = [[0.0, line.length] for line in lines]
    tree = shapely.STRtree(lines)
    for i, j in np.column_stack(tree.query(lines, predicate="dwithin", distance=_JOIN_M)).tolist():
        if i == j or not _meet(ways[i], ways[j]):
            continue
        crossing = lines[i].intersection(lines[j])
        found = [p for g in getattr(crossing, "geoms", [crossing]) for p in g.coords] if crossing else []
        found += [ways[j].line[0], ways[j].line[-1]]
        for p in found:
            point = shapely.Point(p)
            if lines[i].distance(point) <= _JOIN_M:
                places[i].append(float(lines[i].project(point)))
    nodes: list[tuple[float, float]] = []
    edges: list[Edge] = []
    for way, line, at in zip(ways, lines, places, strict=True):
        _cut_one(way, line, sorted(at), nodes, edges)
    return _connected(np.array(nodes), _pruned(edges))


def _meet(a: Way, b: Way) -> bool:
    if HIGHWAY not in (a.klass, b.klass):
        return True
    return a.interchange and b.interchange


def _cut_one(
    way: Way, line: shapely.LineString, at: list[float], nodes: list[tuple[float, float]], edges: list[Edge]
) -> None:
    places = [at[0]]
    for place in at[1:]:
        if place - places[-1] > _JOIN_M:
            places.append(place)
    if len(places) > 1 and line.length - places[-1] <= _JOIN_M:
        places[-1] = line.length
    ends = [_node(line.interpolate(p), nodes) for p in places]
    for (p, a), (q, b) in pairwise(zip(places, ends, strict=True)):
        if a == b:
            continue
        piece = np.array(substring(line, p, q).coords)
        piece[0], piece[-1] = nodes[a], nodes[b]
        length = float(np.hypot(*np.diff(piece, axis=0).T).sum())
        edges.append(Edge(a, b, way.klass, way.name, piece, length, way.tunnel))


def _node(point: shapely.Point, nodes: list[tuple[float, float]]) -> int:
    for n, (x, y) in enumerate(nodes):
        if abs(x - point.x) < _JOIN_M and abs(y - point.y) < _JOIN_M:
            return n
    nodes.append((point.x, point.y))
    return len(nodes) - 1


def _pruned(edges: list[Edge]) -> list[Edge]:
    """Without doubled edges and short dead ends."""
    seen: set[tuple[int, int, int]] = set()
    unique = []
    for e in edges:
        key = (min(e.a, e.b), max(e.a, e.b), round(e.length_m / 40))
        if key not in seen:
            seen.add(key)
            unique.append(e)
    degree: dict[int, int] = {}
    for e in unique:
        degree[e.a] = degree.get(e.a, 0) + 1
        degree[e.b] = degree.get(e.b, 0) + 1
    return [e for e in unique if e.length_m >= _STUB_M or (degree[e.a] > 1 and degree[e.b] > 1)]


def _connected(xy: Floats, edges: list[Edge]) -> RoadNetwork:
    whole = RoadNetwork(xy, edges)
    left = set(range(len(xy)))
    parts = []
    while left:
        part = set(whole.reach(next(iter(left)), whole.metres))
        parts.append(part)
        left -= part
    kept = sorted(max(parts, key=lambda part: sum(1 for _ in part)))
    number = {old: new for new, old in enumerate(kept)}
    moved = [
        Edge(number[e.a], number[e.b], e.klass, e.name, e.line, e.length_m, e.tunnel) for e in edges if e.a in number
    ]
    return RoadNetwork(xy[kept], moved)

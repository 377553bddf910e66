"""Drafting the beats of a county: which roads become routes and areas, where posts and allowed stops lie."""

from collections.abc import Sequence

import numpy as np
import shapely

from hardware import names
from hardware.beats import (
    STANDBY_RADIUS_M,
    AreaBeat,
    Beats,
    Checkpoint,
    PostBeat,
    RouteBeat,
    StandbyBeat,
    Stop,
)
from hardware.layout import Town
from hardware.roads import HIGHWAY, PRIMARY, SECONDARY, RoadNetwork
from hardware.track import Track, track_of

Path = list[tuple[int, int]]
_MARGIN_M = 60.0  # how far roads in use lie inside their area, at least


class Drafter:
    """Draws beats over a network; every choice comes from `rng`."""

    def __init__(self, towns: Sequence[Town], network: RoadNetwork, rng: np.random.Generator) -> None:
        self.towns, self.network, self.rng = towns, network, rng
        self.stations = {t.id: self._station(t) for t in towns}
        self.interchanges = self._interchanges()
        self.beats = Beats()

    def draft(self) -> Beats:
        """All beats of the county."""
        self._draft_stops()
        for town in self.towns:
            self._draft_country_routes(town)
        self._draft_highway_routes()
        self._draft_town_routes()
        for town in self.towns:
            self._draft_areas(town)
            self._draft_posts(town)
            self._draft_foot_routes(town)
        return self.beats

    def unit(self, town: Town) -> str:
        return f"county.{town.id}"

    def _station(self, town: Town) -> int:
        """A crossing on a main street near the middle."""
        main = {
            n
            for n in range(len(self.network.xy))
            if any(self.network.edges[e].klass in (PRIMARY, SECONDARY) for _, e in self.network.links[n])
            and len(self.network.links[n]) >= 3
        }
        return self.network.nearest(town.x, town.y, sorted(main))

    def _interchanges(self) -> list[int]:
        found = []
        for n, links in enumerate(self.network.links):
            kinds = {self.network.edges[e].klass for _, e in links}
            if HIGHWAY in kinds and len(kinds) > 1:
                found.append(n)
        return sorted(found, key=lambda n: float(self.network.xy[n, 0]))

    def _draft_stops(self) -> None:
        for town in self.towns:
            node = self.stations[town.id]
            point = shapely.Point(self.network.xy[node])
            name = f"{town.name}派出所"
            self.beats.stops.append(Stop(f"stop-{town.id}", name, node, point.buffer(65, 6)))
            circle = point.buffer(STANDBY_RADIUS_M, 8)
            self.beats.standbys.append(
                StandbyBeat(f"standby-{town.id}", f"{name}备勤区", self.unit(town), node, circle)
            )
        roadside = [
            n
            for n, links in enumerate(self.network.links)
            if any(self.network.edges[e].klass == PRIMARY for _, e in links)
            and n not in self.interchanges
            and all(self._apart_m(n, s) > 500 for s in self.stations.values())
        ]
        chosen: list[int] = []
        for n in self.rng.permutation(roadside).tolist():
            if len(chosen) < 9 and all(self._apart_m(n, c) > 1800 for c in chosen):
                chosen.append(n)
                polygon = shapely.Point(self.network.xy[n]).buffer(55, 6)
                number = len(chosen)
                self.beats.stops.append(Stop(f"stop-fuel-{number}", f"{number}号加油站", n, polygon))
        for n in self.interchanges[1:2]:
            polygon = shapely.Point(self.network.xy[n]).buffer(70, 6)
            self.beats.stops.append(Stop("stop-service", "澄溪服务区", n, polygon))

    def _apart_m(self, a: int, b: int) -> float:
        return float(np.hypot(*(self.network.xy[a] - self.network.xy[b])))

    # Routes

    def _add_route(self, name: str, unit: str, start: int, path: Path, foot: bool) -> None:
        routes = self.beats.foot_routes if foot else self.beats.car_routes
        identity = f"{'foot-route' if foot else 'route'}-{len(routes) + 1:02d}"
        track = track_of(self.network, start, path, 40.0 if foot else 60.0)
        checkpoints = tuple(self._checkpoints(identity, name, track, foot))
        routes.append(RouteBeat(identity, name, unit, track, checkpoints, foot))

    def _checkpoints(self, identity: str, name: str, track: Track, foot: bool) -> list[Checkpoint]:
        """Three to five (on foot two), the last near the far end, none in a tunnel or at the start."""
        count = 2 if foot else int(self.rng.integers(3, 6))
        shares = np.linspace(0.25, 0.94, count) + self.rng.uniform(-0.03, 0.03, count)
        found: list[Checkpoint] = []
        for i, share in enumerate(shares.tolist()):
            vertex = track.vertex_at(share * track.length_m)
            near = track.tunnel[max(0, vertex - 6) : vertex + 6]
            fast = track.klass[max(0, vertex - 1) : vertex + 1] == 0
            if near.any() or fast.any() or vertex in (0, len(track) - 1):
                continue
            found.append(Checkpoint(f"{identity}-c{i + 1}", f"{name}{i + 1}号巡逻点", vertex))
        return found

    def _draft_country_routes(self, town: Town) -> None:
        start = self.stations[town.id]
        best = self.network.reach(start, self.network.seconds)
        others = sorted(
            (t for t in self.towns if t is not town),
            key=lambda t: best[self.stations[t.id]][0],
        )
        for other in others[: 3 if town is self.towns[0] else 2]:
            path = self.network.walk_back(best, self.stations[other.id])
            path = self._limited(path, float(self.rng.uniform(10_500, 15_000)))
            self._add_route(f"{town.name}至{other.name}巡逻线", self.unit(town), start, path, False)

    def _limited(self, path: Path, most_m: float) -> Path:
        total = 0.0
        kept: Path = []
        for node, edge in path:
            total += self.network.metres(edge)
            if total > most_m and len(kept) > 3:
                break
            kept.append((node, edge))
        return kept

    def _draft_highway_routes(self) -> None:
        fast = frozenset(e for e, edge in enumerate(self.network.edges) if edge.klass == HIGHWAY)
        slow = frozenset(range(len(self.network.edges))) - fast
        by_id = {t.id: t for t in self.towns}
        for a, here, there, b in (
            ("shuanghe", 0, 1, "chengguan"),
            ("wangzhuang", 1, 2, "shiqiao"),
            ("chengguan", 1, 0, "shuanghe"),
            ("qinglong", 2, 1, "chengguan"),
        ):
            start, end = self.stations[a], self.stations[b]
            on, off = self.interchanges[here], self.interchanges[there]
            legs = ((start, on, slow), (on, off, fast), (off, end, slow))
            path: Path = []
            for origin, goal, within in legs:
                path += self.network.path(origin, goal, within=within) or []
            town = by_id[a]
            self._add_route(f"{town.name}高速巡逻线", self.unit(town), start, path, False)

    def _draft_town_routes(self) -> None:
        seat = self.towns[0]
        nodes = self._nodes_near(seat.x, seat.y, 2400)
        for i in range(4):
            path = self._tour(self.stations[seat.id], nodes, float(self.rng.uniform(8000, 11000)), 900.0)
            if path is not None:
                self._add_route(f"{seat.name}城区{i + 1}线", self.unit(seat), self.stations[seat.id], path, False)

    def _draft_foot_routes(self, town: Town) -> None:
        nodes = self._nodes_near(town.x, town.y, 1500 if town is self.towns[0] else 650)
        for _ in range(4 if town is self.towns[0] else 1):
            start = int(self.rng.choice(nodes))
            path = self._tour(start, nodes, float(self.rng.uniform(1700, 2600)), 350.0)
            if path is not None:
                number = sum(r.unit == self.unit(town) for r in self.beats.foot_routes) + 1
                self._add_route(f"{town.name}步巡{number}线", self.unit(town), start, path, True)

    def _tour(self, start: int, nodes: list[int], length_m: float, leg_m: float) -> Path | None:
        """A path that uses no edge twice, of about `length_m`, over random places among `nodes`."""
        inside = set(nodes)
        for _ in range(60):
            free = {e for e, edge in enumerate(self.network.edges) if edge.a in inside and edge.b in inside}
            path: Path = []
            here, total = start, 0.0
            for _ in range(40):
                best = self.network.reach(here, self.network.metres, within=free)
                goals = [n for n, (d, _, _) in best.items() if leg_m <= d <= 3 * leg_m]
                if not goals:
                    break
                goal = int(self.rng.choice(sorted(goals)))
                leg = self.network.walk_back(best, goal)
                free -= {e for _, e in leg}
                path, here = path + leg, goal
                total += best[goal][0]
                if total >= length_m:
                    return path
            if total >= 0.75 * length_m:
                return path
        return None

    def _nodes_near(self, x: float, y: float, radius_m: float) -> list[int]:
        d = np.hypot(self.network.xy[:, 0] - x, self.network.xy[:, 1] - y)
        found: list[int] = np.flatnonzero(d <= radius_m).tolist()
        return found

    # Areas and posts

    def _draft_areas(self, town: Town) -> None:
        seat = town is self.towns[0]
        if seat:
            for i, (dx, dy) in enumerate(((-800, 600), (800, 600), (-800, -600), (800, -600))):
                node = self.network.nearest(town.x + dx, town.y + dy)
                self._add_area(f"{town.name}{'西东西东'[i]}{'北北南南'[i]}片区", town, node, 1150.0, False)
        else:
            self._add_area(f"{town.name}辖区", town, self.stations[town.id], 2300.0, False)
        nodes = self._nodes_near(town.x, town.y, 1400 if seat else 400)
        for _ in range(6 if seat else 1):
            self._add_area(f"{town.name}步巡区", town, int(self.rng.choice(nodes)), 520.0, True)

    def _add_area(self, name: str, town: Town, home: int, radius_m: float, foot: bool) -> None:
        centre = self.network.xy[home]
        near = {
            e
            for e, edge in enumerate(self.network.edges)
            if np.hypot(*(edge.line - centre).T).max() <= radius_m and edge.klass != HIGHWAY
        }
        reached = self.network.reach(home, self.network.metres, within=near)
        edges = frozenset(e for e in near if self.network.edges[e].a in reached)
        if len(edges) < 6:
            return
        lines = shapely.MultiLineString([self.network.edges[e].line for e in edges])
        grown = lines.buffer(_MARGIN_M + 340).buffer(-280).simplify(15)
        polygon = shapely.Polygon(grown.exterior)
        areas = self.beats.foot_areas if foot else self.beats.car_areas
        identity = f"{'foot-area' if foot else 'area'}-{len(areas) + 1:02d}"
        number = f"{sum(a.unit == self.unit(town) for a in areas) + 1}" if foot else ""
        nodes = tuple(sorted(reached))
        areas.append(AreaBeat(identity, name + number, self.unit(town), polygon, edges, nodes, home, foot))

    def _draft_posts(self, town: Town) -> None:
        seat = town is self.towns[0]
        nodes = self._nodes_near(town.x, town.y, 1600 if seat else 500)
        count = 20 if seat else 4
        words = list(names.POSTS) if seat else list(self.rng.permutation(names.POSTS[:12]))
        for i, node in enumerate(self.rng.permutation(nodes).tolist()[:count]):
            x, y = self.network.xy[node] + self.rng.uniform(-40, 40, 2)
            identity = f"post-{len(self.beats.posts) + 1:02d}"
            place = f"{town.name}{words[i % len(words)]}"
            self.beats.posts.append(PostBeat(identity, place, self.unit(town), float(x), float(y)))

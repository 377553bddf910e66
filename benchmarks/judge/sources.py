"""The real traces: read, cut where they break off or misbehave, and sorted into journeys and stays."""

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.judge.frame import Floats, Frame
from benchmarks.judge.scene import Scene, from_fixes

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "gps"
SHORTEST_S = 20 * 60
_GAP_S = 60.0  # a longer hole in the recording ends a stretch
_FASTEST_MPS = 26.0  # and so does anything near 100 km/h,
_JUMP_M = 50.0  # or a step this much longer than that speed explains
_STAY_S, _STAY_M = 480, 60.0  # a natural stop this long this near could be taken for an overtime stop
_LINGER_S, _LINGER_M = 780, 130.0  # and this could be taken for no patrol at all
_STEP_S = 5


class MissingData(Exception):  # noqa: N818 - the name says what happened
    """The real traces are not where they should be."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a real trace. `frame` places its scene on Earth."""

    name: str
    frame: Frame
    scene: Scene


@dataclass(frozen=True, slots=True)
class Sources:
    """Journeys hold no natural violation; stays are real receivers that did not move (truth: one point)."""

    journeys: tuple[Stretch, ...]
    stays: tuple[Stretch, ...]


def load(directory: Path) -> Sources:
    """All journeys and stays of the recorded traces in `directory`."""
    journeys: list[Stretch] = []
    stays: list[Stretch] = []
    for name, fixes in _tracks(directory):
        for first, last in _unbroken(fixes):
            if fixes[last, 0] - fixes[first, 0] < SHORTEST_S:
                continue
            piece = fixes[first : last + 1]
            frame = Frame(float(np.median(piece[:, 1])), float(np.median(piece[:, 2])))
            scene = from_fixes(piece[:, 0], frame.metres(piece[:, 1], piece[:, 2]))
            still = spans_within(scene.truth, _STAY_S, _STAY_M)
            idle = still | spans_within(scene.truth, _LINGER_S, _LINGER_M)
            idle |= _fast(scene.truth)
            for a, b in runs(~idle):
                if b - a >= SHORTEST_S:
                    journeys.append(Stretch(name, frame, scene.cut(a, b)))
            for a, b in runs(still):
                if b - a - 120 >= _STAY_S:
                    stays.extend(_stay(name, frame, scene.cut(a + 60, b - 60)))
    return Sources(tuple(journeys), tuple(stays))


def runs(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """First and last index of each unbroken run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def spans_within(truth: Floats, span_s: int, reach_m: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which seconds lie in some span of `span_s` whose middle 90 % may fit a circle of radius `reach_m`.

    The test is the half side of the bounding box: never smaller than it should be, so a stop isn't overlooked.
    """
    mask = np.zeros(len(truth), dtype=np.bool_)
    sampled = truth[::_STEP_S]
    width = span_s // _STEP_S
    if len(sampled) <= width:
        return mask
    windows = np.lib.stride_tricks.sliding_window_view(sampled, width + 1, axis=0)
    cut = max(1, width // 20)
    ordered = np.partition(windows, (cut, width - cut), axis=2)
    half = (ordered[:, :, width - cut] - ordered[:, :, cut]).max(axis=1) / 2
    for i in np.flatnonzero(half <= reach_m):
        mask[i * _STEP_S : i * _STEP_S + span_s + 1] = True
    return mask


def _fast(truth: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    mask = np.zeros(len(truth), dtype=np.bool_)
    over = 10
    if len(truth) > over:
        step = np.linalg.norm(truth[over:] - truth[:-over], axis=1) / over
        for i in np.flatnonzero(step > _FASTEST_MPS):
            mask[i : i + over + 1] = True
    return mask


def _stay(name: str, frame: Frame, scene: Scene) -> list[Stretch]:
    seen = scene.seen()
    centre = np.median(seen, axis=0)
    error = seen - centre
    reach = np.linalg.norm(error, axis=1)
    if len(error) < 60 or np.percentile(reach, 95) > 50.0 or reach.max() > 300.0:
        return []
    truth = np.tile(centre, (len(scene.truth), 1))
    return [Stretch(name, frame, Scene(truth, scene.t, error))]


def _unbroken(fixes: Floats) -> list[tuple[int, int]]:
    t = fixes[:, 0]
    frame = Frame(float(fixes[0, 1]), float(fixes[0, 2]))
    step = np.linalg.norm(np.diff(frame.metres(fixes[:, 1], fixes[:, 2]), axis=0), axis=1)
    elapsed = np.diff(t)
    broken = np.flatnonzero((elapsed > _GAP_S) | (step > _JUMP_M + _FASTEST_MPS * elapsed))
    starts = np.concatenate(([0], broken + 1))
    ends = np.concatenate((broken, [len(t) - 1]))
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def _tracks(directory: Path) -> list[tuple[str, Floats]]:
    """Name and fixes (t, lon, lat), ordered by time, one fix a time."""
    pedestrians, buses = directory / "geolife-dev.csv.gz", directory / "liverpool-bus-14.csv"
    for path in (pedestrians, buses):
        if not path.is_file():
            raise MissingData(f"{path}: real traces not found; expected the sibling folder shared/data/gps")
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    with gzip.open(pedestrians, "rt", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        for device, t, lon, lat in rows:
            found[device].append((float(t), float(lon), float(lat)))
    with buses.open(newline="") as lines:
        for row in csv.DictReader(lines):
            at = datetime.strptime(row["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            place = (at.timestamp(), float(row["longitude"]), float(row["latitude"]))
            found[f"bus-{row['vehicle_id']}-{row['trip_id']}"].append(place)
    tracks = []
    for name in sorted(found):
        fixes = np.array(found[name])
        _, index = np.unique(fixes[:, 0], return_index=True)
        tracks.append((name, fixes[index]))
    return tracks

"""`ducha watch`: the same video analytics over a file, on a fixed clock of media time."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from analytics.alerts import Alert, contract_form
from analytics.rulebook import Rulebook
from analytics.video.detection import Detector, Picture
from analytics.video.regions import Region, RegionError
from analytics.video.watcher import Outlook, Sampled, Watcher
from console.footage import EXPECTED, Pace, WatchError, frames_of, pace_of, picture_of
from ingest.cameras.parameter_sets import LARGEST_PIXELS

LONGEST_GOP_S = 2.0  # keyframes farther apart than this, or than the clock asks for, are not enough
_LATE_S = 1e-6  # time stamps are rounded to the stream's time base


@dataclass(frozen=True, slots=True)
class Watched:
    """How a run went: `media_s` seconds of video in `took_s`."""

    samples: int
    alerts: list[Alert]
    media_s: float
    took_s: float
    keyframes_only: bool


def parse_region(text: str) -> Region:
    """A region from NAME=x0,y0,x1,y1 and so on.

    Raises:
        RegionError: where `text` makes no region.
    """
    name, equals, numbers = text.partition("=")
    try:
        values = [float(number) for number in numbers.split(",")]
    except ValueError:
        values = []
    if not equals or not values:
        raise RegionError(f"region {text!r}: can't be read; expected NAME=x0,y0,x1,y1, or more corners")
    return Region.of(name.strip(), values)


def watch(
    video: Path,
    regions: Sequence[Region],
    detector: Detector,
    rules: Rulebook,
    out: Path,
    *,
    every_s: float = 1.0,
    largest_pixels: int = LARGEST_PIXELS,
    progress: Callable[[float, float], None] = lambda _done_s, _total_s: None,
    complain: Callable[[str], None] = lambda _line: None,
) -> Watched:
    """Watch `video`, of pictures of at most `largest_pixels`, and write what was seen and the alerts to `out`.
    `progress(done_s, total_s)` counts media time.

    Raises:
        WatchError: where the file is no video, or `out` can't be written.
        RegionError: where two regions have one name.
    """
    names = [region.name for region in regions]
    if len(set(names)) < len(names):
        raise RegionError(f"regions {', '.join(names)}: a name comes twice; expected a name for each")
    started = time.perf_counter()
    pace = pace_of(video, largest_pixels)
    keyframes_only = _keyframes_are_enough(pace, every_s)
    group_s = None if keyframes_only else pace.longest_gop_s
    watcher = Watcher(Outlook(video.stem, tuple(regions)), detector, rules, group_s=group_s)
    alerts: dict[str, Alert] = {}
    samples, t_s = 0, 0.0
    try:
        with out.open("w", encoding="utf-8") as file:
            for t_s, picture in _pictures(video, pace, every_s, keyframes_only, largest_pixels, complain):
                sampled = watcher.sample(picture, t_s)
                samples += 1
                _write(file, sample_form(sampled))
                alerts |= {change.alert.id: change.alert for change in sampled.changes}
                progress(t_s, pace.last_s - pace.first_s)
            alerts |= {change.alert.id: change.alert for change in watcher.finish(t_s)}
            ordered = sorted(alerts.values(), key=lambda a: (a.start_s, a.device, a.rule))
            for alert in ordered:
                _write(file, alert_form(alert))
    except OSError as error:
        raise WatchError(f"{out}: can't be written ({error.strerror or error}); expected a place for a file") from error
    if not samples:
        raise WatchError(f"{video}: holds no picture that can be decoded; expected {EXPECTED}")
    return Watched(samples, ordered, t_s, time.perf_counter() - started, keyframes_only)


def sample_form(sampled: Sampled) -> dict[str, Any]:
    """A sample as the outside world reads it; `people` is null where nobody could be seen."""
    return {
        "type": "sample",
        "t": round(sampled.t_s, 3),
        "people": sampled.people,
        "regions": {name: seen.value for name, seen in sampled.regions.items()},
        "picture": sampled.picture.value if sampled.picture is not None else None,
    }


def alert_form(alert: Alert) -> dict[str, Any]:
    """An alert as in the contract, its times in seconds of media time."""
    times = {"from": alert.start_s, "to": alert.end_s, "detail": alert.detail | {"noticed": alert.noticed_s}}
    return {"type": "alert"} | contract_form(alert) | times


def _keyframes_are_enough(pace: Pace, every_s: float) -> bool:
    gop_s = pace.longest_gop_s
    return gop_s is not None and every_s >= 1 and gop_s <= min(LONGEST_GOP_S, every_s) + _LATE_S


def _pictures(
    video: Path,
    pace: Pace,
    every_s: float,
    keyframes_only: bool,
    largest_pixels: int,
    complain: Callable[[str], None],
) -> Iterator[tuple[float, Picture]]:
    """One picture each `every_s`, with its time."""
    due = 0
    for t_s, frame in frames_of(video, pace, keyframes_only, complain, largest_pixels):
        if t_s >= due * every_s - _LATE_S:
            due = int((t_s + _LATE_S) / every_s) + 1
            yield t_s, picture_of(frame)


def _write(file: TextIO, line: dict[str, Any]) -> None:
    file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

"""`ducha watch`: the same video analytics over a file, on a fixed clock of media time."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from analytics.alerts import Alert, contract_form
from analytics.rulebook import Rulebook
from analytics.video.detection import Detector, Picture
from analytics.video.regions import Region, RegionError
from analytics.video.watcher import Outlook, Sampled, Watcher
from console.replay import ReplayError

LONGEST_GOP_S = 2.0  # keyframes farther apart than this, or than the clock asks for, are not enough
BURST_EVERY_S = 0.2
_LATE = 1e-6  # of a second; time stamps are rounded to the stream's time base
# playlists and the like, which make FFmpeg open what else they name, are not among these
_FORMATS = "gif,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf"
_EXPECTED = "a video as GIF, MP4, MKV, AVI or a segment of a recording"


class WatchError(ReplayError):
    """A video that can't be watched; the message says which file, what, and what was expected."""


@dataclass(frozen=True, slots=True)
class Watched:
    """How a run went: `media_s` seconds of video in `took_s`."""

    samples: int
    alerts: list[Alert]
    media_s: float
    took_s: float
    keyframes_only: bool


@dataclass(frozen=True, slots=True)
class _Pace:
    """What a pass over the packets tells: where media time begins and ends, and the longest group of pictures."""

    first_s: float
    last_s: float
    longest_gop_s: float


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
    progress: Callable[[float, float], None] | None = None,
    complain: Callable[[str], None] | None = None,
) -> Watched:
    """Watch `video` and write what was seen and the alerts to `out`. `progress(done_s, total_s)` counts media time.

    Raises:
        WatchError: where the file is no video, or `out` can't be written.
        RegionError: where two regions have one name.
    """
    names = [region.name for region in regions]
    if len(set(names)) < len(names):
        raise RegionError(f"regions {', '.join(names)}: a name comes twice; expected a name for each")
    started = time.perf_counter()
    pace = _pace(video)
    keyframes_only = pace.longest_gop_s <= min(LONGEST_GOP_S, every_s) + _LATE and every_s >= 1
    watcher = Watcher(Outlook(video.stem, tuple(regions)), detector, rules)
    alerts: dict[str, Alert] = {}
    samples = 0
    t_s = 0.0
    try:
        with out.open("w", encoding="utf-8") as file:
            for t_s, told in _watched(video, pace, watcher, every_s, keyframes_only, complain or (lambda _line: None)):
                if isinstance(told, Sampled):
                    samples += 1
                    _write(file, sample_form(told))
                changes = told.changes if isinstance(told, Sampled) else told
                alerts |= {change.alert.id: change.alert for change in changes}
                if progress is not None:
                    progress(t_s, pace.last_s - pace.first_s)
            alerts |= {change.alert.id: change.alert for change in watcher.finish(t_s)}
            ordered = sorted(alerts.values(), key=lambda a: (a.start_s, a.device, a.rule))
            for alert in ordered:
                _write(file, alert_form(alert))
    except OSError as error:
        raise WatchError(f"{out}: can't be written ({error.strerror or error}); expected a place for a file") from error
    if not samples:
        raise WatchError(f"{video}: holds no picture that can be decoded; expected {_EXPECTED}")
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
    return (
        {"type": "alert"}
        | contract_form(alert)
        | {"from": alert.start_s, "to": alert.end_s, "detail": alert.detail | {"noticed": alert.noticed_s}}
    )


def _watched(
    video: Path,
    pace: _Pace,
    watcher: Watcher,
    every_s: float,
    keyframes_only: bool,
    complain: Callable[[str], None],
) -> Iterator[tuple[float, Any]]:
    """What each sample, and each picture of a burst, told."""
    due, last_s = 0, -1.0
    for t_s, frame in _frames(video, pace.first_s, keyframes_only, complain):
        if t_s >= due * every_s - _LATE:
            due = int((t_s + _LATE) / every_s) + 1
            yield t_s, watcher.sample(_picture(frame), t_s)
        elif watcher.burst_wanted and t_s - last_s >= BURST_EVERY_S:
            yield t_s, watcher.burst(_picture(frame), t_s)
        else:
            continue
        last_s = t_s


def _pace(video: Path) -> _Pace:
    first_s = last_s = key_s = None
    longest_s = 0.0
    with _opened(video) as (container, stream):
        base = float(stream.time_base or 0)
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            t_s = packet.pts * base
            first_s = t_s if first_s is None else min(first_s, t_s)
            last_s = t_s if last_s is None else max(last_s, t_s)
            if packet.is_keyframe:
                longest_s = max(longest_s, t_s - key_s) if key_s is not None else longest_s
                key_s = t_s
    if first_s is None or last_s is None:
        raise WatchError(f"{video}: holds no picture with a time; expected {_EXPECTED}")
    tail_s = last_s - key_s if key_s is not None else float("inf")
    return _Pace(first_s, last_s, max(longest_s, tail_s))


def _frames(
    video: Path, first_s: float, keyframes_only: bool, complain: Callable[[str], None]
) -> Iterator[tuple[float, VideoFrame]]:
    """Pictures in order of media time, which begins at 0; what can't be decoded is counted and left out."""
    damaged, last_s = 0, -1.0
    with _opened(video) as (container, stream):
        if keyframes_only:
            stream.codec_context.skip_frame = "NONKEY"
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except FFmpegError:
                damaged += 1
                continue
            for frame in frames:
                if frame.time is None or frame.time - first_s <= last_s:
                    continue
                last_s = max(0.0, frame.time - first_s)
                yield last_s, frame
    if damaged:
        complain(f"{video}: {damaged} packets can't be decoded and were left out")


@contextmanager
def _opened(video: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    if not video.is_file():
        raise WatchError(f"{video}: no such file; expected {_EXPECTED}")
    try:
        options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
        with av.open(str(video.resolve()), options=options) as container:
            if not container.streams.video:
                raise WatchError(f"{video}: has no video stream; expected {_EXPECTED}")
            yield container, container.streams.video[0]
    except FFmpegError as error:
        raise WatchError(f"{video}: can't be read as video ({error.strerror}); expected {_EXPECTED}") from error


def _picture(frame: VideoFrame) -> Picture:
    return frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)


def _write(file: TextIO, line: dict[str, Any]) -> None:
    file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

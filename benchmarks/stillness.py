"""How soon a sensor that hangs is told, whatever its encoder makes of the one picture, and whether a corridor where
nothing happens for an hour is ever taken for one.

The camera goes on after its sensor hangs: it writes the time into the picture and encodes it anew, at whatever quality
the bit rate leaves. The corridor is well lit and empty; its sensor has a noise of about one grey level, which a thrifty
encoder removes all but wholly. Pictures are looked at as live ones are, keyframe by keyframe, or, where keyframes are
far apart, as those of a file, one a second.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import cast

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from analytics.video.detection import Picture
from analytics.video.picture import PictureState
from analytics.video.tamper import Tamper, examine
from benchmarks.figures import Figure
from console.watching import LONGEST_GOP_S
from hardware.cameras import clockface
from hardware.cameras.picture import Size, as_picture
from hardware.cameras.places import corridor
from hardware.cameras.sensor import Grain, Planes, Sensor
from ingest.cameras.pictures import pixels

FPS = 4
HANGS_S = 15.0  # after the beginning
LATEST_S = 40.0
HOUR_S = 3600.0
SIZE: Size = (640, 360)


class Clock(StrEnum):
    """Where the camera writes the time."""

    NOWHERE = "no clock"
    ABOVE = "clock above"
    BELOW = "clock below"
    MIDDLE = "clock in the middle"
    WANDERING = "clock that wanders"
    FACE = "clock of the virtual cameras"


@dataclass(frozen=True, slots=True)
class Coding:
    """How an encoder is set; `kbps` is None where the options say how good the pictures are to be."""

    name: str
    codec: str = "libx264"
    kbps: int | None = None
    steady: bool = True  # the bit rate is kept every second, and not in the long run
    gop_s: float = 1.0
    options: Mapping[str, str] = field(default_factory=dict)


def x264(preset: str, kbps: int, *, steady: bool = True, gop_s: float = 1.0) -> Coding:
    tune = {"tune": "zerolatency"} if preset in ("ultrafast", "veryfast") else {}
    return Coding(f"H.264 {preset}", "libx264", kbps, steady, gop_s, {"preset": preset, **tune})


def x265(kbps: int, *, gop_s: float = 1.0) -> Coding:
    return Coding("H.265 ultrafast", "libx265", kbps, True, gop_s, {"tune": "zerolatency"})


def quality(preset: str, name: str, value: int) -> Coding:
    """The same quality throughout, whatever the bit rate."""
    own = {"preset": preset, "tune": "zerolatency", name: str(value)}
    return Coding(f"H.264 {preset} {name} {value}", "libx264", None, options=own)


CODINGS = [
    *(x264("ultrafast", kbps) for kbps in (64, 256, 1000, 4000)),
    *(x264("veryfast", kbps) for kbps in (64, 128, 256, 512, 1000)),
    *(x264("medium", kbps) for kbps in (128, 256, 1000)),
    *(x265(kbps) for kbps in (64, 256, 1000)),
    quality("veryfast", "crf", 23),
    quality("veryfast", "crf", 35),
    x264("ultrafast", 128, gop_s=2.0),
    x264("ultrafast", 128, gop_s=10.0),
    x264("veryfast", 256, gop_s=10.0),
]
GRAINS = {"noise of 1 grey level": Grain(), "soft noise of 0.5": Grain(0.35, 0.45, 0.8, lamp=0.004, flicker=0.001)}


def measure(*, quick: bool = False) -> list[Figure]:
    codings = CODINGS[:: 4 if quick else 1]
    clocks = [Clock.ABOVE] if quick else [Clock.ABOVE, Clock.BELOW, Clock.MIDDLE, Clock.WANDERING, Clock.FACE]
    hour_s = HOUR_S / 30 if quick else HOUR_S
    return [*map(partial(_hung, clocks), codings), *map(partial(_corridor, hour_s), codings)]


def _hung(clocks: Iterable[Clock], coding: Coding) -> Figure:
    took = {clock: told_after_s(coding, Grain(), clock) for clock in clocks}
    told = [seconds for seconds in took.values() if seconds is not None]
    missed = ", ".join(clock for clock, seconds in took.items() if seconds is None)
    found = f"{min(told):.0f} to {max(told):.0f} s" if told else "–"
    return Figure(
        f"a hung sensor, {_called(coding)}, told after",
        found + (f"; not by {missed}" if missed else ""),
        f"≤ {LATEST_S:.0f} s",
        not missed and max(told) <= LATEST_S,
    )


def _corridor(hour_s: float, coding: Coding) -> Figure:
    told = {name: falsely_told(coding, grain, hour_s) for name, grain in GRAINS.items()}
    found = ", ".join(f"{wrong} ({name})" for name, wrong in told.items())
    what = f"{hour_s / 60:.0f} min of a still corridor, {_called(coding)}: pictures told to be frozen"
    return Figure(what, found, "0", not any(told.values()))


def _called(coding: Coding) -> str:
    rate = f", {coding.kbps} kbit/s" if coding.kbps is not None else ""
    return f"{coding.name}{rate}, a keyframe every {coding.gop_s:.0f} s"


def told_after_s(coding: Coding, grain: Grain, clock: Clock, size: Size = SIZE) -> float | None:
    """How long after its sensor hung a camera is told to be frozen; None where it is not within a minute."""
    states = judged(film(coding, grain, clock, HANGS_S + 60.0, size, hangs_s=HANGS_S), coding)
    told_s = next((t_s for t_s, state in states if state is PictureState.FROZEN), None)
    return None if told_s is None else told_s - HANGS_S


def falsely_told(coding: Coding, grain: Grain, seconds: float, size: Size = SIZE) -> int:
    """How many pictures of a still corridor are told to be frozen."""
    live = judged(film(coding, grain, Clock.ABOVE, seconds, size), coding)
    return sum(state is PictureState.FROZEN for _, state in live)


def judged(film: Iterable[tuple[float, Picture]], coding: Coding) -> Iterator[tuple[float, PictureState]]:
    """What each picture is told to be."""
    state = Tamper()
    for t_s, picture in film:
        state = examine(state, picture, t_s, group_s=None if _keyframes_are_enough(coding) else coding.gop_s)
        yield t_s, state.picture


def film(
    coding: Coding, grain: Grain, clock: Clock, seconds: float, size: Size = SIZE, *, hangs_s: float = np.inf
) -> Iterator[tuple[float, Picture]]:
    """The pictures of the corridor that are looked at, as a camera sends them whose sensor hangs from `hangs_s` on."""
    view = as_picture(cv2.resize(corridor().colours, size, interpolation=cv2.INTER_AREA))
    return pictures(_sent(Sensor(view, grain), clock, seconds, hangs_s), coding, size)


def _sent(sensor: Sensor, clock: Clock, seconds: float, hangs_s: float) -> Iterator[Planes]:
    seen = sensor.planes(0.0)
    for number in range(round(seconds * FPS)):
        t_s = number / FPS
        seen = sensor.planes(t_s) if t_s < hangs_s else seen
        sent = seen.copy()
        write(clock, sent[: sent.shape[0] * 2 // 3], t_s)
        yield sent


def write(clock: Clock, brightness: Planes, t_s: float) -> None:
    """Write the time into a picture."""
    height, width = brightness.shape
    scale, wall_s = height / 480, 1.8e9 + t_s
    x, y = {
        Clock.ABOVE: (12 * scale, 34 * scale),
        Clock.BELOW: (width - 380 * scale, height - 16 * scale),
        Clock.MIDDLE: (width / 3, height / 2),
        Clock.WANDERING: (12 * scale + int(t_s) * 7 % 200 * scale, 34 * scale),
    }.get(clock, (0, 0))
    if clock is Clock.FACE:
        clockface.burn(brightness, wall_s, wall_s)
    elif clock is not Clock.NOWHERE:
        text = f"{datetime.fromtimestamp(int(wall_s), UTC):%Y-%m-%d %H:%M:%S}"
        for grey, thick in ((0, 5), (255, 2)):
            at, thickness = (round(x), round(y)), max(1, round(thick * scale))
            cv2.putText(brightness, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, grey, thickness, cv2.LINE_AA)


def pictures(source: Iterable[Planes], coding: Coding, size: Size, fps: int = FPS) -> Iterator[tuple[float, Picture]]:
    """What is looked at of that which an encoder makes of `source`, with its times in seconds: the keyframes, or where
    those are far apart a picture a second."""
    encoder = _encoder(coding, size, fps)
    decoder = cast(VideoCodecContext, av.CodecContext.create(_DECODERS[coding.codec], "r"))
    decoder.thread_count = 1
    for frame in _frames(encoder, decoder, _numbered(source, round(coding.gop_s * fps), fps)):
        number = int(frame.pts or 0)
        if frame.key_frame if _keyframes_are_enough(coding) else number % fps == 0:
            yield number / fps, pixels(frame)


def _keyframes_are_enough(coding: Coding) -> bool:
    return coding.gop_s <= LONGEST_GOP_S


_DECODERS = {"libx264": "h264", "libx265": "hevc"}


def _numbered(source: Iterable[Planes], gop: int, fps: int) -> Iterator[VideoFrame]:
    for number, planes in enumerate(source):
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, fps)
        frame.pict_type = PictureType.NONE if number % gop else PictureType.I
        yield frame


def _frames(
    encoder: VideoCodecContext, decoder: VideoCodecContext, source: Iterable[VideoFrame]
) -> Iterator[VideoFrame]:
    """What is left of the pictures of `source` after they were coded."""
    for frame in chain(source, (None,)):
        for packet in encoder.encode(frame):
            yield from decoder.decode(packet)
    yield from decoder.decode(None)


def _encoder(coding: Coding, size: Size, fps: int) -> VideoCodecContext:
    context = cast(VideoCodecContext, av.CodecContext.create(coding.codec, "w"))
    context.width, context.height = size
    context.pix_fmt, context.thread_count = "yuv420p", 1
    context.framerate, context.time_base = Fraction(fps), Fraction(1, fps)
    options = {"preset": "ultrafast", "forced-idr": "1", **coding.options}
    if coding.kbps is not None:
        context.bit_rate = coding.kbps * 1000
        if coding.steady:
            options["maxrate"] = options["bufsize"] = str(coding.kbps * 1000)
    own = {"libx264": "x264-params", "libx265": "x265-params"}[coding.codec]
    quiet = "keyint=1000:scenecut=0" + (
        ":pools=none:frame-threads=1:log-level=none" if coding.codec == "libx265" else ""
    )
    options[own] = ":".join(filter(None, (quiet, options.get(own, ""))))
    context.options = options
    return context

"""The shift that a demo shows: begun once, and gone on with by a later run over the same data.

A run that was killed leaves cars in mid-patrol. To begin a new shift then would put every car elsewhere at once, and
act the same acts a second time.
"""

from pathlib import Path

import msgspec

from console.clock import ScaledClock
from hardware.day import Day

FILE = "shift.json"
_LEAST_LEFT_S = 60.0  # a shift that is nearly over is not gone on with
_APART_S = 60.0


class Cast(msgspec.Struct, frozen=True):
    """What makes two shifts the same, but for when they begin."""

    seed: int
    cars: int
    officers: int
    minutes: float
    speed: float
    day: Day = Day.NORMAL


class _Shift(msgspec.Struct, frozen=True):
    cast: Cast
    since_s: float
    wall_s: float


def clock_of(folder: Path, cast: Cast, latest_s: float | None, now_s: float) -> ScaledClock:
    """The clock of the shift in `folder` that is not over, or else of a new one, which is written down there.

    A new one begins at `now_s`, or after `latest_s`, the newest position's time, where an earlier, faster run has left
    later times behind.
    """
    begun = _read(folder / FILE)
    if begun is not None and begun.cast == cast:
        lasted_s = (now_s - begun.wall_s) * cast.speed
        if 0 <= lasted_s < cast.minutes * 60 - _LEAST_LEFT_S:
            return ScaledClock(begun.since_s, begun.wall_s, cast.speed)
    since_s = now_s if latest_s is None or latest_s <= now_s + _APART_S else latest_s + _APART_S
    _write(folder / FILE, _Shift(cast, since_s, now_s))
    return ScaledClock(since_s, now_s, cast.speed)


def _read(file: Path) -> _Shift | None:
    """What is written there, or None where nothing is that can be used."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Shift)
    except (OSError, msgspec.DecodeError):
        return None


def _write(file: Path, shift: _Shift) -> None:
    new = file.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(shift))
    new.replace(file)

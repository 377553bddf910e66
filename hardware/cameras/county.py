"""A county's cameras for a demonstration: six of them, what happens before them, and what should be noticed of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from hardware.cameras.camera import CameraSpec, Outage
from hardware.cameras.cutouts import filmed
from hardware.cameras.digest import Credentials
from hardware.cameras.encoder import AudioCodec
from hardware.cameras.faults import Fault
from hardware.cameras.figures import DrawnFigure, Look
from hardware.cameras.picture import Size
from hardware.cameras.places import interrogation_room, service_window, street, waiting_room
from hardware.cameras.scene import Figure, Move, Scene
from hardware.cameras.sound import Murmur
from hardware.day import Day

Region = tuple[float, float, float, float]  # left, top, right, bottom as shares of the picture
CYCLE_S = 900.0  # near misses, and on a day of incidents everything, happen again after so long
NORMAL_S = 3600.0  # so do breaches on a normal day
_WINDOW: Region = (0.36, 0.25, 0.62, 0.72)
_ROOM: Region = (0.0, 0.1, 1.0, 1.0)
_KNOWN = Credentials("ducha", "county-demo")


@dataclass(frozen=True, slots=True)
class Happening:
    """What truly happens before or to a camera, in seconds of the script. `rule` is what should notice it, or, of a
    near miss, what must stay silent."""

    rule: str
    camera: str
    from_s: float
    to_s: float
    note: str

    def document(self, began_s: float, speed: float) -> dict[str, Any]:
        """As a line of a truth file, for a script that began at `began_s` (Unix seconds)."""
        times = {"from": _rfc3339(began_s + self.from_s / speed), "to": _rfc3339(began_s + self.to_s / speed)}
        return {"rule": self.rule, "camera": self.camera} | times | {"note": self.note}


@dataclass(frozen=True, slots=True)
class DemoCameras:
    """The cameras, the regions in their pictures that rules are about, and what happens, by time."""

    specs: list[CameraSpec]
    regions: dict[str, dict[str, Region]]
    truth: list[Happening]
    near_misses: list[Happening]


def demo_cameras(
    seed: int = 1,
    speed: float = 1.0,
    *,
    minutes: float = 60.0,
    size: Size = (960, 540),
    fps: float = 12.0,
    footage: Path | None = None,
    day: Day = Day.INCIDENTS,
) -> DemoCameras:
    """The county's cameras. `footage` is a folder with clips of real people to take clerks from. On a normal day a
    window is empty and an officer alone once an hour, and a lens covered or a cable cut, in turn.

    Raises:
        OSError: `footage` lacks its clips.
    """
    return _County(np.random.default_rng([seed, 7]), speed, minutes, footage, day).cameras(size, fps)


class _County:
    def __init__(self, rng: np.random.Generator, speed: float, minutes: float, footage: Path | None, day: Day) -> None:
        self._rng, self._speed, self._footage = rng, speed, footage
        self._end_s = minutes * 60
        every_s = NORMAL_S if day is Day.NORMAL else CYCLE_S
        self._starts: list[float] = np.arange(0.0, self._end_s, CYCLE_S).tolist()
        self._breaches: list[float] = np.arange(0.0, self._end_s, every_s).tolist()
        taking_turns = day is Day.NORMAL
        self._covered = self._breaches[1::2] if taking_turns else self._breaches
        self._cut = self._breaches[::2] if taking_turns else self._breaches
        self._truth: list[Happening] = []
        self._near: list[Happening] = []
        self._people = 0

    def cameras(self, size: Size, fps: float) -> DemoCameras:
        talk = Murmur(int(self._rng.integers(1 << 30)))
        common: dict[str, Any] = {
            "size": size,
            "fps": fps,
            "speed": self._speed,
            "credentials": _KNOWN,
            "hearing": talk,
        }
        common["bitrate_bps"] = round(size[0] * size[1] * fps * 0.11)
        covered = self._outages(
            self._covered, "win-3", Fault.COVERED, 240.0, 90.0, "camera-tampered", "a cloth hangs over the lens"
        )
        cut = self._outages(self._cut, "street-1", Fault.DIE, 150.0, 60.0, "stream-lost", "the cable is cut")
        specs = [
            CameraSpec(name="win-1", view=self._empty_window(), **common),
            CameraSpec(name="win-2", view=self._staffed_window(), **common),
            CameraSpec(name="win-3", view=self._quiet_window(), outages=covered, **common),
            CameraSpec(name="room-1", view=self._interrogation(), audio=AudioCodec.AAC, **common),
            CameraSpec(name="hall-1", view=self._waiting(), **common),
            CameraSpec(name="street-1", view=self._street(), audio=None, outages=cut, **common),
        ]
        regions = {spec.name: {"window": _WINDOW} for spec in specs[:3]} | {"room-1": {"room": _ROOM}}
        known = sorted(self._truth, key=_by_time), sorted(self._near, key=_by_time)
        return DemoCameras(specs, regions, *known)

    def _empty_window(self) -> Scene:
        """The clerk is away for seven minutes."""
        script = []
        for start_s in self._breaches:
            from_s = start_s + self._about(60)
            to_s = from_s + 420
            script += [Move(from_s, "clerk", "out"), Move(to_s, "clerk", "desk")]
            script += [Move(from_s + 70, "visitor", "visitor"), Move(from_s + 250, "visitor", "hall")]
            self._happens("post-unattended", "win-1", from_s, to_s, "nobody at the window")
        return self._window(1, script)

    def _staffed_window(self) -> Scene:
        """The clerk is away for a minute or two, now and then."""
        script = []
        for start_s in self._starts:
            for at_s, seconds in ((90, 75), (390, 130), (700, 50)):
                from_s = start_s + self._about(at_s)
                script += [Move(from_s, "clerk", "out"), Move(from_s + seconds, "clerk", "desk")]
                self._near_miss("post-unattended", "win-2", from_s, from_s + seconds, "away for a short while")
            for at_s in (20, 250, 560):
                script += [Move(start_s + at_s, "visitor", "visitor"), Move(start_s + at_s + 150, "visitor", "hall")]
        return self._window(2, script)

    def _quiet_window(self) -> Scene:
        script = []
        for start_s in self._starts:
            script += [Move(start_s + 30, "visitor", "visitor"), Move(start_s + 200, "visitor", "hall")]
        return self._window(3, script)

    def _window(self, number: int, script: Sequence[Move]) -> Scene:
        clerk: Figure = self._officer()
        if self._footage:
            clerk = filmed(self._footage, clerk, number - 1)
        cast = {"clerk": clerk, "visitor": self._citizen()}
        return Scene(service_window(number, number), cast, {"clerk": "desk", "visitor": "hall"}, script)

    def _interrogation(self) -> Scene:
        """One of two officers is away for three minutes."""
        script = []
        for start_s in self._breaches:
            from_s = start_s + self._about(180)
            script += [Move(from_s, "officer-1", "out"), Move(from_s + 180, "officer-1", "left")]
            self._happens("single-officer", "room-1", from_s, from_s + 180, "one officer alone with the detainee")
        for start_s in self._starts:
            from_s = start_s + self._about(600)
            script += [Move(from_s, "officer-1", "out"), Move(from_s + 35, "officer-1", "left")]
            self._near_miss("single-officer", "room-1", from_s, from_s + 35, "an officer fetches something")
        cast = {"officer-1": self._officer(), "officer-2": self._officer(), "detainee": self._citizen()}
        return Scene(
            interrogation_room(), cast, {"officer-1": "left", "officer-2": "right", "detainee": "chair"}, script
        )

    def _waiting(self) -> Scene:
        cast = {f"citizen-{n}": self._citizen() for n in range(1, 5)}
        script = []
        for n, who in enumerate(cast, 1):
            at_s = 0.0
            while at_s < self._end_s:
                stays_s, away_s = self._rng.uniform(90, 400), self._rng.uniform(20, 120)
                script += [Move(at_s, who, f"seat-{n}"), Move(at_s + stays_s, who, "out")]
                at_s += stays_s + away_s
        return Scene(waiting_room(), cast, {who: f"seat-{n}" for n, who in enumerate(cast, 1)}, script)

    def _street(self) -> Scene:
        cast = {f"passer-by-{n}": self._citizen() for n in range(1, 5)}
        script = []
        for who in cast:
            at_s, west = float(self._rng.uniform(0, 15)), True
            while at_s < self._end_s:
                west = not west
                script.append(Move(at_s, who, "west" if west else "east"))
                at_s += self._rng.uniform(14, 40)
        return Scene(street(), cast, dict.fromkeys(cast, "west"), script)

    def _outages(
        self, starts: Sequence[float], camera: str, fault: Fault, at_s: float, seconds: float, rule: str, note: str
    ) -> tuple[Outage, ...]:
        spans = [(from_s, from_s + seconds) for from_s in (start_s + self._about(at_s) for start_s in starts)]
        for span in spans:
            self._happens(rule, camera, *span, note)
        return tuple(Outage(*span, fault) for span in spans)

    def _happens(self, rule: str, camera: str, from_s: float, to_s: float, note: str) -> None:
        if from_s < self._end_s:
            self._truth.append(Happening(rule, camera, from_s, min(to_s, self._end_s), note))

    def _near_miss(self, rule: str, camera: str, from_s: float, to_s: float, note: str) -> None:
        if from_s < self._end_s:
            self._near.append(Happening(rule, camera, from_s, min(to_s, self._end_s), note))

    def _about(self, at_s: float) -> float:
        return round(at_s + float(self._rng.uniform(-5, 5)), 1)

    def _officer(self) -> DrawnFigure:
        self._people += 1
        return DrawnFigure(Look.officer(self._rng), self._people)

    def _citizen(self) -> DrawnFigure:
        self._people += 1
        return DrawnFigure(Look.citizen(self._rng), self._people)


def _by_time(happening: Happening) -> tuple[float, str]:
    return happening.from_s, happening.camera


def _rfc3339(t_s: float) -> str:
    return datetime.fromtimestamp(round(t_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""One window: a device on a duty, a story told in it, and the fixes that came through."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from benchmarks.judge.frame import Floats, Frame
from benchmarks.judge.scene import Scene

Shape = Literal["route", "area", "post"]
Nature = Literal["pristine", "near", "grey", "act"]

CORRIDOR_M = 60.0
CHECKPOINT_M = 50.0
POST_M = 80.0
STOP_M = 50.0


@dataclass(frozen=True, slots=True)
class Story:
    """What is spliced in. An act breaks `rule` from `onset_s`; a near miss breaks nothing.

    A grey story lies between the catalogue's words and its figures: reported, never counted.
    Times are seconds of the window's clock.
    """

    kind: str
    nature: Nature
    rule: str | None = None
    onset_s: float = 0.0
    end_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Duty:
    """What is asked of the device: `geometry` is the route's line, the area's ring or the post's one point."""

    shape: Shape
    geometry: Any  # shapely, in metres
    checkpoints: Floats  # (N, 2)


@dataclass(frozen=True, slots=True)
class Window:
    """`t`, `xy` are the fixes that came through; `start_s` places the window's clock in Unix time."""

    device: str
    source: str
    frame: Frame
    start_s: float
    interval_s: int
    scene: Scene
    duty: Duty
    story: Story
    t: Floats
    xy: Floats

    @property
    def length_s(self) -> int:
        return self.scene.length_s

    @property
    def hours(self) -> float:
        return self.length_s / 3600.0


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert as the judge sees it, from any decider. Unix seconds."""

    rule: str
    device: str
    from_s: float
    to_s: float | None
    noticed_s: float
    detail: Mapping[str, Any] = field(default_factory=dict)


def no_places() -> Floats:
    """No checkpoints."""
    return np.empty((0, 2))

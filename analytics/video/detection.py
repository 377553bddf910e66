"""People in a picture: what a detector is, and what it finds.

A picture is an array of shape (height, width, 3), BGR, 8 bits. Boxes are in fractions of its width and height, so that
they mean the same for a picture, its crop, and any size it is scaled to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


class DetectorError(ValueError):
    """A model that can't be used: the message says what it is and what was expected."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person's box, corners in fractions of width and height, and how sure the detector is of it (0 to 1)."""

    x0: float
    y0: float
    x1: float
    y1: float
    score: float


class Detector(Protocol):
    """Finds people in pictures. `name` and `sha256` tell the model, for every alert that rests on it."""

    name: str
    sha256: str

    def people(self, picture: Picture) -> list[Person]:
        """Everybody seen in `picture`, the surest first, weak ones (from a score of about .1) included."""
        ...


def model_of(detector: Detector) -> Mapping[str, str]:
    """Which model it was, as an alert tells it."""
    return {"name": detector.name, "sha256": detector.sha256}

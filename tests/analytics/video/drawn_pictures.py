"""A drawn room with figures in it, what can be done to a camera that films it, and a detector of the figures."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.video.detection import Person, Picture

WIDTH, HEIGHT = 480, 270
Corners = tuple[float, float, float, float]
_SKIN = (60, 60, 230)  # BGR; nothing else in the room is so red
_GRAIN = np.random.default_rng(3).standard_normal(1 << 22, np.float32)


class Room:
    """The same furniture for the same seed; every picture has its own noise."""

    def __init__(self, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)
        self._walls = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
        for _ in range(90):
            x, y = int(self._random.integers(0, WIDTH)), int(self._random.integers(0, HEIGHT))
            w, h = (int(v) for v in self._random.integers(8, 70, 2))
            grey = int(self._random.integers(20, 200))
            cv2.rectangle(self._walls, (x, y), (x + w, y + h), (grey, grey, min(grey + 10, 210)), -1)

    def picture(self, figures: Sequence[Corners] = (), noise: float = 2.0) -> Picture:
        """With somebody in each of the boxes, in fractions of width and height."""
        drawn = self._walls.copy()
        for x0, y0, x1, y1 in figures:
            left, right = int(x0 * WIDTH), int(x1 * WIDTH)
            top, bottom = int(y0 * HEIGHT), int(y1 * HEIGHT)
            drawn[top:bottom, left:right] = _SKIN
            drawn[top + 4 : bottom : 8, left:right] = (40, 40, 160)
        return noisy(drawn, self._random, noise)


def swaying(figure: Corners, second: int) -> Corners:
    """The figure as somebody stands: never quite still."""
    x0, y0, x1, y1 = figure
    return x0, y0 + 0.01 * (second % 3), x1, y1


class FigureFinder:
    """Finds the figures by their colour; a real detector for drawn pictures."""

    name = "figures"
    sha256 = "0" * 64

    def people(self, picture: Picture) -> list[Person]:
        redder = cv2.subtract(picture[..., 2], picture[..., 0])  # than blue; 0 where it is not
        mask = cv2.morphologyEx((redder > 80).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
        count, _, boxes, _ = cv2.connectedComponentsWithStats(mask)
        height, width = picture.shape[:2]
        found = []
        for x, y, w, h, area in boxes[1:count].tolist():
            if area >= 100:
                found.append(Person(x / width, y / height, (x + w) / width, (y + h) / height, 0.9))
        return found


def noisy(picture: NDArray[np.generic], random: np.random.Generator, sigma: float) -> Picture:
    """With noise of its own: cut from more of it, each time at another place, as to draw it takes far longer."""
    begin = int(random.integers(len(_GRAIN) - picture.size))
    noise = _GRAIN[begin : begin + picture.size].reshape(picture.shape) * np.float32(sigma)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def covered(picture: Picture, share: float, random: np.random.Generator) -> Picture:
    """Something dark before the lens, from the left."""
    behind = picture.copy()
    edge = int(picture.shape[1] * share)
    behind[:, :edge] = noisy(np.full_like(picture[:, :edge], 50), random, 2.0)
    return behind


def covered_with(pattern_px: int, picture: Picture, share: float, random: np.random.Generator) -> Picture:
    """Something patterned before the lens, from above; its spots are `pattern_px` pixels wide, as of cloth or print."""
    height, width = picture.shape[:2]
    spots = np.random.default_rng(5).normal(110, 50, (height // pattern_px + 2, width // pattern_px + 2, 3))
    pattern = cv2.resize(spots.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    behind = picture.copy()
    edge = int(height * share)
    behind[:edge] = noisy(pattern[:edge], random, 2.0)
    return behind


def blurred(picture: Picture) -> Picture:
    return cv2.GaussianBlur(picture, (0, 0), picture.shape[1] / 130).astype(np.uint8, copy=False)


def moved(picture: Picture, shift: float = 0.0, turn_deg: float = 0.0) -> Picture:
    """The camera turned: the picture shifted by `shift` of its width and turned about its middle."""
    height, width = picture.shape[:2]
    motion = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, 1.0)
    motion[0, 2] += shift * width
    return cv2.warpAffine(picture, motion, (width, height), borderMode=cv2.BORDER_REFLECT).astype(np.uint8, copy=False)


def lit(picture: Picture, light: float) -> Picture:
    return np.clip(picture.astype(np.float32) * light, 0, 255).astype(np.uint8)


def lit_from_one_side(picture: Picture) -> Picture:
    fall = np.linspace(0.35, 1.2, picture.shape[1])[None, :, None]
    return np.clip(picture * fall, 0, 255).astype(np.uint8)

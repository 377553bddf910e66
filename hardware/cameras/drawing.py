"""Drawing places: a canvas of 1280 × 720, its furniture, and which of it stands before the people."""

from collections.abc import Sequence

import cv2
import numpy as np

from hardware.cameras.picture import Picture, Size, as_picture

CANVAS: Size = (1280, 720)
Colour = tuple[int, int, int]  # blue, green, red
Box = tuple[int, int, int, int]  # left, top, right, bottom


class Canvas:
    """What is drawn with `front` stands before the people."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 6])
        self.colours: Picture = np.full((CANVAS[1], CANVAS[0], 3), 128, np.uint8)
        self.front = np.zeros((CANVAS[1], CANVAS[0]), np.uint8)

    def box(self, box: Box, colour: Colour, *, slope: float = 0.0, front: bool = False) -> None:
        """A box that is `slope` brighter at its top than at its foot, as a share of its colour."""
        left, top, right, bottom = box
        fall = 1 + slope * np.linspace(0.5, -0.5, bottom - top)[:, None, None]
        self.colours[top:bottom, left:right] = np.clip(np.array(colour) * fall, 0, 255).astype(np.uint8)
        if front:
            self.front[top:bottom, left:right] = 255

    def polygon(self, points: Sequence[tuple[int, int]], colour: Colour, *, front: bool = False) -> None:
        outline = np.array(points, np.int32)
        cv2.fillPoly(self.colours, [outline], colour, cv2.LINE_AA)
        if front:
            cv2.fillPoly(self.front, [outline], 255)

    def disc(self, centre: tuple[int, int], radius: int, colour: Colour) -> None:
        cv2.circle(self.colours, centre, radius, colour, -1, cv2.LINE_AA)

    def words(self, text: str, at: tuple[int, int], scale: float, colour: Colour) -> None:
        cv2.putText(
            self.colours, text, at, cv2.FONT_HERSHEY_DUPLEX, scale, colour, max(1, round(scale * 2)), cv2.LINE_AA
        )

    def shelf(self, box: Box, rows: int) -> None:
        """A shelf of folders."""
        left, top, right, bottom = box
        self.box((left - 8, top - 8, right + 8, bottom + 8), (70, 96, 122), slope=0.2)
        self.box(box, (38, 50, 62))
        height = (bottom - top) // rows
        for row in range(rows):
            foot, x = top + (row + 1) * height - 7, left + 4
            while x < right - 30:
                wide, tall = int(self.rng.integers(13, 27)), int(self.rng.integers(height * 6 // 10, height - 14))
                tint = self.rng.integers(60, 215, 3)
                self.box((x, foot - tall, x + wide, foot), (int(tint[0]), int(tint[1]), int(tint[2])), slope=0.15)
                self.box((x + 4, foot - tall + 12, x + wide - 4, foot - tall // 2), (225, 228, 230))
                x += wide + int(self.rng.integers(1, 9))
            self.box((left, foot, right, foot + 7), (80, 108, 136))

    def notice(self, box: Box, paper: Colour = (232, 234, 236)) -> None:
        """A framed notice with lines of writing."""
        left, top, right, bottom = box
        self.box((left - 5, top - 5, right + 5, bottom + 5), (92, 84, 78))
        self.box(box, paper, slope=0.05)
        self.box((left + 12, top + 10, right - 12, top + 24), (60, 50, 170))
        for y in range(top + 36, bottom - 10, 12):
            end = right - 12 - int(self.rng.integers(0, (right - left) // 3))
            self.box((left + 12, y, end, y + 4), (105, 105, 110))

    def dial(self, centre: tuple[int, int], radius: int) -> None:
        """A clock on the wall, without hands."""
        self.disc(centre, radius, (50, 48, 46))
        self.disc(centre, radius - 5, (240, 240, 238))
        for angle in np.arange(12) * np.pi / 6:
            mark = centre[0] + round((radius - 11) * np.sin(angle)), centre[1] - round((radius - 11) * np.cos(angle))
            self.disc(mark, 3, (40, 40, 40))

    def plant(self, foot: tuple[int, int], tall: int) -> None:
        x, y = foot
        self.polygon(
            [(x - tall // 5, y - tall // 3), (x + tall // 5, y - tall // 3), (x + tall // 7, y), (x - tall // 7, y)],
            (62, 92, 150),
        )
        for angle in np.linspace(-1.2, 1.2, 9) + self.rng.normal(0, 0.08, 9):
            tip = x + int(tall * 0.7 * np.sin(angle)), y - tall // 3 - int(tall * 0.62 * np.cos(angle))
            green = int(self.rng.integers(90, 150))
            side = (tip[0] + x) // 2 + 12, (tip[1] + y - tall // 3) // 2 - 8
            self.polygon([(x, y - tall // 3), side, tip], (50, green, 60))

    def lit(self) -> Picture:
        """The finished picture: unevenly lit, with a grain on every surface."""
        width, height = CANVAS
        grain = cv2.GaussianBlur(self.rng.normal(0, 5.0, (height, width, 1)).astype(np.float32), (0, 0), 1.2)
        patches = cv2.resize(self.rng.normal(0, 3.0, (9, 16)).astype(np.float32), CANVAS, interpolation=cv2.INTER_CUBIC)
        x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        light = 1.06 - 0.16 * (x**2 + y**2)
        return as_picture(self.colours * light[..., None] + (grain.reshape(height, width) * 2 + patches)[..., None])

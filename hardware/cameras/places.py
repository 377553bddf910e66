"""The places that cameras look at, and the spots in them where people can be."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.cameras.drawing import CANVAS, Canvas
from hardware.cameras.figures import Pose
from hardware.cameras.picture import Picture


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody can be, in pixels of a 1280 × 720 canvas: feet at (x, y), `stature` tall if standing; `before` the
    furniture or behind it."""

    x: float
    y: float
    stature: float
    pose: Pose = Pose.STANDING
    before: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place without people. `front` marks what of it stands before those who are not `before` it."""

    colours: Picture
    front: NDArray[np.uint8]
    spots: dict[str, Spot]


def service_window(seed: int = 0, number: int = 1) -> Place:
    """A counter with a clerk's seat behind it. Spots: desk, aisle, out; and before it visitor, hall."""
    c = Canvas(seed)
    c.box((0, 0, 1280, 720), (186, 196, 200), slope=0.2)
    c.shelf((215, 150, 455, 470), 3)
    c.notice((800, 150, 900, 290))
    c.notice((930, 150, 1050, 290), (200, 226, 240))
    c.dial((700, 165), 42)
    c.plant((1060, 520), 170)
    c.box((0, 0, 1280, 84), (120, 66, 34), slope=0.3)
    c.words(f"POLICE SERVICE   WINDOW {number}", (640, 60), 1.1, (240, 240, 240))
    c.box((0, 84, 120, 720), (150, 152, 156), slope=0.1, front=True)
    c.box((1160, 84, 1280, 720), (146, 148, 152), slope=0.1, front=True)
    c.box((0, 530, 1280, 566), (84, 120, 158), slope=0.3, front=True)
    c.box((0, 566, 1280, 720), (96, 70, 52), slope=0.3, front=True)
    c.box((60, 590, 1220, 596), (160, 140, 120))
    c.box((850, 388, 1046, 514), (34, 34, 36), slope=0.2, front=True)
    c.box((930, 514, 966, 534), (44, 44, 46), front=True)
    c.box((262, 492, 352, 532), (228, 230, 232), slope=0.1, front=True)
    spots = {
        "desk": Spot(620, 752, 740, Pose.SITTING),
        "aisle": Spot(860, 800, 740),
        "out": Spot(1430, 800, 740),
        "visitor": Spot(300, 1010, 860, Pose.BACK, before=True),
        "hall": Spot(-260, 1010, 860, before=True),
    }
    return Place(c.lit(), c.front, spots)


def interrogation_room(seed: int = 0) -> Place:
    """A table with two officers' chairs behind it, a chair beside it. Spots: left, right, chair, door, out."""
    c = Canvas(seed)
    c.box((0, 0, 1280, 470), (176, 186, 178), slope=0.15)
    for x in range(0, 1280, 160):
        for y in (60, 230):
            c.box((x + 4, y, x + 156, y + 160), (160, 172, 166), slope=0.12)
    c.box((0, 470, 1280, 720), (104, 112, 122), slope=-0.3)
    c.box((0, 458, 1280, 474), (84, 88, 92))
    c.box((40, 120, 200, 500), (88, 110, 140), slope=0.2)
    c.disc((184, 320), 8, (200, 205, 210))
    c.words("INTERROGATION ROOM 1", (760, 50), 1.0, (60, 50, 46))
    c.notice((860, 110, 980, 250))
    c.notice((1010, 110, 1130, 250), (205, 222, 236))
    c.dial((700, 130), 36)
    c.box((940, 330, 1110, 640), (58, 64, 74), slope=0.3)
    c.box((290, 452, 800, 482), (96, 132, 170), slope=0.3, front=True)
    c.box((305, 482, 785, 640), (70, 98, 130), slope=0.3, front=True)
    c.box((512, 396, 600, 456), (38, 38, 40), slope=0.3, front=True)
    c.box((350, 440, 420, 455), (230, 230, 232), front=True)
    spots = {
        "left": Spot(430, 610, 520, Pose.SITTING),
        "right": Spot(665, 610, 520, Pose.SITTING),
        "chair": Spot(1025, 660, 540, Pose.SITTING, before=True),
        "door": Spot(180, 585, 520),
        "out": Spot(-170, 585, 520),
    }
    return Place(c.lit(), c.front, spots)


def waiting_room(seed: int = 0) -> Place:
    """A row of seats. Spots: seat-1 … seat-5, aisle, out."""
    c = Canvas(seed)
    c.box((0, 0, 1280, 440), (190, 198, 200), slope=0.15)
    c.box((0, 440, 1280, 720), (128, 138, 146), slope=-0.25)
    for y in (500, 570, 660):
        c.box((0, y, 1280, y + 2), (112, 120, 128))
    c.box((0, 300, 1280, 312), (150, 110, 70))
    c.notice((150, 80, 270, 250))
    c.notice((310, 80, 430, 250), (205, 226, 240))
    c.box((860, 60, 1090, 200), (30, 30, 32))
    c.box((868, 68, 1082, 192), (140, 96, 50), slope=0.4)
    c.dial((640, 130), 44)
    c.plant((1210, 560), 240)
    spots = {"aisle": Spot(715, 700, 500), "out": Spot(1440, 700, 500)}
    for number in range(5):
        x = 190 + 210 * number
        c.box((x - 70, 360, x + 70, 480), (150, 110, 60), slope=0.3)
        c.box((x - 78, 478, x + 78, 498), (120, 86, 46), slope=0.3)
        for leg in (x - 66, x + 60):
            c.box((leg, 498, leg + 7, 570), (70, 70, 72))
        spots[f"seat-{number + 1}"] = Spot(x, 585, 430, Pose.SITTING)
    return Place(c.lit(), c.front, spots)


def corridor(seed: int = 0) -> Place:
    """An empty, well-lit corridor with doors on both sides. Spots: none."""
    c = Canvas(seed)
    c.polygon([(0, 0), (1280, 0), (760, 230), (520, 230)], (206, 208, 206))
    c.polygon([(0, 720), (1280, 720), (760, 420), (520, 420)], (112, 116, 122))
    c.polygon([(0, 0), (520, 230), (520, 420), (0, 720)], (166, 172, 170))
    c.polygon([(1280, 0), (760, 230), (760, 420), (1280, 720)], (156, 164, 162))
    c.box((520, 230, 760, 420), (138, 142, 142), slope=0.1)
    for near in (0.12, 0.38, 0.62, 0.8):
        left, right = round(520 * near), round(520 * (near + 0.13))
        top, foot = ([round(a + (b - a) * x / 520) for x in (left, right)] for a, b in ((200, 275), (720, 420)))
        door = [(left, top[0]), (right, top[1]), (right, foot[1]), (left, foot[0])]
        c.polygon(door, (84, 98, 118))
        c.polygon([(1280 - x, y) for x, y in door], (80, 94, 112))
        lamp = round(230 * near), round(640 - 520 * near)
        c.polygon([(640 + k * lamp[1] // d, lamp[0] + y) for k, d, y in _LAMP], (246, 248, 248))
    for x in range(-640, 1921, 160):
        c.polygon([(x, 720), (x + 6, 720), (640 + (x - 640) * 3 // 16, 420)], (98, 102, 108))
    c.box((590, 296, 690, 420), (64, 72, 84), slope=0.2)
    c.words("EXIT", (604, 284), 0.8, (90, 190, 90))
    c.notice((300, 250, 350, 330))
    c.notice((370, 262, 410, 330), (205, 226, 240))
    return Place(c.lit(), c.front, {})


_LAMP = ((-1, 5, 0), (1, 5, 0), (1, 7, 14), (-1, 7, 14))  # side, share of half the ceiling, pixels down


def street(seed: int = 0) -> Place:
    """A pavement before shops. Spots: west, east, shop; and on the near side south-west, south-east."""
    c = Canvas(seed)
    c.box((0, 0, 1280, 90), (214, 196, 176), slope=-0.1)
    x = 0
    while x < CANVAS[0]:
        wide = int(c.rng.integers(190, 270))
        tint = c.rng.integers(96, 176, 3)
        c.box(
            (x, int(c.rng.integers(20, 80)), min(x + wide, 1280), 360),
            (int(tint[0]), int(tint[1]), int(tint[2])),
            slope=0.2,
        )
        for left in range(x + 16, min(x + wide, 1280) - 60, 62):
            for top in (96, 160):
                c.box((left, top, left + 42, top + 44), (118, 104, 86), slope=0.5)
        c.box((x + 14, 222, min(x + wide, 1280) - 14, 252), (60, 50, int(c.rng.integers(110, 190))))
        c.box((x + 20, 258, min(x + wide, 1280) - 20, 356), (74, 70, 62), slope=0.4)
        x += wide
    c.box((0, 356, 1280, 470), (158, 164, 168), slope=-0.15)
    for x in range(0, 1280, 80):
        c.polygon([(x, 356), (x + 3, 356), (x - 37, 470), (x - 41, 470)], (136, 142, 146))
    c.box((0, 470, 1280, 482), (180, 184, 186))
    c.box((0, 482, 1280, 720), (84, 84, 86), slope=-0.2)
    for x in range(40, 1280, 210):
        c.polygon([(x, 584), (x + 110, 584), (x + 100, 596), (x - 12, 596)], (206, 208, 210))
    spots = {
        "west": Spot(-90, 440, 250),
        "shop": Spot(560, 420, 240),
        "east": Spot(1370, 440, 250),
        "south-west": Spot(-120, 690, 360),
        "south-east": Spot(1400, 690, 360),
    }
    return Place(c.lit(), c.front, spots)

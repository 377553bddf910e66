"""What can be done to a camera, and what happens before one that is no tampering: pictures in, pictures out.

Every act is told the picture, how many samples it has lasted, and a source of randomness.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from analytics.video.detection import Picture
from analytics.video.picture import PictureState

Change = Callable[[Picture, int, Generator], Picture]
Mask = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Act:
    """Something done to the picture; `makes` is what it should be told as."""

    name: str
    makes: PictureState
    change: Change

    @property
    def kind(self) -> str:
        return self.name.split(",")[0]


def tampering() -> list[Act]:
    """Every kind at the least strength that must be found, and stronger."""
    acts = [Act(f"black, light {light}", PictureState.BLACK, _lit(light)) for light in (0.0, 0.03, 0.06)]
    for what, texture in COVERS.items():
        for share, side in (
            (0.6, "left"),
            (0.6, "top"),
            (0.65, "bottom"),
            (0.7, "right"),
            (0.8, "corner"),
            (1.0, "all"),
        ):
            if what != "black cover" or share < 1:  # that is black
                acts.append(Act(f"{what}, {share:.0%} {side}", PictureState.COVERED, _cover(texture, share, side)))
    acts += [Act(f"blur, {sigma:.1%}", PictureState.DEFOCUSED, _blur(sigma)) for sigma in (0.008, 0.02, 0.04)]
    borders = {
        "reflect": cv2.BORDER_REFLECT,
        "black": cv2.BORDER_CONSTANT,
        "stretch": cv2.BORDER_REPLICATE,
        "wrap": cv2.BORDER_WRAP,
    }
    for border, how in borders.items():
        for right, down in ((0.05, 0), (0, -0.09), (-0.2, 0.1)):
            acts.append(
                Act(f"shift, {right:+.0%} {down:+.0%} {border}", PictureState.MOVED, _moved(right, down, 0, how))
            )
        for turn in (3, -3, 30):
            acts.append(Act(f"turn, {turn:+} {border}", PictureState.MOVED, _moved(0, 0, turn, how)))
    return acts


def harmless() -> dict[str, Change]:
    """What must not be told."""
    return {
        "as it is": _always(lambda p: p),
        "noise": lambda p, _n, r: _noisy(p, r, 8),
        "compression": _always(lambda p: _squeezed(p, 15)),
        "lamp out": lambda p, _n, r: _noisy(_light(p, 0.3), r, 4),
        "night": lambda p, _n, r: _noisy(_light(p, 0.18), r, 4),
        "lamp on": _lit(1.5),
        "dusk": lambda p, n, r: _noisy(_light(p, max(0.2, 1 - 0.03 * n)), r, 2),
        "light on and off": lambda p, n, _r: _light(p, 0.35 if n // 6 % 2 else 1.0),
        "flicker": lambda p, _n, r: _light(p, float(r.uniform(0.8, 1.2))),
        "exposure": lambda p, n, _r: _light(p, 1 + 0.45 * float(np.sin(n))),
        "infrared": lambda p, _n, r: _noisy(_infrared(p), r, 3),
        "light from one side": _always(_one_sided),
        "sunbeam": lambda p, n, _r: _sunbeam(p, n),
        "haze": _always(lambda p: np.clip(p * 0.6 + 70, 0, 255).astype(np.uint8)),
        "shake": _shaken,
        "door": _always(_door),
    }


def _always(change: Callable[[Picture], Picture]) -> Change:
    return lambda picture, _n, _random: change(picture)


def _light(picture: Picture, light: float) -> Picture:
    return np.clip(picture.astype(np.float32) * light, 0, 255).astype(np.uint8)


def _lit(light: float) -> Change:
    return _always(lambda picture: _light(picture, light))


def _shaken(picture: Picture, _n: int, random: Generator) -> Picture:
    """By up to two pixels of 480."""
    right, down = random.uniform(-2, 2, 2)
    return _displaced(picture, float(right) / 480, float(down) / 270, 0, cv2.BORDER_REFLECT)


def _noisy(picture: Picture, random: Generator, sigma: float) -> Picture:
    noise = random.standard_normal(picture.shape, np.float32) * sigma
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _squeezed(picture: Picture, quality: int) -> Picture:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR).astype(np.uint8, copy=False)


def _blur(sigma: float) -> Change:
    """`sigma` as a share of the width."""
    return _always(lambda p: cv2.GaussianBlur(p, (0, 0), sigma * p.shape[1]).astype(np.uint8, copy=False))


def _moved(right: float, down: float, turn_deg: float, border: int) -> Change:
    return _always(lambda picture: _displaced(picture, right, down, turn_deg, border))


def _displaced(picture: Picture, right: float, down: float, turn_deg: float, border: int) -> Picture:
    """Shifted by shares of width and height, and turned about the middle."""
    height, width = picture.shape[:2]
    motion = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, 1.0)
    motion[:, 2] += (right * width, down * height)
    return cv2.warpAffine(picture, motion, (width, height), borderMode=border).astype(np.uint8, copy=False)


def _infrared(picture: Picture) -> Picture:
    """Night vision: grey, another sensitivity to colours, bright in the middle."""
    height, width = picture.shape[:2]
    grey = picture.astype(np.float32) @ np.array([0.05, 0.35, 0.6], np.float32)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    seen = 230 * (grey / 255) ** 0.7 * (1 - 0.35 * (x * x + y * y) / 2)
    return np.clip(seen, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)


def _one_sided(picture: Picture) -> Picture:
    fall = np.linspace(0.35, 1.2, picture.shape[1])[None, :, None]
    return np.clip(picture * fall, 0, 255).astype(np.uint8)


def _sunbeam(picture: Picture, n: int) -> Picture:
    """A bright patch that wanders over a quarter of the picture."""
    height, width = picture.shape[:2]
    at = width * (0.2 + 0.01 * (n % 40))
    beam = np.array([(at, 0), (at + 0.25 * width, 0), (at + 0.4 * width, height), (at + 0.1 * width, height)], np.int32)
    mask = cv2.GaussianBlur(cv2.fillPoly(np.zeros((height, width), np.float32), [beam], 1.0), (0, 0), 3)
    return np.clip(picture * (1 + 0.8 * mask[..., None]), 0, 255).astype(np.uint8)


def _door(picture: Picture) -> Picture:
    """A door opens: a part of a seventh shows another room."""
    opened = picture.copy()
    height, width = picture.shape[:2]
    left, right, top = int(0.55 * width), int(0.73 * width), int(0.15 * height)
    behind = cv2.resize(cv2.flip(picture[: height // 2, : width // 3], 1), (right - left, height - top))
    opened[top:, left:right] = np.clip(behind * 0.8 + 20, 0, 255).astype(np.uint8)
    return opened


def _cover(texture: Change, share: float, side: str) -> Change:
    def change(picture: Picture, n: int, random: Generator) -> Picture:
        height, width = picture.shape[:2]
        mask = _mask(width, height, share, side)[..., None]
        return np.clip(picture * (1 - mask) + texture(picture, n, random) * mask, 0, 255).astype(np.uint8)

    return change


def _mask(width: int, height: int, share: float, side: str) -> Mask:
    mask = np.zeros((height, width), np.float32)
    root = float(np.sqrt(share))
    wide, high = round(share * width), round(share * height)
    if side in ("left", "all"):
        mask[:, :wide] = 1
    elif side == "right":
        mask[:, width - wide :] = 1
    elif side == "top":
        mask[:high] = 1
    elif side == "bottom":
        mask[height - high :] = 1
    else:
        mask[: round(root * height), : round(root * width)] = 1
    return mask


def _plain(*colour: int) -> Change:
    return lambda p, _n, r: _noisy(np.zeros_like(p) + np.array(colour, np.uint8), r, 2)


def _cloth(picture: Picture, _n: int, random: Generator) -> Picture:
    """Blotchy cloth in folds; it hangs still."""
    height, width = picture.shape[:2]
    folds = np.random.default_rng(5).normal(80, 35, (7, 11, 1)) * np.array([0.8, 0.9, 1.1])
    return _noisy(cv2.resize(folds.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC), random, 3)


def _checked(picture: Picture, _n: int, random: Generator) -> Picture:
    """Checked cloth, out of focus."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width] * 480 / width
    checks = 70 + 50 * ((x // 24 + y // 24) % 2) + 40 * (x // 48 % 2)
    soft = cv2.GaussianBlur(checks.astype(np.float32), (0, 0), 2)
    return _noisy(soft[..., None] * np.array([0.6, 0.8, 1.1]), random, 2)


def _grain(picture: Picture, _n: int, random: Generator) -> Picture:
    """A rough surface: noise of a few pixels that stays."""
    height, width = picture.shape[:2]
    coarse = np.random.default_rng(6).normal(110, 50, (height // 3, width // 3)).astype(np.float32)
    return _noisy(cv2.resize(coarse, (width, height))[..., None].repeat(3, axis=2), random, 2)


def _snow(picture: Picture, _n: int, random: Generator) -> Picture:
    """Noise that changes with every picture."""
    return random.integers(0, 256, picture.shape, dtype=np.uint8)


def _newspaper(picture: Picture, _n: int, random: Generator) -> Picture:
    height, width = picture.shape[:2]
    return _noisy(cv2.resize(_page(), (width, height))[..., None].repeat(3, axis=2), random, 2)


@cache
def _page() -> NDArray[np.uint8]:
    page = np.full((270, 480), 215, np.uint8)
    draw = np.random.default_rng(7)
    for column in range(4):
        left = 8 + column * 118
        cv2.putText(page, "POLICE NEWS"[column * 2 :][:6], (left, 34), cv2.FONT_HERSHEY_DUPLEX, 0.9, 30, 2)
        for row in range(26):
            words = "".join(draw.choice(list("abcdefghi klmno prstu"), 18))
            cv2.putText(page, words, (left, 52 + row * 8), cv2.FONT_HERSHEY_SIMPLEX, 0.3, 60, 1)
    cv2.rectangle(page, (126, 120), (226, 200), 110, -1)
    return page


def _hand(picture: Picture, n: int, random: Generator) -> Picture:
    """Fingers before the lens, out of focus, moving a little."""
    height, width = picture.shape[:2]
    hand = np.full((270, 480, 3), (95, 125, 175), np.float32)
    for finger in range(5):
        x = 30 + finger * 105 + int(4 * np.sin(n + finger))
        cv2.line(hand, (x, 0), (x - 30, 270), (50, 70, 110), 12)
        cv2.line(hand, (x + 50, 0), (x + 20, 270), (120, 150, 200), 26)
    return _noisy(cv2.resize(cv2.GaussianBlur(hand, (0, 0), 9), (width, height)), random, 2)


def _leaves(picture: Picture, n: int, random: Generator) -> Picture:
    """Foliage that moves in the wind."""
    height, width = picture.shape[:2]
    leaves = np.full((270, 480, 3), (30, 60, 40), np.uint8)
    draw = np.random.default_rng(8)
    for leaf in range(350):
        x, y = draw.integers(0, 480), draw.integers(0, 270)
        sway = int(3 * np.sin(1.3 * n + leaf))
        green = int(draw.integers(60, 200))
        axes = (int(draw.integers(8, 22)), int(draw.integers(4, 9)))
        cv2.ellipse(
            leaves,
            (int(x) + sway, int(y)),
            axes,
            float(draw.integers(0, 180)),
            0,
            360,
            (green // 3, green, green // 2),
            -1,
        )
    return _noisy(cv2.resize(leaves, (width, height)), random, 2)


COVERS: dict[str, Change] = {
    "dark cover": _plain(45, 45, 45),
    "black cover": _plain(3, 3, 3),
    "grey cover": _plain(128, 128, 128),
    "white cover": _plain(235, 240, 240),
    "blotchy cloth": _cloth,
    "checked cloth": _checked,
    "rough surface": _grain,
    "snow": _snow,
    "newspaper": _newspaper,
    "hand": _hand,
    "leaves": _leaves,
}

"""The clock burned into a picture: digits of the camera's own clock for people, in China's time, and a strip of bits
for machines.

The strip tells the true time: white and black blocks along the lower edge, a white and a black one first, then 48 bits
of milliseconds since 1970 and 4 bits of their checksum, most significant first. A client that reads it knows how old
the picture is.
"""

from datetime import datetime, timedelta, timezone
from itertools import pairwise

import cv2
import numpy as np

from hardware.cameras.picture import Picture

_BITS, _CHECK = 48, 4
_BLOCKS = 2 + _BITS + _CHECK
_CHINA = timezone(timedelta(hours=8))
_MASK = (1 << _CHECK) - 1


def burn(picture: Picture, true_s: float, clock_s: float) -> None:
    """Draw both on `picture`."""
    height, width = picture.shape[:2]
    ms = round(clock_s * 1000)
    text = f"{datetime.fromtimestamp(ms // 1000, _CHINA):%Y-%m-%d %H:%M:%S}.{ms % 1000:03d}"
    scale = height / 480
    at = (round(12 * scale), round(34 * scale))
    for colour, thick in (((0, 0, 0), 5), ((255, 255, 255), 2)):
        cv2.putText(
            picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, max(1, round(thick * scale)), cv2.LINE_AA
        )
    value = round(true_s * 1000)
    word = value << _CHECK | _checksum(value)
    bits = [1, 0, *((word >> i) & 1 for i in reversed(range(_BITS + _CHECK)))]
    edges = _edges(width)
    top = height - _strip_height(height)
    for bit, left, right in zip(bits, edges[:-1], edges[1:], strict=True):
        picture[top:, left:right] = 235 if bit else 16


def read_ms(picture: Picture) -> int | None:
    """The true time of a decoded picture of any size, in milliseconds since 1970; None where the strip is illegible."""
    height, width = picture.shape[:2]
    middle = height - _strip_height(height) // 2
    edges = _edges(width)
    row = picture[middle - 1 : middle + 1].mean(axis=(0, 2))
    bits = [row[a + (b - a) // 4 : b - (b - a) // 4].mean() > 125 for a, b in pairwise(edges)]
    if bits[:2] != [True, False]:
        return None
    word = int("".join("1" if bit else "0" for bit in bits[2:]), 2)
    value, check = word >> _CHECK, word & _MASK
    return value if check == _checksum(value) else None


def _checksum(value: int) -> int:
    total = 5
    while value:
        total += value & _MASK
        value >>= _CHECK
    return total & _MASK


def _edges(width: int) -> list[int]:
    return [int(x) for x in np.linspace(0, width, _BLOCKS + 1).round()]


def _strip_height(height: int) -> int:
    return max(8, height // 36)

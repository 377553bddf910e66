"""Whether it is people who change the picture: who come and hide the view, or leave and bare what was behind them.

A detector takes cloth and snow for people now and then, so that it is asked about what could be some only.
"""

from collections.abc import Sequence

import numpy as np

from analytics.video.blocks import (
    BLOCK,
    HEIGHT,
    WIDTH,
    Blocks,
    Bools,
    Grey,
    around,
    brightness_of,
    contrast_of,
    likeness,
    smooth,
)
from analytics.video.change import Change
from analytics.video.detection import Person
from analytics.video.reference import LEAST_TEXTURED, OCCUPIED, TEXTURED, Reference

_SURE = 0.5  # score of somebody who is believed to hide the view; patterns of cloth have got .6
_BEYOND = 0.25  # share of what has changed, from which on it is also judged alone what did so where nobody used to be
_UNMOVED = 1.0  # grey levels between two pictures
_STILL = 0.1  # share of blocks that move more than that; of somebody who sits still more do
_SNOW = 0.35  # likeness to the picture before, of what is most alike but for a quarter; of somebody who runs it is .41
_LEFT = 0.7  # share of what has changed that people used to hide
_BESIDE = 0.35  # share of the places beside them that may have changed as well: shadows
_BRIGHTNESS = 12.0  # grey levels by which a bare wall may change


def places_of(people: Sequence[Person]) -> Blocks:
    """1 for blocks in which somebody is, 0 elsewhere."""
    rows, columns = HEIGHT // BLOCK, WIDTH // BLOCK
    places = np.zeros((rows, columns), np.float32)
    for person in people:
        top, bottom = int(person.y0 * rows), int(np.ceil(person.y1 * rows))
        left, right = int(person.x0 * columns), int(np.ceil(person.x1 * columns))
        places[top:bottom, left:right] = 1.0
    return places


def hidden_by(people: Sequence[Person], reference: Reference, changed: Bools, stirred: Bools | None = None) -> float:
    """The share of what has changed that people stand before, be it in all or where nobody used to be: somebody who was
    there before hides nothing new there, where a cloth hangs over his head. Who stands before blocks of which none but
    a few `stirred` since the picture before is a cloth, whoever else moves beside it."""
    hidden = places_of([p for p in people if p.score >= _SURE and (stirred is None or _stirs(p, changed, stirred))])
    beyond = changed & (reference.occupied < OCCUPIED)
    share = float(hidden[changed].mean())
    return min(share, float(hidden[beyond].mean())) if beyond.sum() >= _BEYOND * changed.sum() else share


def _stirs(person: Person, changed: Bools, stirred: Bools) -> bool:
    before = (places_of([person]) > 0) & changed
    return not before.any() or float(stirred[before].mean()) > _STILL


def stirring(last: Grey, grey: Grey) -> Bools:
    """The blocks in which something moved between two pictures."""
    moved: Bools = brightness_of(np.abs(smooth(grey) - smooth(last))) >= _UNMOVED
    return moved


def is_lifeless(last: Grey, grey: Grey, blocks: Bools) -> bool:
    """Whether what is in `blocks` moves as no people do: not at all, as cloth; or so that no part is where it was in
    the picture before, as snow."""
    if float(stirring(last, grey)[blocks].mean()) <= _STILL:
        return True
    before, now = smooth(last), smooth(grey)
    shown = blocks & (contrast_of(now) >= TEXTURED)
    return bool(shown.any()) and float(np.quantile(np.abs(likeness(now, before))[shown], 0.75)) < _SNOW


def have_people_left(reference: Reference, grey: Grey, change: Change) -> bool:
    """Whether what has changed is where people used to be, and the plain places about them are as they were, beside
    them too."""
    occupied = reference.occupied >= OCCUPIED
    if (change.where & occupied).sum() < _LEFT * change.where.sum():
        return False
    about = (around(occupied) > 0) & (reference.contrast < TEXTURED)
    about[[0, -1]] = False
    before, now = brightness_of(reference.grey), brightness_of(grey)
    told = change.same.sum() >= LEAST_TEXTURED
    light = float(np.median((now / np.maximum(before, 1.0))[change.same])) if told else 1.0
    unlike = (np.abs(now - light * before) > _BRIGHTNESS) | change.gained
    return all(float(unlike[places].mean()) < _BESIDE for places in (about, about & ~occupied) if places.any())

"""What in a picture shows something else than the camera used to show, as far as the light lets it be told."""

from dataclasses import dataclass

import numpy as np

from analytics.video.blocks import Blocks, Bools, Grey, around, brightness_of, contrast_of, likeness, smooth
from analytics.video.reference import LEAST_TEXTURED, TEXTURED, Reference, lasting_contrast_of, textured_in

COVERED = 0.45  # share of the picture that shows something else: less than is covered, as covers hide plain walls too
ALIKE = 0.6  # correlation with the reference
_PLAIN = 2.5  # grey levels of contrast up to which a block shows nothing but a shade
_TELLING = 2.5  # grey levels of contrast that the present light must leave of a block, for it to tell anything
_LEFT = 1 / 3  # of the contrast that the light would leave; less of it than this is like something else by chance
_ANOTHER_VIEW = 0.9  # share of what is textured from which on nothing is where it was
_AS_IT_WAS = 0.9  # correlation of a block that shows what it did, be it only a shade
_STAYED = 0.1  # share of the picture that is as it was, where the camera has not moved
_FLAT = 0.25  # of the reference's contrast, allowing for the light
_FLAT_SHARE = 0.4  # of what showed something, gone flat: no other view
_EVEN = 0.42  # lower by upper quartile of contrast: cloth, paper or leaves look the same all over, a view does not


@dataclass(frozen=True, slots=True)
class Change:
    """What shows something else: its share of the picture, or of what had texture; where that is, where plain walls
    `gained` texture, and where all is the `same`; and whether it is a view."""

    share: float
    where: Bools
    gained: Bools
    same: Bools
    is_view: bool


def change_of(reference: Reference, grey: Grey, smoothed: Grey, alike: Blocks, lasting: Blocks) -> Change:
    """What does not show what it did: `alike` is the likeness of `grey`, which is also given `smoothed`, to the
    reference, `lasting` the reference's own contrast.

    A block that shows something tells it by its structure, a plain one by having got some; each then goes by the
    majority about it, because now and then something else looks alike, and a thing that moves is small. Two blocks with
    an edge in the same direction are alike whatever they show, so that the structure must be as strong as well as the
    light leaves it, by the contrast of the picture and the brightness of the block.
    """
    contrast, textured = contrast_of(smoothed), textured_in(lasting)
    left = contrast[textured] / np.maximum(reference.contrast[textured], 1.0)
    light = float(np.clip(np.quantile(left, 0.8), 0.1, 1.0))
    telling = textured & (reference.contrast * light >= _TELLING)
    lit = brightness_of(grey) / np.maximum(brightness_of(reference.grey), 1.0)
    weak = alike * contrast < _LEFT * np.minimum(light, lit) * lasting
    other = telling & ((alike < ALIKE) | weak)
    plain = reference.contrast < TEXTURED
    plain[[0, -1]] = False
    gained = plain & (contrast >= np.maximum(TEXTURED, 2 * reference.contrast))
    of_textured, _ = _mostly(other, telling)
    of_all, where = _mostly(other | gained, telling | plain)
    flat = other & (contrast < np.maximum(_FLAT * light * reference.contrast, _PLAIN))
    low, high = np.quantile(contrast[1:-1], (0.25, 0.75))
    is_view = (
        other.sum() > _ANOTHER_VIEW * telling.sum()
        and flat.sum() < _FLAT_SHARE * telling.sum()
        and low < _EVEN * high
        and (alike[1:-1] >= _AS_IT_WAS).mean() < _STAYED
    )
    return Change(max(of_textured, of_all), where | other, gained, telling & ~other, bool(is_view))


def shows_what(reference: Reference, grey: Grey) -> bool:
    """Whether `grey` shows what `reference` does, people aside."""
    lasting, smoothed = lasting_contrast_of(reference), smooth(grey)
    if textured_in(lasting).sum() < LEAST_TEXTURED:
        return False
    alike = likeness(smoothed, smooth(reference.grey))
    return change_of(reference, grey, smoothed, alike, lasting).share < COVERED


def _mostly(some: Bools, of: Bools) -> tuple[float, Bools]:
    """Where most blocks of those about each are so, and the share of the picture that this is."""
    many = around(of)
    mostly: Bools = (2 * around(some) >= many) & (many > 0)
    return float(mostly.sum() / max(int((many > 0).sum()), 1)), mostly

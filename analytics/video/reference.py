"""What a camera usually shows: the mean of its ok pictures, how each block of it is, and where people use to be."""

from dataclasses import dataclass

import numpy as np

from analytics.video.blocks import Blocks, Bools, Grey, contrast_of, sharpness_of, smooth

TEXTURED = 4.0  # standard deviation in grey levels from which a block shows something
LEAST_TEXTURED = 10  # blocks; a picture with fewer gives nothing to compare
OCCUPIED = 0.2  # how often somebody is seen in a block that is a person's as much as the room's
_LEAST_FREE = 0.4  # share of the textured blocks; what is left beside people who fill the picture moves with them
_MEMORY = 60.0  # pictures of which the reference is about the mean


@dataclass(frozen=True, slots=True)
class Reference:
    """What the camera usually shows: its picture, the contrast and sharpness of each block, from `pictures` so far; how
    often somebody was seen in it (0 to 1), from `looks` for people; and the `latest` picture, in which people sit as
    they sit now."""

    grey: Grey
    latest: Grey
    contrast: Blocks
    sharpness: Blocks
    occupied: Blocks
    pictures: int
    looks: int

    def seen_with(self, places: Blocks) -> tuple[Blocks, int]:
        """`occupied` and `looks` after one more look, that found somebody in `places`."""
        looks = self.looks + 1
        return self.occupied + max(1 / looks, 1 / _MEMORY) * (places - self.occupied), looks


def renewed(reference: Reference | None, grey: Grey) -> Reference:
    """The reference after one more picture; the first begins it."""
    contrast, sharpness = contrast_of(smooth(grey)), sharpness_of(grey)
    if reference is None:
        return Reference(grey, grey, contrast, sharpness, np.zeros_like(contrast), 1, 0)
    share = max(1 / (reference.pictures + 1), 1 / _MEMORY)
    return Reference(
        reference.grey + share * (grey - reference.grey),
        grey,
        reference.contrast + share * (contrast - reference.contrast),
        reference.sharpness + share * (sharpness - reference.sharpness),
        reference.occupied,
        reference.pictures + 1,
        reference.looks,
    )


def lasting_contrast_of(reference: Reference) -> Blocks:
    """The contrast of what stays where it is, in grey levels."""
    lasting: Blocks = np.minimum(reference.contrast, contrast_of(smooth(reference.grey)))
    return lasting


def textured_in(lasting: Blocks) -> Bools:
    """The blocks that show something that stays, without time and place, which the camera itself writes and no cover
    hides."""
    textured: Bools = lasting >= TEXTURED
    unwritten = textured.copy()
    unwritten[[0, -1]] = False
    return unwritten if unwritten.sum() >= LEAST_TEXTURED else textured


def unmoving(reference: Reference, textured: Bools) -> Bools:
    """The blocks that tell of a room: those where nobody uses to be, or all where people fill the picture."""
    free = textured & (reference.occupied < OCCUPIED)
    return free if free.sum() >= max(LEAST_TEXTURED, _LEAST_FREE * textured.sum()) else textured

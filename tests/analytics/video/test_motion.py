"""Whether a camera turned: what a motion must explain before it is believed."""

import numpy as np
import pytest
from drawn_pictures import Room, moved

from analytics.video.blocks import BLOCK, HEIGHT, WIDTH, Bools, Grey, grey_of
from analytics.video.motion import is_moved

ALL: Bools = np.ones((HEIGHT // BLOCK, WIDTH // BLOCK), bool)


def panned(before: Grey, elsewhere: Grey, share: float) -> Grey:
    """The view of a camera that turned aside by `share` of its width."""
    pixels = round(share * WIDTH)
    return np.hstack([before[:, pixels:], elsewhere[:, :pixels]])


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_a_turn_that_leaves_half_of_the_view_is_found(share: float) -> None:
    before, elsewhere = (grey_of(Room(seed).picture()) for seed in (1, 2))
    assert is_moved(before, panned(before, elsewhere, share), ALL)
    assert not is_moved(before, before, ALL)


def test_a_small_turn_about_the_middle_is_found() -> None:
    picture = Room(3).picture()
    assert is_moved(grey_of(picture), grey_of(moved(picture, turn_deg=3.0)), ALL)


@pytest.mark.parametrize("share", [0.7, 0.8])
def test_what_only_a_quarter_of_the_view_speaks_for_is_no_motion(share: float) -> None:
    """Some motion explains that much of anything, the folds of a cloth too."""
    before, elsewhere = (grey_of(Room(seed).picture()) for seed in (1, 2))
    assert not is_moved(before, panned(before, elsewhere, share), ALL)


def test_another_view_is_no_motion() -> None:
    before = grey_of(Room(1).picture())
    assert not any(is_moved(before, grey_of(Room(seed).picture()), ALL) for seed in range(2, 12))

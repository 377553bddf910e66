"""What shows something else, and what only is in another light."""

import cv2
import numpy as np
import pytest
from drawn_pictures import Room, noisy

from analytics.video.blocks import Grey, grey_of, likeness, smooth
from analytics.video.change import COVERED, Change, change_of, shows_what
from analytics.video.detection import Picture
from analytics.video.reference import lasting_contrast_of, renewed

RANDOM = np.random.default_rng(4)


def change(before: Picture, now: Picture) -> Change:
    reference = renewed(renewed(None, grey_of(before)), grey_of(before))
    grey = grey_of(now)
    smoothed = smooth(grey)
    alike = likeness(smoothed, smooth(reference.grey))
    return change_of(reference, grey, smoothed, alike, lasting_contrast_of(reference))


def posts(contrast: float) -> Picture:
    """Upright posts before a wall."""
    across = 120 + contrast * np.where(np.arange(480) % 30 < 15, 1, -1)
    return noisy(np.tile(across[None, :, None], (270, 1, 3)), RANDOM, 1.0)


def test_posts_are_not_what_is_only_upright_too() -> None:
    before, fingers = posts(60.0), posts(60.0)
    fingers[:170] = cv2.GaussianBlur(posts(12.0), (0, 0), 2)[:170]
    assert change(before, fingers).share >= COVERED


def test_the_same_posts_in_less_light_are_the_same() -> None:
    before, dim = posts(60.0), posts(60.0)
    dim[:170] = (dim[:170] * 0.25).astype(np.uint8)
    assert change(before, dim).share < 0.1


@pytest.fixture
def before_a_wall() -> Picture:
    """Somewhat more than half of a room, and beside it a wall with nothing but a shade."""
    picture = Room().picture()
    shade = np.linspace(150, 190, 160)[None, :, None] + np.linspace(0, 12, 270)[:, None, None]
    picture[:, :160] = noisy(np.repeat(shade, 3, axis=2), RANDOM, 1.0)
    return picture


def test_print_beside_a_wall_that_is_as_it_was_is_no_view(before_a_wall: Picture) -> None:
    covered = before_a_wall.copy()
    covered[:, 160:] = 215
    for row in range(12, 270, 30):
        cv2.putText(covered, "THE NEWS OF TODAY", (165, row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (40, 40, 40), 2)
    covered[60:200, 330:430] = 110
    told = change(before_a_wall, covered)
    assert told.share >= COVERED
    assert not told.is_view
    elsewhere = Room(seed=8).picture()
    elsewhere[60:200, 200:420] = 215
    elsewhere[:90, :140] = 90
    assert change(before_a_wall, elsewhere).is_view


def test_a_picture_shows_what_the_reference_does_people_aside() -> None:
    room = Room()
    reference = renewed(None, grey_of(room.picture()))
    assert shows_what(reference, grey_of(room.picture([(0.3, 0.1, 0.6, 1.0)])))
    assert not shows_what(reference, grey_of(Room(seed=2).picture()))
    assert not shows_what(renewed(None, blank()), blank()), "a bare wall says nothing of where a camera looks"


def blank() -> Grey:
    return grey_of(noisy(np.full((270, 480, 3), 128, np.uint8), RANDOM, 2.0))

"""Who hides the view: people come, stir and leave; cloth and snow do not."""

import numpy as np
from drawn_pictures import Room, covered_with, lit, noisy, swaying

from analytics.video.blocks import Bools, Grey, grey_of
from analytics.video.change import Change
from analytics.video.detection import Person
from analytics.video.hiding import have_people_left, hidden_by, is_lifeless, places_of
from analytics.video.reference import Reference, renewed

RANDOM = np.random.default_rng(3)
EVERYWHERE = np.ones((9, 16), bool)


def seen_with(grey: Grey, people: list[Person]) -> Reference:
    """What a camera shows that always showed `grey` with `people` in it."""
    reference = renewed(renewed(None, grey), grey)
    return Reference(
        reference.grey, grey, reference.contrast, reference.sharpness, places_of(people), reference.pictures, looks=2
    )


def snow() -> Grey:
    return grey_of(RANDOM.integers(0, 256, (270, 480, 3), dtype=np.uint8))


def rows(first: int, last: int) -> Bools:
    blocks = np.zeros((9, 16), bool)
    blocks[first:last] = True
    return blocks


def test_cloth_and_snow_are_lifeless_and_somebody_is_not() -> None:
    room, close = Room(), (0.1, 0.0, 0.85, 1.0)
    cloth, later = (grey_of(covered_with(30, room.picture(), 1.0, RANDOM)) for _ in range(2))
    assert is_lifeless(cloth, later, EVERYWHERE)
    assert is_lifeless(snow(), snow(), EVERYWHERE)
    sways, swayed = (grey_of(room.picture([swaying(close, second)])) for second in range(2))
    assert not is_lifeless(sways, swayed, EVERYWHERE)
    walks, walked = (grey_of(room.picture([(x, 0.1, x + 0.5, 1.0)])) for x in (0.1, 0.3))
    assert not is_lifeless(walks, walked, EVERYWHERE)


def test_somebody_new_hides_what_he_stands_before() -> None:
    empty = seen_with(grey_of(Room().picture()), [])
    assert hidden_by([Person(0.0, 0.0, 1.0, 0.65, 0.9)], empty, rows(0, 6)) == 1.0
    assert hidden_by([Person(0.0, 0.0, 1.0, 0.65, 0.4)], empty, rows(0, 6)) == 0.0, "as surely as cloth may be seen"


def test_somebody_who_sits_there_as_before_does_not_hide_what_a_cloth_beside_him_does() -> None:
    sitting = Person(0.15, 0.0, 0.85, 1.0, 0.9)
    reference = seen_with(grey_of(Room().picture()), [sitting])
    assert hidden_by([sitting], reference, rows(0, 6)) == 0.0
    leaning = places_of([sitting]) > 0
    leaning[:, 1] = True
    assert hidden_by([sitting], reference, leaning) > 0.9, "what has changed is he"


def test_people_leave_a_wall_that_goes_on_beside_them() -> None:
    man, wall = Person(0.2, 0.1, 0.8, 1.0, 0.9), np.full((270, 480, 3), 130, np.uint8)
    clothed = wall.copy()
    clothed[30:, 100:380] = 60  # as dark as the cover, and as plain
    clothed[::12, 100:380] = 200
    clothed[110:, 100:380] = 60
    reference = seen_with(grey_of(clothed), [man])
    where = places_of([man]) > 0
    change = Change(0.6, where, np.zeros_like(where), np.zeros_like(where), False)
    dark = grey_of(noisy(lit(wall, 0.46), RANDOM, 2.0))
    assert not have_people_left(reference, dark, change), "the wall beside him has gone dark as well"
    bared = clothed.copy()
    bared[:110, 100:380] = 60
    assert have_people_left(reference, grey_of(noisy(bared, RANDOM, 2.0)), change)

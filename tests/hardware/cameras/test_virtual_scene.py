import numpy as np
import pytest

from hardware.cameras.figures import DrawnFigure, Look, Pose
from hardware.cameras.places import interrogation_room, service_window, street, waiting_room
from hardware.cameras.scene import Move, Scene

SIZE = (320, 180)
LOOK = Look((138, 170, 214), (26, 24, 28), (96, 58, 30), (70, 44, 26))
CLERK = {"clerk": DrawnFigure(LOOK, 1)}


def window(script: list[Move], **more: float) -> Scene:
    return Scene(service_window(), CLERK, {"clerk": "desk"}, script, **more)


def test_somebody_sits_until_the_script_says_go_and_sits_again_when_back():
    scene = window([Move(10, "clerk", "out"), Move(60, "clerk", "desk")])
    assert scene.where("clerk", 9.9).pose == Pose.SITTING
    assert scene.where("clerk", 11).pose == Pose.WALKING
    assert scene.visible(30) == []
    assert scene.where("clerk", 70) == scene.where("clerk", 0)


def test_a_walk_cut_short_goes_on_from_where_it_was():
    scene = window([Move(10, "clerk", "out"), Move(10.5, "clerk", "desk")])
    assert scene.where("clerk", 10.5).x == pytest.approx(scene.where("clerk", 10.4999).x, abs=1)


def test_nobody_jumps():
    scene = window([Move(5, "clerk", "aisle"), Move(6, "clerk", "out"), Move(20, "clerk", "desk")])
    xs = np.array([scene.where("clerk", t).x for t in np.arange(0, 30, 0.05)])
    assert np.abs(np.diff(xs)).max() < 60


def test_a_script_begins_anew():
    scene = window([Move(10, "clerk", "out"), Move(20, "clerk", "desk")], repeat_s=40)
    assert scene.visible(55) == []
    assert scene.visible(75) == ["clerk"]


def test_a_picture_is_a_function_of_time():
    scene, again = window([]), window([])
    assert np.array_equal(scene.picture(7.5, SIZE), again.picture(7.5, SIZE))


def test_somebody_who_sits_stirs():
    scene = window([])
    assert any(not np.array_equal(scene.picture(0, SIZE), scene.picture(t, SIZE)) for t in (1, 3, 6))


def test_the_counter_hides_the_lap_of_the_clerk():
    empty = window([Move(0, "clerk", "out")]).picture(20, SIZE)
    staffed = window([]).picture(20, SIZE)
    counter = round(535 / 720 * SIZE[1])
    assert np.array_equal(empty[counter:], staffed[counter:])
    assert not np.array_equal(empty[:counter], staffed[:counter])


@pytest.mark.parametrize("place", [service_window(), interrogation_room(), waiting_room(), street()])
def test_people_can_be_at_every_spot(place):
    for name in place.spots:
        picture = Scene(place, CLERK, {"clerk": name}).picture(0, SIZE)
        assert picture.shape == (SIZE[1], SIZE[0], 3)


@pytest.mark.parametrize("move", [Move(0, "nobody", "out"), Move(0, "clerk", "nowhere")])
def test_a_script_with_an_unknown_name_is_refused(move):
    with pytest.raises(KeyError):
        window([move])

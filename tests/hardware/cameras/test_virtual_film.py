"""What a camera makes while it is held up: pictures are missed, sound comes late."""

import time
from itertools import pairwise
from threading import Event

import numpy as np
from waiting import wait_until

from hardware.cameras import CameraSpec
from hardware.cameras.camera import Camera
from hardware.cameras.film import Film
from hardware.cameras.tracks import AUDIO, VIDEO, Sample

HELD_S = 1.6


class Slow:
    """A grey view, whose tenth picture takes long."""

    def __init__(self) -> None:
        self.made = 0

    def picture(self, _t_s: float, size: tuple[int, int]) -> np.ndarray:
        self.made += 1
        if self.made == 10:
            Event().wait(HELD_S)
        return np.full((size[1], size[0], 3), 90, np.uint8)


def test_a_camera_that_is_held_up_loses_no_sound() -> None:
    sent: list[Sample] = []
    view = Slow()
    camera = Camera(CameraSpec(name="c", view=view, size=(64, 48), fps=10), lambda _camera: None)
    film = Film(camera, time.monotonic(), sent.append)
    film.join()
    wait_until(lambda: view.made >= 20, 60)
    film.close()
    sound = [sample.ticks for sample in sent if sample.track == AUDIO]
    pictures = [sample.ticks for sample in sent if sample.track == VIDEO]
    assert {later - earlier for earlier, later in pairwise(sound)} == {160}
    assert max(later - earlier for earlier, later in pairwise(pictures)) >= HELD_S * 90_000


def test_nothing_is_heard_from_before_somebody_watched() -> None:
    sent: list[Sample] = []
    camera = Camera(CameraSpec(name="c", view=Slow(), size=(64, 48), fps=10), lambda _camera: None)
    film = Film(camera, time.monotonic(), sent.append)
    for _ in range(2):
        began_s = time.monotonic()
        del sent[:]
        film.join()
        wait_until(lambda: any(sample.track == AUDIO for sample in list(sent)), 60)
        film.leave()
        assert next(sample.ticks for sample in sent if sample.track == AUDIO) >= (began_s - 1.2) * 8000
    film.close()

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hardware.cameras import clockface

sizes = st.sampled_from([(320, 180), (640, 360), (704, 576), (1280, 720)])
times_ms = st.integers(0, (1 << 42) - 1)


@given(sizes, times_ms, st.integers(0, 255))
def test_the_strip_tells_the_time_that_was_burned_in(size, ms, grey):
    picture = np.full((size[1], size[0], 3), grey, np.uint8)
    clockface.burn(picture, ms / 1000, 0.0)
    assert clockface.read_ms(picture) == ms


@given(times_ms)
def test_it_is_legible_in_a_smaller_picture(ms):
    picture = np.full((720, 1280, 3), 90, np.uint8)
    clockface.burn(picture, ms / 1000, 0.0)
    assert clockface.read_ms(cv2.resize(picture, (480, 270), interpolation=cv2.INTER_AREA)) == ms


@given(st.integers(0, 255))
def test_a_picture_without_a_strip_tells_nothing(grey):
    assert clockface.read_ms(np.full((360, 640, 3), grey, np.uint8)) is None

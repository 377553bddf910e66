"""Blocks that an encoder left: told, softened, and nothing else touched."""

import cv2
import numpy as np
import pytest
from drawn_pictures import Room
from labelled_footage import FOOTAGE, found_in, labelled_pictures

from analytics.video.deblocking import blockiness, deblocked
from analytics.video.detection import Picture
from analytics.video.looking import look
from analytics.video.regions import tiles
from analytics.video.yolox import Yolox

MODEL = FOOTAGE.parent / "models" / "yolox_nano.onnx"


def squeezed(picture: Picture, quality: int) -> Picture:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR).astype(np.uint8, copy=False)


def test_a_clean_picture_stays_as_it_is() -> None:
    picture = Room().picture()
    assert deblocked(picture) is picture


def test_a_picture_in_blocks_is_softened_until_they_hardly_show() -> None:
    picture = squeezed(Room().picture(noise=1.0), 5)
    assert blockiness(picture) > 2
    assert blockiness(deblocked(picture)) < blockiness(picture) / 1.5


@pytest.mark.parametrize("shape", [(1, 1), (2, 8), (3, 9), (270, 480)])
def test_a_picture_of_one_shade_in_any_size_has_no_blocks(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 3), 90, np.uint8)
    assert deblocked(picture) is picture


@pytest.mark.skipif(not MODEL.is_file(), reason="needs footage and model weights in ../shared/data")
def test_most_people_are_found_in_pictures_of_a_thrifty_encoder() -> None:
    detector, parts = Yolox(MODEL.read_bytes()), tiles(16 / 9)
    pictures = list(labelled_pictures())
    found = found_in(pictures, lambda p: look(detector, deblocked(squeezed(p, 20)), parts), sure=0.3)
    assert found.recall >= 0.9, found
    assert found.exact >= 0.8, found

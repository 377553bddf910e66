"""The default detector: on real footage, on pictures of any size, and with models that are none."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_footage import FOOTAGE, Labelled, found_in, labelled_pictures

import analytics.video
from analytics.video.detection import DetectorError
from analytics.video.looking import look
from analytics.video.model.onnx_graph import OnnxGraph
from analytics.video.regions import tiles
from analytics.video.ssd import Ssd

WEIGHTS = Path(analytics.video.__file__).parent / "weights" / "coco-ssd.onnx"

needs_weights = pytest.mark.skipif(
    not WEIGHTS.is_file(), reason="needs the people detector's weights, left out of this build by DUCHA_SKIP_MODEL"
)
needs_footage = pytest.mark.skipif(not FOOTAGE.is_dir(), reason="needs the footage in ../shared/data/footage")


@pytest.fixture(scope="module")
def detector() -> Ssd:
    return Ssd(WEIGHTS.read_bytes())


@pytest.fixture(scope="module")
def pictures() -> list[Labelled]:
    return list(labelled_pictures())


@needs_weights
@needs_footage
def test_it_finds_nine_of_ten_people_in_whole_pictures(detector: Ssd, pictures: list[Labelled]) -> None:
    found = found_in(pictures, detector.people, sure=0.25)
    assert found.recall >= 0.89, found
    assert found.precision >= 0.91, found
    assert found.exact >= 0.7, found


@needs_weights
@needs_footage
def test_in_square_tiles_it_finds_nearly_everybody(detector: Ssd, pictures: list[Labelled]) -> None:
    height, width = pictures[0].picture.shape[:2]
    found = found_in(pictures, lambda picture: look(detector, picture, tiles(width / height)), sure=0.3)
    assert found.recall >= 0.97, found
    assert found.precision >= 0.97, found
    assert found.exact >= 0.95, found


@needs_weights
@settings(max_examples=20)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_boxes_lie_within_a_picture_of_any_size_the_surest_first(
    detector: Ssd, height: int, width: int, seed: int
) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    people = detector.people(picture)
    assert [p.score for p in people] == sorted((p.score for p in people), reverse=True)
    for person in people:
        assert 0 <= person.x0 <= person.x1 <= 1
        assert 0 <= person.y0 <= person.y1 <= 1
        assert 0.1 <= person.score <= 1


@needs_weights
@pytest.mark.parametrize("grey", [0, 127, 255])
def test_nobody_is_in_an_even_picture(detector: Ssd, grey: int) -> None:
    assert not [p for p in detector.people(np.full((720, 1280, 3), grey, np.uint8)) if p.score >= 0.25]


@needs_weights
def test_it_names_the_model_by_the_digest_of_its_bytes(detector: Ssd) -> None:
    assert detector.sha256 == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()


@needs_weights
@pytest.mark.parametrize("kept", [1, 1000, 3_000_000])
def test_a_model_cut_short_is_refused(kept: int) -> None:
    with pytest.raises(DetectorError, match=f"{kept} bytes"):
        Ssd(WEIGHTS.read_bytes()[:kept])


@pytest.mark.parametrize("model", [b"", b"\0" * 64, b"not a model"])
def test_bytes_that_are_no_model_are_refused(model: bytes) -> None:
    with pytest.raises(DetectorError):
        Ssd(model)


def test_another_network_is_refused_with_what_it_takes() -> None:
    graph = OnnxGraph("other", "test")
    graph.give(graph.take("sound", "float32", (1, 8)), "words", "float32", (1, 8))
    with pytest.raises(DetectorError, match=r"sound.*expected.*picture"):
        Ssd(bytes(graph))

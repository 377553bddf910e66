"""YOLOX through the way of a picture, on footage that people have marked by hand."""

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_footage import FOOTAGE, Labelled, found_in, labelled_pictures

from analytics.catalogue import video_rules
from analytics.video.boxes import strongest
from analytics.video.detection import DetectorError
from analytics.video.headcount import COUNTED
from analytics.video.looking import look
from analytics.video.picture import PictureState
from analytics.video.presence import Seen
from analytics.video.regions import Region, tiles
from analytics.video.watcher import Outlook, Watcher
from analytics.video.yolox import Yolox

MODEL = FOOTAGE.parent / "models" / "yolox_nano.onnx"
needs_model = pytest.mark.skipif(
    not (MODEL.is_file() and FOOTAGE.is_dir()), reason="needs footage and model weights in ../shared/data"
)
ATTENDED = [
    ("intel_head-pose-face-detection-male.gif", [0.25, 0.05, 0.78, 1.0]),
    ("intel_head-pose-face-detection-female-and-male.gif", [0.05, 0.15, 0.46, 1.0]),
    ("intel_classroom.gif", [0.44, 0.42, 0.56, 0.68]),
    ("intel_classroom.gif", [0.08, 0.5, 0.26, 0.85]),
]
UNATTENDED = [
    ("intel_people-detection.gif", [0.3, 0.2, 0.6, 0.9]),
    ("intel_classroom.gif", [0.3, 0.0, 0.6, 0.35]),
    ("intel_face-demographics-walking.gif", [0.8, 0.2, 1.0, 0.9]),
]


@pytest.fixture(scope="module")
def detector() -> Yolox:
    return Yolox(MODEL.read_bytes(), "yolox_nano")


@pytest.fixture(scope="module")
def pictures() -> list[Labelled]:
    return list(labelled_pictures())


def seen_in(clip: str, corners: list[float], detector: Yolox) -> set[Seen]:
    """What is known of a region over the clip, four pictures a second."""
    watcher = Watcher(Outlook(clip, (Region.of("seat", corners),), counts=False), detector, video_rules())
    with av.open(str(FOOTAGE / clip)) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)][::3]
    samples = [watcher.sample(frame, second / 4) for second, frame in enumerate(frames)]
    assert {s.picture for s in samples} == {PictureState.OK}
    return {s.regions["seat"] for s in samples}


@needs_model
def test_people_of_a_room_are_counted_right(detector: Yolox, pictures: list[Labelled]) -> None:
    def in_tiles(picture: np.ndarray) -> list:
        return look(detector, picture, tiles(picture.shape[1] / picture.shape[0]))

    found = found_in(pictures, in_tiles, sure=COUNTED)
    assert found.exact >= 0.95, found
    assert found.recall >= 0.95, found


@needs_model
@pytest.mark.parametrize(("clip", "corners"), ATTENDED)
def test_nobody_at_a_seat_is_missed(clip: str, corners: list[float], detector: Yolox) -> None:
    assert seen_in(clip, corners, detector) == {Seen.PRESENT}


@needs_model
@pytest.mark.parametrize(("clip", "corners"), UNATTENDED)
def test_nobody_is_seen_where_there_is_nobody(clip: str, corners: list[float], detector: Yolox) -> None:
    assert seen_in(clip, corners, detector) == {Seen.ABSENT}


@needs_model
@pytest.mark.parametrize("shape", [(2, 2), (1, 400), (400, 1), (270, 480), (1080, 1920)])
def test_pictures_of_any_size_are_looked_at(shape: tuple[int, int], detector: Yolox) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (*shape, 3)).astype(np.uint8)
    for person in detector.people(picture):
        assert 0 <= person.x0 <= person.x1 <= 1
        assert 0 <= person.y0 <= person.y1 <= 1


@pytest.mark.parametrize("model", [b"", b"GIF89a", b"\x08\x07\x12\x04test" * 20])
def test_bytes_that_are_no_model_are_refused(model: bytes) -> None:
    with pytest.raises(DetectorError, match=r"model broken: .*expected a YOLOX network"):
        Yolox(model, "broken")


boxes = st.lists(
    st.tuples(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0, 1)),
    max_size=30,
)


@given(boxes)
@settings(max_examples=50)
def test_suppression_keeps_the_surest_and_no_two_that_overlap(drawn: list[tuple[float, ...]]) -> None:
    corners = np.array([(x, y, min(1, x + w), min(1, y + h)) for x, y, w, h, _ in drawn], np.float64).reshape(-1, 4)
    scores = np.array([score for *_, score in drawn], np.float64)
    kept = strongest(corners, scores, 0.5)
    assert [scores[i] for i in kept] == sorted((scores[i] for i in kept), reverse=True)
    assert not len(drawn) or scores[kept[0]] == scores.max()
    assert strongest(corners[kept], scores[kept], 0.5) == list(range(len(kept)))

"""Whether a detector that was trained on photographs takes the drawn figures for people."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from hardware.cameras.county import demo_cameras
from hardware.cameras.cutouts import filmed
from hardware.cameras.figures import DrawnFigure, Look, Pose
from hardware.cameras.places import service_window
from hardware.cameras.scene import Scene

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
WEIGHTS, FOOTAGE = DATA / "models" / "yolox_nano.onnx", DATA / "footage"
SIDE = 416
SIZE = (640, 360)


@pytest.fixture(scope="module")
def detector() -> cv2.dnn.Net:
    if not WEIGHTS.is_file():
        pytest.skip("needs YOLOX-nano's weights in ../shared/data/models")
    return cv2.dnn.readNetFromONNX(str(WEIGHTS))


def people(detector: cv2.dnn.Net, picture: np.ndarray) -> list[float]:
    """The middles of the people found, as columns of a picture of `SIZE`."""
    scale = SIDE / SIZE[0]
    fitted = np.full((SIDE, SIDE, 3), 114, np.uint8)
    small = cv2.resize(picture, None, fx=scale, fy=scale)
    fitted[: small.shape[0]] = small
    detector.setInput(cv2.dnn.blobFromImage(fitted))
    rows = detector.forward()[0]
    cells = [
        np.stack(np.meshgrid(np.arange(SIDE // s), np.arange(SIDE // s)), 2).reshape(-1, 2) * s for s in (8, 16, 32)
    ]
    strides = np.concatenate([np.full(len(c), s) for c, s in zip(cells, (8, 16, 32), strict=True)])[:, None]
    centres = rows[:, :2] * strides + np.concatenate(cells)
    sides = np.exp(rows[:, 2:4]) * strides
    scores = rows[:, 4] * rows[:, 5]
    boxes = np.concatenate([centres - sides / 2, sides], 1)
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), 0.4, 0.45)
    return sorted(float(centres[i, 0]) / scale for i in np.array(kept, int).ravel())


@pytest.mark.parametrize("camera", ["win-1", "win-2", "room-1", "hall-1"])
def test_a_detector_counts_the_people_of_a_scene(detector, camera):
    scene = next(spec.view for spec in demo_cameras(3).specs if spec.name == camera)
    counts = [
        (len(people(detector, scene.picture(t, SIZE))), len(scene.visible(t))) for t in (12, 130, 300, 430, 600, 810)
    ]
    assert sum(found == there for found, there in counts) >= 5, counts


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_real_person_can_sit_behind_the_counter(detector, number):
    if not FOOTAGE.is_dir():
        pytest.skip("needs the clips in ../shared/data/footage")
    stand_in = DrawnFigure(Look.officer(np.random.default_rng(1)), 1)
    clerk = filmed(FOOTAGE, stand_in, number)
    scene = Scene(service_window(), {"clerk": clerk}, {"clerk": "desk"})
    desk = scene.where("clerk", 0).x * SIZE[0] / 1280
    for t in (0, 5, 10):
        assert people(detector, scene.picture(t, SIZE)) == [pytest.approx(desk, abs=40)]
    assert clerk.sprite(Pose.WALKING, 0).colour.shape == stand_in.sprite(Pose.WALKING, 0).colour.shape

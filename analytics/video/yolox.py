"""YOLOX (Ge et al. 2021) as exported to ONNX, run by OpenVINO: any size of network, class 0 of COCO being a person.

The network looks at a letterboxed BGR picture with values 0 to 255, and answers for each cell of three grids (of
strides 8, 16 and 32) with centre and size relative to the cell, the sureness that something is there, and that it is of
each class.
"""

import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.video.boxes import Boxes, strongest
from analytics.video.detection import DetectorError, Person, Picture
from analytics.video.runtime import openvino

_STRIDES = (8, 16, 32)
_PAD = 114
_WEAKEST = 0.1
_SAME = 0.5  # IoU from which two boxes are one person
_MOST = 300  # boxes looked at for one picture
_EXPECTED = "a YOLOX network as ONNX: input 1x3xHxW, output 1xNx(5+classes) with N cells of strides 8, 16 and 32"

Floats = NDArray[np.float32]


class Yolox:
    """A detector from the bytes of an ONNX file; `threads` is how many cores one picture may use.

    Raises:
        DetectorError: where the bytes are no such network.
    """

    def __init__(self, model: bytes, name: str = "yolox", threads: int = 1) -> None:
        self.name = name
        self.sha256 = hashlib.sha256(model).hexdigest()
        core = openvino.Core()
        try:
            network = core.read_model(model, b"")
            shape, answer = network.input().partial_shape, network.output().partial_shape
            if shape.is_dynamic or answer.is_dynamic:
                raise DetectorError(f"model {name}: its sizes are not fixed; expected {_EXPECTED}")
            shape, answer = tuple(network.input().shape), tuple(network.output().shape)
            options = {
                "INFERENCE_NUM_THREADS": threads,
                "PERFORMANCE_HINT": "LATENCY",
                "ENABLE_CPU_PINNING": False,  # else all detectors of a process are pinned to the same core
            }
            self._request = core.compile_model(network, "CPU", options).create_infer_request()
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1] if str(error).strip() else "no reason given"
            raise DetectorError(f"model {name}: can't be read ({reason}); expected {_EXPECTED}") from error
        if len(shape) != 4 or shape[:2] != (1, 3) or min(shape[2:]) < _STRIDES[-1]:
            raise DetectorError(f"model {name}: its input is {shape}; expected {_EXPECTED}")
        self._height, self._width = int(shape[2]), int(shape[3])
        self._cells, self._stride = _grid(self._height, self._width)
        if len(answer) != 3 or answer[0] != 1 or answer[1] != len(self._cells) or answer[2] < 6:
            raise DetectorError(f"model {name}: its output is {answer}; expected {_EXPECTED}")

    def people(self, picture: Picture) -> list[Person]:
        height, width = picture.shape[:2]
        scale = min(self._height / height, self._width / width)
        answer = self._request.infer({0: self._letterbox(picture, scale)})
        return self._decode(np.asarray(next(iter(answer.values())))[0], scale, width, height)

    def _letterbox(self, picture: Picture, scale: float) -> Floats:
        height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
        box = np.full((self._height, self._width, 3), _PAD, np.uint8)
        box[:height, :width] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(box.transpose(2, 0, 1)[None], np.float32)

    def _decode(self, answer: Floats, scale: float, width: int, height: int) -> list[Person]:
        sureness = answer[:, 4] * answer[:, 5]
        sure = np.flatnonzero(sureness >= _WEAKEST)
        sure = sure[np.argsort(-sureness[sure], kind="stable")][:_MOST]
        scores: Boxes = sureness[sure].astype(np.float64)
        stride = self._stride[sure, None]
        centre = (answer[sure, :2] + self._cells[sure]) * stride
        half = np.exp(np.clip(answer[sure, 2:4], -10, 10)) * stride / 2
        boxes: Boxes = np.concatenate([centre - half, centre + half], axis=1).astype(np.float64)
        boxes = np.clip(boxes / (scale * np.array([width, height, width, height])), 0, 1)
        kept = strongest(boxes, scores, _SAME)
        return [
            Person(x0, y0, x1, y1, score)
            for (x0, y0, x1, y1), score in zip(boxes[kept].tolist(), scores[kept].tolist(), strict=True)
        ]


def _grid(height: int, width: int) -> tuple[Floats, Floats]:
    """Column and row of every cell, shape (N, 2), and its stride in pixels, shape (N,)."""
    cells, strides = [], []
    for stride in _STRIDES:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        cells.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        strides.append(np.full(rows.size, stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)

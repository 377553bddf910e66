"""The default detector: SSDLite (Liu et al. 2016, Sandler et al. 2018) on MobileNet v2, run by OpenVINO on one thread.

The network (made by `analytics/video/model`) looks at the picture squeezed to 300×300 and answers with 1,917 boxes and
how sure it is of a person in each. Small people in a wide picture escape it: where a region matters, give it the
region's crop, padded by a fifth; where a whole room does, square tiles.
"""

import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.video.boxes import Boxes, strongest
from analytics.video.detection import DetectorError, Person, Picture
from analytics.video.runtime import openvino

_SIDE = 300
_WEAKEST = 0.1
_SAME = 0.5  # IoU from which two boxes are one person
_MOST = 300  # boxes looked at for one picture
_INPUTS = {"picture": (1, _SIDE, _SIDE, 3)}
_OUTPUTS = {"boxes", "scores"}
_ONE_THREAD = {
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": 1,
    "PERFORMANCE_HINT": "LATENCY",
    "ENABLE_CPU_PINNING": False,  # else all detectors of a process are pinned to the same core
}


class Ssd:
    """A detector from the bytes of an ONNX file; one picture at a time, so every thread needs its own.

    Raises:
        DetectorError: where the bytes are no such network.
    """

    def __init__(self, model: bytes, name: str = "coco-ssd") -> None:
        self.name = name
        self.sha256 = hashlib.sha256(model).hexdigest()
        core = openvino.Core()
        try:
            network = core.read_model(model, b"")
            inputs = {port.any_name: tuple(port.shape) for port in network.inputs}
            outputs = {port.any_name for port in network.outputs}
            if inputs != _INPUTS or outputs != _OUTPUTS:
                raise DetectorError(f"model {name}: {inputs} gives {outputs}; expected {_INPUTS} to give {_OUTPUTS}")
            self._request = core.compile_model(network, "CPU", _ONE_THREAD).create_infer_request()
        except RuntimeError as error:
            raise DetectorError(f"model {name}: {len(model)} bytes are no ONNX file that OpenVINO can run") from error

    def people(self, picture: Picture) -> list[Person]:
        small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)
        self._request.infer({"picture": cv2.cvtColor(small, cv2.COLOR_BGR2RGB)[None]})
        return _decode(self._request.get_tensor("boxes").data[0], self._request.get_tensor("scores").data[0, :, 0])


def _decode(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> list[Person]:
    """Each person once, the surest first, from boxes (y0, x0, y1, x1) and their scores."""
    sure = np.flatnonzero(scores >= _WEAKEST)
    sure = sure[np.argsort(-scores[sure], kind="stable")][:_MOST]
    sureness: Boxes = scores[sure].astype(np.float64)
    corners: Boxes = np.clip(boxes[sure][:, [1, 0, 3, 2]].astype(np.float64), 0, 1)
    kept = strongest(corners, sureness, _SAME)
    return [
        Person(x0, y0, x1, y1, score)
        for (x0, y0, x1, y1), score in zip(corners[kept].tolist(), sureness[kept].tolist(), strict=True)
    ]

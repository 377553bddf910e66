"""The detector of people: the one that this installation has, or a YOLOX network of the operator's own."""

from hashlib import sha256
from pathlib import Path

import analytics.video
from analytics.video.detection import Detector, DetectorError
from analytics.video.ssd import Ssd
from analytics.video.yolox import Yolox
from ingest.errors import DetectorUnavailable

DEFAULT_WEIGHTS = Path(analytics.video.__file__).parent / "weights" / "coco-ssd.onnx"


def default_detector(weights: Path = DEFAULT_WEIGHTS) -> Detector:
    """A new detector with the weights that came with the package; for one thread.

    Raises DetectorUnavailable where there are none or they are damaged.
    """
    try:
        model = weights.read_bytes()
        expected = weights.with_name(f"{weights.name}.sha256").read_text("ascii")[:64]
    except (OSError, UnicodeDecodeError) as error:
        raise DetectorUnavailable(
            f"no weights of the default people detector: {error}; "
            "build and install ducha again without DUCHA_SKIP_MODEL, or name a model of your own"
        ) from error
    found = sha256(model).hexdigest()
    if found != expected:
        raise DetectorUnavailable(f"{weights} is damaged: SHA-256 {found}, expected {expected}; install ducha again")
    try:
        return Ssd(model)
    except DetectorError as error:
        raise DetectorUnavailable(f"{weights}: {error}; build and install ducha again") from error


def detector_of(model: Path) -> Detector:
    """A new detector from the operator's own YOLOX network in an ONNX file; for one thread.

    Raises DetectorUnavailable where it can't be read or is something else.
    """
    try:
        return Yolox(model.read_bytes(), model.stem)
    except OSError as error:
        raise DetectorUnavailable(f"{model}: {error.strerror or error}; expected a YOLOX network as ONNX") from error
    except DetectorError as error:
        raise DetectorUnavailable(f"{model}: {error}") from error

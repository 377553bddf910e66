"""The detector that an installation has, or what it says where it has none."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from ingest.cameras.detectors import DEFAULT_WEIGHTS, default_detector
from ingest.errors import DetectorUnavailable

pytestmark = pytest.mark.skipif(
    not DEFAULT_WEIGHTS.is_file(),
    reason="needs the people detector's weights, left out of this build by DUCHA_SKIP_MODEL",
)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A copy that may be spoilt."""
    for file in (DEFAULT_WEIGHTS, DEFAULT_WEIGHTS.with_name(f"{DEFAULT_WEIGHTS.name}.sha256")):
        shutil.copy(file, tmp_path)
    return tmp_path / DEFAULT_WEIGHTS.name


def test_the_installed_weights_make_a_detector_that_names_its_file() -> None:
    detector = default_detector()
    assert DEFAULT_WEIGHTS.with_name(f"{DEFAULT_WEIGHTS.name}.sha256").read_text().startswith(detector.sha256)


def test_a_detector_is_pinned_to_no_core_for_all_would_be_to_the_same() -> None:
    before = tasks()
    detector, picture = default_detector(), np.zeros((300, 300, 3), np.uint8)
    looker = Thread(target=lambda: [detector.people(picture) for _ in range(50)])
    looker.start()
    seen = set()
    while looker.is_alive():
        for task in tasks() - before:
            with suppress(ProcessLookupError):  # it ended just now
                seen.add(frozenset(os.sched_getaffinity(task)))
    assert seen == {frozenset(os.sched_getaffinity(0))}


def tasks() -> set[int]:
    """The threads of this process, by the kernel's numbers."""
    return {int(path.name) for path in Path("/proc/self/task").iterdir()}


@pytest.mark.parametrize("missing", ["coco-ssd.onnx", "coco-ssd.onnx.sha256"])
def test_missing_weights_are_said_with_how_to_get_them(weights: Path, missing: str) -> None:
    (weights.parent / missing).unlink()
    with pytest.raises(DetectorUnavailable, match=rf"{missing}.*DUCHA_SKIP_MODEL"):
        default_detector(weights)


def test_a_single_changed_byte_is_noticed(weights: Path) -> None:
    spoilt = bytearray(weights.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    weights.write_bytes(spoilt)
    with pytest.raises(DetectorUnavailable, match="damaged"):
        default_detector(weights)


def test_weights_that_are_no_network_are_refused_though_their_digest_is_right(weights: Path) -> None:
    weights.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    weights.with_name(f"{weights.name}.sha256").write_text(f"{empty}  {weights.name}\n")
    with pytest.raises(DetectorUnavailable, match="install"):
        default_detector(weights)

"""`ducha watch`: the contract of the command line, by a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
MODEL = DATA / "models" / "yolox_nano.onnx"
CLIP = DATA / "footage" / "intel_head-pose-face-detection-male.gif"
SEAT = "seat=0.25,0.05,0.78,1.0"
ASIDE = "aside=0,0,0.15,0,0.15,0.9,0,0.9"
FIELDS = ["type", "rule", "rule_version", "grade", "device", "duty", "from", "to", "lon", "lat", "detail"]

WEIGHTS = ROOT / "analytics" / "video" / "weights" / "coco-ssd.onnx"

pytestmark = pytest.mark.skipif(
    not (MODEL.is_file() and CLIP.is_file()), reason="needs footage and model weights in ../shared/data"
)
Scene = Callable[[int], NDArray[np.uint8]]


def ducha(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from console.cli import main; main()", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def events(file: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The samples and the alerts."""
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [e for e in lines if e["type"] == "sample"], [e for e in lines if e["type"] == "alert"]


def encode(file: Path, scene: Scene, seconds: int, rate: int = 5, gop: int = 250) -> None:
    """A video whose picture of each second `scene` draws; an MP4 in fragments, as recordings are."""
    random = np.random.default_rng(1)
    fragments = {"movflags": "frag_keyframe+empty_moov"} if file.suffix == ".mp4" else {}
    with av.open(str(file), "w", options=fragments) as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 480, 270, "yuv420p", gop
        for number in range(seconds * rate):
            noisy = scene(number // rate) + random.normal(0, 2, (270, 480, 3))
            frame = av.VideoFrame.from_ndarray(np.clip(noisy, 0, 255).astype(np.uint8), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def attended() -> NDArray[np.uint8]:
    with av.open(str(CLIP)) as container:
        return next(container.decode(video=0)).to_ndarray(format="bgr24")


@pytest.fixture(scope="module")
def empty() -> NDArray[np.uint8]:
    """A room that everybody has left."""
    with av.open(str(DATA / "footage" / "intel_people-detection.gif")) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)][-1]


def test_a_gif_is_watched_on_a_clock_of_its_own(tmp_path: Path) -> None:
    run = ducha(tmp_path, "watch", str(CLIP), "--region", SEAT, "--region", ASIDE, "--model", str(MODEL), "--out", "e")
    assert run.returncode == 0, run.stderr
    samples, alerts = events(tmp_path / "e")
    assert [s["t"] for s in samples] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert all(list(s) == ["type", "t", "people", "regions", "picture"] for s in samples)
    assert {s["people"] for s in samples} == {1}
    assert all(s["regions"] == {"seat": "present", "aside": "absent"} for s in samples)
    assert {s["picture"] for s in samples} == {"ok"}
    assert alerts == []
    assert "samples/s" in run.stderr


def test_without_a_model_the_default_detector_looks_or_its_lack_is_one_line(tmp_path: Path) -> None:
    run = ducha(tmp_path, "watch", str(CLIP), "--region", SEAT, "--out", "events.jsonl")
    if WEIGHTS.is_file():
        assert run.returncode == 0, run.stderr
        assert {(s["people"], s["regions"]["seat"]) for s in events(tmp_path / "events.jsonl")[0]} == {(1, "present")}
    else:
        refused(run, "coco-ssd.onnx", "a model of your own")


def test_an_mp4_of_a_window_left_alone_tells_so(tmp_path: Path, empty: NDArray[np.uint8]) -> None:
    encode(tmp_path / "window.mp4", lambda _second: empty, 20)
    (tmp_path / "rules.toml").write_text("[post-unattended]\nseconds = 10\nburst = 3\n")
    run = ducha(
        tmp_path, "watch", "window.mp4", "--region", "window=0.3,0.2,0.6,0.9", "--rules", "rules.toml", "--model",
        str(MODEL), "--out", "events.jsonl",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    samples, (alert,) = events(tmp_path / "events.jsonl")
    assert len(samples) == 20
    assert "keyframes only" not in run.stderr
    assert list(alert) == FIELDS
    assert (alert["rule"], alert["device"], alert["from"], alert["to"]) == ("post-unattended", "window", 0.0, None)
    assert alert["detail"]["noticed"] == 10
    assert alert["detail"]["region"] == "window"
    assert alert["detail"]["burst"] == 3
    assert alert["detail"]["frames"][-3:] == [8, 9, 10]
    assert alert["detail"]["model"]["name"] == "yolox_nano"
    assert len(alert["detail"]["model"]["sha256"]) == 64


def test_a_camera_that_goes_black_is_told_and_the_window_is_unknown(
    tmp_path: Path, attended: NDArray[np.uint8]
) -> None:
    encode(tmp_path / "cam.mkv", lambda second: attended if not 5 <= second < 40 else attended // 50, 50, rate=2, gop=2)
    run = ducha(tmp_path, "watch", "cam.mkv", "--region", SEAT, "--model", str(MODEL), "--out", "events.jsonl")
    assert run.returncode == 0, run.stderr
    samples, (alert,) = events(tmp_path / "events.jsonl")
    assert "keyframes only" in run.stderr
    black = [s for s in samples if s["picture"] == "black"]
    assert [s["t"] for s in black] == [float(t) for t in range(5, 40)]
    assert all(s["people"] is None and s["regions"] == {"seat": "unknown"} for s in black)
    assert (alert["rule"], alert["from"], alert["to"]) == ("camera-tampered", 5.0, 40.0)
    assert alert["detail"]["kind"] == "black"


def test_settings_of_a_plan_hold_too(tmp_path: Path, empty: NDArray[np.uint8]) -> None:
    encode(tmp_path / "window.avi", lambda _second: empty, 12)
    plan = {"type": "FeatureCollection", "features": [], "rules": {"post-unattended": {"seconds": 6, "burst": 1}}}
    (tmp_path / "plan.geojson").write_text(json.dumps(plan))
    run = ducha(
        tmp_path, "watch", "window.avi", "--region", "window=0.3,0.2,0.6,0.9", "--plan", "plan.geojson", "--model",
        str(MODEL), "--out", "events.jsonl",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert len(events(tmp_path / "events.jsonl")[1]) == 1


@pytest.mark.parametrize("kind", ["mkv", "mp4"])
def test_a_video_that_breaks_off_is_watched_as_far_as_it_goes(
    tmp_path: Path, attended: NDArray[np.uint8], kind: str
) -> None:
    encode(tmp_path / f"whole.{kind}", lambda _second: attended, 12, gop=10)
    whole = (tmp_path / f"whole.{kind}").read_bytes()
    (tmp_path / f"torn.{kind}").write_bytes(whole[: len(whole) // 2])
    run = ducha(tmp_path, "watch", f"torn.{kind}", "--model", str(MODEL), "--out", "events.jsonl")
    assert run.returncode == 0, run.stderr
    assert 3 <= len(events(tmp_path / "events.jsonl")[0]) < 12


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"nobody was here\n" * 100),
        ("noise.mkv", bytes(range(256)) * 400),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n#EXT-X-ENDLIST\n"),
    ],
)
def test_a_file_that_is_no_video_is_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    refused(ducha(tmp_path, "watch", name, "--model", str(MODEL), "--out", "events.jsonl"), name, "expected a video")


@pytest.mark.parametrize("region", ["seat", "seat=0.1,0.2", "seat=0,0,2,2"])
def test_a_region_that_is_none_is_one_line(tmp_path: Path, region: str) -> None:
    run = ducha(tmp_path, "watch", str(CLIP), "--region", region, "--model", str(MODEL), "--out", "events.jsonl")
    refused(run, "region", "expected")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--region", SEAT, "--region", SEAT], "twice"),
        (["--rules", "rules.toml"], "rules.toml"),
        (["--plan", "plan.geojson"], "plan.geojson"),
        (["--model", "model.onnx"], "model.onnx"),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path: Path, arguments: list[str], says: str) -> None:
    model = [] if "--model" in arguments else ["--model", str(MODEL)]
    refused(ducha(tmp_path, "watch", str(CLIP), *arguments, *model, "--out", "events.jsonl"), says, "expected")


def test_a_video_that_is_not_there_and_a_place_that_is_none_are_one_line(tmp_path: Path) -> None:
    refused(ducha(tmp_path, "watch", "gone.mp4", "--model", str(MODEL), "--out", "e"), "gone.mp4", "no such file")
    refused(ducha(tmp_path, "watch", str(CLIP), "--model", str(MODEL), "--out", "no/e"), "no/e", "can't be written")


def refused(run: subprocess.CompletedProcess[str], *says: str) -> None:
    assert run.returncode == 2, run.stderr
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert all(word in run.stderr for word in says), run.stderr

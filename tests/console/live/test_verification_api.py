"""Whether a recording is as it was recorded, asked over HTTP."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from camera_rows import write_camera
from chained import record_chain
from console_examples import NOW
from tap_server import Clip

from store.times import moment

Console = Callable[..., Any]


@pytest.fixture
def folder(postgres_uri: str, tmp_path: Path, clip: Clip) -> Path:
    """Camera cam-1 with 30 s before the gap and 20 s after it."""
    folder = tmp_path / "recordings"
    record_chain(postgres_uri, folder, clip, {"cam-1": [(NOW - 100, NOW - 70), (NOW - 60, NOW - 40)]})
    write_camera(postgres_uri, folder=folder)
    write_camera(postgres_uri, "cam-2", folder=tmp_path / "elsewhere")
    return folder


def address(begins: float, ends: float, camera: str = "cam-1") -> str:
    span = {"from": moment(NOW + begins).isoformat(), "to": moment(NOW + ends).isoformat()}
    return f"/api/v1/recordings/{camera}/verification?{urlencode(span)}"


def verified(console: Console, begins: float, ends: float) -> dict[str, Any]:
    answer = console(lambda client: client.get(address(begins, ends)))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def verdicts(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding["verdict"], finding["media"]) for finding in told["findings"]]


@pytest.mark.usefixtures("folder")
def test_what_was_not_touched_is_intact(console: Console) -> None:
    told = verified(console, -95, -75)
    assert told["proof"] == "intact"
    assert verdicts(told) == [("INTACT", "video")]
    assert told["recorder"] == "recorder-1"
    assert told["leaves"] >= 20
    assert told["bytes"] > 0


@pytest.mark.usefixtures("folder")
def test_a_declared_gap_is_told_with_its_reason_and_its_time(console: Console) -> None:
    told = verified(console, -95, -45)
    assert told["proof"] == "intact"
    (gap,) = [finding for finding in told["findings"] if finding["verdict"] == "DECLARED GAP"]
    assert gap["detail"] == "source-lost"
    assert (gap["from"][11:19], gap["to"][11:19]) == ("07:58:50", "07:59:00")


def test_a_changed_byte_is_told_with_its_second(console: Console, folder: Path) -> None:
    (file, *_) = sorted((folder / "cam-1.video").rglob("*.mp4"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    told = verified(console, -100, -70)
    assert told["proof"] == "not-intact"
    (altered,) = [finding for finding in told["findings"] if finding["verdict"] == "ALTERED"]
    assert "07:58:20" <= altered["from"][11:19] < altered["to"][11:19] <= "07:58:50"


def test_what_no_signature_covers_is_unproven(console: Console, folder: Path) -> None:
    (folder / "heads.txt").write_text("")
    assert verified(console, -95, -75)["proof"] == "unproven"


@pytest.mark.usefixtures("folder")
def test_of_a_time_with_nothing_recorded_nothing_is_claimed(console: Console) -> None:
    told = verified(console, -1000, -900)
    assert (told["proof"], told["findings"]) == ("nothing", [])


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        (address(-2000, -100), 422, "at most 15 minutes"),
        (address(-50, -100), 422, "at most 15 minutes"),
        (address(-100, -50, "cam-9"), 404, "camera cam-9"),
        (address(-100, -50, "cam-2"), 503, "ducha evidence verify"),
    ],
)
def test_what_can_not_be_verified_is_said(console: Console, asked: str, status: int, expected: str) -> None:
    answer = console(lambda client: client.get(asked))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert expected in answer.json()["detail"]
    assert "elsewhere" not in answer.text

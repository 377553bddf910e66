"""The scorer counts as its docstring says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCORE = Path(__file__).resolve().parents[2] / "benchmarks" / "score.py"
ACT = {"rule": "off-route", "device": "car-01", "from": "2026-01-05T00:10:00Z", "to": "2026-01-05T00:15:00Z"}


def alert(begins: str, noticed: str, **other: str) -> dict[str, Any]:
    return ACT | {"from": begins, "detail": {"noticed": noticed}} | other


def verdict(folder: Path, alerts: list[dict[str, Any]], truth: list[dict[str, Any]]) -> int:
    for name, lines in (("alerts", alerts), ("truth", truth)):
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = [sys.executable, str(SCORE), str(folder / "alerts"), str(folder / "truth"), "--hours", "1"]
    return subprocess.run(command, check=False, capture_output=True).returncode


def test_found_in_time_is_good(tmp_path: Path) -> None:
    assert verdict(tmp_path, [alert("2026-01-05T00:10:05Z", "2026-01-05T00:11:20Z")], [ACT]) == 0


def test_noticed_too_late_is_not_good(tmp_path: Path) -> None:
    assert verdict(tmp_path, [alert("2026-01-05T00:10:05Z", "2026-01-05T00:12:05Z")], [ACT]) == 1


def test_begun_elsewhere_is_missed_and_false(tmp_path: Path) -> None:
    assert verdict(tmp_path, [alert("2026-01-05T00:08:00Z", "2026-01-05T00:10:00Z")], [ACT]) == 1


def test_side_effects_may_be_told_of_and_need_not(tmp_path: Path) -> None:
    side = ACT | {"rule": "speeding", "side_effect": True}
    found = alert("2026-01-05T00:10:05Z", "2026-01-05T00:11:00Z")

    assert verdict(tmp_path, [found], [ACT, side]) == 0
    assert verdict(tmp_path, [found, found | {"rule": "speeding"}], [ACT, side]) == 0
    assert verdict(tmp_path, [found, found | {"rule": "off-post"}], [ACT, side]) == 1


def test_unreadable_input_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "alerts").write_text("nonsense")
    (tmp_path / "truth").write_text("")
    command = [sys.executable, str(SCORE), str(tmp_path / "alerts"), str(tmp_path / "truth")]

    assert subprocess.run(command, check=False, capture_output=True).returncode == 2

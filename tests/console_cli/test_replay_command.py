"""`ducha replay`: the contract of the command line, by a process of its own."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
T0 = 1_767_571_200  # 2026-01-05T00:00:00Z
LINE = [[120.15, 30.25], [120.21, 30.25]]  # about 5.8 km
FIELDS = ["rule", "rule_version", "grade", "device", "duty", "from", "to", "lon", "lat", "detail"]


def plan(*features: Any, **members: Any) -> dict[str, Any]:
    route = {
        "type": "Feature",
        "id": "r1",
        "geometry": {"type": "LineString", "coordinates": LINE},
        "properties": {"kind": "route", "corridor_m": 60},
    }
    duties = [
        {"id": f"d-{d}", "device": d, "kind": "patrol", "from": T0, "to": T0 + 900, "route": "r1"}
        for d in ("car-1", "car-2", "car-3")
    ]
    return {"type": "FeatureCollection", "features": [route, *features], "duties": duties} | members


def traces() -> list[str]:
    """Two cars that leave their route from the 200th to the 500th second, one of them silent for a while."""
    rows = ["device,time,lon,lat"]
    for device, silent in (("car-2", range(0)), ("car-1", range(600, 850))):
        for t in range(0, 900, 10):
            lat = 30.2535 if 200 <= t < 500 else 30.25
            if t not in silent:
                rows.append(f"{device},{T0 + t},{120.15 + t * 6e-5:.6f},{lat}")
    return rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good plan and good traces."""
    (tmp_path / "plan.geojson").write_text(json.dumps(plan()))
    (tmp_path / "traces.csv").write_text("\n".join(traces()))
    return tmp_path


def ducha(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from console.cli import main; main()"
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def replay(folder: Path, *more: str, files: tuple[str, ...] = ("traces.csv",)) -> subprocess.CompletedProcess[str]:
    return ducha(folder, "replay", *files, "--plan", "plan.geojson", "--out", "alerts.jsonl", *more)


def assert_one_line_and_status_2(done: subprocess.CompletedProcess[str], *said: str) -> None:
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("ducha: ")
    for words in said:
        assert words in done.stderr


def test_alerts_are_json_lines_in_the_form_of_the_contract_in_order_of_start_and_device(folder: Path) -> None:
    done = replay(folder)

    assert done.returncode == 0, done.stderr
    alerts = [json.loads(line) for line in (folder / "alerts.jsonl").read_text().splitlines()]
    assert all(list(a) == FIELDS for a in alerts)
    assert [(a["from"], a["device"]) for a in alerts] == sorted((a["from"], a["device"]) for a in alerts)
    assert {(a["device"], a["rule"]) for a in alerts} >= {
        ("car-1", "off-route"),
        ("car-2", "off-route"),
        ("car-1", "signal-lost"),
        ("car-3", "signal-lost"),
    }
    for alert in alerts:
        assert alert["grade"] in "ABC"
        for time in (alert["from"], alert["detail"]["noticed"], *([alert["to"]] if alert["to"] else [])):
            assert time.endswith("Z")
            assert datetime.fromisoformat(time)
    assert "fixes/s" in done.stderr


def test_settings_of_rules_come_from_a_toml_file(folder: Path) -> None:
    (folder / "rules.toml").write_text('[off-route]\ngrade = "A"\nversion = 4\n[signal-lost]\nenabled = false\n')
    assert replay(folder, "--rules", "rules.toml").returncode == 0
    alerts = [json.loads(line) for line in (folder / "alerts.jsonl").read_text().splitlines()]
    assert {(a["grade"], a["rule_version"]) for a in alerts if a["rule"] == "off-route"} == {("A", 4)}
    assert not [a for a in alerts if a["rule"] == "signal-lost"]


def test_many_files_are_one_stream(folder: Path) -> None:
    replay(folder)
    whole = (folder / "alerts.jsonl").read_text()
    header, *rows = traces()
    (folder / "a.csv").write_text("\n".join([header, *rows[1::2]]))
    (folder / "b.csv").write_text("\n".join([header, *reversed(rows[::2])]))
    assert replay(folder, files=("a.csv", "b.csv")).returncode == 0
    assert (folder / "alerts.jsonl").read_text() == whole


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[off-rout]\nseconds = 60\n", "off-rout"),
        ("[off-route]\nsecond = 60\n", "off-route.second"),
        ("[off-route]\nseconds = -1\n", "off-route.seconds"),
        ("[off-route\n", "TOML"),
    ],
)
def test_rules_that_can_not_be_are_one_line_and_status_2(folder: Path, toml: str, said: str) -> None:
    (folder / "rules.toml").write_text(toml)
    assert_one_line_and_status_2(replay(folder, "--rules", "rules.toml"), "rules.toml", said)


def test_a_polygon_that_crosses_itself_is_named_with_status_2(folder: Path) -> None:
    bow = [[[120.0, 30.0], [120.1, 30.1], [120.1, 30.0], [120.0, 30.1], [120.0, 30.0]]]
    area = {
        "type": "Feature",
        "id": "west",
        "geometry": {"type": "Polygon", "coordinates": bow},
        "properties": {"kind": "area"},
    }
    (folder / "plan.geojson").write_text(json.dumps(plan(area)))
    assert_one_line_and_status_2(replay(folder), "'west'", "Self-intersection")


@pytest.mark.parametrize(
    ("content", "said"), [(None, "no such file"), ("{", "can't be read"), ("[]", "FeatureCollection")]
)
def test_a_plan_that_can_not_be_read_is_one_line_and_status_2(folder: Path, content: str | None, said: str) -> None:
    (folder / "plan.geojson").unlink()
    if content is not None:
        (folder / "plan.geojson").write_text(content)
    assert_one_line_and_status_2(replay(folder), said)


def test_missing_traces_are_one_line_and_status_2(folder: Path) -> None:
    assert_one_line_and_status_2(replay(folder, files=("nowhere.csv",)), "nowhere.csv", "no such file")


def test_traces_without_a_column_are_one_line_and_status_2(folder: Path) -> None:
    (folder / "traces.csv").write_text("device,time,lon\n")
    assert_one_line_and_status_2(replay(folder), "traces.csv:1", "no column lat")


def test_a_few_malformed_rows_are_named_and_skipped(folder: Path) -> None:
    (folder / "traces.csv").write_text("\n".join([*traces(), f"car-1,{T0 + 5},120.15,91"]))
    done = replay(folder)
    assert done.returncode == 0
    assert f"traces.csv:{len(traces()) + 1}: lat" in done.stderr
    assert "1 malformed" in done.stderr


def test_more_than_a_hundredth_malformed_is_refused_unless_lenient(folder: Path) -> None:
    (folder / "traces.csv").write_text("\n".join([*traces(), *(f"car-1,{T0 + 5},120.15,91" for _ in range(5))]))

    refused = replay(folder)
    assert refused.returncode == 2
    assert "5 of" in refused.stderr.splitlines()[-1]
    assert "--lenient" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (folder / "alerts.jsonl").exists()

    assert replay(folder, "--lenient").returncode == 0
    assert (folder / "alerts.jsonl").exists()


def test_an_option_that_is_missing_is_status_2_without_a_traceback(folder: Path) -> None:
    done = ducha(folder, "replay", "traces.csv")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr

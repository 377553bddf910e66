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


def judged(done: subprocess.CompletedProcess[str]) -> str:
    """What the summary says was judged."""
    return done.stderr[done.stderr.index("judged: ") :]


def test_the_summary_says_what_was_judged_and_which_duties_had_no_fix(folder: Path) -> None:
    done = replay(folder)
    assert done.returncode == 0
    assert "155 fixes, " in done.stderr
    assert "0 malformed rows, 0 blank lines" in done.stderr
    assert "judged: 155 of 155 fixes inside a duty, 2 of 3 duties with fixes" in done.stderr
    assert "no fix in duty 'd-car-3' of 'car-3', 2026-01-05T00:00:00Z to 2026-01-05T00:15:00Z" in done.stderr
    assert "nothing was judged" not in done.stderr


@pytest.mark.parametrize(
    ("named", "nearest"), [("CAR-1", "car-1"), ("car_1", "car-1"), ("car1", "car-1"), ("1", None), ("zebra", None)]
)
def test_a_device_that_no_plan_names_is_named_with_the_nearest_that_one_does(
    folder: Path, named: str, nearest: str | None
) -> None:
    (folder / "traces.csv").write_text("\n".join(traces()).replace("car-1,", f"{named},"))
    done = replay(folder)
    assert done.returncode == 0
    near = f"; the nearest name is {nearest!r}" if nearest else ""
    assert f"the plan names no device {named!r} (65 fixes){near}\n" in done.stderr


def test_many_strangers_and_idle_duties_are_counted_and_the_first_named(folder: Path) -> None:
    rows = [f"stranger-{i:02d},{T0 + i},120.15,30.25" for i in range(25)]
    (folder / "traces.csv").write_text("\n".join([*traces(), *rows]))
    said = judged(replay(folder))
    assert said.count("the plan names no device") == 10
    assert "and 15 more devices that the plan doesn't name" in said


def test_a_name_is_shown_as_it_is_whatever_it_holds(folder: Path) -> None:
    (folder / "traces.csv").write_text("\n".join([*traces(), f"[/red] :x:,{T0},120.15,30.25"]))
    assert "'[/red] :x:'" in judged(replay(folder))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[:1], "the traces hold no fix"),
        (lambda rows: [r.replace("car-", "") for r in rows], "the plan names none of the traces' devices"),
        (
            lambda rows: [r.replace(f",{T0 // 100_000}", f",{T0 // 100_000 + 1}") for r in rows],
            "no fix falls into a duty of its device; the fixes are of 2026-01-06T03:46:40Z to 2026-01-06T04:01:30Z, "
            "the duties of 2026-01-05T00:00:00Z to 2026-01-05T00:15:00Z",
        ),
    ],
)
def test_where_nothing_was_judged_it_says_so_and_exits_with_1(folder: Path, change: Any, said: str) -> None:
    (folder / "traces.csv").write_text("\n".join(change(traces())))
    done = replay(folder)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith(f"nothing was judged: {said}")
    assert "Traceback" not in done.stderr
    assert (folder / "alerts.jsonl").exists()


def test_a_plan_without_duties_judges_nothing(folder: Path) -> None:
    (folder / "plan.geojson").write_text(json.dumps(plan(duties=[])))
    done = replay(folder)
    assert (done.returncode, "the plan holds no duty" in done.stderr) == (1, True)


def test_names_padded_with_white_space_are_the_names_of_the_plan(folder: Path) -> None:
    replay(folder)
    expected = (folder / "alerts.jsonl").read_text()
    (folder / "traces.csv").write_text(
        "\n".join(traces()).replace("car-1,", "\u3000car-1 ,").replace("car-2", "car-2\xa0")
    )
    padded = plan()
    padded["duties"][0]["device"] = " car-1\u3000"
    (folder / "plan.geojson").write_text(json.dumps(padded))
    done = replay(folder)
    assert done.returncode == 0
    assert (folder / "alerts.jsonl").read_text() == expected


def test_rows_that_are_mostly_malformed_are_refused_and_the_first_named(folder: Path) -> None:
    (folder / "traces.csv").write_text("\n".join(r.replace(f",{T0}", ",2026-01-05T00:00:00") for r in traces()))
    done = replay(folder)
    assert done.returncode == 2
    assert "traces.csv:2: time is '2026-01-05T00:00:00'; expected RFC 3339 with an offset" in done.stderr


def pinged(places: str, made: str = "created_at") -> list[str]:
    """A car that stands at a checkpoint: for ten minutes it repeats its last place, `places` each time."""
    rows = [f"device,time,lon,lat,{made}"]
    for t in range(0, 900, 10):
        if not 150 < t < 750:
            rows.append(f"car-1,{T0 + t},{120.15 + t * 6e-5:.6f},30.25,{T0 + t + 1}")
        elif t % 60 == 0:
            rows.append(f"car-1,{T0 + 150},{120.15 + 150 * 6e-5:.6f},30.25,{places.format(T0 + t)}")
    return rows


@pytest.mark.parametrize(
    ("rows", "lost"), [(pinged("{}"), 0), (pinged("{}", "written"), 1), (pinged(""), 1), (pinged("soon"), 1)]
)
def test_rows_that_repeat_a_place_are_signs_of_life_by_when_they_were_made(
    folder: Path, rows: list[str], lost: int
) -> None:
    (folder / "traces.csv").write_text("\n".join(rows))
    result = ducha(folder, "replay", "traces.csv", "--plan", "plan.geojson", "--out", "alerts.jsonl")
    assert result.returncode == 0, result.stderr
    alerts = [json.loads(line) for line in (folder / "alerts.jsonl").read_text().splitlines()]
    silent = [
        a for a in alerts if a["rule"] == "signal-lost" and a["device"] == "car-1" and a["from"] > "2026-01-05T00:02"
    ]
    assert len(silent) == lost

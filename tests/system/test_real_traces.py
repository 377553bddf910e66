"""Real traces: people and buses that never heard of our rules, and real error of real receivers."""

import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely

from analytics.alerts import contract_form
from analytics.catalogue import default_rules
from analytics.fixes import DeviceTable, FixBatch
from analytics.planning import Plan, parse_plan
from console.replay import replay
from ingest.traces import read_traces

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "gps"
GEOLIFE = DATA / "geolife-dev.csv.gz"
BUSES = DATA / "liverpool-bus-14.csv"

pytestmark = pytest.mark.skipif(
    not (GEOLIFE.is_file() and BUSES.is_file()), reason="needs the real traces in ../shared/data/gps"
)


@pytest.fixture(scope="module")
def geolife() -> tuple[FixBatch, DeviceTable]:
    devices = DeviceTable()
    return read_traces(GEOLIFE, devices).fixes, devices


@pytest.fixture(scope="module")
def buses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The buses in our columns; their own have other names."""
    header, *lines = BUSES.read_text().splitlines()
    at = {name.strip('"'): i for i, name in enumerate(header.split(","))}
    rows = ["device,time,lon,lat"]
    for line in lines:
        cells = [c.strip('"') for c in line.split(",")]
        moment = datetime.fromisoformat(cells[at["timestamp"]]).replace(tzinfo=UTC)
        device = f"bus-{cells[at['vehicle_id']]}"
        rows.append(f"{device},{moment.timestamp():.0f},{cells[at['longitude']]},{cells[at['latitude']]}")
    file = tmp_path_factory.mktemp("buses") / "buses.csv"
    file.write_text("\n".join(rows))
    return file


def own_route_plan(fixes: FixBatch, devices: DeviceTable, at_most: int = 40) -> Plan:
    """A plan in which each of the first devices patrols the line of its own trace."""
    features, duties = [], []
    for number, name in enumerate(devices.names[:at_most]):
        mine = fixes.take(fixes.device == number)
        mine = mine.take(np.argsort(mine.t_s, kind="stable"))
        line = shapely.LineString(np.column_stack([mine.lon, mine.lat])).simplify(0.0002)
        if line.length == 0:
            continue
        geometry = {"type": "LineString", "coordinates": [list(c) for c in line.coords]}
        properties = {"kind": "route", "corridor_m": 60}
        features.append({"type": "Feature", "id": name, "geometry": geometry, "properties": properties})
        span = {"from": float(mine.t_s[0]), "to": float(mine.t_s[-1]) + 1}
        duties.append({"id": name, "device": name, "kind": "patrol", "route": name, **span})
    return parse_plan({"type": "FeatureCollection", "features": features, "duties": duties})


def alerts_of(file: Path, plan: Plan) -> list[str]:
    return [json.dumps(contract_form(a)) for a in replay([file], plan, default_rules()).alerts]


def test_every_real_fix_is_read(geolife: tuple[FixBatch, DeviceTable], buses: Path) -> None:
    fixes, devices = geolife
    assert (len(fixes), len(devices)) == (352_760, 150)
    traces = read_traces(buses, DeviceTable())
    assert traces.rejects.count == 0
    assert len(traces.fixes) == len(BUSES.read_text().splitlines()) - 1


def test_whoever_patrols_the_line_of_his_own_trace_is_never_off_it(geolife: tuple[FixBatch, DeviceTable]) -> None:
    result = replay([GEOLIFE], own_route_plan(*geolife), default_rules())
    assert result.fixes == 352_760
    assert result.malformed == 0
    assert [a for a in result.alerts if a.rule == "off-route"] == []


def test_buses_on_the_line_of_their_own_trace_are_never_off_it(buses: Path) -> None:
    devices = DeviceTable()
    plan = own_route_plan(read_traces(buses, devices).fixes, devices)
    result = replay([buses], plan, default_rules())
    assert result.fixes > 0
    assert [a for a in result.alerts if a.rule == "off-route"] == []


def test_the_order_of_rows_and_devices_changes_no_alert(geolife: tuple[FixBatch, DeviceTable], tmp_path: Path) -> None:
    fixes, devices = geolife
    plan = own_route_plan(fixes, devices, at_most=25)
    with gzip.open(GEOLIFE, "rt") as lines:
        header, *rows = lines.read().splitlines()
    chosen = tuple(f"{name}," for name in devices.names[:25])
    rows = [r for r in rows if r.startswith(chosen)]
    sorted_file, shuffled_file = tmp_path / "sorted.csv", tmp_path / "shuffled.csv"
    sorted_file.write_text("\n".join([header, *rows]))
    shuffled_file.write_text("\n".join([header, *np.random.default_rng(5).permutation(rows).tolist()]))

    alerts = alerts_of(sorted_file, plan)

    assert alerts
    assert alerts_of(shuffled_file, plan) == alerts


def test_the_judge_of_spliced_acts_and_near_misses_is_satisfied(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.judge", "--seed", "1", "--windows", "120", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)

    assert done.returncode in (0, 1), done.stderr
    ours = json.loads((tmp_path / "report.json").read_text())["deciders"]["ducha"]
    assert ours["recall"] >= 0.95, done.stdout
    assert ours["false_per_hour"] <= 0.01, done.stdout

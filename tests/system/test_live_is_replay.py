"""Live = replay: what came over MQTT, recorded and replayed, gives the same alerts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_run import StreamClock, publish, settled, stored, story, worker
from waiting import wait_until

from analytics.alerts import utc_text
from analytics.catalogue import default_rules
from analytics.engine import LATENESS_S, Engine
from analytics.fixes import DeviceTable, FixBatch
from analytics.planning import parse_plan
from hardware.county import build
from hardware.recording import write_scenario
from ingest.broker import EmbeddedBroker
from ingest.traces import in_time_order, read_traces
from store.ledger import Ledger

REAL = Path(__file__).resolve().parents[2] / "../shared/data/gps"
START_S = 1_767_571_200.0


def replayed(plan: dict[str, Any], fixes: FixBatch, names: list[str], began_s: float) -> list[dict[str, Any]]:
    parsed = parse_plan(plan)
    engine = Engine(parsed, default_rules(), DeviceTable(names), lateness_s=0.0, began_s=began_s)
    alerts = {}
    for batch in in_time_order(fixes, 20_000):
        alerts |= {c.alert.id: c.alert for c in engine.advance(batch, float(batch.t_s[-1])).changes}
    last_s = float(fixes.t_s.max())
    alerts |= {c.alert.id: c.alert for c in engine.tick(last_s + LATENESS_S).changes}
    return story(list(alerts.values()))


def the_same_live_and_replayed(
    uri: str, plan: dict[str, Any], fixes: FixBatch, names: list[str], slice_s: float
) -> list[dict[str, Any]]:
    """The alerts of `fixes` that went live, once they are those of the replay of what was recorded."""
    clock = StreamClock(float(fixes.t_s.min()))
    with Ledger(uri, name="plans") as ledger:
        ledger.seed_rules(default_rules(), now_s=clock())
        ledger.save_plan(plan, "test", now_s=clock())
    with EmbeddedBroker() as broker, worker(uri, broker, clock):
        publish(broker, fixes, names, clock, slice_s)
        keys = len({(d, t) for d, t in zip(fixes.device.tolist(), fixes.t_s.tolist(), strict=True)})
        wait_until(lambda: stored(uri) == keys, 120, "all fixes stored", lambda: f"{stored(uri)} of {keys}")
        clock.now_s += LATENESS_S
        with Ledger(uri, name="reader") as ledger:

            def live() -> list[dict[str, Any]]:
                return story(ledger.alerts_known(0.0, default_rules().rules))

            again = replayed(plan, ledger.fixes_since(0.0), ledger.devices().names, float(fixes.t_s.min()))
            wait_until(lambda: live() == again, 60, "the alerts are those of the replay", lambda: (live(), again))
            assert settled(live) == again
            return again


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], FixBatch, list[str]]:
    """Three hours of a small county, with everything that a radio link does to fixes."""
    scenario = build(5).shift(START_S, 3.0, 8, 10)
    devices = DeviceTable()
    folder = tmp_path_factory.mktemp("county")
    write_scenario(folder, scenario)
    fixes = read_traces(folder / "traces.csv.gz", devices).fixes
    return scenario.plan, fixes, devices.names


def test_a_county_recorded_live_and_replayed_gives_the_same_alerts(
    postgres_uri: str, county: tuple[dict[str, Any], FixBatch, list[str]]
) -> None:
    plan, fixes, names = county
    assert len(the_same_live_and_replayed(postgres_uri, plan, fixes, names, 60.0)) > 3


@pytest.mark.skipif(not (REAL / "geolife-dev.csv.gz").is_file(), reason="no real traces in ../shared/data/gps")
def test_real_traces_go_through_the_broker_into_the_database_and_replay_the_same(postgres_uri: str) -> None:
    devices = DeviceTable()
    everything = read_traces(REAL / "geolife-dev.csv.gz", devices).fixes
    chosen = np.argsort(-np.bincount(everything.device))[:12]
    fixes = everything.take(np.isin(everything.device, chosen))
    fixes = FixBatch.build(fixes.device, fixes.t_s, fixes.lon, fixes.lat)
    # Traces of different days are laid on one, so that the terminals report at once.
    first_s = {int(d): float(fixes.t_s[fixes.device == d].min()) for d in chosen}
    shift_s = np.array([START_S - first_s[int(d)] for d in fixes.device])
    fixes = FixBatch.build(fixes.device, np.round(fixes.t_s + shift_s, 3), fixes.lon, fixes.lat)
    plan = _patrols(fixes, devices.names)
    assert the_same_live_and_replayed(postgres_uri, plan, fixes, devices.names, 120.0)


def _patrols(fixes: FixBatch, names: list[str]) -> dict[str, Any]:
    """Each device is to patrol the middle of where it went, for as long as it reported."""
    features, duties = [], []
    for device in np.unique(fixes.device).tolist():
        mine = fixes.take(fixes.device == device)
        west, east = np.quantile(mine.lon, [0.1, 0.9])
        south, north = np.quantile(mine.lat, [0.1, 0.9])
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        polygon = {"type": "Polygon", "coordinates": [[[float(x), float(y)] for x, y in ring]]}
        features.append({"type": "Feature", "id": f"a{device}", "geometry": polygon, "properties": {"kind": "area"}})
        span = {"from": utc_text(float(mine.t_s.min())), "to": utc_text(float(mine.t_s.max()) + 1)}
        duties.append({"id": f"d{device}", "device": names[device], "kind": "patrol", "area": f"a{device}", **span})
    return {"type": "FeatureCollection", "features": features, "duties": duties}

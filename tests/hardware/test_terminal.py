"""What goes over the wire and into files."""

import gzip
import json
import threading
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from hardware.county import County
from hardware.fleet import Broker, Fleet
from hardware.recording import write_scenario
from hardware.scenario import Scenario
from hardware.terminal import messages
from ingest.broker import EmbeddedBroker


def test_fixes_are_owntracks_objects_and_buffers_arrays(demo: Scenario) -> None:
    for story in (demo.stories[0], demo.stories[-1]):
        fixes = [m for m in messages(demo, story) if not m.topic.endswith("/status")]
        officer = story.device.kind == "officer"
        topic = f"owntracks/{story.device.id}/phone" if officer else f"ducha/{story.device.unit}/{story.device.id}/fix"
        assert {m.topic for m in fixes} == {topic}
        bodies = [msgspec.json.decode(m.payload) for m in fixes]
        assert max(len(b) for b in bodies if isinstance(b, list)) > 50
        one = next(b for b in bodies if isinstance(b, dict))
        assert one["_type"] == "location"
        assert set(one) - {"mock"} == {"_type", "tst", "lat", "lon", "acc", "vel", "cog", "batt", "tid"}
        assert 34 < one["lat"] < 35.2
        assert 113 < one["lon"] < 114.2


def test_messages_come_by_time(demo: Scenario) -> None:
    at_s = [m.at_s for m in messages(demo, demo.stories[0])]

    assert np.all(np.diff(at_s) >= -16)
    assert at_s[0] >= demo.live_s


def test_recording_holds_rows_in_the_order_of_arrival(county: County, tmp_path: Path) -> None:
    scenario = county.shift(1_767_571_200.0, 1, 4, 4)

    recorded = write_scenario(tmp_path, scenario)

    with gzip.open(recorded.files["traces.csv.gz"], "rt") as file:
        header, *rows = file.read().splitlines()
    assert header == "device,time,lon,lat,speed,heading,accuracy,mock"
    assert len(rows) == recorded.fixes > 3000
    assert len({tuple(r.split(",")[:2]) for r in rows}) < len(rows)
    for line in recorded.files["truth.jsonl"].read_text().splitlines():
        act = json.loads(line)
        assert datetime.fromisoformat(act["from"]) < datetime.fromisoformat(act["to"])
    again = write_scenario(tmp_path / "again", county.shift(1_767_571_200.0, 1, 4, 4))
    assert again.files["traces.csv.gz"].read_bytes() == recorded.files["traces.csv.gz"].read_bytes()


def test_fleet_publishes_everything_once_and_goes_offline(county: County) -> None:
    scenario = county.demo(1_767_571_200.0, 2, 4, 5)
    expected = sum(1 for s in scenario.stories for m in messages(scenario, s) if not m.retain)
    seen: list[str] = []
    statuses: dict[str, bytes] = {}
    done, subscribed = threading.Event(), threading.Event()

    def note(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/status"):
            statuses[message.topic] = message.payload
        else:
            seen.append(message.topic)
        if len(seen) == expected and list(statuses.values()) == [b"offline"] * 9:
            done.set()

    with EmbeddedBroker() as broker:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        client.on_message = note
        client.on_subscribe = lambda *_: subscribed.set()
        client.connect(broker.host, broker.port)
        client.subscribe("#", qos=1)
        client.loop_start()
        assert subscribed.wait(60)

        fleet = Fleet(scenario, Broker(broker.host, broker.port), speed=100, own_connections=5)
        progress = fleet.run(threading.Event())

        assert done.wait(60), (len(seen), expected, statuses)
        client.disconnect()
        client.loop_stop()
    assert progress.acknowledged == progress.published
    assert set(seen) == {m.topic for s in scenario.stories for m in messages(scenario, s) if not m.retain}


def test_fleet_stops_when_told(county: County) -> None:
    scenario = county.demo(1_767_571_200.0, 60, 2, 2)
    stop = threading.Event()
    with EmbeddedBroker() as broker:
        fleet = Fleet(scenario, Broker(broker.host, broker.port))
        runner = threading.Thread(target=fleet.run, args=(stop,))
        runner.start()
        stop.set()
        runner.join(timeout=60)
        assert not runner.is_alive()

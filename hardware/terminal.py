"""What a terminal says over MQTT: OwnTracks locations, and whether it is online."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from hardware.acts import Act
from hardware.roster import Device
from hardware.scenario import Scenario, Story
from hardware.uplink import Trace

ONLINE, OFFLINE = b"online", b"offline"
MOST_IN_ARRAY = 100
_NOTICED_AFTER_S = 60.0  # a broker sends the last will when the keepalive has run out
_BATTERY_HOURS = 14.0


@dataclass(frozen=True, slots=True)
class Message:
    """One publication: due at `at_s` of the scenario's clock."""

    at_s: float
    device: str
    topic: str
    payload: bytes
    retain: bool = False


def fix_topic(device: Device) -> str:
    """Where a device's fixes go: an officer's phone speaks plain OwnTracks, a car has a vehicle terminal."""
    if device.kind == "officer":
        return f"owntracks/{device.id}/phone"
    return f"ducha/{device.unit}/{device.id}/fix"


def status_topic(device: Device) -> str:
    return f"ducha/{device.unit}/{device.id}/status"


def location(trace: Trace, i: int, device: Device) -> dict[str, Any]:
    """One fix as an OwnTracks object; `vel` is km/h, `mock` only there when true."""
    t_s = float(trace.t[i])
    made: dict[str, Any] = {
        "_type": "location",
        "tst": int(t_s) if t_s == int(t_s) else t_s,
        "lat": float(trace.lat[i]),
        "lon": float(trace.lon[i]),
        "acc": float(trace.accuracy[i]),
        "vel": round(float(trace.speed[i]) * 3.6, 1),
        "cog": int(trace.heading[i]),
        "batt": _battery(t_s, device),
        "tid": device.id[-2:],
    }
    return made | {"mock": True} if trace.mock[i] else made


def _battery(t_s: float, device: Device) -> int:
    if device.kind == "car":
        return 100
    used = (t_s / 3600.0 + len(device.id) + int(device.id[-2:], 36)) % _BATTERY_HOURS / _BATTERY_HOURS
    return round(100 - 80 * used)


def messages(scenario: Scenario, story: Story) -> Iterator[Message]:
    """All that one device publishes, by time: fixes one by one, buffers as arrays, its presence."""
    device, encode = story.device, msgspec.json.encode
    topic, presence = fix_topic(device), status_topic(device)
    states = _presence(story)
    for trace in scenario.traces(story):
        if not len(trace):
            continue
        yield Message(float(trace.arrival[0]), device.id, presence, ONLINE, retain=True)
        cuts = np.flatnonzero(np.diff(trace.arrival)) + 1
        for group in np.split(np.arange(len(trace)), cuts):
            at_s = float(trace.arrival[group[0]])
            while states and states[0][0] <= at_s:
                since_s, word = states.pop(0)
                if since_s >= scenario.live_s:
                    yield Message(since_s, device.id, presence, word, retain=True)
            for start in range(0, len(group), MOST_IN_ARRAY):
                rows = [location(trace, i, device) for i in group[start : start + MOST_IN_ARRAY].tolist()]
                yield Message(at_s, device.id, topic, encode(rows[0] if len(rows) == 1 else rows))
        if _goes_off(story, scenario, float(trace.t.max())):
            last_s = float(trace.arrival[-1]) + 1.0
            yield Message(last_s, device.id, presence, OFFLINE, retain=True)


def _presence(story: Story) -> list[tuple[float, bytes]]:
    """When a broker would notice that the device has gone, and come back."""
    found: list[tuple[float, bytes]] = []
    for act, from_s, to_s in story.record.faults:
        if act in (Act.SIGNAL_LOST, Act.OFFLINE) and to_s - from_s > _NOTICED_AFTER_S:
            found += [(from_s + _NOTICED_AFTER_S, OFFLINE), (to_s, ONLINE)]
    return sorted(found)


def _goes_off(story: Story, scenario: Scenario, until_s: float) -> bool:
    """Whether no duty of the device follows at once."""
    if until_s > scenario.end_s - 60:
        return False
    return not any(d.from_s - 60 <= until_s + 60 < d.to_s for d in story.duties)

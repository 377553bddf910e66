"""One terminal sends two days of fixes at once, in random order, while a fleet reports as ever: what the fleet feels.

Each normal device writes the moment of publishing into its fix, so a listener of the console's event stream knows how
old the fix is when it reaches the screen. The flood runs from a process of its own, as fast as the broker takes it.
"""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import numpy as np
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.figures import Figure, at_most
from benchmarks.publisher import fleet_of
from benchmarks.rig import GATEWAYS, ROOT, Rig, running, within

_DEVICES = 200
_EVERY_S = 2.0
_SPAN_S = 2 * 86_400
_BEFORE_S, _AFTER_S = 5.0, 20.0
_TARGET_S = 1.0
_FLOOD = """
import json, random, sys, threading, time
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
port, count, together, span_s = map(int, sys.argv[1:5])
client = Client(CallbackAPIVersion.VERSION2, client_id="flood", protocol=MQTTv311)
if len(sys.argv) > 6:
    client.username_pw_set(sys.argv[6], sys.argv[7])
client.max_inflight_messages_set(1000)
client.max_queued_messages_set(0)
connected = threading.Event()
client.on_connect = lambda *_: connected.set()
client.connect("127.0.0.1", port)
client.loop_start()
if not connected.wait(30):
    sys.exit("the broker does not answer within 30 s")
rng, now_s, sent = random.Random(7), time.time(), None
def fix():
    return {"_type": "location", "tst": round(now_s - rng.random() * span_s, 3), "lat": 32 + rng.random(),
            "lon": 112 + rng.random(), "vel": 30, "acc": 8}
for number in range(count // together):
    if number % 2000 == 1999:  # paho numbers no more than 65,535 messages that are on their way
        sent.wait_for_publish(600)
    body = fix() if together == 1 else [fix() for _ in range(together)]
    sent = client.publish(sys.argv[5], json.dumps(body), qos=1)
sent.wait_for_publish(600)
client.disconnect()
print(json.dumps({"seconds": time.time() - now_s}))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Ages (s) of normal fixes on the screen during the flood; false alerts; what became of the flood's fixes."""

    ages_s: list[float]
    silent: int
    flood_alerts: int
    stored: int
    aside: int
    flood_s: float
    caught_up_s: float


def run(fixes: int, together: int) -> Run:
    """The flood of `fixes` in messages of `together`, beside a fleet."""
    fleet = fleet_of(_DEVICES + 1, _EVERY_S)
    with running(fleet, console=True) as rig:
        names, flooding = fleet.names[:_DEVICES], fleet.names[_DEVICES]
        ages: list[float] = []
        stop, listening = threading.Event(), threading.Event()
        threading.Thread(target=_listen, args=(rig, flooding, ages, listening), daemon=True).start()
        listening.wait(30)
        fleet_thread = threading.Thread(target=_report, args=(rig, names, stop))
        fleet_thread.start()
        stop.wait(_BEFORE_S)
        ages.clear()
        command = [sys.executable, "-c", _FLOOD, str(rig.broker_port), str(fixes), str(together), str(_SPAN_S)]
        command += [f"ducha/west/{flooding}/fix", *_login(rig)]
        began_s = time.monotonic()
        flood = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=900)
        stop.wait(_AFTER_S)
        during = list(ages)
        caught_up_s = _caught_up(rig, flooding, fixes) - began_s
        stop.set()
        fleet_thread.join()
        return Run(
            during,
            _count(rig, "SELECT count(*) FROM alerts WHERE rule = 'signal-lost' AND device <> %s", flooding),
            _count(rig, "SELECT count(*) FROM alerts WHERE detail->>'reason' = 'flood'"),
            _stored(rig, flooding),
            _aside(rig),
            float(json.loads(flood.stdout)["seconds"]),
            caught_up_s,
        )


def _login(rig: Rig) -> list[str]:
    """Name and password of the gateway that speaks for every device; nothing where nobody need say who he is."""
    return [GATEWAYS[0], rig.passwords[GATEWAYS[0]]] if rig.passwords else []


def _report(rig: Rig, names: list[str], stop: threading.Event) -> None:
    """Every device in its turn, each every `_EVERY_S`, along a small circle."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="fleet", protocol=MQTTv311)
    if login := _login(rig):
        client.username_pw_set(*login)
    client.connect("127.0.0.1", rig.broker_port)
    client.loop_start()
    began_s, sent = time.monotonic(), 0
    while not stop.wait(max(0.0, began_s + sent * _EVERY_S / len(names) - time.monotonic())):
        name, turn = names[sent % len(names)], sent / len(names) / 30
        body = {"_type": "location", "tst": round(time.time(), 3), "acc": 8, "vel": 20}
        body |= {"lat": 32.5 + 0.01 * float(np.sin(turn)), "lon": 112.5 + 0.01 * float(np.cos(turn))}
        client.publish(f"ducha/west/{name}/fix", json.dumps(body), qos=1)
        sent += 1
    client.disconnect()
    client.loop_stop()


def _listen(rig: Rig, flooding: str, ages: list[float], listening: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", rig.console_port or 0, timeout=600)
    connection.request("GET", "/api/v1/events", headers={"Accept": "text/event-stream"})
    try:
        with connection.getresponse() as stream:
            listening.set()
            event = b""
            for line in stream:
                if line.startswith(b"event:"):
                    event = line[6:].strip()
                elif line.startswith(b"data:") and event == b"positions":
                    now_s = time.time()
                    ages += [now_s - item[1] for item in json.loads(line[5:])["items"] if item[0] != flooding]
    except (OSError, http.client.HTTPException):  # the console has stopped
        return


def _count(rig: Rig, query: str, *values: str) -> int:
    import psycopg

    with psycopg.connect(rig.database) as connection:
        row = connection.execute(query.encode(), values).fetchone()
    return int((row or (0,))[0])


def _stored(rig: Rig, device: str) -> int:
    query = "SELECT count(*) FROM fixes WHERE device = (SELECT id FROM devices WHERE name = %s)"
    return _count(rig, query, device)


def _aside(rig: Rig) -> int:
    return _count(rig, "SELECT count(*) FROM set_aside") if _count(rig, _HAS_ASIDE) else 0


_HAS_ASIDE = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'set_aside'"


def _caught_up(rig: Rig, device: str, fixes: int) -> float:
    """When everything of the flood was taken in; a few of its random times are equal."""
    within(600, lambda: _aside(rig) == 0 and _stored(rig, device) >= 0.99 * fixes)
    return time.monotonic()


def measure(*, quick: bool = False) -> list[Figure]:
    """A flood of single fixes, and one of arrays."""
    figures = []
    for fixes, together in ((50_000, 1),) if quick else ((200_000, 1), (200_000, 100)):
        found = run(fixes, together)
        p50, p99 = (float(p) for p in np.percentile(found.ages_s, (50, 99)))
        what = (
            f"a normal device's fix on the screen while one terminal sends {fixes:,} fixes of two days "
            f"({together} a message, {fixes / found.flood_s:,.0f} fixes/s; {len(found.ages_s):,} fixes of "
            f"{_DEVICES} devices; load {os.getloadavg()[0]:.0f})"
        )
        figures.append(Figure(f"{what}, p50", f"{p50:.2f} s"))
        figures.append(at_most(f"{what}, p99", p99, _TARGET_S, "s"))
        false = found.silent
        figures.append(Figure("signal-lost of normal devices in that time", str(false), "0", false == 0))
        alerts = found.flood_alerts
        figures.append(Figure("alerts about the flood", str(alerts), "1", alerts == 1))
        figures.append(Figure("the flood's fixes all taken in after", f"{found.caught_up_s:.0f} s"))
    return figures


if __name__ == "__main__":
    print(run(int(sys.argv[1]), int(sys.argv[2])))

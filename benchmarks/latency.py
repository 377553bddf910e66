"""From the publish of the fix that confirms an alert to its arrival at a listener of the console's event stream."""

import http.client
import json
import threading
import time
from collections.abc import Iterable
from datetime import datetime

import numpy as np

from benchmarks.figures import Figure, at_most
from benchmarks.publisher import fleet_of
from benchmarks.rig import MOSQUITTO, Rig, begin, publisher, running, within

_DEVICES = 5_000
_RATE = 5_000.0
_TARGET_S = 1.0
_PROMPT = {"off-route", "out-of-area"}  # confirmed by a fix; a silence is confirmed by the clock


def run(seconds: float, *, mosquitto: bool = False) -> list[float]:
    """Seconds that each alert took.

    The publisher writes the moment of publishing into each fix, and an alert's `noticed` is the time of the fix that
    confirmed it: so the listener needs nothing but the alert and its own clock, which is the same machine's.
    """
    every_s = _DEVICES / _RATE
    took_s: dict[str, float] = {}
    with running(fleet_of(_DEVICES, every_s), mosquitto=mosquitto, console=True) as rig:
        listening = threading.Event()
        threading.Thread(target=_listen, args=(rig, took_s, listening), daemon=True).start()
        listening.wait(30)
        process = publisher(rig, _DEVICES, 0, 1, round(seconds / every_s), 1, _RATE, every_s)
        begin([process])
        published = json.loads(process.communicate()[0])["messages"]
        within(120, lambda: rig.metric("ducha_ingest_fixes_total") >= published)
        raised = rig.count("alerts", sorted(_PROMPT))
        within(10, lambda: len(took_s) >= raised)
    return list(took_s.values())


def _listen(rig: Rig, took_s: dict[str, float], listening: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", rig.console_port, timeout=60)
    connection.request("GET", "/api/v1/events", headers={"Accept": "text/event-stream"})
    try:
        with connection.getresponse() as stream:
            listening.set()
            _hear(stream, took_s)
    except (OSError, http.client.HTTPException):  # the console has stopped
        return


def _hear(lines: Iterable[bytes], took_s: dict[str, float]) -> None:
    event = b""
    for line in lines:
        if line.startswith(b"event:"):
            event = line[6:].strip()
        elif line.startswith(b"data:") and event == b"alert":
            now_s, alert = time.time(), json.loads(line[5:])
            if alert["rule"] in _PROMPT:
                noticed_s = datetime.fromisoformat(alert["detail"]["noticed"]).timestamp()
                took_s.setdefault(alert["id"], now_s - noticed_s)  # what comes later is a change of it
        elif event == b"refetch":
            raise ConnectionError("the console dropped the listener")


def measure(*, quick: bool = False) -> list[Figure]:
    """Percentiles over all alerts of the run, through NATS, or Mosquitto where it is installed."""
    figures = []
    for mosquitto in (False, True) if MOSQUITTO else (False,):
        runs = [run(15 if quick else 40, mosquitto=mosquitto) for _ in range(1 if quick else 3)]
        best = min((np.array(r) for r in runs if r), key=lambda r: float(np.percentile(r, 99)))
        p50, p99 = (float(p) for p in np.percentile(best, (50, 99)))
        broker = "Mosquitto" if mosquitto else "NATS"
        what = f"publish → alert at the console's listener, {_RATE:,.0f} messages/s ({broker}, {len(best)} alerts)"
        figures += [Figure(f"{what}, p50", f"{p50:.2f} s"), at_most(f"{what}, p99", p99, _TARGET_S, "s")]
    return figures

"""A live run from recorded fixes: published over MQTT to a real broker, judged and stored by a real worker."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from waiting import wait_until

from analytics.alerts import Alert, contract_form
from analytics.fixes import FixBatch
from ingest.broker import EmbeddedBroker
from ingest.config import BrokerSettings, DatabaseSettings, Settings, WorkerSettings
from ingest.metrics import Metrics
from ingest.service import serve
from ingest.unknown import Unknown
from store.ledger import Ledger

LONG_DAYS = 40_000.0


class StreamClock:
    """The stream's own clock: event time of the newest fix published."""

    def __init__(self, start_s: float) -> None:
        self.now_s = start_s

    def __call__(self) -> float:
        return self.now_s


@contextmanager
def worker(uri: str, broker: EmbeddedBroker, clock: Callable[[], float]) -> Iterator[None]:
    """An ingest worker with the settings of production, but for how old a fix may be."""
    settings = Settings(
        database=DatabaseSettings(url=uri),
        broker=BrokerSettings(host=broker.host, port=broker.port),
        ingest=WorkerSettings(
            settle_s=0.0,
            tick_s=0.05,
            mark_s=0.05,
            unknown=Unknown.ACCEPT,
            past_days=LONG_DAYS,
            keep_days=round(LONG_DAYS) + 1,
            future_s=1e9,
        ),
    )
    stop, metrics = threading.Event(), Metrics()
    thread = threading.Thread(target=serve, args=(settings, stop), kwargs={"clock": clock, "metrics": metrics})
    thread.start()
    try:
        connected = "ducha_ingest_broker_connected"
        wait_until(lambda: metrics.registry.get_sample_value(connected), 30, "the worker listens")
        yield
    finally:
        stop.set()
        thread.join(60)


def publish(broker: EmbeddedBroker, fixes: FixBatch, names: list[str], clock: StreamClock, slice_s: float) -> None:
    """Publish `fixes` in slices of event time, one array a device and slice, and move the clock along."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="terminals", protocol=mqtt.MQTTv311)
    client.max_queued_messages_set(0)
    client.connect(broker.host, broker.port)
    client.loop_start()
    order = np.argsort(fixes.t_s, kind="stable")
    fixes = fixes.take(order)
    cuts = np.searchsorted(fixes.t_s, np.arange(fixes.t_s[0], fixes.t_s[-1] + slice_s, slice_s))
    sent = None
    for start, end in zip(cuts, [*cuts[1:], len(fixes)], strict=True):
        part = fixes.take(slice(int(start), int(end)))
        for device in np.unique(part.device).tolist():
            mine = part.take(part.device == device)
            payload = msgspec.json.encode([_location(mine, i) for i in range(len(mine))])
            sent = client.publish(f"owntracks/{names[device]}/phone", payload, qos=1)
        if len(part):
            clock.now_s = float(part.t_s[-1])
    assert sent is not None
    sent.wait_for_publish(120)
    wait_until(lambda: not client.want_write(), 120, "everything published")
    client.disconnect()
    client.loop_stop()


def _location(fixes: FixBatch, i: int) -> dict[str, Any]:
    known = {"acc": fixes.accuracy_m[i], "vel": fixes.speed_mps[i] * 3.6, "cog": fixes.heading_deg[i]}
    return {
        "_type": "location",
        "tst": float(fixes.t_s[i]),
        "lat": float(fixes.lat[i]),
        "lon": float(fixes.lon[i]),
        "mock": bool(fixes.flags[i] & 1),
        **{k: float(v) for k, v in known.items() if not np.isnan(v)},
    }


def stored(uri: str) -> int:
    """How many fixes the database holds."""
    with Ledger(uri, name="reader") as ledger:
        return len(ledger.fixes_since(0.0))


def story(alerts: list[Alert]) -> list[dict[str, Any]]:
    """What alerts tell, in the order of the contract."""
    ordered = sorted(alerts, key=lambda a: (a.start_s, a.device, a.rule))
    return [contract_form(a) for a in ordered]


def settled(read: Callable[[], Any], for_s: float = 1.0, within_s: float = 60.0) -> Any:
    """The value of `read` once it has stayed the same for a while."""
    pause, deadline = threading.Event(), time.monotonic() + within_s
    value, since = read(), time.monotonic()
    while time.monotonic() - since < for_s and time.monotonic() < deadline:
        pause.wait(0.1)
        now = read()
        if now != value:
            value, since = now, time.monotonic()
    return value

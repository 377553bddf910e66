"""A fleet on the air: many terminals that publish over MQTT 3.1.1, QoS 1, in real time or faster.

The first devices have a connection, and a last will, of their own; the others share gateways. What a broker has not
yet acknowledged is bounded: beyond that the fleet waits, as a terminal keeps what it can't send, and nothing is lost.
"""

import heapq
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from hardware.scenario import Scenario, Story
from hardware.terminal import OFFLINE, Message, messages, status_topic

OWN_CONNECTIONS, GATEWAYS = 64, 4
MOST_UNACKNOWLEDGED = 5_000
_BACK_OFF_S = (1, 30)
_KEEPALIVE_S = 30
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to publish; with `passwords` by the user's name, each connection logs in: a device's under the device's
    name, a gateway's under the gateway's."""

    host: str = "127.0.0.1"
    port: int = 1883
    passwords: Mapping[str, str] | None = None


@dataclass(slots=True)
class Progress:
    """How a run goes: the scenario's clock, and what was published and acknowledged."""

    now_s: float = 0.0
    published: int = 0
    acknowledged: int = 0
    behind_s: float = 0.0
    connected: set[str] = field(default_factory=set)


def served(scenario: Scenario, own_connections: int = OWN_CONNECTIONS) -> dict[str, list[str]]:
    """The gateways, and the devices that each speaks for: those that have no connection of their own."""
    found: dict[str, list[str]] = {}
    for n, story in enumerate(scenario.stories[own_connections:]):
        found.setdefault(f"gateway-{n % GATEWAYS + 1}", []).append(story.device.id)
    return found


class Fleet:
    """Publishes a scenario. `speed` compresses time; `tst` runs in the scenario's time. `late_s` is how much real time
    the scenario has already lasted when the fleet comes on the air: what was due in it is sent at once."""

    def __init__(
        self,
        scenario: Scenario,
        broker: Broker,
        *,
        speed: float = 1.0,
        own_connections: int = OWN_CONNECTIONS,
        late_s: float = 0.0,
    ) -> None:
        self.scenario, self.broker, self.speed, self.late_s = scenario, broker, speed, late_s
        self.progress = Progress(now_s=scenario.live_s)
        self._changed = threading.Condition()
        self._by_device: dict[str, mqtt.Client] = {}
        self._clients: list[mqtt.Client] = []
        for story in scenario.stories[:own_connections]:
            self._by_device[story.device.id] = self._client(story.device.id, story)
        for gateway, names in served(scenario, own_connections).items():
            self._by_device |= dict.fromkeys(names, self._client(gateway, None))

    def _client(self, user: str, story: Story | None) -> mqtt.Client:
        identity = f"sim-{user}"
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=identity, protocol=mqtt.MQTTv311)
        if self.broker.passwords is not None:
            client.username_pw_set(user, self.broker.passwords[user])
        if story is not None:
            client.will_set(status_topic(story.device), OFFLINE, qos=1, retain=True)
        client.reconnect_delay_set(*_BACK_OFF_S)
        client.max_queued_messages_set(2 * MOST_UNACKNOWLEDGED)
        client.max_inflight_messages_set(100)
        client.on_publish = self._acknowledged
        client.on_connect = lambda *_: self._connection(identity, True)
        client.on_disconnect = lambda *_: self._connection(identity, False)
        self._clients.append(client)
        return client

    def run(self, stop: threading.Event, report: Callable[[Progress], None] | None = None) -> Progress:
        """Publish until the scenario ends or `stop` is set; `report` is called about once a second.

        Returns within a few seconds of `stop`, the devices said to be offline.
        """
        stopper = threading.Thread(target=self._wake_on, args=(stop,), daemon=True)
        for client in self._clients:
            client.connect_async(self.broker.host, self.broker.port, _KEEPALIVE_S)
            client.loop_start()
        stopper.start()
        try:
            self._publish_all(stop, report)
        finally:
            self._close()
            stop.set()
            stopper.join()
        return self.progress

    def _publish_all(self, stop: threading.Event, report: Callable[[Progress], None] | None) -> None:
        streams = [messages(self.scenario, s) for s in self.scenario.stories]
        reported = time.monotonic()
        started = reported - self.late_s
        for message in heapq.merge(*streams, key=lambda m: m.at_s):
            due = started + (message.at_s - self.scenario.live_s) / self.speed
            while (ahead_s := due - time.monotonic()) > 0 and not stop.wait(min(ahead_s, 1.0)):
                reported = self._report(report)
            if stop.is_set() or not self._room(stop):
                return
            self._publish(message)
            now = time.monotonic()
            self.progress.behind_s = max(0.0, now - due)
            if now - reported >= 1.0:
                reported = self._report(report)

    def _report(self, report: Callable[[Progress], None] | None) -> float:
        if report is not None:
            report(self.progress)
        return time.monotonic()

    def _room(self, stop: threading.Event) -> bool:
        """Wait until the broker has acknowledged enough; False where `stop` came first."""
        with self._changed:
            self._changed.wait_for(lambda: stop.is_set() or self._unacknowledged() < MOST_UNACKNOWLEDGED)
        return not stop.is_set()

    def _unacknowledged(self) -> int:
        return self.progress.published - self.progress.acknowledged

    def _publish(self, message: Message) -> None:
        with self._changed:
            self.progress.published += 1
            self.progress.now_s = max(self.progress.now_s, message.at_s)
        client = self._by_device[message.device]
        client.publish(message.topic, message.payload, qos=1, retain=message.retain)

    def _acknowledged(self, *_: object) -> None:
        with self._changed:
            self.progress.acknowledged += 1
            self._changed.notify_all()

    def _connection(self, identity: str, up: bool) -> None:
        with self._changed:
            (self.progress.connected.add if up else self.progress.connected.discard)(identity)

    def _wake_on(self, stop: threading.Event) -> None:
        stop.wait()
        with self._changed:
            self._changed.notify_all()

    def _close(self) -> None:
        """Say that all devices are offline, give the broker a moment to acknowledge, and disconnect."""
        if self.progress.connected:
            for story in self.scenario.stories:
                device = story.device
                self._publish(Message(self.progress.now_s, device.id, status_topic(device), OFFLINE, retain=True))
            with self._changed:
                self._changed.wait_for(lambda: self._unacknowledged() <= 0, timeout=_PATIENCE_S)
        for client in self._clients:
            client.disconnect()
        for client in self._clients:
            client.loop_stop()

"""Terminals, and what they send."""

import json
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessageInfo, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from waiting import wait_until as wait_until

from ingest.messages import Message

NOW_S = 1_767_600_000.0


def location(**changes: Any) -> dict[str, Any]:
    """A good OwnTracks position, with `changes`."""
    good = {"_type": "location", "tst": int(NOW_S) - 5, "lat": 30.25, "lon": 120.15, "vel": 36, "cog": 90, "acc": 6}
    return good | {"tid": "c7", "batt": 81, "alt": 12} | changes


def message(payload: bytes | dict[str, Any] | list[Any], topic: str = "ducha/west/car-07/fix") -> Message:
    """A message with `payload`, as JSON if it is not bytes."""
    return Message(topic, payload if isinstance(payload, bytes) else json.dumps(payload).encode(), NOW_S)


class Terminal:
    """An MQTT client that publishes at QoS 1 and knows what the broker has taken."""

    def __init__(self, host: str, port: int, client_id: str = "terminal", *, comes_back: bool = True) -> None:
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv311, reconnect_on_failure=comes_back
        )
        self._client.max_inflight_messages_set(100)
        self._client.connect(host, port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes | str | dict[str, Any] | list[Any], retain: bool = False) -> None:
        """Publish and wait until the broker has taken it."""
        sent = self.send(topic, payload, retain)
        sent.wait_for_publish(60)
        assert sent.is_published()

    def send(
        self, topic: str, payload: bytes | str | dict[str, Any] | list[Any], retain: bool = False
    ) -> MQTTMessageInfo:
        """Publish without waiting."""
        data = payload if isinstance(payload, bytes | str) else json.dumps(payload)
        return self._client.publish(topic, data, qos=1, retain=retain)

"""The receiver: a persistent MQTT session that acknowledges a message only when told that it is committed.

MQTT 3.1.1, QoS 1, `clean_session` off, one fixed client id per shard: whatever is not acknowledged, the broker
delivers again, to this process or to the next one. An acknowledgement is valid only on the connection that its message
came on, because after a reconnect the broker may give the same packet number to another message; so each message
carries the number of its connection, and acknowledgements for an earlier one are dropped. A broker may repeat on the
same connection what it has waited for too long; what we still hold is not taken twice.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.config import BrokerSettings
from ingest.inbox import Inbox
from ingest.messages import Message
from ingest.metrics import Metrics
from ingest.mqtt_connection import Connection
from ingest.mqtt_stream import Publication
from ingest.topics import OWN

RECONNECT_FIRST_S = 1
RECONNECT_MOST_S = 4
TAKEOVERS = 3  # so many lost connections that the broker gives back at once, in this time, are no accident
TAKEOVER_WITHIN_S = 60.0
_OF_OURS = f"/{OWN}"

log = structlog.get_logger("ingest.mqtt")


class Receiver:
    """Fills `inbox` from the broker on paho's network thread, which waits when the inbox is full."""

    def __init__(
        self, settings: BrokerSettings, inbox: Inbox, metrics: Metrics, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._metrics = metrics
        self._clock = clock
        self._connection = 0
        self._forget()
        self._since_s: float | None = None
        self._lost_s = -float("inf")
        self._back_s: deque[float] = deque(maxlen=TAKEOVERS)
        self._came = 0  # messages
        self._lock = Lock()
        client = Connection(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=False,
            protocol=MQTTv311,
        )
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        if settings.ca is not None or settings.certificate is not None:
            client.tls_set(ca_certs=settings.ca, certfile=settings.certificate, keyfile=settings.key)
        client.reconnect_delay_set(RECONNECT_FIRST_S, RECONNECT_MOST_S)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publications = self._on_publications
        self._client = client

    def heard_for_s(self) -> float:
        """For how long we have been subscribed without interruption; 0 while we are not."""
        since_s = self._since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    def start(self) -> None:
        """Connect in the background, again and again until it succeeds."""
        self._client.connect_async(self._settings.host, self._settings.port, keepalive=self._settings.keepalive_s)
        self._client.loop_start()

    def stop(self) -> None:
        """Leave the broker, which keeps the session and what is not acknowledged."""
        self._inbox.close()
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message of our own, if the broker is heard; else not at all. Whether it was."""
        if self._since_s is None:
            return False
        self._client.publish(topic, payload, qos=1)
        return True

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Tell the broker that `messages` are committed: in the order in which they came, as MQTT demands, so some only
        when others are too."""
        with self._lock:
            self._committed.update(m.mid for m in messages if m.qos and m.connection == self._connection)
            numbers = []
            while self._order and self._order[0] in self._committed:
                numbers.append(self._order.popleft())
            self._held.difference_update(numbers)
            self._committed.difference_update(numbers)
            self._client.acknowledge(numbers)

    def _forget(self) -> None:
        """Packet numbers mean nothing on another connection."""
        self._order: deque[int] = deque()  # of the messages that are not acknowledged, as they came
        self._held: set[int] = set()  # the same
        self._committed: set[int] = set()  # those of them that wait for an earlier one

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, __: Properties | None
    ) -> None:
        if reason.is_failure:
            log.error("broker refused the connection", reason=str(reason), client_id=self._settings.client_id)
            return
        with self._lock:
            self._connection += 1
            self._forget()
        self._notice_takeover()
        self._metrics.connections.inc()
        log.info("connected to the broker", host=self._settings.host, session_present=flags.session_present)
        client.subscribe([(topic_filter, 1) for topic_filter in self._settings.filters])

    def _on_disconnect(
        self, _: Client, __: Any, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        with self._lock:
            self._connection += 1
            self._forget()
        self._since_s = None
        self._metrics.connected.set(0)
        if reason.is_failure:
            self._lost_s = time.monotonic()
            log.warning("lost the broker", reason=str(reason))

    def _notice_takeover(self) -> None:
        """MQTT 3.1.1 does not say why a connection ends. A broker that takes us back at once, again and again, gives
        the session to another client of the same id and back to us."""
        now_s = time.monotonic()
        if now_s - self._lost_s > RECONNECT_MOST_S + 1:
            return
        self._back_s.append(now_s)
        if len(self._back_s) == TAKEOVERS and now_s - self._back_s[0] < TAKEOVER_WITHIN_S:
            self._back_s.clear()
            self._metrics.takeovers.inc()
            log.error(
                "another client with this id takes over the MQTT session, again and again; give each shard a client id "
                "of its own",
                client_id=self._settings.client_id,
            )

    def _on_subscribe(self, _: Client, __: Any, ___: int, reasons: list[ReasonCode], ____: Properties | None) -> None:
        refused = [f for f, reason in zip(self._settings.filters, reasons, strict=False) if reason.is_failure]
        if refused:
            log.error("broker refused subscriptions", filters=refused)
            return
        self._since_s = time.monotonic()
        self._metrics.connected.set(1)
        log.info("listening", filters=list(self._settings.filters))

    def _on_publications(self, publications: list[Publication]) -> None:
        now_s, arrived_s = self._clock(), time.monotonic()
        messages: list[Message] = []
        for topic, payload, number, qos, is_retained, is_repeated in publications:
            if qos:
                if is_repeated and number in self._held:
                    continue
                self._held.add(number)
                self._order.append(number)
            self._came += 1
            place = (number, qos, self._connection)
            messages.append(
                Message(_readable(topic), payload, now_s, arrived_s, *place, retained=is_retained, order=self._came)
            )
        others = sum(_OF_OURS not in message.topic for message in messages)  # our marks are nobody's message
        if others:
            self._metrics.messages.inc(others)
            self._metrics.last_message.set(now_s)
        self._inbox.put(*messages)


def _readable(topic: bytes) -> str:
    try:
        return topic.decode()
    except UnicodeDecodeError:
        return "(not UTF-8)"

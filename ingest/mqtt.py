"""The receiver: a persistent MQTT session that acknowledges a message only when told that it is committed.

MQTT 3.1.1, QoS 1, `clean_session` off, one fixed client id per shard: whatever is not acknowledged, the broker
delivers again, to this process or to the next one. An acknowledgement is valid only on the connection that its message
came on, because after a reconnect the broker may give the same packet number to another message; so each message
carries the number of its connection, and acknowledgements for an earlier one are dropped. A broker may repeat on the
same connection what it has waited for too long; what we still hold is not taken twice.
"""

import select
import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.config import BrokerSettings
from ingest.inbox import Inbox
from ingest.messages import Message
from ingest.metrics import Metrics
from ingest.topics import OWN

RECONNECT_FIRST_S = 1
RECONNECT_MOST_S = 4
TAKEOVERS = 3  # so many lost connections that the broker gives back at once, in this time, are no accident
TAKEOVER_WITHIN_S = 60.0
_CLOSED = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR

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
        self._held: set[int] = set()  # packet numbers of this connection that are not acknowledged
        self._since_s: float | None = None
        self._lost_s = -float("inf")
        self._back_s: deque[float] = deque(maxlen=TAKEOVERS)
        self._lock = Lock()
        client = _ReadingFirst(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=False,
            protocol=MQTTv311,
            manual_ack=True,
        )
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        if settings.ca is not None or settings.certificate is not None:
            client.tls_set(ca_certs=settings.ca, certfile=settings.certificate, keyfile=settings.key)
        client.reconnect_delay_set(RECONNECT_FIRST_S, RECONNECT_MOST_S)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
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
        """Tell the broker that `messages` are committed."""
        with self._lock:
            for message in messages:
                if message.qos and message.connection == self._connection:
                    self._held.discard(message.mid)
                    self._client.ack(message.mid, message.qos)

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, __: Properties | None
    ) -> None:
        if reason.is_failure:
            log.error("broker refused the connection", reason=str(reason), client_id=self._settings.client_id)
            return
        with self._lock:
            self._connection += 1
            self._held = set()
        self._notice_takeover()
        self._metrics.connections.inc()
        log.info("connected to the broker", host=self._settings.host, session_present=flags.session_present)
        client.subscribe([(topic_filter, 1) for topic_filter in self._settings.filters])

    def _on_disconnect(
        self, _: Client, __: Any, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        with self._lock:
            self._connection += 1
            self._held = set()
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

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        if message.qos:
            if message.dup and message.mid in self._held:
                return
            self._held.add(message.mid)
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(not UTF-8)"
        now_s = self._clock()
        if f"/{OWN}" not in topic:  # our marks are nobody's message
            self._metrics.messages.inc()
            self._metrics.last_message.set(now_s)
        payload, arrived_s = bytes(message.payload), message.timestamp
        place = (message.mid, message.qos, self._connection)
        self._inbox.put(Message(topic, payload, now_s, arrived_s, *place, retained=bool(message.retain)))


class _ReadingFirst(Client):
    """Reads what a broker has sent before it writes to one that has gone.

    To write to a broker that was killed fails, and paho then drops the connection with all that it has not read from
    it: messages that the broker has acknowledged, and may not have saved.
    """

    def loop_write(self) -> MQTTErrorCode:
        """Write what waits; where the broker has closed the connection, once nothing is left to read."""
        while self._is_closed_there() and self._has_come():
            code = self.loop_read()
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return code
        return super().loop_write()

    def _is_closed_there(self) -> bool:
        sock: Any = self.socket()
        if sock is None:
            return False
        poll = select.poll()
        poll.register(sock, _CLOSED)
        return bool(poll.poll(0))

    def _has_come(self) -> bool:
        sock: Any = self.socket()
        if sock is None:
            return False
        return bool(getattr(sock, "pending", int)() or select.select([sock], [], [], 0)[0])

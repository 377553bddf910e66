"""Any MQTT 3.1.1 broker does, for example Mosquitto, also where it is killed with messages that ingest has not read."""

from pathlib import Path

import pytest
from mosquitto_server import ABSENT, PROGRAM, Mosquitto
from waiting import wait_until

from ingest.config import BrokerSettings
from ingest.inbox import Inbox
from ingest.metrics import Metrics
from ingest.mqtt import Receiver

pytestmark = [pytest.mark.mosquitto, pytest.mark.skipif(PROGRAM is None, reason=ABSENT)]

MESSAGES = 300
ROOM = 10


@pytest.fixture
def broker(tmp_path: Path) -> Mosquitto:
    return Mosquitto(tmp_path)


def publish(broker: Mosquitto) -> None:
    """Returns when the broker has answered for all."""
    client = broker.client("gateway-west", "gateway-west")
    client.max_inflight_messages_set(MESSAGES)
    client.connect(broker.host, broker.port)
    client.loop_start()
    sent = [client.publish("ducha/west/car-07/fix", str(number), qos=1) for number in range(MESSAGES)]
    for message in sent:
        message.wait_for_publish(60)
        assert message.is_published()
    client.disconnect()
    client.loop_stop()


def test_what_lies_unread_in_the_connection_of_a_dead_broker_is_still_taken(broker: Mosquitto) -> None:
    settings = BrokerSettings(host=broker.host, port=broker.port)
    metrics = Metrics()
    inbox = Inbox(metrics, max_messages=ROOM)
    receiver = Receiver(settings, inbox, metrics)
    with broker:
        receiver.start()
        try:
            wait_until(lambda: receiver.heard_for_s() > 0, 30, "it listens")
            publish(broker)
            wait_until(lambda: len(inbox) == ROOM, 30, "the inbox is full")
            broker.kill()
            taken: list[bytes] = []
            while len(taken) < MESSAGES:
                messages = inbox.take(ROOM, wait_s=60)
                assert messages, f"the last {MESSAGES - len(taken)} are lost"
                taken += [message.payload for message in messages]
                receiver.acknowledge(messages)
            assert taken == [str(number).encode() for number in range(MESSAGES)]
        finally:
            receiver.stop()

"""Mosquitto, killed when it has answered for messages that ingest has not read yet."""

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
GATEWAY = "gateway-west"


@pytest.fixture
def broker(tmp_path: Path) -> Mosquitto:
    broker = Mosquitto(tmp_path)
    broker.certify(GATEWAY)
    with (tmp_path / "acl").open("a") as acl:
        acl.write(f"\nuser {GATEWAY}\ntopic write ducha/west/+/fix\n")
    return broker


def publish(broker: Mosquitto) -> None:
    """Returns when the broker has answered for all."""
    client = broker.client(GATEWAY, GATEWAY)
    client.max_inflight_messages_set(MESSAGES)
    client.connect(broker.host, broker.port)
    client.loop_start()
    sent = [client.publish("ducha/west/car-07/fix", str(number), qos=1) for number in range(MESSAGES)]
    for message in sent:
        message.wait_for_publish(10)
        assert message.is_published()
    client.disconnect()
    client.loop_stop()


def test_what_lies_unread_in_the_connection_of_a_dead_broker_is_still_taken(broker: Mosquitto) -> None:
    certificates = broker.certificates
    settings = BrokerSettings(
        host=broker.host,
        port=broker.port,
        ca=f"{certificates}/ca.crt",
        certificate=f"{certificates}/ingest.crt",
        key=f"{certificates}/ingest.key",
    )
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
                messages = inbox.take(ROOM, wait_s=10)
                assert messages, f"the last {MESSAGES - len(taken)} are lost"
                taken += [message.payload for message in messages]
                receiver.acknowledge(messages)
            assert taken == [str(number).encode() for number in range(MESSAGES)]
        finally:
            receiver.stop()

"""The receiver against a real broker."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ingest_examples import Terminal, location, message, wait_until
from msgspec.structs import replace

from ingest.broker import EmbeddedBroker
from ingest.config import BrokerSettings
from ingest.inbox import Inbox
from ingest.messages import Message
from ingest.metrics import Metrics
from ingest.mqtt import TAKEOVERS, Receiver

TOPIC = "ducha/west/car-07/fix"


@contextmanager
def receiving(broker: EmbeddedBroker, room: int = 1000) -> Iterator[tuple[Receiver, Inbox]]:
    metrics = Metrics()
    inbox = Inbox(metrics, max_messages=room)
    receiver = Receiver(BrokerSettings(host=broker.host, port=broker.port), inbox, metrics)
    receiver.start()
    try:
        wait_until(lambda: receiver.heard_for_s() > 0)
        yield receiver, inbox
    finally:
        receiver.stop()


def take(inbox: Inbox, count: int) -> list[Message]:
    taken: list[Message] = []
    while len(taken) < count:
        more = inbox.take(count - len(taken), wait_s=60)
        assert more, f"expected {count} messages, got {len(taken)}"
        taken += more
    return taken


def payloads(messages: list[Message]) -> list[bytes]:
    return [message.payload for message in messages]


def test_what_is_not_acknowledged_comes_again_and_what_is_does_not(broker: EmbeddedBroker, terminal: Terminal) -> None:
    with receiving(broker) as (_, inbox):
        for number in range(5):
            terminal.publish(TOPIC, str(number))
        first = take(inbox, 5)
    with receiving(broker) as (receiver, inbox):
        again = take(inbox, 5)
        receiver.acknowledge(again[:3])
        terminal.publish(TOPIC, "5")  # a broker that is left at once may not have come to what it was told last
        more = take(inbox, 1)
    with receiving(broker) as (receiver, inbox):
        rest = take(inbox, 3)
        receiver.acknowledge(rest)
        terminal.publish(TOPIC, "6")
        last = take(inbox, 1)
    with receiving(broker) as (_, inbox):
        still = take(inbox, 1)

    assert payloads(first) == payloads(again) == [b"0", b"1", b"2", b"3", b"4"]
    assert payloads(more) == [b"5"]
    assert payloads(rest) == [b"3", b"4", b"5"]
    assert payloads(last) == payloads(still) == [b"6"]


def test_a_rush_is_taken_in_order_and_acknowledged_once(broker: EmbeddedBroker, terminal: Terminal) -> None:
    received: list[Message] = []
    with receiving(broker, room=5_000) as (receiver, inbox):
        for number in range(5_000):
            terminal.send(TOPIC, f"{number} " + "x" * (number % 700))
        while len(received) < 5_000:
            some = take(inbox, 1) + inbox.take(999)
            receiver.acknowledge(some)
            received += some
        terminal.publish(TOPIC, "end")
        take(inbox, 1)  # a broker that is left at once may not have come to what it was told last
    with receiving(broker) as (_, inbox):
        assert payloads(take(inbox, 1)) == [b"end"]
    assert [int(payload.split()[0]) for payload in payloads(received)] == list(range(5_000))


def test_what_is_committed_before_an_earlier_one_is_acknowledged_after_it(
    broker: EmbeddedBroker, terminal: Terminal
) -> None:
    with receiving(broker) as (receiver, inbox):
        for number in range(4):
            terminal.publish(TOPIC, str(number))
        held = take(inbox, 4)
        receiver.acknowledge([held[1], held[2]])
    with receiving(broker) as (receiver, inbox):
        again = take(inbox, 4)
        receiver.acknowledge([again[1]])
        receiver.acknowledge([again[2], again[0]])
        terminal.publish(TOPIC, "4")
        take(inbox, 1)
    with receiving(broker) as (_, inbox):
        assert payloads(take(inbox, 2)) == [b"3", b"4"]
    assert payloads(again) == [b"0", b"1", b"2", b"3"]


def test_an_acknowledgement_of_an_earlier_connection_is_not_sent(broker: EmbeddedBroker, terminal: Terminal) -> None:
    with receiving(broker) as (receiver, inbox):
        terminal.publish(TOPIC, "kept")
        (kept,) = take(inbox, 1)
        receiver.acknowledge([replace(kept, connection=kept.connection - 1)])
    with receiving(broker) as (_, inbox):
        assert payloads(take(inbox, 1)) == [b"kept"]


def test_a_killed_consumer_loses_nothing(broker: EmbeddedBroker, terminal: Terminal) -> None:
    program = (
        "import sys; from ingest.config import BrokerSettings; from ingest.inbox import Inbox;"
        "from ingest.metrics import Metrics; from ingest.mqtt import Receiver; m = Metrics(); i = Inbox(m);"
        "Receiver(BrokerSettings(port=int(sys.argv[1])), i, m).start(); print('up', flush=True);"
        "[print(x.payload.decode(), flush=True) for _ in iter(int, 1) for x in i.take(100, 1)]"
    )
    consumer = subprocess.Popen(
        [sys.executable, "-c", program, str(broker.port)], stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert consumer.stdout is not None
    lines = iter(consumer.stdout.readline, "")
    assert "up\n" in lines
    # retained, so that it comes however late the subscription is
    terminal.publish(TOPIC, "first", retain=True)
    assert "first\n" in lines
    for number in range(20):
        terminal.publish(TOPIC, str(number))
    consumer.kill()
    consumer.wait()

    seen: set[bytes] = set()
    with receiving(broker) as (_, inbox):
        while not {str(number).encode() for number in range(20)} <= seen:
            seen |= set(payloads(take(inbox, 1)))


def test_a_full_inbox_makes_the_broker_wait_and_loses_nothing(broker: EmbeddedBroker, terminal: Terminal) -> None:
    with receiving(broker, room=10) as (receiver, inbox):
        for number in range(500):
            terminal.send(TOPIC, str(number))
        wait_until(lambda: len(inbox) == 10)
        received = []
        while len(received) < 500:
            assert len(inbox) <= 10
            some = take(inbox, 1) + inbox.take(9)
            receiver.acknowledge(some)
            received += payloads(some)
    assert received == [str(number).encode() for number in range(500)]


def test_a_receiver_stops_although_its_inbox_is_full(broker: EmbeddedBroker, terminal: Terminal) -> None:
    with receiving(broker, room=1) as (_, inbox):
        for number in range(20):
            terminal.send(TOPIC, str(number))
        wait_until(lambda: len(inbox) == 1)
    assert not inbox.put(message(location()))


def test_a_broker_that_comes_later_is_found() -> None:
    broker = EmbeddedBroker()
    metrics = Metrics()
    inbox = Inbox(metrics)
    receiver = Receiver(BrokerSettings(host=broker.host, port=broker.port), inbox, metrics)
    receiver.start()
    try:
        assert receiver.heard_for_s() == 0
        with broker:
            wait_until(lambda: receiver.heard_for_s() > 0)
        wait_until(lambda: receiver.heard_for_s() == 0)
    finally:
        receiver.stop()


def test_an_inbox_is_bounded_by_bytes_but_takes_a_larger_message_alone() -> None:
    inbox = Inbox(Metrics(), max_bytes=100)
    assert inbox.put(message(b"x" * 500))
    waiting = threading.Thread(target=inbox.put, args=(message(b"y"),))
    waiting.start()
    assert len(inbox.take(10)[0].payload) == 500
    waiting.join(60)
    assert payloads(inbox.take(10)) == [b"y"]


def test_a_client_that_takes_the_session_over_again_and_again_is_named(broker: EmbeddedBroker) -> None:
    metrics = Metrics()
    settings = BrokerSettings(host=broker.host, port=broker.port, client_id="twice")
    receiver = Receiver(settings, Inbox(metrics), metrics)

    def told(name: str) -> float | None:
        return metrics.registry.get_sample_value(f"ducha_ingest_{name}_total")

    receiver.start()
    try:
        for times in range(1, TAKEOVERS + 1):
            wait_until(lambda n=times: told("broker_connections") == n and receiver.heard_for_s() > 0)
            with Terminal(broker.host, broker.port, client_id="twice", comes_back=False):
                wait_until(lambda n=times: receiver.heard_for_s() == 0 or told("broker_connections") == n + 1)
            wait_until(lambda n=times: told("broker_connections") == n + 1)
        assert told("session_takeovers") == 1
    finally:
        receiver.stop()

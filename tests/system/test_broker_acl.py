"""The broker's configuration that we ship: a terminal speaks under its own name only, or not at all."""

import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest
from mosquitto_server import ABSENT, PROGRAM, Mosquitto
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from waiting import wait_until

pytestmark = [pytest.mark.mosquitto, pytest.mark.skipif(PROGRAM is None, reason=ABSENT)]

Heard = Queue[tuple[str, bytes]]


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    for name in ("car-07", "car-08"):
        broker.certify(name)
    with broker:
        yield broker


@contextmanager
def connected(
    broker: Mosquitto, name: str, client_id: str, prepare: Callable[[Client], None] = lambda _: None
) -> Iterator[Client]:
    client = broker.client(name, client_id)
    prepare(client)
    client.connect(broker.host, broker.port)
    client.loop_start()
    wait_until(client.is_connected)
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.fixture
def heard(mosquitto: Mosquitto) -> Iterator[Heard]:
    """Everything that ingest hears."""
    messages: Heard = Queue()
    subscribed: Queue[list[int]] = Queue()

    def prepare(client: Client) -> None:
        client.on_message = lambda _, __, message: messages.put((message.topic, message.payload))
        client.on_subscribe = lambda _, __, ___, reasons, ____: subscribed.put([r.value for r in reasons])

    with connected(mosquitto, "ingest", "ingest-ear", prepare) as client:
        client.subscribe([(f, 1) for f in ("owntracks/+/+", "ducha/+/+/fix", "ducha/+/+/status", "ducha/+/+/answer")])
        assert subscribed.get(timeout=10) == [1, 1, 1, 1]
        yield messages


def heard_before(messages: Heard, end: tuple[str, bytes]) -> list[tuple[str, bytes]]:
    """What was heard up to the message `end`, which the same client sent last."""
    before = []
    while (message := messages.get(timeout=10)) != end:
        before.append(message)
    return before


def test_a_terminal_is_heard_under_its_own_name(mosquitto: Mosquitto, heard: Heard) -> None:
    topics = ["ducha/west/car-07/fix", "ducha/west/car-07/status", "ducha/west/car-07/answer", "owntracks/car-07/phone"]
    with connected(mosquitto, "car-07", "t1") as terminal:
        for topic in topics:
            terminal.publish(topic, b"mine", qos=1)
        assert [heard.get(timeout=10) for _ in topics] == [(topic, b"mine") for topic in topics]


@pytest.mark.parametrize(
    "topic",
    [
        "ducha/west/car-08/fix",
        "ducha/west/car-08/status",
        "owntracks/car-08/phone",
        "ducha/car-07/car-08/fix",
        "owntracks/car-07x/phone",
    ],
)
def test_a_terminal_is_not_heard_under_anothers_name(mosquitto: Mosquitto, heard: Heard, topic: str) -> None:
    with connected(mosquitto, "car-07", "t1") as terminal:
        terminal.publish(topic, b"forged", qos=1)
        terminal.publish(topic, b"forged and kept", qos=1, retain=True)
        terminal.publish("ducha/west/car-07/fix", b"end", qos=1)
        assert heard_before(heard, ("ducha/west/car-07/fix", b"end")) == []


def test_a_last_will_is_heard_under_its_own_name_only(mosquitto: Mosquitto, heard: Heard) -> None:
    def forge(client: Client) -> None:
        client.will_set("ducha/west/car-08/status", b"offline", qos=1, retain=True)

    def honest(client: Client) -> None:
        client.will_set("ducha/west/car-07/status", b"offline", qos=1)

    for prepare in (forge, honest):
        terminal = mosquitto.client("car-07", "t-will")
        prepare(terminal)
        terminal.connect(mosquitto.host, mosquitto.port)
        terminal.loop_start()
        try:
            wait_until(terminal.is_connected, 3)
            connection = terminal.socket()
            assert connection is not None
            connection.shutdown(2)  # gone without a farewell, so the broker speaks the will
        except AssertionError:
            assert prepare is forge  # a broker may refuse such a client altogether
        finally:
            terminal.loop_stop()
            terminal.disconnect()
    assert heard_before(heard, ("ducha/west/car-07/status", b"offline")) == []


def test_a_terminal_can_not_listen_to_others(mosquitto: Mosquitto, heard: Heard) -> None:
    listened: Heard = Queue()

    def prepare(client: Client) -> None:
        client.on_message = lambda _, __, message: listened.put((message.topic, message.payload))

    with connected(mosquitto, "car-08", "t2", prepare) as spy, connected(mosquitto, "car-07", "t1") as terminal:
        for topic in ("#", "ducha/#", "owntracks/+/+", "ducha/+/+/fix", "ducha/+/car-08/ask"):
            spy.subscribe(topic, 1)
        terminal.publish("ducha/west/car-07/fix", b"private", qos=1)
        assert heard.get(timeout=10) == ("ducha/west/car-07/fix", b"private")
        with connected(mosquitto, "ingest", "asker") as server:
            server.publish("ducha/west/car-08/ask", b"roll-call", qos=1)
            assert listened.get(timeout=10) == ("ducha/west/car-08/ask", b"roll-call")
    with pytest.raises(Empty):
        listened.get_nowait()


def test_without_a_certificate_nobody_is_let_in(mosquitto: Mosquitto) -> None:
    stranger = mosquitto.client(None, "stranger")
    refused: Queue[object] = Queue()
    stranger.on_disconnect = lambda *_: refused.put(True)
    stranger.on_connect = lambda _, __, ___, reason, ____: refused.put(reason.is_failure)
    try:
        stranger.connect(mosquitto.host, mosquitto.port)
        stranger.loop_start()
        assert refused.get(timeout=10)
    except (ssl.SSLError, ConnectionError):
        pass  # the same refusal, seen earlier
    finally:
        stranger.loop_stop()
    assert not stranger.is_connected()


def test_a_certificate_of_another_authority_is_refused(mosquitto: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    foreign = Mosquitto(tmp_path / "data")
    foreign.certify("car-07")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(mosquitto.certificates / "ca.crt")
    context.load_cert_chain(foreign.certificates / "car-07.crt", foreign.certificates / "car-07.key")
    impostor = Client(CallbackAPIVersion.VERSION2, client_id="impostor")
    impostor.tls_set_context(context)
    refused: Queue[object] = Queue()
    impostor.on_disconnect = lambda *_: refused.put(True)
    impostor.on_connect = lambda _, __, ___, reason, ____: refused.put(reason.is_failure)
    try:
        impostor.connect(mosquitto.host, mosquitto.port)
        impostor.loop_start()
        assert refused.get(timeout=10)
    except (ssl.SSLError, ConnectionError):
        pass
    finally:
        impostor.loop_stop()
    assert not impostor.is_connected()


def test_a_payload_that_is_too_large_does_not_get_through(mosquitto: Mosquitto, heard: Heard) -> None:
    with connected(mosquitto, "car-07", "t-large") as terminal:
        terminal.publish("ducha/west/car-07/fix", b"x" * 50_000_000, qos=0)
        wait_until(lambda: not terminal.is_connected())
    with connected(mosquitto, "car-07", "t1") as terminal:
        terminal.publish("ducha/west/car-07/fix", b"x" * 1_048_577, qos=1)
        terminal.publish("ducha/west/car-07/fix", b"x" * 1_048_576, qos=1)
        terminal.publish("ducha/west/car-07/fix", b"end", qos=1)
        before = heard_before(heard, ("ducha/west/car-07/fix", b"end"))
    assert [len(payload) for _, payload in before] == [1_048_576]


def test_the_system_names_are_given_to_no_terminal(mosquitto: Mosquitto) -> None:
    for name in ("ingest", "a/b", "a b", "+", "#", "", "x" * 65):
        with pytest.raises(subprocess.CalledProcessError, match="returned non-zero exit status 2"):
            mosquitto.certify(name)

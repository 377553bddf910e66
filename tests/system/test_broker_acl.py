"""The broker as `ducha broker` runs it: a terminal speaks under its own name only, or not at all."""

import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from queue import Empty, Queue

import pytest
from nats_server import MAKE_CERTS, NatsServer
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from waiting import wait_until

Heard = Queue[tuple[str, bytes]]
ANSWER_S = 60.0


@pytest.fixture(scope="module", params=["certificates", "passwords"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    broker = NatsServer(tmp_path_factory.mktemp("broker"), by_certificate=request.param == "certificates")
    broker.add("ingest", "car-07", "car-08", "car.09", "gone")
    broker.add("gateway-west", options=("--unit", "county.west", "--device", "off-1"))
    with broker:
        yield broker


@contextmanager
def connected(
    broker: NatsServer, name: str, client_id: str, prepare: Callable[[Client], None] = lambda _: None
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
def heard(broker: NatsServer) -> Iterator[Heard]:
    """Everything that ingest hears."""
    messages: Heard = Queue()
    subscribed: Queue[list[int]] = Queue()

    def prepare(client: Client) -> None:
        client.on_message = lambda _, __, message: messages.put((message.topic, message.payload))
        client.on_subscribe = lambda _, __, ___, reasons, ____: subscribed.put([r.value for r in reasons])

    with connected(broker, "ingest", "ingest-ear", prepare) as client:
        client.subscribe([(f, 1) for f in ("owntracks/+/+", "ducha/+/+/fix", "ducha/+/+/status", "ducha/+/+/answer")])
        assert subscribed.get(timeout=ANSWER_S) == [1, 1, 1, 1]
        yield messages


def heard_before(messages: Heard, end: tuple[str, bytes]) -> list[tuple[str, bytes]]:
    """What was heard up to the message `end`, which the same client sent last."""
    before = []
    while (message := messages.get(timeout=ANSWER_S)) != end:
        before.append(message)
    return before


def test_a_terminal_is_heard_under_its_own_name(broker: NatsServer, heard: Heard) -> None:
    topics = [
        "ducha/west/car-07/fix",
        "ducha/county.west/car-07/status",
        "ducha/west/car-07/answer",
        "owntracks/car-07/phone",
        "owntracks/car-07/phone.2",
    ]
    with connected(broker, "car-07", "t1") as terminal:
        for topic in topics:
            terminal.publish(topic, b"mine", qos=1)
        assert sorted(heard.get(timeout=ANSWER_S) for _ in topics) == sorted((topic, b"mine") for topic in topics)


def test_a_name_may_have_dots(broker: NatsServer, heard: Heard) -> None:
    with connected(broker, "car.09", "t-dots") as terminal:
        terminal.publish("ducha/west/car/09/fix", b"not mine", qos=1)
        terminal.publish("ducha/west/car.09/fix", b"mine", qos=1)
        assert heard_before(heard, ("ducha/west/car.09/fix", b"mine")) == []


@pytest.mark.parametrize(
    "topic",
    [
        "ducha/west/car-08/fix",
        "ducha/west/car-08/status",
        "owntracks/car-08/phone",
        "ducha/car-07/car-08/fix",
        "owntracks/car-07x/phone",
        "owntracks/car-07/phone/cmd",
        "ducha/_ingest/car-07/fix",
        "owntracks/_ingest/car-07",
        "ducha/west/car-07/ask",
        "$MQTT/msgs/ducha/west/car-08/fix",  # the stream in which NATS keeps what waits
        "$MQTT/deliver/pubrel/x",
        "$JS/API/STREAM/DELETE/$MQTT_msgs",
        "$SYS/REQ/SERVER/PING",
    ],
)
def test_a_terminal_is_not_heard_under_anothers_name(broker: NatsServer, heard: Heard, topic: str) -> None:
    with connected(broker, "car-07", "t1") as terminal:
        terminal.publish(topic, b"forged", qos=1)
        terminal.publish(topic, b"forged and kept", qos=1, retain=True)
        terminal.publish("ducha/west/car-07/fix", b"end", qos=1)
        assert heard_before(heard, ("ducha/west/car-07/fix", b"end")) == []


def test_a_gateway_speaks_for_its_units_and_devices_only(broker: NatsServer, heard: Heard) -> None:
    with connected(broker, "gateway-west", "gw") as gateway:
        for topic in (
            "ducha/west/car-1/fix",
            "owntracks/car-1/phone",
            "ducha/_ingest/a/fix",
            "ducha/county.east/a/fix",
        ):
            gateway.publish(topic, b"forged", qos=1)
        gateway.publish("owntracks/off-1/phone", b"for its device", qos=1)
        assert heard.get(timeout=ANSWER_S) == ("owntracks/off-1/phone", b"for its device")
        gateway.publish("ducha/county.west/car-1/fix", b"for its unit", qos=1)
        assert heard.get(timeout=ANSWER_S) == ("ducha/county.west/car-1/fix", b"for its unit")


@pytest.mark.parametrize("topic", ["ducha/_ingest/shard/fix", "owntracks/_ingest/shard"])
def test_ingest_may_say_something_to_itself_through_its_own_filters(
    broker: NatsServer, heard: Heard, topic: str
) -> None:
    with connected(broker, "ingest", "marker") as ingest:
        ingest.publish(topic, b"a time", qos=1)
        assert heard.get(timeout=ANSWER_S) == (topic, b"a time")


def test_a_last_will_is_heard_under_its_own_name_only(broker: NatsServer, heard: Heard) -> None:
    def forge(client: Client) -> None:
        client.will_set("ducha/west/car-08/status", b"offline", qos=1, retain=True)

    def honest(client: Client) -> None:
        client.will_set("ducha/west/car-07/status", b"offline", qos=1)

    for prepare in (forge, honest):
        terminal = broker.client("car-07", "t-will")
        prepare(terminal)
        terminal.connect(broker.host, broker.port)
        terminal.loop_start()
        try:
            wait_until(terminal.is_connected, 3 if prepare is forge else 60)
            connection = terminal.socket()
            assert connection is not None
            connection.shutdown(2)  # gone without a farewell, so the broker speaks the will
        except AssertionError:
            assert prepare is forge  # a broker may refuse such a client altogether
        finally:
            terminal.loop_stop()
            terminal.disconnect()
    assert heard_before(heard, ("ducha/west/car-07/status", b"offline")) == []


def test_a_terminal_can_not_listen_to_others(broker: NatsServer, heard: Heard) -> None:
    listened: Heard = Queue()
    granted: Queue[list[int]] = Queue()

    def prepare(client: Client) -> None:
        client.on_message = lambda _, __, message: listened.put((message.topic, message.payload))
        client.on_subscribe = lambda _, __, ___, reasons, ____: granted.put([r.value for r in reasons])

    with connected(broker, "car-08", "t2", prepare) as spy, connected(broker, "car-07", "t1") as terminal:
        foreign = ("#", "ducha/#", "owntracks/+/+", "ducha/+/+/fix", "ducha/+/car-07/ask", "$MQTT/#", "$MQTT/msgs/#")
        for qos, topic in product((0, 1), foreign):
            spy.subscribe(topic, qos)
            assert granted.get(timeout=ANSWER_S) == [128]
        spy.subscribe("ducha/+/car-08/ask", 1)
        assert granted.get(timeout=ANSWER_S) == [1]
        terminal.publish("ducha/west/car-07/fix", b"private", qos=1)
        assert heard.get(timeout=ANSWER_S) == ("ducha/west/car-07/fix", b"private")
        with connected(broker, "ingest", "asker") as server:
            server.publish("ducha/west/car-07/ask", b"for another", qos=1)
            server.publish("ducha/west/car-08/ask", b"roll-call", qos=1)
            assert listened.get(timeout=ANSWER_S) == ("ducha/west/car-08/ask", b"roll-call")
    with pytest.raises(Empty):
        listened.get_nowait()


def refused(client: Client, broker: NatsServer) -> bool:
    """Whether the broker lets it not in."""
    answers: Queue[bool] = Queue()
    client.on_disconnect = lambda *_: answers.put(True)
    client.on_connect = lambda _, __, ___, reason, ____: answers.put(reason.is_failure)
    try:
        client.connect(broker.host, broker.port)
        client.loop_start()
        return answers.get(timeout=ANSWER_S)
    except (ssl.SSLError, ConnectionError):
        return True  # the same, seen earlier
    finally:
        client.loop_stop()


def test_who_shows_nothing_is_not_let_in(broker: NatsServer) -> None:
    assert refused(broker.client(None, "stranger"), broker)


def test_a_certificate_of_another_authority_or_another_password_is_refused(broker: NatsServer, tmp_path: Path) -> None:
    impostor = Client(CallbackAPIVersion.VERSION2, client_id="impostor")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(broker.certificates / "ca.crt")
    if broker.by_certificate:
        foreign = NatsServer(tmp_path / "foreign")
        foreign.add("car-07")
        context.load_cert_chain(foreign.certificates / "car-07.crt", foreign.certificates / "car-07.key")
    else:
        impostor.username_pw_set("car-07", broker.passwords["car-08"])
    impostor.tls_set_context(context)
    assert refused(impostor, broker)


def test_who_is_removed_is_disconnected_and_not_let_in_again(broker: NatsServer) -> None:
    lost: Queue[bool] = Queue()
    with connected(broker, "gone", "gone") as terminal:
        terminal.on_disconnect = lambda *_: lost.put(True)
        assert broker.ducha("remove", "gone").returncode == 0
        assert lost.get(timeout=ANSWER_S)
    assert refused(broker.client("gone", "gone"), broker)
    assert "gone" not in broker.ducha("list").stdout
    # a lost certificate or password is no good when the name has another
    former = broker.client("gone", "gone")
    if broker.by_certificate:
        subprocess.run([MAKE_CERTS, "forget", broker.certificates, "gone"], check=True)
    broker.add("gone")
    assert refused(former, broker)
    with connected(broker, "gone", "gone"):
        pass


def test_a_payload_that_is_too_large_does_not_get_through(broker: NatsServer, heard: Heard) -> None:
    for size in (1_048_577, 50_000_000):
        lost: Queue[bool] = Queue()
        with connected(broker, "car-07", f"t-{size}") as terminal:
            terminal.on_disconnect = lambda *_, lost=lost: lost.put(True)
            terminal.publish("ducha/west/car-07/fix", b"x" * size, qos=0)
            assert lost.get(timeout=ANSWER_S)
    with connected(broker, "car-07", "t1") as terminal:
        terminal.publish("ducha/west/car-07/fix", b"x" * 1_000_000, qos=1)
        terminal.publish("ducha/west/car-07/fix", b"end", qos=1)
        before = heard_before(heard, ("ducha/west/car-07/fix", b"end"))
    assert [len(payload) for _, payload in before] == [1_000_000]


def test_a_name_that_no_topic_can_carry_is_refused_in_one_line(broker: NatsServer) -> None:
    done = broker.ducha("add", "car 07")
    assert done.returncode == 2
    assert done.stderr.startswith("ducha: user 'car 07': expected 1 to 64 of A-Z")
    assert done.stderr.count("\n") == 1
    for name in ("a/b", "a b", "+", "", "x" * 65, "server"):
        with pytest.raises(subprocess.CalledProcessError, match="returned non-zero exit status 2"):
            subprocess.run([MAKE_CERTS, "client", broker.certificates, name], check=True)


def test_what_the_broker_keeps_is_for_its_owner_only(broker: NatsServer) -> None:
    folder = broker.folder.path
    assert folder.stat().st_mode & 0o077 == 0
    for name in ("nats.conf", "users.conf", "users.json"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    said = (folder / "users.conf").read_text()
    assert not any(password in said for password in broker.passwords.values())

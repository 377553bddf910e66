"""WS-Discovery: which cameras are on the local network? Asked by multicast on every network of this machine, or of one
address directly, as ONVIF has it (version 2005/04, IPv4).

Anybody may answer, so no answer is believed further than it is needed: each is bounded in size, and they are in number;
it must belong to a question of ours; and a device is only where its answer came from.
"""

import ipaddress
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from selectors import EVENT_READ, DefaultSelector
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import ifaddr
import structlog
from lxml import etree
from msgspec import Struct

from ingest.errors import IngestError

GROUP, PORT = "239.255.255.250", 3702
MOST_BYTES = 16_384  # of an answer
MOST_ANSWERS = 256
MOST_OF_ONE = 16  # answers from one address, so that one that talks too much leaves room for the others
REPEAT_S = 0.5  # a datagram may be lost, and so every question is asked again

_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
# the first is what the specification has a camera answer to; some answer only to the second
_TYPES = (
    ("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter"),
    ("http://www.onvif.org/ver10/device/wsdl", "Device"),
)
_SCOPE = "onvif://www.onvif.org/"

log = structlog.get_logger("ingest.cameras")

Place = tuple[str, int]


class NoNetwork(IngestError):  # noqa: N818  (a state of the machine)
    """Nobody can be asked: no network takes the question."""


class Answer(Struct, frozen=True, kw_only=True):
    """Who answered from where (an IPv4 address): the endpoint that it calls itself, the address of its device service,
    and from its scopes the name and the model that it gives itself."""

    address: str
    endpoint: str
    service: str
    name: str | None = None
    model: str | None = None


class MalformedAnswer(ValueError):  # noqa: N818  (what came, not what failed)
    """What came is no answer to us: what it is, and what was expected."""


class Misanswer(Struct, frozen=True):
    """Something at `address` answered what can't be used, and why."""

    address: str
    problem: str


def probe(timeout_s: float, at: Sequence[Place] = ()) -> list[Answer | Misanswer]:
    """Who answers within `timeout_s`, sorted by address: everybody on the local networks or, where any are given, who
    is `at` those places, and then without waiting longer than for one answer from each.

    Raises:
        NoNetwork: the question could not be sent anywhere.
    """
    questions = {f"urn:uuid:{uuid4()}": kind for kind in _TYPES}
    until_s = time.monotonic() + timeout_s
    with ExitStack() as held:
        ways = [(held.enter_context(way), to) for way, to in (_direct(at) if at else _ways())]
        if not ways:
            raise NoNetwork("no network of this machine has an IPv4 address; expected one where cameras are")
        _ask(ways, questions)
        again_s = time.monotonic() + REPEAT_S
        unheard = {way for way, _ in ways}
        heard: dict[tuple[str, str], Answer | Misanswer] = {}
        with DefaultSelector() as ready:
            for way, _ in ways:
                ready.register(way, EVENT_READ)
            while (left_s := until_s - time.monotonic()) > 0 and len(heard) < MOST_ANSWERS and (unheard or not at):
                if again_s is not None and time.monotonic() >= again_s:
                    _ask(ways, questions)
                    again_s = until_s
                for key, _ in ready.select(min(left_s, max(0.0, again_s - time.monotonic()))):
                    assert isinstance(key.fileobj, socket.socket)
                    name, told = _hear(key.fileobj, questions)
                    if told is None:
                        continue
                    unheard.discard(key.fileobj)
                    if sum(address == told.address for address, _ in heard) < MOST_OF_ONE:
                        heard.setdefault((told.address, name), told)
    return sorted(heard.values(), key=lambda told: ipaddress.IPv4Address(told.address))


def read_answer(message: bytes, address: str, questions: Sequence[str]) -> Answer:
    """The answer in a datagram from `address` to one of the `questions`, message ids of ours.

    Raises:
        MalformedAnswer: it is none that can be used.
    """
    root = _parsed(message)
    if (root.findtext(f".//{{{_ADDRESSING}}}RelatesTo") or "").strip() not in questions:
        raise MalformedAnswer("answers a question that was not ours; expected the UUID of our own")
    match = root.find(f".//{{{_DISCOVERY}}}ProbeMatch")
    if match is None:
        raise MalformedAnswer("answers with no match; expected a ProbeMatch of WS-Discovery")
    services = (match.findtext(f"{{{_DISCOVERY}}}XAddrs") or "").split()
    here = [service for service in services if is_at(service, address, ("http", "https"))]
    if not here:
        raise MalformedAnswer("names no service at the address that it answered from; expected http://THAT-ADDRESS/…")
    scopes = (match.findtext(f"{{{_DISCOVERY}}}Scopes") or "").split()
    return Answer(
        address=address,
        endpoint=plain(match.findtext(f".//{{{_ADDRESSING}}}Address")) or here[0],
        service=here[0],
        name=_scope(scopes, "name"),
        model=_scope(scopes, "hardware"),
    )


def is_at(url: str, address: str, schemes: Sequence[str]) -> bool:
    """Whether `url` is one of these schemes at this very address. Names are not looked up: a device that answers from
    one place has no need to send us, and whoever's password we carry, to another."""
    if len(url) > 2_000 or not url.isprintable() or " " in url:
        return False
    try:
        place = urlsplit(url)
        return place.scheme in schemes and place.hostname == address and (place.port is None or place.port > 0)
    except ValueError:
        return False


def plain(text: object, most: int = 100) -> str | None:
    """What a device says, fit for a screen: at most so many characters, none of which steers a terminal."""
    if not isinstance(text, str):
        return None
    return "".join(c if c.isprintable() else " " for c in text[: 4 * most]).strip()[:most] or None


def _parsed(message: bytes) -> etree._Element:
    if len(message) > MOST_BYTES:
        raise MalformedAnswer(f"answers more than {MOST_BYTES} bytes; expected a ProbeMatch of WS-Discovery")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(message, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise MalformedAnswer("answers no sound XML; expected a ProbeMatch of WS-Discovery") from None
    if root.getroottree().docinfo.doctype:
        raise MalformedAnswer("answers XML with a document type, which may hold entities; expected SOAP")
    return root


def _scope(scopes: Sequence[str], kind: str) -> str | None:
    prefix = f"{_SCOPE}{kind}/"
    return next((plain(unquote(scope[len(prefix) :])) for scope in scopes if scope.startswith(prefix)), None)


def _hear(way: socket.socket, questions: dict[str, tuple[str, str]]) -> tuple[str, Answer | Misanswer | None]:
    """What came, and by which name it is known to have come already."""
    try:
        message, (address, _) = way.recvfrom(MOST_BYTES + 1)
    except OSError:  # nobody listens where we asked directly: no answer, like silence
        return "", None
    try:
        answer = read_answer(message, address, list(questions))
        return answer.endpoint, answer
    except MalformedAnswer as error:
        return str(error), Misanswer(address, str(error))


def _ask(ways: Sequence[tuple[socket.socket, Place]], questions: dict[str, tuple[str, str]]) -> None:
    sent = 0
    problem = ""
    for way, to in ways:
        for question, kind in questions.items():
            try:
                sent += way.sendto(_question(question, kind), to)
            except OSError as error:  # a network that is down, or takes no multicast
                problem = error.strerror or str(error)
    if not sent:
        raise NoNetwork(f"no network takes the question ({problem.lower()}); expected one where cameras are")


def _question(question: str, kind: tuple[str, str]) -> bytes:
    space, name = kind
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        f'xmlns:a="{_ADDRESSING}" xmlns:d="{_DISCOVERY}" xmlns:k="{space}"><s:Header>'
        f"<a:Action>{_DISCOVERY}/Probe</a:Action><a:MessageID>{question}</a:MessageID>"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>"
        f"<s:Body><d:Probe><d:Types>k:{name}</d:Types></d:Probe></s:Body></s:Envelope>"
    ).encode()


def _ways() -> Iterator[tuple[socket.socket, Place]]:
    """A socket on every network, from which the group there is asked."""
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            if not isinstance(ip.ip, str):
                continue  # IPv6
            way = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                way.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(ip.ip))
                way.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
                way.bind((ip.ip, 0))
            except OSError as error:
                way.close()
                log.warning("a network that can't be asked", address=ip.ip, error=error.strerror)
                continue
            yield way, (GROUP, PORT)


def _direct(at: Sequence[Place]) -> Iterator[tuple[socket.socket, Place]]:
    for place in at:
        yield socket.socket(socket.AF_INET, socket.SOCK_DGRAM), place

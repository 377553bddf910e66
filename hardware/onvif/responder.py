"""WS-Discovery (2005/04, as ONVIF has it): a device answers who asks for cameras, by multicast or directly."""

import socket
import struct
from collections.abc import Callable
from selectors import EVENT_READ, DefaultSelector
from threading import Thread
from urllib.parse import quote
from uuid import uuid4
from xml.sax.saxutils import escape

from hardware.onvif import soap
from hardware.onvif.spec import Misbehaviour, OnvifSpec

GROUP, PORT = "239.255.255.250", 3702
_MOST = 65_535  # bytes of a datagram
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"


class Responder:
    """Answers on a thread of its own from `start` to `close`."""

    def __init__(self, spec: OnvifSpec, host: str, service: Callable[[], str]) -> None:
        self._spec, self._service = spec, service
        self._endpoint = f"urn:uuid:{uuid4()}"
        self._direct = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._direct.bind((host, 0))
        self.address: tuple[str, int] = self._direct.getsockname()
        self._group = _joined(host) if spec.found_by_multicast else None
        self._bell, self._rung = socket.socketpair()
        self._thread = Thread(target=self._run, name=f"responder {spec.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._bell.send(b"!")
        self._thread.join()
        for each in (self._direct, self._group, self._bell, self._rung):
            if each is not None:
                each.close()

    def _run(self) -> None:
        with DefaultSelector() as ready:
            for each in (self._rung, self._direct, self._group):
                if each is not None:
                    ready.register(each, EVENT_READ)
            while True:
                for key, _ in ready.select():
                    if key.fileobj is self._rung:
                        return
                    assert isinstance(key.fileobj, socket.socket)
                    message, asker = key.fileobj.recvfrom(_MOST)
                    if answer := self._answer(message):
                        self._direct.sendto(answer, asker)

    def _answer(self, message: bytes) -> bytes | None:
        try:
            request = soap.parsed(message)
        except ValueError:
            return None
        question = request.findtext(f".//{{{_ADDRESSING}}}MessageID")
        if soap.operation(request) != "Probe" or not question:
            return None
        match self._spec.misbehaviour:
            case Misbehaviour.PROBE_GARBAGE:
                return b"\x00\xff\x1b[2J no camera at all"
            case Misbehaviour.PROBE_OVERSIZED:
                return b"<" + b"x" * 60_000
            case Misbehaviour.PROBE_ENTITIES:
                return soap.bomb()
            case Misbehaviour.WRONG_UUID:
                return self._match(f"urn:uuid:{uuid4()}", self._service())
            case Misbehaviour.SERVICE_ELSEWHERE:
                return self._match(question, "http://192.0.2.7/onvif/device_service")
        return self._match(question, self._service())

    def _match(self, question: str, service: str) -> bytes:
        scopes = " ".join(
            f"onvif://www.onvif.org/{kind}"
            for kind in (
                "type/video_encoder",
                "Profile/Streaming",
                f"name/{quote(self._spec.name)}",
                f"hardware/{quote(self._spec.model)}",
            )
        )
        return soap.envelope(
            f'<d:ProbeMatches xmlns:d="{_DISCOVERY}"><d:ProbeMatch><a:EndpointReference xmlns:a="{_ADDRESSING}">'
            f"<a:Address>{self._endpoint}</a:Address></a:EndpointReference>"
            '<d:Types xmlns:dn="http://www.onvif.org/ver10/network/wsdl">'
            "dn:NetworkVideoTransmitter tds:Device</d:Types>"
            f"<d:Scopes>{scopes}</d:Scopes><d:XAddrs>http://192.0.2.9/elsewhere {escape(service)}</d:XAddrs>"
            "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>",
            f'<a:MessageID xmlns:a="{_ADDRESSING}">urn:uuid:{uuid4()}</a:MessageID>'
            f'<a:RelatesTo xmlns:a="{_ADDRESSING}">{escape(question)}</a:RelatesTo>'
            f'<a:Action xmlns:a="{_ADDRESSING}">{_DISCOVERY}/ProbeMatches</a:Action>',
        )


def _joined(host: str) -> socket.socket:
    """A socket that hears what is sent to the group on the network of `host`."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((GROUP, PORT))
        membership = struct.pack("=4s4s", socket.inet_aton(GROUP), socket.inet_aton(host))
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError:
        made.close()
        raise
    return made

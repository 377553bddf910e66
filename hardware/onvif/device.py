"""The device: its SOAP services over HTTP, and its responder."""

import contextlib
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Self, cast

from hardware.onvif import soap
from hardware.onvif.responder import Responder
from hardware.onvif.spec import Misbehaviour, OnvifSpec

_MOST = 65_536  # bytes of a request
_OPEN = ("GetSystemDateAndTime", "GetServices")  # what a device tells before it knows who asks


class OnvifDevice:
    """Serves from `start` to `close`, on any free ports of `host`."""

    def __init__(self, spec: OnvifSpec, host: str = "127.0.0.1") -> None:
        self.spec = spec
        self.closing = Event()
        self.asked: list[str] = []  # the operations, in the order in which they came
        self._host = host
        self._server = _Server((host, 0), self)
        self._responder = Responder(spec, host, lambda: self.service)
        self._thread = Thread(target=self._server.serve_forever, name=f"device {spec.name}", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def service(self) -> str:
        """The address of its device service."""
        return f"http://{self._host}:{self._server.server_address[1]}/onvif/device"

    @property
    def probe_address(self) -> tuple[str, int]:
        """Where it can be asked directly."""
        return self._responder.address

    def start(self) -> None:
        self._thread.start()
        self._responder.start()

    def close(self) -> None:
        self.closing.set()
        self._responder.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, message: bytes) -> bytes:
        """The answer to a SOAP request."""
        try:
            request = soap.parsed(message)
        except ValueError as error:
            return soap.fault("ter:WellFormed", str(error))
        asked = soap.operation(request)
        self.asked.append(asked)
        now_s = time.time() + self.spec.clock_ahead_s
        known = self.spec.credentials
        if known and asked not in _OPEN and not soap.is_signed(request, known, now_s):
            return soap.fault("ter:NotAuthorized", "Sender not authorized")
        match asked:
            case "GetSystemDateAndTime":
                return soap.system_date_and_time(now_s)
            case "GetServices":
                return soap.services(self.service, self.service.replace("/device", "/media"))
            case "GetDeviceInformation":
                return soap.device_information(self.spec)
            case "GetProfiles":
                return soap.profiles(self.spec.profiles)
            case "GetStreamUri":
                return self._stream_uri(soap.argument(request, "ProfileToken"))
        return soap.fault("ter:ActionNotSupported", f"{asked} is not supported")

    def _stream_uri(self, token: str | None) -> bytes:
        for profile in self.spec.profiles:
            if profile.token == token:
                is_elsewhere = self.spec.misbehaviour is Misbehaviour.STREAM_ELSEWHERE
                return soap.stream_uri("rtsp://192.0.2.7/main" if is_elsewhere else profile.uri)
        return soap.fault("ter:NoProfile", "no such profile")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], device: OnvifDevice) -> None:
        self.device = device
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    timeout = 10.0

    def do_POST(self) -> None:
        device = cast(_Server, self.server).device
        message = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _MOST))
        with contextlib.suppress(ConnectionError):  # whoever asked has had enough
            match device.spec.misbehaviour:
                case Misbehaviour.SILENT:
                    device.closing.wait()
                case Misbehaviour.GARBAGE:
                    self._send(b"\x1b[2J\x00\xff no SOAP at all")
                case Misbehaviour.ENTITIES:
                    self._send(soap.bomb())
                case Misbehaviour.REDIRECT:
                    self._send(b"", status=307, location="http://192.0.2.7/onvif/device")
                case Misbehaviour.OVERSIZED:
                    self._send_without_end(device.closing)
                case _:
                    self._send(device.answer(message))

    def _send(self, body: bytes, status: int = 200, location: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def _send_without_end(self, closing: Event) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        self.end_headers()
        while not closing.is_set():
            self.wfile.write(b"<endless/>" * 1_000)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

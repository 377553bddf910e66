"""The way from the console to the publishers: a Unix socket beside the tap (its path + ".whip"), for its owner alone.

A connection carries one request and its answer, one JSON object each in a line:

    {"whip": ID, "sdp": OFFER, "token": TOKEN}   →  {"sdp": ANSWER, "resource": ID}
    {"whip_end": RESOURCE}                       →  {}

or, to either, {"error": TEXT, "kind": WORD} (a word of `Refusal`). The token is left out where the device
showed none. A request is to come within `REQUEST_S`. They are
answered one after another: each takes some milliseconds, all in the one loop of `Whip`.
"""

import secrets
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from types import MappingProxyType

import msgspec
import structlog

from ingest.cameras.fanout import Fanout
from ingest.cameras.whip import Whip
from ingest.cameras.whip_offer import OFFER_BYTES, Refusal, WhipRefused
from ingest.errors import IngestError

SUFFIX = ".whip"
LINE_BYTES = 7 * OFFER_BYTES  # JSON may make six bytes of one
REQUEST_S = 2.0
WAITING = 32

log = structlog.get_logger("cameras")


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    whip: str | None = None
    sdp: str | None = None
    token: str | None = None
    whip_end: str | None = None


_read = msgspec.json.Decoder(_Request).decode


class WhipSocket:
    """Serves at `path` from a thread of its own until it is closed. `fanout_of` gives the fan-out of a device, or None
    where it knows no such device; `tokens` are what devices have to show, by their ids, where they have to.

    Raises:
        OSError: when the socket can't be made, or somebody listens there.
    """

    def __init__(
        self,
        path: Path,
        whip: Whip,
        fanout_of: Callable[[str], Fanout | None],
        tokens: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._path = path
        self._whip = whip
        self._fanout_of = fanout_of
        self._tokens = tokens
        self._closing = Event()
        self._listener = _listening(path)
        self._thread = Thread(target=self._serve, name="whip socket", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops within 5 s, unless an offer is under way that takes longer."""
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes up who waits for a connection
        self._thread.join(5)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if not self._closing.is_set():
                    log.warning("a request could not be taken", problem=str(error))
                    self._closing.wait(0.2)
                continue
            with connection, suppress(OSError):
                connection.sendall(self._answered(connection) + b"\n")

    def _answered(self, connection: socket.socket) -> bytes:
        try:
            return msgspec.json.encode(self._answer(_line(connection)))
        except WhipRefused as refusal:
            return msgspec.json.encode({"error": str(refusal), "kind": refusal.kind})
        except IngestError as error:
            log.error("publishing is not possible", problem=str(error))
            return msgspec.json.encode({"error": str(error), "kind": Refusal.NO_ANSWER})
        except OSError:
            raise
        except Exception:
            log.exception("a request failed")
            return msgspec.json.encode({"error": "a fault of the camera process", "kind": Refusal.NO_ANSWER})

    def _answer(self, line: bytes) -> dict[str, str]:
        try:
            request = _read(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise WhipRefused(Refusal.INVALID_OFFER, f"the request can't be read: {error}") from error
        match request:
            case _Request(whip=None, sdp=None, token=None, whip_end=str(resource)):
                self._whip.end(resource)
                return {}
            case _Request(whip=str(device), sdp=str(offer), token=token, whip_end=None):
                fanout = self._fanout_of(device)
                if fanout is None:
                    raise WhipRefused(Refusal.NO_SUCH_DEVICE, f"no device {device:.100} publishes here")
                self._check(device, token)
                answer, resource = self._whip.offer(device, offer, fanout)
                return {"sdp": answer, "resource": resource}
        raise WhipRefused(Refusal.INVALID_OFFER, "expected either whip and sdp, or whip_end")

    def _check(self, device: str, shown: str | None) -> None:
        expected = self._tokens.get(device)
        if expected is None:
            return
        if shown is None:
            raise WhipRefused(Refusal.WRONG_TOKEN, f"{device} shows no token; expected its own, as a bearer")
        if not secrets.compare_digest(expected.encode(), shown.encode("utf-8", "replace")):
            raise WhipRefused(Refusal.WRONG_TOKEN, f"{device} shows another's token; expected its own")


def _listening(path: Path) -> socket.socket:
    """A socket that its owner alone may use: its mode is set before anybody can connect."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket() and not _is_served(path):
            path.unlink()  # left by a process that is no more
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(WAITING)
    except BaseException:
        listener.close()
        raise
    return listener


def _is_served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(path)) == 0


def _line(connection: socket.socket) -> bytes:
    """The request. Raises TimeoutError (an OSError) where it does not come in time."""
    until_s = time.monotonic() + REQUEST_S
    received = bytearray()
    while not received.endswith(b"\n"):
        connection.settimeout(max(0.001, until_s - time.monotonic()))
        more = connection.recv(LINE_BYTES)
        received += more
        if not more or len(received) > LINE_BYTES:
            raise WhipRefused(Refusal.INVALID_OFFER, f"expected a line of at most {LINE_BYTES} bytes")
    connection.settimeout(REQUEST_S)  # for the answer
    return bytes(received)

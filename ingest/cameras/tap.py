"""The tap: a Unix socket at which other processes get a camera's packets as they come (docs/video.md).

A thread a client, each with a subscription of its own: a slow client loses its own packets, up to the next keyframe.
One that takes nothing for `STUCK_S` seconds is let go. Where the parameters of a camera's streams change, its clients
are told between two packets, before the first that needs them; where it sends something else, they are let go: they
come again and are told what. A connection that breaks and comes back with the same streams goes on.
"""

import os
import socket
import stat
import struct
from collections.abc import Mapping
from pathlib import Path
from threading import BoundedSemaphore, Event, Lock, Thread

import msgspec
import structlog

from ingest.cameras.fanout import Fanout, Opened, Subscription
from ingest.cameras.keep_going import keep_going
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.packets import Packet, StreamInfo, goes_on
from store.evidence.files import make_folder

MOST_CLIENTS = 256
MAX_PACKETS = 600  # about 10 s of a camera with sound
MAX_BYTES = 16 << 20
LONGEST_LINE = 1_024  # bytes of what a client says
ASK_S = 5.0  # for a client to say what it wants
STUCK_S = 10.0
ANNOUNCED = 1 << 31  # in the length of what is no packet but new parameters
LOOK_S = 1.0

log = structlog.get_logger("ingest.cameras")
_encoder = msgspec.msgpack.Encoder()


class _Wanted(msgspec.Struct):
    camera: str


class Tap:
    """Serves the fan-outs of some cameras at `path`. The socket is its owner's and group's alone."""

    def __init__(self, path: Path, cameras: Mapping[str, Fanout], metrics: CameraMetrics) -> None:
        self._path = path
        self._cameras = cameras
        self._metrics = metrics
        self._stopping = Event()
        self._places = BoundedSemaphore(MOST_CLIENTS)
        self._clients: dict[socket.socket, Thread] = {}
        self._lock = Lock()
        self._server = _bound(path)
        self._thread = Thread(target=self._run, name="tap", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Let every client go; whether all threads ended within about `timeout_s`."""
        self._stopping.set()
        self._server.shutdown(socket.SHUT_RDWR)
        with self._lock:
            clients = dict(self._clients)
        for client in clients:
            _hang_up(client)
        for thread in (self._thread, *clients.values()):
            thread.join(timeout_s)
        self._server.close()
        self._path.unlink(missing_ok=True)
        return not any(thread.is_alive() for thread in (self._thread, *clients.values()))

    def _run(self) -> None:
        keep_going(self._accept, "tap", self._stopping.wait, self._metrics)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                client, _ = self._server.accept()
            except OSError:
                if not self._stopping.wait(LOOK_S):
                    continue
                return
            if not self._places.acquire(blocking=False):
                log.warning("the tap has no place for another client", clients=MOST_CLIENTS)
                client.close()
                continue
            thread = Thread(target=self._serve, args=(client,), name="tap client", daemon=True)
            with self._lock:
                self._clients[client] = thread
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        self._metrics.viewers.inc()
        try:
            with client:
                client.settimeout(ASK_S)
                self._answer(client)
        except OSError as error:
            log.debug("a client of the tap is gone", reason=error.strerror or type(error).__name__)
        finally:
            self._metrics.viewers.dec()
            with self._lock:
                self._clients.pop(client, None)
            self._places.release()

    def _answer(self, client: socket.socket) -> None:
        try:
            camera = msgspec.json.decode(_line(client), type=_Wanted).camera
        except msgspec.MsgspecError:
            _refuse(client, 'expected one line, {"camera": ID}')
            return
        fanout = self._cameras.get(camera)
        if fanout is None:
            _refuse(client, f"there is no camera {camera[:64]!r}")
            return
        subscription = fanout.subscribe(max_packets=MAX_PACKETS, max_bytes=MAX_BYTES, with_last_group=True)
        client.settimeout(STUCK_S)
        try:
            self._pass_on(client, subscription)
        finally:
            subscription.close()
            self._metrics.tap_lost.inc(subscription.lost_packets)

    def _pass_on(self, client: socket.socket, subscription: Subscription) -> None:
        told: tuple[StreamInfo, ...] | None = None
        while not self._stopping.is_set() and not subscription.ended:
            items = subscription.take(LOOK_S)
            if not items and told is None:
                _refuse(client, "the camera's picture does not come")
                return
            if not items and _is_gone(client):
                return
            for item in items:
                if isinstance(item, Packet):
                    data = _encoder.encode(item)
                    client.sendall(struct.pack(">I", len(data)) + data)
                elif isinstance(item, Opened) and told is None:
                    client.sendall(msgspec.json.encode({"streams": item.streams}) + b"\n")
                    told = item.streams
                elif isinstance(item, Opened) and told is not None and told != item.streams:
                    if not goes_on(told, item.streams):
                        return
                    data = msgspec.json.encode({"streams": item.streams})
                    client.sendall(struct.pack(">I", ANNOUNCED | len(data)) + data)
                    told = item.streams


def _bound(path: Path) -> socket.socket:
    make_folder(path.parent)
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        path.unlink()  # of a process that was killed: the log's lock says that it is gone
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117)
    try:
        server.bind(str(path))
        server.listen(64)
    except OSError:
        server.close()
        raise
    finally:
        os.umask(before)
    return server


def _line(client: socket.socket) -> bytes:
    received = b""
    while b"\n" not in received and len(received) < LONGEST_LINE:
        part = client.recv(LONGEST_LINE)
        if not part:
            break
        received += part
    return received.partition(b"\n")[0]


def _refuse(client: socket.socket, words: str) -> None:
    client.sendall(msgspec.json.encode({"error": words}) + b"\n")


def _is_gone(client: socket.socket) -> bool:
    """Whether the client hung up; it has nothing more to say."""
    try:
        return client.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False


def _hang_up(client: socket.socket) -> None:
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is gone already

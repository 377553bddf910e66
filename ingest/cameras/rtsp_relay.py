"""A relay between FFmpeg and a camera, on a thread of its own: FFmpeg connects to this machine, we to the camera.

So the password stays with us, a redirection leads nowhere, the connection is ours to cut, and every RTP packet passes
by and is counted (`rtsp_proxy.py`). What belongs to one picture is handed on together where it comes together: to wake
costs more than what is done for a packet.
"""

import secrets
import socket
import time
import traceback
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from threading import Thread
from typing import Self

import structlog

from ingest.cameras.address import Address, place_of
from ingest.cameras.line import Line
from ingest.cameras.rtp_loss import Losses
from ingest.cameras.rtsp_ports import REPORT_S, RtpPorts
from ingest.cameras.rtsp_proxy import Proxy
from ingest.cameras.states import SourceFault, State

PIECE = 65_536  # bytes that are read at once
PAUSE_S = 0.001  # for the rest of a picture to come
PAUSES = 4
END_S = 1.0

log = structlog.get_logger("ingest.cameras")


class Relay:
    """To the camera at `address`; `open_s` is how long it, and then FFmpeg, may take to be there.

    Raises:
        SourceFault: nobody is there.
    """

    def __init__(self, address: Address, open_s: float) -> None:
        self.losses = Losses()
        self.fault: SourceFault | None = None
        """Why it ended, where the conversation itself was at fault."""
        self._ready = DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._listener.settimeout(open_s)
        try:
            self._camera = _dialled(place_of(address.url), open_s)
        except SourceFault:
            self._listener.close()
            raise
        self.line = Line([self._camera])
        self._player: socket.socket | None = None
        self.url = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/{secrets.token_urlsafe(16)}"
        """Where FFmpeg finds it; nobody else knows."""
        self._ports = RtpPorts(self._camera) if address.transport == "udp" else None
        by_udp = () if self._ports is None else (self._ports.bind, self._ports.agree)
        self._proxy = Proxy(address, self.url, self.losses, *by_udp)
        self._thread = Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End both connections; what FFmpeg still had to say was said. What was lost is known then."""
        for each in (self._listener, self._player):
            if each is not None:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        self._thread.join(END_S)
        if self._thread.is_alive():
            self.line.cut()
            self._thread.join(END_S)

    def _run(self) -> None:
        try:
            self._serve()
        except SourceFault as fault:
            self.fault = fault
        except OSError:
            pass  # one of the two hung up
        except Exception as error:  # whatever a camera makes of us, its connection alone ends
            at = traceback.extract_tb(error.__traceback__)[-1]  # no words of the error: they may hold what was said
            log.error("a relay failed", error=type(error).__name__, where=f"{at.filename}:{at.lineno}")
            self.fault = SourceFault(State.LOST, "the conversation could not be relayed; see the log")
        finally:
            self.losses.settle()
            self._ready.close()
            for each in (self._camera, self._player, self._listener, self._ports):
                if each is not None:
                    each.close()

    def _serve(self) -> None:
        self._player, _ = self._listener.accept()
        self._listener.close()
        player, camera = self._player, self._camera
        for each in (player, camera):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._ready.register(each, EVENT_READ)
        report_s = 0.0
        while True:
            for key, _ in self._ready.select(None if self._ports is None else REPORT_S):
                if key.fileobj is camera:
                    if not self._from_camera(player):
                        return
                elif key.fileobj is player:
                    if not (data := player.recv(PIECE)):
                        return
                    camera.sendall(self._proxy.from_player(data))
                elif isinstance(key.fileobj, socket.socket) and self._ports is not None:
                    self._from_port(self._ports, key.fileobj, key.data, player)
            if self._ports is not None and self._proxy.is_playing and time.monotonic() >= report_s:
                self._attend(self._ports, is_first=report_s == 0)
                report_s = time.monotonic() + REPORT_S

    def _from_camera(self, player: socket.socket) -> bool:
        """Hand on what came over the connection; whether it goes on."""
        pieces: list[bytes] = []
        data = self._camera.recv(PIECE)
        while data:
            told, asked = self._proxy.from_camera(data)
            pieces.append(told)
            if asked:
                self._camera.sendall(asked)
            if not self._proxy.ends_in_a_picture or len(pieces) > PAUSES:
                break
            time.sleep(PAUSE_S)
            try:
                data = self._camera.recv(PIECE, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
        if told := b"".join(pieces):
            player.sendall(told)
        return bool(data)

    def _from_port(self, ports: RtpPorts, by: socket.socket, channel: int, player: socket.socket) -> None:
        frames: list[bytes] = []
        for _ in range(PAUSES):
            came = ports.received(by)
            frames += (self._proxy.datagram(channel, data) for data in came)
            if not came or not self._proxy.ends_in_a_picture:
                break
            time.sleep(PAUSE_S)
        player.sendall(b"".join(frames))

    def _attend(self, ports: RtpPorts, *, is_first: bool) -> None:
        """Packets that came before the player knows of any have waited."""
        if is_first:
            for each, channel in ports.sockets():
                self._ready.register(each, EVENT_READ, channel)
        ports.report()


def _dialled(place: tuple[str, int], within_s: float) -> socket.socket:
    try:
        made = socket.create_connection(place, within_s)
    except (OSError, UnicodeError) as error:
        words = str(getattr(error, "strerror", None) or "no connection").lower()
        raise SourceFault(State.LOST, f"{words}; expected an RTSP server on port {place[1]}") from None
    made.settimeout(None)
    return made

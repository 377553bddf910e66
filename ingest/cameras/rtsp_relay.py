"""A relay between FFmpeg and a camera: FFmpeg connects to this machine, we to the camera.

So the password stays with us, a redirection leads nowhere, the connection is ours to cut, and every RTP packet passes
by and is counted (`rtsp_proxy.py`). One thread serves all relays (`relay_loop.py`), and waits for none of them: what
one side does not take yet is kept, and nothing more is read from the other until it has.
"""

import secrets
import socket
import traceback
from contextlib import ExitStack, suppress
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from threading import Event
from typing import Self

import structlog

from ingest.cameras.address import Address, place_of
from ingest.cameras.line import Line
from ingest.cameras.relay_loop import Handler, relays
from ingest.cameras.rtp_loss import Losses
from ingest.cameras.rtsp_ports import REPORT_S, RtpPorts
from ingest.cameras.rtsp_proxy import Proxy
from ingest.cameras.states import SourceFault, State

PIECE = 1 << 18  # bytes of one camera that are read at once
END_S = 1.0

log = structlog.get_logger("ingest.cameras")

_piece = memoryview(bytearray(PIECE))  # the loop's thread alone reads into it


class Relay:
    """To the camera at `address`; `open_s` is how long it may take to be there.

    Raises:
        SourceFault: nobody is there.
    """

    def __init__(self, address: Address, open_s: float) -> None:
        self.losses = Losses()
        self.fault: SourceFault | None = None
        """Why it ended, where the conversation itself was at fault."""
        with ExitStack() as made:  # all of it, or nothing
            self._listener = made.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1))
            self._camera = _Side(made.enter_context(_dialled(place_of(address.url), open_s)))
            self._ports = RtpPorts(self._camera.socket) if address.transport == "udp" else None
            made.pop_all()
        self._player: _Side | None = None
        self.line = Line([self._camera.socket])
        self.url = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/{secrets.token_urlsafe(16)}"
        """Where FFmpeg finds it; nobody else knows."""
        by_udp = () if self._ports is None else (self._ports.bind, self._ports.agree)
        self._proxy = Proxy(address, self.url, self.losses, *by_udp)
        self._report_s: float | None = None  # when the camera is told again that we are there
        self._interests = (0, 0)  # in what the camera and the player are ready for
        self._ended = Event()
        relays.serve(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End both connections; what FFmpeg still had to say was said. What was lost is known then."""
        for each in [self._listener, *([self._player.socket] if self._player else [])]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        if not self._ended.wait(END_S):
            self.line.cut()
            self._ended.wait(END_S)

    # --- the rest is the loop's ---

    @property
    def is_playing(self) -> bool:
        return self._proxy.is_playing

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    def begin(self, ready: DefaultSelector) -> None:
        self._ready = ready
        self._guarded(lambda _: self._on(self._listener, EVENT_READ, self._admit), 0)

    def tick(self, now_s: float) -> None:
        if self._report_s is not None and now_s >= self._report_s:
            self._report_s = now_s + REPORT_S
            self._guarded(self._report, 0)

    def _report(self, _: int) -> None:
        if self._ports is not None:
            self._ports.report()

    def _on(self, each: socket.socket, events: int, handler: Handler) -> None:
        """From now on `handler` is called when the socket is ready for `events`; never when there are none."""
        known = self._ready.get_map().get(each)
        if known is None and events:
            self._ready.register(each, events, partial(self._guarded, handler))
        elif known is not None and not events:
            self._ready.unregister(each)
        elif known is not None and known.events != events:
            self._ready.modify(each, events, known.data)

    def _guarded(self, handler: Handler, events: int) -> None:
        if self._ended.is_set():  # in the same round
            return
        try:
            handler(events)
        except SourceFault as fault:
            self.fault = fault
            self._end()
        except OSError:
            self._end()  # one of the two hung up
        except Exception as error:  # whatever a camera makes of us, its connection alone ends
            at = traceback.extract_tb(error.__traceback__)[-1]  # no words of the error: they may hold what was said
            log.error("a relay failed", error=type(error).__name__, where=f"{at.filename}:{at.lineno}")
            self.fault = SourceFault(State.LOST, "the conversation could not be relayed; see the log")
            self._end()

    def _end(self) -> None:
        sockets = [self._listener, self._camera.socket, *([self._player.socket] if self._player else [])]
        for each in [*sockets, *(port for port, _ in (self._ports.sockets() if self._ports else []))]:
            with suppress(KeyError, ValueError):  # it was not registered, or is closed
                self._ready.unregister(each)
        self.losses.settle()
        for closed in sockets:
            closed.close()
        if self._ports is not None:
            self._ports.close()
        self._ended.set()

    def _admit(self, _: int) -> None:
        player, _address = self._listener.accept()
        self._ready.unregister(self._listener)
        self._listener.close()
        self._player = _Side(player)
        self._watch()

    def _watch(self) -> None:
        """Read from each side unless the other has not taken yet what it was told."""
        player, camera = self._player, self._camera
        assert player is not None
        interests = _interest(camera, player), _interest(player, camera)
        if interests != self._interests:
            self._on(camera.socket, interests[0], self._camera_is_ready)
            self._on(player.socket, interests[1], self._player_is_ready)
            self._interests = interests

    def _camera_is_ready(self, events: int) -> None:
        player = self._player
        assert player is not None
        if events & EVENT_WRITE:
            self._camera.tell()
        if events & EVENT_READ and not player.untold:
            told, asked = self._proxy.from_camera(self._camera.heard())
            player.tell(told)
            self._camera.tell(asked)
            if self._ports is not None and self._proxy.is_playing and self._report_s is None:
                self._hear(self._ports)
        self._watch()

    def _player_is_ready(self, events: int) -> None:
        player = self._player
        assert player is not None
        if events & EVENT_WRITE:
            player.tell()
        if events & EVENT_READ and not self._camera.untold:
            self._camera.tell(self._proxy.from_player(player.heard()))
        self._watch()

    def _hear(self, ports: RtpPorts) -> None:
        """Packets that came before the player knows of any have waited."""
        self._report_s = 0.0
        for each, channel in ports.sockets():
            self._on(each, EVENT_READ, partial(self._port_is_ready, ports, each, channel))

    def _port_is_ready(self, ports: RtpPorts, by: socket.socket, channel: int, _: int) -> None:
        if self._player is not None and not self._player.untold:
            self._player.tell(b"".join(self._proxy.datagram(channel, data) for data in ports.received(by)))
            self._watch()


class _Side:
    """One of the two connections. What it has not taken of what it was told is `untold`."""

    def __init__(self, made: socket.socket) -> None:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = made
        self.untold = b""

    def heard(self) -> bytes:
        """What it says.

        Raises:
            OSError: it has hung up.
        """
        try:
            size = self.socket.recv_into(_piece)
        except BlockingIOError:
            return b""
        if not size:
            raise ConnectionResetError
        return bytes(_piece[:size])

    def tell(self, data: bytes = b"") -> None:
        """Tell it what it was not told yet, and this."""
        data = self.untold + data if self.untold else data
        if data:
            try:
                sent = self.socket.send(data)
            except BlockingIOError:
                sent = 0
            self.untold = data[sent:]


def _interest(of: _Side, other: _Side) -> int:
    return (0 if other.untold else EVENT_READ) | (EVENT_WRITE if of.untold else 0)


def _dialled(place: tuple[str, int], within_s: float) -> socket.socket:
    try:
        made = socket.create_connection(place, within_s)
    except (OSError, UnicodeError) as error:
        words = str(getattr(error, "strerror", None) or "no connection").lower()
        raise SourceFault(State.LOST, f"{words}; expected an RTSP server on port {place[1]}") from None
    return made

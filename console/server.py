"""The console as a server: on this machine only until there are accounts, and gone within 5 s of being told to stop."""

import asyncio
import errno
import ipaddress
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, current_thread, main_thread

import uvicorn
from fastapi import FastAPI

from console.api.app import create_app
from console.api.guard import LOOPBACK_HOSTS
from console.connections import BoundedConnection
from console.exports.settings import ExportSettings
from ingest.cameras.parameter_sets import LARGEST_PIXELS

STATIC = Path(__file__).parent / "static"
GRACE_S = 3  # for requests under way when the server stops
_POLL_S = 0.1


class ServerError(Exception):
    """The console can't be started as asked: what is wrong, and what was expected."""


class HostRefused(ServerError):  # noqa: N818
    """The address is not of this machine alone."""


class PortTaken(ServerError):  # noqa: N818
    """Something else listens there."""


class _Server(uvicorn.Server):
    """Ends open event streams when it stops, says when it listens, and leaves signals to its caller."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None], listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping
        self._listening = listening

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)


def run(
    dsn: str,
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    basemap: Path | None = None,
    static: Path | None = STATIC,
    clock: Callable[[], float] = time.time,
    sweep: bool = True,
    broker: tuple[str, int] | None = None,
    allow_remote: bool = False,
    export_settings: ExportSettings | None = None,
    largest_pixels: int = LARGEST_PIXELS,
    listening: Callable[[str], None] = lambda _url: None,
    stop: Event | None = None,
) -> None:
    """Serves until `stop` is set, or, in the main thread, until SIGTERM or SIGINT. `listening` is called with the
    address once it answers; port 0 takes a free one.

    Raises:
        HostRefused: when `host` is not of this machine alone and `allow_remote` is not set.
        PortTaken: when something else listens there.
        ServerError: when the address or the base map can't be used, or the start fails.
    """
    if basemap is not None and not basemap.is_file():
        raise ServerError(f"basemap {basemap}: there is no such file; expected GeoJSON")
    loopback = is_loopback(host)
    if not loopback and not allow_remote:
        raise HostRefused(
            f"host {host}: there are no accounts yet, so whoever reaches the console may do everything; expected an "
            "address of this machine (127.0.0.1), or that remote access is allowed explicitly"
        )
    hosts = LOOPBACK_HOSTS | {f"[{host}]" if ":" in host else host} if loopback else None
    app = create_app(
        dsn,
        basemap=basemap,
        static=static,
        clock=clock,
        sweep=sweep,
        broker=broker,
        hosts=hosts,
        export_settings=export_settings,
        largest_pixels=largest_pixels,
    )
    asyncio.run(_run(app, host, port, listening, stop))


async def _run(app: FastAPI, host: str, port: int, listening: Callable[[str], None], stop: Event | None) -> None:
    ending = asyncio.Event()
    if current_thread() is main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ending.set)
    with _listen(host, port) as listener:
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            http=BoundedConnection,
            timeout_graceful_shutdown=GRACE_S,
            lifespan="on",
            ws="none",
        )
        server = _Server(config, app.state.context.hub.close, lambda: listening(url))

        async def end() -> None:
            while not ending.is_set() and not (stop is not None and stop.is_set()):
                with suppress(TimeoutError):
                    await asyncio.wait_for(ending.wait(), None if stop is None else _POLL_S)
            server.should_exit = True

        ender = asyncio.create_task(end())
        try:
            await server.serve([listener])
        finally:
            ender.cancel()
            with suppress(asyncio.CancelledError):
                await ender
    if not server.started:
        raise ServerError(f"the console could not be started at {url}; the log says why")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError) as error:
        raise ServerError(f"host {host}, port {port}: can't be resolved ({error}); expected an address") from error
    listener = socket.socket(family, kind, number)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(512)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"port {port} of {host}: something else listens there; expected a free port") from error
        raise ServerError(f"host {host}, port {port}: {error.strerror}; expected an address to listen at") from error
    listener.setblocking(False)
    return listener

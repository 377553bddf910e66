"""Serves cameras from one thread of its own, each camera on its own port."""

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import quote

from hardware.cameras.camera import Camera, CameraSpec
from hardware.cameras.port import Port

_PATIENCE_S = 10.0


class CameraServer:
    """`with CameraServer([...]) as server:` serves at `server.url(name)` until the block ends.

    The cameras' ports are `port`, `port` + 1, … or, where it is 0, any that are free.
    """

    def __init__(self, specs: Sequence[CameraSpec], host: str = "127.0.0.1", port: int = 0) -> None:
        self._host, self._port = host, port
        self._cameras = {spec.name: Camera(spec, self._obey) for spec in specs}
        if len(self._cameras) < len(specs):
            raise ValueError(f"camera names: {[spec.name for spec in specs]}, expected different ones")
        self._ports: dict[str, Port] = {}
        self._ready: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="cameras", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Serve; returns when every camera listens.

        Raises:
            OSError: a port is taken.
            av.FFmpegError: a camera's size, bit rate or preset is none for its encoder.
        """
        self._thread.start()
        try:
            self._ready.result()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop and wait for it; a second call does nothing."""
        if self._loop and self._stop and self._thread.is_alive():
            with suppress(RuntimeError):  # it has just ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def camera(self, name: str) -> Camera:
        """The camera of a name.

        Raises:
            KeyError: there is none.
        """
        return self._cameras[name]

    def clients(self, name: str) -> int:
        """How many clients are connected to a camera."""
        return self._ports[name].clients

    def tasks(self) -> int:
        """How many tasks the server has under way."""
        return len(asyncio.all_tasks(self._loop)) if self._loop else 0

    def url(self, name: str, *, credentials: bool = True) -> str:
        """Where a camera is watched, with its user name and password unless told otherwise."""
        known = self._cameras[name].spec.credentials
        who = f"{quote(known.user, safe='')}:{quote(known.password, safe='')}@" if known and credentials else ""
        return f"rtsp://{who}{self._host}:{self._ports[name].number}/{name}"

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        began_s = time.monotonic()
        try:
            for number, (name, camera) in enumerate(self._cameras.items()):
                self._ports[name] = Port(camera, self._host, self._port and self._port + number, began_s)
                await self._ports[name].obey()
        except Exception as e:  # whatever it is, it is the caller's to know
            self._ready.set_exception(e)
        else:
            self._ready.set_result(None)
            await self._stop.wait()
        await asyncio.gather(*(port.close() for port in self._ports.values()))

    def _obey(self, camera: Camera) -> None:
        if self._loop and self._thread.is_alive():
            port = self._ports[camera.spec.name]
            asyncio.run_coroutine_threadsafe(port.obey(), self._loop).result(_PATIENCE_S)

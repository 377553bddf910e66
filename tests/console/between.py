"""What stands between a browser and its console on a bad day: requests refused or held, and a line that stalls."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from urllib.parse import urlsplit


class Between:
    """A proxy of one console, one request a connection. Its methods may be called from the test's thread."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._loop = asyncio.new_event_loop()
        self._listening = Event()
        self._refused: tuple[str, ...] = ()
        self._held: tuple[str, ...] = ()
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = ""

    def refuse(self, *prefixes: str) -> None:
        """From now on, requests of paths that begin so get no answer: the connection is closed."""
        self._refused = prefixes

    def hold(self, *prefixes: str) -> None:
        """From now on, requests of paths that begin so wait until they are let go."""
        self._held = prefixes
        self._call(self._released.clear)

    def let_go(self) -> None:
        """What was held goes on."""
        self._held = ()
        self._call(self._released.set)

    def stall(self) -> None:
        """No byte passes any more, in any direction, and no connection ends."""
        self._call(self._going.clear)

    def go_on(self) -> None:
        """Bytes pass again."""
        self._call(self._going.set)

    def _call(self, work: object) -> None:
        assert callable(work)
        done = Event()

        def run() -> None:
            work()
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(60)

    async def _main(self, stop: asyncio.Event) -> None:
        self._released, self._going = asyncio.Event(), asyncio.Event()
        self._going.set()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._listening.set()
        await stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._request(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode()
        if path.startswith(self._refused or ("\0",)):
            return
        if path.startswith(self._held or ("\0",)):
            await self._released.wait()
        await self._going.wait()
        assert self._upstream.port is not None
        from_console, to_console = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        try:
            to_console.write(head.replace(b"Connection: keep-alive", b"Connection: close"))
            ways = [
                asyncio.create_task(self._pass(reader, to_console)),
                asyncio.create_task(self._pass(from_console, writer)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            to_console.close()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            await self._going.wait()
            sink.write(data)
            await sink.drain()

    @contextmanager
    def running(self) -> Iterator["Between"]:
        """Listens as long as the context lasts."""
        stop = asyncio.Event()
        thread = Thread(target=lambda: self._loop.run_until_complete(self._main(stop)), daemon=True)
        thread.start()
        assert self._listening.wait(60)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(stop.set)
            thread.join(60)

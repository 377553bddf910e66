"""A console in this process, asked without a socket."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from threading import Thread
from typing import Any

import httpx
from console_examples import NOW

from console.api.app import create_app

Work = Callable[[httpx.AsyncClient], Awaitable[Any]]


class InProcess:
    """Runs coroutine functions with a client of a console on the database at `dsn`. The console goes on from one to the
    next, on a thread of its own, because a browser's client has its loop on the test's; only where its options are to
    be others it is another console."""

    def __init__(self, dsn: str) -> None:
        self._common: dict[str, Any] = {"dsn": dsn, "sweep": False}
        self._options: dict[str, Any] = {}
        self._now_s: Callable[[], float] = lambda: NOW
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="console", daemon=True)
        self._thread.start()
        self._client: httpx.AsyncClient | None = None
        self._stop: asyncio.Event
        self._task: asyncio.Task[None]

    def __call__(self, work: Work, *, clock: Callable[[], float] = lambda: NOW, **options: Any) -> Any:
        self._now_s = clock
        return self._run(self._ask(work, self._common | options))

    def stop(self) -> None:
        """End the console, as when its process is told to stop; the next question is to another."""
        self._run(self._end())

    def close(self) -> None:
        self.stop()
        self._run(self._loop.shutdown_asyncgens())
        self._run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _ask(self, work: Work, options: dict[str, Any]) -> Any:
        if options != self._options:
            await self._end()
        if self._client is None:
            self._options, self._stop = options, asyncio.Event()
            listening: asyncio.Future[httpx.AsyncClient] = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._serve(listening))
            await asyncio.wait({self._task, listening}, return_when=asyncio.FIRST_COMPLETED)
            if self._task.done():
                await self._task
            self._client = listening.result()
        return await work(self._client)

    async def _serve(self, listening: asyncio.Future[httpx.AsyncClient]) -> None:
        app = create_app(**self._options, clock=lambda: self._now_s())
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client,
        ):
            listening.set_result(client)
            await self._stop.wait()

    async def _end(self) -> None:
        if self._client is not None:
            self._client = None
            self._stop.set()
            await self._task

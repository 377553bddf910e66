"""A console in this process, asked without a socket."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from console_examples import NOW

from console.api.app import create_app

Work = Callable[[httpx.AsyncClient], Awaitable[Any]]


class InProcess:
    """Runs coroutine functions with a client of a console on the database at `dsn`. The console goes on from one to the
    next, and time passes for it while one runs; only where its options are to be others it is another console."""

    def __init__(self, dsn: str) -> None:
        self._common: dict[str, Any] = {"dsn": dsn, "sweep": False}
        self._options: dict[str, Any] = {}
        self._now_s: Callable[[], float] = lambda: NOW
        self._runner = asyncio.Runner()
        self._client: httpx.AsyncClient | None = None
        self._stop: asyncio.Event
        self._task: asyncio.Task[None]

    def __call__(self, work: Work, *, clock: Callable[[], float] = lambda: NOW, **options: Any) -> Any:
        self._now_s = clock
        return self._runner.run(self._ask(work, self._common | options))

    def stop(self) -> None:
        """End the console, as when its process is told to stop; the next question is to another."""
        self._runner.run(self._end())

    def close(self) -> None:
        self.stop()
        self._runner.close()

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

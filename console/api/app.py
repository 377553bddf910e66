"""The console as an ASGI application."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from console.api import (
    alerts,
    cameras,
    events,
    exports,
    holds,
    intake,
    looks,
    pages,
    plans,
    positions,
    problems,
    recordings,
    rooms,
    rules,
    sessions,
    system,
    whip,
)
from console.api.context import Context
from console.api.guard import API, LOOPBACK_HOSTS, Guard
from console.api.live import Live
from console.exports.settings import ExportSettings
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from store.pool import make_pool


def create_app(
    dsn: str,
    *,
    basemap: Path | None = None,
    static: Path | None = None,
    clock: Callable[[], float] = time.time,
    sweep: bool = True,
    broker: tuple[str, int] | None = None,
    hosts: Collection[str] | None = LOOPBACK_HOSTS,
    export_settings: ExportSettings | None = None,
    largest_pixels: int = LARGEST_PIXELS,
) -> FastAPI:
    """The console on the migrated database at `dsn`.

    `clock` is the time of the fixes in Unix seconds: the wall clock, but for a demo that runs faster. `sweep`: whether
    this console raises what nobody acknowledged. `broker`: its address, to tell whether it is there. `hosts`: the names
    it answers to; None for every name. `export_settings` say where exports lie. No picture of more than
    `largest_pixels` is decoded.
    """
    context = Context(dsn, clock, basemap, static, broker, sweep, export_settings or ExportSettings(), largest_pixels)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with make_pool(dsn) as pool, asyncio.TaskGroup() as group:
            context.pool = pool
            live = Live(context)
            tasks = live.start(group)
            try:
                yield
            finally:
                context.hub.close()
                await context.viewers.close()
                await live.stop(tasks)

    app = FastAPI(
        title="Ducha",
        version="1",
        summary="Police supervision: who is where, what was noticed, what people did about it.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # both would load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.context = context
    problems.install(app)
    app.add_middleware(Guard, hosts=hosts, metrics=context.metrics)
    footage = (looks, cameras, whip, recordings, exports, holds)
    for module in (alerts, intake, positions, plans, rules, sessions, rooms, *footage, system, events):
        app.include_router(module.router, prefix=API, responses=problems.RESPONSES)
    app.include_router(system.probes)
    app.include_router(pages.router)
    if static is not None:
        app.mount("/assets", pages.Assets(static / "assets"))
    app.include_router(pages.nowhere)
    return app

"""What the routes are given: the pool, the clock, the hub, the cameras that somebody looks at."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, AwareDatetime

from console.api.hub import Hub
from console.api.metrics import Metrics
from console.exports.settings import ExportSettings
from console.live.feed import Feeds
from console.live.snapshot import Snapshots
from console.live.whep import Viewers
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from store.pool import Pool
from store.times import seconds

ACTOR = "desk"  # until there are accounts


@dataclass(slots=True)
class Context:
    """One console. `pool` and `state` are there while it runs."""

    dsn: str
    clock: Callable[[], float]
    basemap: Path | None
    static: Path | None
    broker: tuple[str, int] | None
    sweeps: bool
    exports: ExportSettings = field(default_factory=ExportSettings)
    largest_pixels: int = LARGEST_PIXELS
    metrics: Metrics = field(default_factory=Metrics)
    hub: Hub = field(init=False)
    pool: Pool = field(init=False)
    state: dict[str, Any] | None = None  # as /system last gave it
    verifying: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))  # it takes a core for seconds
    began_s: float = field(default_factory=time.monotonic)
    feeds: Feeds = field(default_factory=Feeds)
    viewers: Viewers = field(init=False)
    snapshots: Snapshots = field(init=False)

    def __post_init__(self) -> None:
        self.hub = Hub(self.metrics)
        self.viewers = Viewers(self.feeds, self.metrics.viewers)
        self.snapshots = Snapshots(self.feeds, self.largest_pixels)


def context_of(request: Request) -> Context:
    """The console that the request came to."""
    context: Context = request.app.state.context
    return context


def _store(context: Annotated[Context, Depends(context_of)]) -> Pool:
    return context.pool


def _now_s(context: Annotated[Context, Depends(context_of)]) -> float:
    return context.clock()


Console = Annotated[Context, Depends(context_of)]
Store = Annotated[Pool, Depends(_store)]
NowS = Annotated[float, Depends(_now_s)]
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _within_reach(time: datetime) -> datetime:
    """Nothing happened outside; near the ends of the calendar no zone and no span can be computed."""
    if not EARLIEST <= time < LATEST:
        raise ValueError(f"expected a time from {EARLIEST:%Y-%m-%d} on and before {LATEST:%Y-%m-%d}")
    return time


Time = Annotated[AwareDatetime, AfterValidator(_within_reach)]  # RFC 3339 with an offset, or Unix seconds
Limit = Annotated[int, Query(ge=1, le=500)]


def seconds_of(time: Time | None) -> float | None:
    """Unix seconds of a time in a query."""
    return None if time is None else seconds(time)


def whole(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A list that needs no second page, in the form of a page."""
    return {"items": rows, "next": None}

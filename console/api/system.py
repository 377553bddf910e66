"""How the system itself is, for people (/system, /dead-letters) and for machines (/healthz, /readyz, /metrics)."""

from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from console.api.context import Console, Limit, Store
from console.api.shapes import DeadLetterRow, Page, SystemState
from console.api.watch import look
from store import system

router = APIRouter(tags=["system"])
probes = APIRouter(tags=["probes"])


@router.get("/system", response_model=SystemState)
async def read_system(console: Console) -> Any:
    """The state of every part, the load of alerts, the devices, the latency of fixes."""
    return console.state or await look(console)


@router.get("/dead-letters", response_model=Page[DeadLetterRow])
async def list_dead_letters(store: Store, cursor: str | None = None, limit: Limit = 50) -> Any:
    """Messages that could not be read, last seen first."""
    page = await system.dead_letters(store, cursor=cursor, limit=limit)
    return {"items": page.items, "next": page.next}


@probes.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@probes.get("/readyz")
async def readyz(store: Store) -> dict[str, str]:
    """The database answers too; 503 if not."""
    await system.ping(store)
    return {"status": "ok"}


@probes.get("/metrics", response_class=Response)
async def metrics(console: Console) -> Response:
    """Prometheus exposition."""
    return Response(console.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

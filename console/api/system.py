"""How the system itself is, for people (/system, /dead-letters) and for machines (/healthz, /readyz, /metrics)."""

from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse

from console.api.context import Console, Limit, Store
from console.api.problems import RETRY_AFTER_S
from console.api.shapes import DeadLetterRow, Page, Readiness, SystemState
from console.api.watch import STATES, look
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


@probes.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
async def readyz(console: Console) -> JSONResponse:
    """The system does its work: the database takes writes, ingest commits, cameras are written to disk; 503 if a part
    is down."""
    state = console.state or await look(console)
    parts = {part["id"]: part["state"] for part in state["components"]}
    worst = max(parts.values(), key=STATES.index)
    if worst == "down":
        return JSONResponse({"status": worst, "components": parts}, 503, {"retry-after": RETRY_AFTER_S})
    return JSONResponse({"status": worst, "components": parts})


@probes.get("/metrics", response_class=Response)
async def metrics(console: Console) -> Response:
    """Prometheus exposition."""
    return Response(console.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

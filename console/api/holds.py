"""Legal holds: what is held is not deleted, whatever its age. There are no accounts yet: names are as they are told."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.api.context import Limit, NowS, Store, Time
from console.api.export_shapes import HoldRow
from console.api.shapes import Page
from store import holds
from store.times import seconds

router = APIRouter(prefix="/holds", tags=["holds"])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Placing(_Body):
    """What is to be held, why, and who says so."""

    cameras: list[str]
    from_: Time = Field(alias="from")
    to: Time
    reason: str
    case_number: str
    by: str


class Release(_Body):
    """Who ends a hold, and why."""

    by: str
    reason: str


@router.get("", response_model=Page[HoldRow])
async def list_holds(
    store: Store, in_force: bool | None = None, camera: str | None = None, cursor: str | None = None, limit: Limit = 50
) -> Any:
    """Holds, newest first; `in_force=true` leaves out those that were released, `in_force=false` the others."""
    page = await holds.page(store, in_force=in_force, camera=camera, cursor=cursor, limit=limit)
    return {"items": page.items, "next": page.next}


@router.post("", response_model=HoldRow, status_code=201)
async def place_hold(store: Store, now_s: NowS, body: Placing) -> Any:
    """Places a hold: after this answer nothing of it that is there is deleted."""
    return await holds.place(
        store,
        cameras=body.cameras,
        from_s=seconds(body.from_),
        to_s=seconds(body.to),
        reason=body.reason,
        case_number=body.case_number,
        by=body.by,
        now_s=now_s,
    )


@router.get("/{hold}", response_model=HoldRow)
async def read_hold(store: Store, hold: str) -> Any:
    """One hold."""
    return await holds.read(store, hold)


@router.post("/{hold}/release", response_model=HoldRow)
async def release_hold(store: Store, now_s: NowS, hold: str, body: Release) -> Any:
    """Ends a hold."""
    return await holds.release(store, hold, by=body.by, reason=body.reason, now_s=now_s)

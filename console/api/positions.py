"""Where everybody is and has been: positions, devices, tracks, crossings."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from console.api.context import Limit, NowS, Store, Time, seconds_of, whole
from console.api.shapes import CrossingRow, DeviceRow, Positions, Rows, Track
from store import positions, tracks
from store.errors import InvalidRecord
from store.times import moment, rfc3339, seconds

router = APIRouter(tags=["positions"])


@router.get("/positions", response_model=Positions)
async def read_positions(store: Store, now_s: NowS) -> Any:
    """Every device's newest position."""
    return {"at": rfc3339(moment(now_s)), "items": await positions.latest(store, now_s)}


@router.get("/devices", response_model=Rows[DeviceRow])
async def list_devices(store: Store) -> Any:
    """All devices."""
    return whole(await positions.devices(store))


@router.get("/devices/{device}/track", response_model=Track)
async def read_track(
    store: Store,
    device: str,
    from_: Annotated[Time, Query(alias="from")],
    to: Time,
    limit: Annotated[int, Query(ge=1, le=tracks.TRACK_LIMIT)] = 20_000,
) -> Any:
    """The fixes of one device as columns, in the order of time."""
    if from_ > to:
        raise InvalidRecord(f"from {rfc3339(from_)}: expected a time not after to, {rfc3339(to)}")
    return await tracks.track(store, device, seconds(from_), seconds(to), limit)


@router.get("/crossings", response_model=Rows[CrossingRow])
async def list_crossings(
    store: Store,
    device: str | None = None,
    from_: Annotated[Time | None, Query(alias="from")] = None,
    to: Time | None = None,
    limit: Limit = 200,
) -> Any:
    """Paths that left their area between two fixes, newest first."""
    span = {"from_s": seconds_of(from_), "to_s": seconds_of(to)}
    return whole(await tracks.crossings(store, device=device, limit=limit, **span))

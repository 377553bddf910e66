"""The plan: the document, and its routes, areas, posts, duties and units; the map under it."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from analytics.catalogue import all_rules
from analytics.planning import Plan, parse_plan
from console.api.context import ACTOR, Console, NowS, Store, Time, seconds_of, whole
from console.api.shapes import DutyRow, Rows, SavedPlan, ShapeRow, UnitRow
from geofence.features import PlanError
from ingest.topics import NAME_EXPECTED, is_name
from store import plans

GEOJSON = "application/geo+json"
_ACCEPTED = ("application/json", GEOJSON)
_ANY_OBJECT = {"schema": {"type": "object"}}

router = APIRouter(tags=["plan"])


@router.get(
    "/plan",
    response_class=Response,
    responses={200: {"content": {GEOJSON: _ANY_OBJECT}}, 204: {"description": "There is none yet"}},
)
async def read_plan(store: Store, request: Request) -> Response:
    """The current plan as GeoJSON; its version is the ETag."""
    current = await plans.current(store)
    if current is None:
        return Response(status_code=204)
    version, document = current
    headers = {"etag": f'"{version}"', "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    content = await asyncio.to_thread(msgspec.json.encode, document)
    return Response(content, headers=headers, media_type=GEOJSON)


@router.put(
    "/plan",
    response_model=SavedPlan,
    openapi_extra={"requestBody": {"required": True, "content": {GEOJSON: _ANY_OBJECT}}},
)
async def save_plan(store: Store, now_s: NowS, request: Request) -> Any:
    """Checks a plan and makes it the current one. The plans before it are kept."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _ACCEPTED:
        raise HTTPException(415, f"content type {media_type!r}: expected one of {', '.join(_ACCEPTED)}")
    document = await asyncio.to_thread(_checked, await request.body())
    return {"version": await plans.save(store, document, author=ACTOR, now_s=now_s)}


@router.get("/routes", response_model=Rows[ShapeRow])
async def list_routes(store: Store) -> Any:
    """The routes of the current plan."""
    return whole(await plans.shapes(store, "route"))


@router.get("/areas", response_model=Rows[ShapeRow])
async def list_areas(store: Store) -> Any:
    """The areas of the current plan."""
    return whole(await plans.shapes(store, "area"))


@router.get("/posts", response_model=Rows[ShapeRow])
async def list_posts(store: Store) -> Any:
    """The posts of the current plan."""
    return whole(await plans.shapes(store, "post"))


@router.get("/duties", response_model=Rows[DutyRow])
async def list_duties(store: Store, at: Time | None = None, device: str | None = None) -> Any:
    """The duties of the current plan: those that hold at a time, those of a device, or all."""
    return whole(await plans.duties(store, seconds_of(at), device))


@router.get("/units", response_model=Rows[UnitRow])
async def list_units(store: Store) -> Any:
    """The units, each after the one it belongs to."""
    return whole(await plans.units(store))


@router.get(
    "/basemap",
    response_class=Response,
    responses={200: {"content": {GEOJSON: _ANY_OBJECT}}, 204: {"description": "There is none"}},
)
async def read_basemap(console: Console) -> Response:
    """Roads, water, buildings and places under the plan, as GeoJSON."""
    file = console.basemap
    if file is None or not await asyncio.to_thread(Path.is_file, file):
        return Response(status_code=204)
    return FileResponse(file, media_type=GEOJSON, headers={"cache-control": "no-cache"})


def _checked(body: bytes) -> Any:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise PlanError("plan", f"can't be read ({error})", "a GeoJSON FeatureCollection in UTF-8") from error
    plan = parse_plan(document)
    _check_names(plan)
    all_rules().amended(plan.rules, "rules")
    return document


def _check_names(plan: Plan) -> None:
    """A device of which no topic can carry the name would never be heard."""
    named = [(f"devices[{i}].id", device.id) for i, device in enumerate(plan.devices)]
    named += [(f"duties[{i}].device", duty.device) for i, duty in enumerate(plan.duties)]
    named += [(f"dispatches[{i}].device", dispatch.device) for i, dispatch in enumerate(plan.dispatches)]
    for where, name in named:
        if not is_name(name):
            raise PlanError(where, f"{name!r} can't be a name at the broker", NAME_EXPECTED)

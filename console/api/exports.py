"""Exports of footage: one person asks, another decides, the machine makes a ZIP that proves itself, whoever takes it is
written down. There are no accounts yet: names are as they are told."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response

from console.api.context import Console, Limit, NowS, Store, Time
from console.api.export_shapes import ExportDetail, ExportRow
from console.api.shapes import Page
from console.exports.settings import zip_path
from store import exports
from store.times import seconds

ZIP = "application/zip"

router = APIRouter(prefix="/exports", tags=["exports"])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class ExportRequest(_Body):
    """What somebody asks for: what some cameras of one recorder recorded, at most 24 hours of at most 8 cameras."""

    cameras: list[str]
    from_: Time = Field(alias="from")
    to: Time
    case_number: str
    reason: str
    requested_by: str


class Approval(_Body):
    """Who approves; never who asked."""

    approved_by: str


class Rejection(_Body):
    """Who says no, and why. Who asked may, too."""

    rejected_by: str
    reason: str


@router.get("", response_model=Page[ExportRow])
async def list_exports(store: Store, cursor: str | None = None, limit: Limit = 50) -> Any:
    """Exports, newest asked for first."""
    page = await exports.page(store, cursor=cursor, limit=limit)
    return {"items": page.items, "next": page.next}


@router.post("", response_model=ExportDetail, status_code=201)
async def request_export(store: Store, now_s: NowS, body: ExportRequest) -> Any:
    """Asks for footage. From now on it is held."""
    return await exports.request(
        store,
        cameras=body.cameras,
        from_s=seconds(body.from_),
        to_s=seconds(body.to),
        case_number=body.case_number,
        reason=body.reason,
        by=body.requested_by,
        now_s=now_s,
    )


@router.get("/{export}", response_model=ExportDetail)
async def read_export(store: Store, export: str) -> Any:
    """One export with its custody history."""
    return await exports.read(store, export)


@router.post("/{export}/approve", response_model=ExportDetail)
async def approve_export(store: Store, now_s: NowS, export: str, body: Approval) -> Any:
    """Approves, and so has it made; also again, where that failed or the file was removed. 409 for who asked."""
    return await exports.approve(store, export, by=body.approved_by, now_s=now_s)


@router.post("/{export}/reject", response_model=ExportDetail)
async def reject_export(store: Store, now_s: NowS, export: str, body: Rejection) -> Any:
    """Says no; the footage is not held any more because of it."""
    return await exports.reject(store, export, by=body.rejected_by, reason=body.reason, now_s=now_s)


@router.get(
    "/{export}/download",
    response_class=FileResponse,
    responses={200: {"description": "the ZIP, or by range a part of it", "content": {ZIP: {}}}},
)
async def download_export(
    console: Console,
    store: Store,
    now_s: NowS,
    export: str,
    by: Annotated[str, Query(description="who takes it")],
    range_: Annotated[str | None, Header(alias="range", max_length=200, include_in_schema=False)] = None,
) -> Response:
    """The ZIP, by range; every request is a line of the history with who and when."""
    row = await exports.read(store, export)
    path = zip_path(console.exports, row["id"])
    there = await asyncio.to_thread(path.is_file)
    await exports.download(store, row["id"], by=by, part=range_, there=there, now_s=now_s)
    name = f"export-{datetime.fromisoformat(row['from']):%Y%m%dT%H%M%SZ}-{row['id'][:8]}.zip"
    return FileResponse(path, media_type=ZIP, filename=name, headers={"cache-control": "no-store"})
